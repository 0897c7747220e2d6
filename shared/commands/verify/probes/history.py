"""The profile and the history: what a sync stands on."""

from typing import Any, Final

from shared.commands.verify.caller import read_json, status_and_reason
from shared.commands.verify.mailbox import Mailbox
from shared.commands.verify.probe import Finding, Verdict, compare, probe

PROFILE: Final = {"emailAddress": str, "messagesTotal": int, "threadsTotal": int, "historyId": str}
CHANGES: Final = ("messagesAdded", "messagesDeleted", "labelsAdded", "labelsRemoved")
FAR: Final = 10**6
"""How far ahead of the mailbox a history id of the future is."""
PAGES: Final = 3


@probe(
    1,
    "14.5",
    "The profile is an address, two numbers and a history id as text",
    units=1,
    means="No mailbox can be connected: the profile is read first.",
    breaks=True,
)
async def profile(mailbox: Mailbox) -> Finding:
    found = await mailbox.profile()
    return compare({name: type(value) for name, value in found.items()} == PROFILE, expected=True)


@probe(
    2,
    "3.9",
    "The profile's history id is taken, also in a mailbox where nothing happens",
    units=2,
    means="A quiet mailbox would be recovered again and again, at the price of a listing each.",
    breaks=True,
)
async def current_history_id(mailbox: Mailbox) -> Finding:
    start = (await mailbox.profile())["historyId"]
    answer = await mailbox.caller.get("history", startHistoryId=start)
    if not answer.is_success:
        return Finding(Verdict.DIFFERS, f"refused with {status_and_reason(answer)}")
    told = read_json(answer)
    is_empty = "history" not in told and told["historyId"] == start
    moved = "history" in told and int(told["historyId"]) >= int(start)
    return compare(
        is_empty or moved, expected=True, words="the mailbox moved meanwhile" if moved else ""
    )


@probe(
    3,
    "3.4",
    "A history id far in the future is 404 notFound, like one that is too old",
    units=2,
    means="A checkpoint ahead of its mailbox waits for it, where otherwise it is recovered.",
)
async def future_history_id(mailbox: Mailbox) -> Finding:
    current = int((await mailbox.profile())["historyId"])
    answer = await mailbox.caller.get("history", startHistoryId=str(current + FAR))
    return compare(status_and_reason(answer), "404 notFound")


@probe(
    4,
    "3.2",
    "A history id that is too old is 404 notFound, in JSON",
    units=2,
    means="An expired history would not be noticed, and what changed meanwhile be missed.",
    breaks=True,
)
async def old_history_id(mailbox: Mailbox) -> Finding:
    answer = await mailbox.caller.get("history", startHistoryId="1")
    return compare(status_and_reason(answer), "404 notFound")


@probe(
    5,
    "14.2",
    "No history id and one of letters are 400, zero is 400 or 404",
    units=6,
    means="Only the words of a refusal are other ones.",
)
async def odd_history_ids(mailbox: Mailbox) -> Finding:
    get = mailbox.caller.get
    missing = (await get("history")).status_code
    letters = (await get("history", startHistoryId="abc")).status_code
    zero = (await get("history", startHistoryId="0")).status_code
    return compare(
        (missing, letters, zero if zero not in {400, 404} else "400 or 404"),
        (400, 400, "400 or 404"),
        f"zero is {zero}",
    )


@probe(
    6,
    "3.3",
    "Every page of a history tells the mailbox's current id at the top, and record ids grow",
    units=6,
    means="A checkpoint taken from the wrong page loses what came between.",
    breaks=True,
)
async def history_pages(mailbox: Mailbox) -> Finding:
    start = await mailbox.past_history_id()
    tops: list[str] = []
    ids: list[int] = []
    token = ""
    for _ in range(PAGES):
        more = {"pageToken": token} if token else {}
        page = await mailbox.json("history", startHistoryId=start, maxResults="1", **more)
        tops.append(page["historyId"])
        ids += [int(one["id"]) for one in page.get("history", ())]
        token = page.get("nextPageToken", "")
        if not token:
            break
    grows = ids == sorted(set(ids))
    words = f"{len(tops)} pages"
    return compare((len(set(tops)) == 1, grows), (True, True), words)


@probe(
    7,
    "3.5",
    "Each record has an id and messages, and labels are those right after the change",
    units=4,
    means="A record's labels may be of another moment; the changes themselves are what is used.",
)
async def history_records(mailbox: Mailbox) -> Finding:
    records = await mailbox.records()
    bare = sum(not any(kind in one for kind in CHANGES) for one in records)
    odd = sum(not _is_sound(one) for one in records)
    return compare(odd, 0, f"of {len(records)} records {bare} name messages only, odd ones")


def _is_sound(record: dict[str, Any]) -> bool:
    if not {"id", "messages"} <= record.keys():
        return False
    added = all(_labels(one) >= set(one["labelIds"]) for one in record.get("labelsAdded", ()))
    gone = all(not _labels(one) & set(one["labelIds"]) for one in record.get("labelsRemoved", ()))
    return added and gone


def _labels(change: dict[str, Any]) -> set[str]:
    return set(change["message"].get("labelIds", ()))
