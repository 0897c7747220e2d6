"""Mail to oneself: what a send leaves, and when it can be seen."""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from shared.commands.verify.caller import NotTriedError
from shared.commands.verify.mailbox import Mailbox
from shared.commands.verify.own import MARKER, Sent
from shared.commands.verify.probe import Finding, Level, compare, probe
from shared.commands.verify.probes.own_drafts import headers_of

GONE: Final = frozenset({400, 404})
REPLACED: Final = re.compile(r"<CA[\w+=.-]+@mail\.gmail\.com>")
LOOKS: Final = 8
BETWEEN_LOOKS: Final = timedelta(milliseconds=500)
STRANGER: Final = "stranger@example.com"
MORE_MAIL: Final = "It sends one more mail: ARGS=--more-mail asks for it."


@probe(
    31,
    "5.7",
    "A draft that was sent is gone, and sending it again is refused",
    units=345,
    means="A send that is tried again could go out twice.",
    level=Level.SELF,
    breaks=True,
    harm="a draft and one mail to yourself",
)
async def sent_draft(mailbox: Mailbox) -> Finding:
    own = mailbox.own
    sent = await own.sent_mail()
    read = (await mailbox.caller.get(f"drafts/{sent.draft_id}")).status_code
    again = (await own.send_draft(sent.draft_id)).status_code
    words = f"reading it is {read}, sending it again {again}; gone, refused, SENT"
    seen = (read in GONE, again in GONE, sent.answer.get("labelIds"))
    expected = ["SENT"] if "INBOX" not in sent.answer.get("labelIds", ()) else seen[2]
    return compare(seen, (True, True, expected), words)


@probe(
    32,
    "5.4",
    "Gmail replaces the Message-ID of sent mail, and keeps a header of one's own",
    units=20,
    means="A send could not be recognised by the header that marks it.",
    level=Level.SELF,
    breaks=True,
    harm="the mail of P31",
)
async def rewritten_headers(mailbox: Mailbox) -> Finding:
    sent = await mailbox.own.sent_mail()
    headers = headers_of(await mailbox.json(f"messages/{sent.id}", format="metadata"))
    replaced = bool(REPLACED.fullmatch(headers.get("message-id", "")))
    kept = headers.get(MARKER.lower()) == mailbox.own.mark
    return compare((replaced, kept), (True, True), "id replaced, header kept")


@probe(
    33,
    "3.8",
    "History tells each save and the sending of a draft as one message gone and one added",
    units=6,
    means="What became of a draft would be told wrongly.",
    level=Level.SELF,
    breaks=True,
    harm="the mail of P31",
)
async def history_of_a_draft(mailbox: Mailbox) -> Finding:
    sent = await mailbox.own.sent_mail()
    told = await mailbox.json("history", startHistoryId=sent.before, maxResults="500")
    return _judge_history(sent, told.get("history", ()))


def _judge_history(sent: Sent, records: Sequence[Mapping[str, Any]]) -> Finding:
    added = {one["message"]["id"]: one["message"] for one in _changes(records, "messagesAdded")}
    gone = {one["message"]["id"] for one in _changes(records, "messagesDeleted")}
    labels = added.get(sent.id, {}).get("labelIds", ())
    seen = (added.keys() >= {*sent.draft_messages, sent.id}, gone >= {*sent.draft_messages})
    return compare((*seen, "SENT" in labels), (True, True, True), "all added, drafts gone, SENT")


def _changes(records: Sequence[Mapping[str, Any]], kind: str) -> list[Mapping[str, Any]]:
    return [one for record in records for one in record.get(kind, ())]


@probe(
    34,
    "3.6",
    "Mail just sent is read, in the history and found by a search within four seconds",
    units=320,
    means="Looks for a send's outcome and their pauses are too short; it waits and looks again.",
    level=Level.SELF,
    harm="one mail to yourself",
)
async def when_seen(mailbox: Mailbox) -> Finding:
    own, clock = mailbox.own, mailbox.caller.clock
    start = str((await mailbox.json("profile"))["historyId"])
    since = int(clock.now().timestamp()) - 60
    id = str((await own.send(await own.raw()))["id"])
    sent_at, seen = clock.now(), {}
    for _ in range(LOOKS):
        if "read" not in seen and (await mailbox.caller.get(f"messages/{id}")).is_success:
            seen["read"] = clock.now() - sent_at
        if "history" not in seen and await own.history(start, id):
            seen["history"] = clock.now() - sent_at
        found = await mailbox.json("messages", q=f"in:sent after:{since}")
        if "search" not in seen and id in {one["id"] for one in found.get("messages", ())}:
            seen["search"] = clock.now() - sent_at
        if len(seen) == len(WAYS):
            break
        await clock.sleep(BETWEEN_LOOKS)
    words = ", ".join(f"{way} after {_ms(one)} ms" for way, one in seen.items())
    return compare(set(seen), WAYS, words)


WAYS: Final = {"read", "history", "search"}


def _ms(duration: timedelta) -> int:
    return duration // timedelta(milliseconds=1)


@probe(
    35,
    "5.10",
    "Mail to oneself is one message: unread, sent and in the inbox",
    units=60,
    means="Own mail would be counted twice, or not as new.",
    level=Level.SELF,
    harm="the mail of P31",
)
async def mail_to_oneself(mailbox: Mailbox) -> Finding:
    sent = await mailbox.own.sent_mail()
    message = await mailbox.json(f"messages/{sent.id}", format="minimal")
    thread = await mailbox.json(f"threads/{message['threadId']}", format="minimal")
    copies = sum("DRAFT" not in one.get("labelIds", ()) for one in thread["messages"])
    held = set(message["labelIds"]) >= {"UNREAD", "SENT", "INBOX"}
    return compare((copies, held), (1, True), "messages, labels")


@probe(
    41,
    "5.11",
    "A foreign From becomes the account's own, without a word",
    units=120,
    means="A foreign From is refused before Gmail is asked.",
    level=Level.SELF,
    harm="one mail to yourself",
)
async def foreign_sender(mailbox: Mailbox) -> Finding:
    headers = await _one_more(mailbox, From=STRANGER)
    own = (await mailbox.profile())["emailAddress"].lower()
    return compare((STRANGER in headers["from"], own in headers["from"].lower()), (False, True))


@probe(
    42,
    "5.12",
    "The sender's message keeps its Bcc",
    units=120,
    means="Nothing: Bcc is told of own mail where it is there.",
    level=Level.SELF,
    harm="one mail to yourself",
)
async def blind_copy(mailbox: Mailbox) -> Finding:
    own = str((await mailbox.profile())["emailAddress"])
    headers = await _one_more(mailbox, Bcc=own)
    return compare("bcc" in headers, expected=True)


@probe(
    43,
    "5.3",
    "A reply under another subject begins a thread of its own, though a thread was named",
    units=120,
    means="Replies keep the subject; what a caller changes in it may stay in the thread.",
    level=Level.SELF,
    harm="one mail to yourself",
)
async def other_subject(mailbox: Mailbox) -> Finding:
    _require_more_mail(mailbox)
    own = mailbox.own
    thread = str((await own.sent_mail()).answer["threadId"])
    reply = await own.send(await own.raw(f"Another subject, {own.mark}"), thread)
    return compare(reply["threadId"] != thread, expected=True)


async def _one_more(mailbox: Mailbox, **headers: str) -> dict[str, str]:
    """Send a mail to oneself with these headers; return those that it has then."""
    _require_more_mail(mailbox)
    sent = await mailbox.own.send(await mailbox.own.raw(**headers))
    return headers_of(await mailbox.json(f"messages/{sent['id']}", format="metadata"))


def _require_more_mail(mailbox: Mailbox) -> None:
    if not mailbox.options.more_mail:
        raise NotTriedError(MORE_MAIL)
