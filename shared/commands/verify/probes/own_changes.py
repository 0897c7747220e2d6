"""Changes of one's own mail, and the watch."""

from datetime import timedelta
from typing import Final

from shared.commands.verify.caller import NotTriedError, read_json, status_and_reason
from shared.commands.verify.mailbox import Mailbox
from shared.commands.verify.probe import Finding, Level, Verdict, compare, probe
from shared.usecases.sync.handle_push import NOTED_EVERY

LIFETIME: Final = timedelta(days=7)
NEAR: Final = timedelta(hours=1)
PUSH_LOOKS: Final = 30
BETWEEN_LOOKS: Final = timedelta(seconds=2)


@probe(
    36,
    "18.13",
    "Trash leaves two records, and untrash does not bring a message back to the inbox",
    units=29,
    means="What untrash says of the inbox is wrong; labels come from Gmail's own answers.",
    level=Level.SELF,
    harm="the mail of P31",
)
async def trash_and_back(mailbox: Mailbox) -> Finding:
    own = mailbox.own
    id = (await own.sent_mail()).id
    start = str((await mailbox.json("profile"))["historyId"])
    await own.change(f"messages/{id}/trash")
    records = len(await own.history(start, id))
    await own.change(f"messages/{id}/untrash")
    labels = (await mailbox.json(f"messages/{id}", format="minimal"))["labelIds"]
    return compare((records, "INBOX" in labels), (2, False), "records, back in the inbox")


@probe(
    37,
    "18.13",
    "A change of labels answers three fields, and one that changes nothing the whole message",
    units=20,
    means="Nothing: what a change answers is read by name.",
    level=Level.SELF,
    harm="the mail of P31, the label",
)
async def answers_to_a_change(mailbox: Mailbox) -> Finding:
    own = mailbox.own
    id, label = (await own.sent_mail()).id, await own.require_label()
    path, body = f"messages/{id}/modify", {"addLabelIds": [label]}
    changed = set(read_json(await own.change(path, body)))
    unchanged = set(read_json(await own.change(path, body)))
    short = {"id", "threadId", "labelIds"}
    return compare((changed, unchanged > short), (short, True))


@probe(
    38,
    "3.5",
    "A change of several messages at once is one record",
    units=55,
    means="Nothing: records are applied one by one, and doing it twice does no harm.",
    level=Level.SELF,
    harm="the mail of P31, a draft",
)
async def records_of_a_batch(mailbox: Mailbox) -> Finding:
    own = mailbox.own
    sent = await own.sent_mail()
    other = (await own.draft(await own.raw()))["message"]["id"]
    start = str((await mailbox.json("profile"))["historyId"])
    body = {"ids": [sent.id, other], "addLabelIds": ["STARRED"]}
    answer = await mailbox.caller.post("messages/batchModify", body)
    if not answer.is_success:
        return Finding(Verdict.DIFFERS, f"refused with {status_and_reason(answer)}")
    records = [*await own.history(start, sent.id), *await own.history(start, other)]
    return compare(len({one["id"] for one in records}), 1, "records")


@probe(
    39,
    "2.2",
    "A watch lasts seven days, and asking again renews it",
    units=250,
    means="Watches would lapse, or be refused at every renewal.",
    level=Level.SELF,
    breaks=True,
    harm="the watch that the connection has anyway; with a token one that is stopped again",
)
async def watch_twice(mailbox: Mailbox) -> Finding:
    armed = await mailbox.arm()
    again = await mailbox.caller.post("watch", {"topicName": mailbox.options.topic})
    near = abs(armed.ends_at - armed.at - LIFETIME) < NEAR
    return compare((near, again.status_code), (True, 200), "seven days, the second's status")


@probe(
    40,
    "2.2",
    "A watch announces itself at once by a push",
    units=100,
    means="A watch that is silent would not be noticed.",
    level=Level.SELF,
    breaks=True,
    harm="nothing beyond P39",
)
async def push_of_a_watch(mailbox: Mailbox) -> Finding:
    last_push, clock = mailbox.options.last_push, mailbox.caller.clock
    if last_push is None:
        raise NotTriedError("Only a connection's pushes come here: CONNECTION=ID.")
    armed = await mailbox.arm()
    if armed.push_before is not None and armed.at - armed.push_before < NOTED_EVERY:
        raise NotTriedError("A push came within the hour, and one an hour is noted: try later.")
    for _ in range(PUSH_LOOKS):
        last = await last_push()
        if last != armed.push_before and last is not None:
            return Finding(Verdict.HOLDS, f"after {(last - armed.at).total_seconds():.1f} s")
        await clock.sleep(BETWEEN_LOOKS)
    return Finding(Verdict.DIFFERS, "none came in a minute")
