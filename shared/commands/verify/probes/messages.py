"""Messages, threads, labels and settings as they are read."""

from base64 import urlsafe_b64decode
from collections.abc import Iterator, Mapping
from typing import Any, Final

from shared.commands.verify.caller import NotTriedError, read_json, status_and_reason
from shared.commands.verify.mailbox import Mailbox
from shared.commands.verify.probe import Finding, compare, probe

FIELDS: Final = (
    "id", "threadId", "labelIds", "snippet", "payload", "sizeEstimate", "raw", "historyId",
    "internalDate",
)  # fmt: skip
"""The order in which a message names what it has."""
MAY_LACK: Final = {"minimal": {"snippet", "payload"}}
"""What is recorded with a format and without it."""
UNKNOWN: Final = "18f00000000000ff"
BEYOND: Final = "ffffffffffffffff"
"""An id that no signed number of 64 bits holds."""


@probe(
    10,
    "4.5",
    "internalDate is in whole seconds and never after the arrival that the id tells",
    units=100,
    means="Lateness is measured from the id's arrival: that number would be wrong.",
)
async def moments(mailbox: Mailbox) -> Finding:
    some = await mailbox.some()
    dates = [int(one["internalDate"]) for one in some]
    arrivals = [int(one["id"], 16) >> 20 for one in some]
    whole = all(one % 1000 == 0 for one in dates)
    before = all(date <= arrival for date, arrival in zip(dates, arrivals, strict=True))
    late = max(arrival - date for date, arrival in zip(dates, arrivals, strict=True))
    words = f"of {len(some)}, at most {late} ms apart: whole seconds, date before arrival"
    return compare((whole, before), (True, True), words)


@probe(
    11,
    "4.4",
    "Each format has the fields, and their order, that are known of it",
    units=80,
    means="Nothing: fields are read by name, and none but the asked ones are needed.",
)
async def formats(mailbox: Mailbox) -> Finding:
    id = (await mailbox.ids())[0]
    odd = []
    for name in ("minimal", "metadata", "full", "raw"):
        keys = list(await mailbox.json(f"messages/{id}", format=name))
        wanted = set(FIELDS) - ({"payload"} if name == "raw" else {"raw"})
        lacking = wanted - set(keys) - {"labelIds"} - MAY_LACK.get(name, set())
        ordered = [one for one in FIELDS if one in keys]
        if lacking or set(keys) - wanted or ordered != keys:
            odd.append(f"{name}: {', '.join(keys)}")
    return compare("; ".join(odd) or "as known", "as known")


@probe(
    12,
    "4.5",
    "An attachment id is another one at each reading, and leads to the same padded bytes",
    units=85,
    means="Attachments are found anew by message and part at each download; else one is wrong.",
    breaks=True,
)
async def attachments(mailbox: Mailbox) -> Finding:
    listed = await mailbox.json("messages", q="has:attachment", maxResults="10")
    for one in listed.get("messages", ())[:1]:
        path = f"messages/{one['id']}"
        first, second = [_attachment(await mailbox.json(path, format="full")) for _ in range(2)]
        if not first or not second:
            break
        data = [(await mailbox.json(f"{path}/attachments/{id}"))["data"] for id in (first, second)]
        same = urlsafe_b64decode(data[0] + "==") == urlsafe_b64decode(data[1] + "==")
        seen = (first != second, same, len(data[0]) % 4 == 0)
        return compare(seen, (True, True, True), "other id, same bytes, padded")
    raise NotTriedError("No message with an attachment was found.")


def _attachment(message: Mapping[str, Any]) -> str:
    found = (part.get("body", {}).get("attachmentId") for part in _parts(message["payload"]))
    return next(filter(None, found), "")


def _parts(part: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield part
    for one in part.get("parts", ()):
        yield from _parts(one)


@probe(
    13,
    "4.7",
    "`fields` selects and `prettyPrint=false` packs",
    units=60,
    means="Answers are larger than need be.",
)
async def smaller_answers(mailbox: Mailbox) -> Finding:
    path = f"messages/{(await mailbox.ids())[0]}"
    chosen = await mailbox.json(path, fields="id")
    packed = await mailbox.caller.get(path, format="minimal", prettyPrint="false")
    gzip = {"accept-encoding": "gzip", "user-agent": "postroom-verify (gzip)"}
    squeezed = await mailbox.caller.call("GET", path, {"format": "minimal"}, headers=gzip)
    encoding = squeezed.headers.get("content-encoding", "none")
    seen = (list(chosen), b"\n" in packed.content.strip())
    return compare(seen, (["id"], False), f"encoding {encoding}")


@probe(
    16,
    "14.1",
    "An id that is none is 400, an unknown one 404 notFound",
    units=60,
    means="A message that was deleted would be kept, or one that is there taken for deleted.",
    breaks=True,
)
async def odd_ids(mailbox: Mailbox) -> Finding:
    answers = [await mailbox.caller.get(f"messages/{id}") for id in ("zzz", BEYOND, UNKNOWN)]
    seen = (answers[0].status_code, answers[1].status_code, status_and_reason(answers[2]))
    return compare(seen, (400, 400, "404 notFound"))


@probe(
    17,
    "3.6",
    "A conversation holds the message that the list names in it",
    units=40,
    means="Messages that are fetched by conversation would be fetched once more by themselves.",
)
async def conversation(mailbox: Mailbox) -> Finding:
    one = (await mailbox.some())[0]
    thread = await mailbox.json(f"threads/{one['threadId']}", format="metadata")
    return compare(one["id"] in {each["id"] for each in thread["messages"]}, expected=True)


@probe(
    18,
    "14.3",
    "The list of labels has no counts, and one label has all four",
    units=2,
    means="Nothing: counts are taken where they are.",
)
async def labels(mailbox: Mailbox) -> Finding:
    listed = (await mailbox.json("labels"))["labels"]
    one = await mailbox.json("labels/INBOX")
    counted = sum("messagesTotal" in each for each in listed)
    counts = sum(name.endswith(("Total", "Unread")) for name in one)
    return compare((counted, counts), (0, 4), f"{len(listed)} labels, counts")


@probe(
    19,
    "5.11",
    "The account's own address is a send-as entry without verificationStatus",
    units=1,
    means="A From that is the account's own might be taken for a foreign one.",
)
async def send_as(mailbox: Mailbox) -> Finding:
    answer = await mailbox.caller.get("settings/sendAs")
    if not answer.is_success:
        raise NotTriedError(f"The token may not read the settings: {status_and_reason(answer)}.")
    entries = (read_json(answer) or {}).get("sendAs", ())
    primary = [one for one in entries if one.get("isPrimary")]
    stated = [one.get("verificationStatus") for one in primary]
    return compare(stated, [None], "status of the primary address")
