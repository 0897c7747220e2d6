"""Lists and searches: what a backfill and a recovery page through."""

import re
from typing import Final

from shared.commands.verify.caller import NotTriedError, read_json
from shared.commands.verify.mailbox import MOST, Mailbox
from shared.commands.verify.probe import Finding, compare, probe

TOKEN: Final = re.compile(r"\d{20}")
MORE_THAN: Final = 201
"""The estimate where there is more than the page holds."""
MOST_ENTRIES: Final = int(MOST)


@probe(
    8,
    "4.1",
    "A page of messages holds at most 500, and the estimate is 201 where there are more",
    units=20,
    means="Progress is told by other numbers; pages are read to their end whatever they hold.",
)
async def sizes_of_pages(mailbox: Mailbox) -> Finding:
    odd = []
    for size in (1, 100, MOST_ENTRIES, MOST_ENTRIES + 1):
        page = await mailbox.json("messages", maxResults=str(size))
        told = len(page.get("messages", ()))
        estimate = page.get("resultSizeEstimate")
        more = "nextPageToken" in page
        if told > min(size, MOST_ENTRIES) or (more and estimate != MORE_THAN):
            odd.append(f"of {size} asked {told} came, estimate {estimate}")
    return compare("; ".join(odd) or "as documented", "as documented")


@probe(
    9,
    "4.1",
    "Pages follow one another by id, the newest first, with a token of 20 digits",
    units=10,
    means="A backfill would see a message twice or not at all.",
    breaks=True,
)
async def order_of_pages(mailbox: Mailbox) -> Finding:
    first = await mailbox.first_page()
    size = MOST
    if "nextPageToken" not in first:
        size = str(max(1, len(await mailbox.ids(least=3)) // 3))
        first = await mailbox.json("messages", maxResults=size)
    token = first["nextPageToken"]
    second = await mailbox.json("messages", maxResults=size, pageToken=token)
    ids = [int(one["id"], 16) for page in (first, second) for one in page.get("messages", ())]
    in_order = ids == sorted(set(ids), reverse=True)
    words = f"pages of {size}: in order, token of 20 digits"
    return compare((in_order, bool(TOKEN.fullmatch(token))), (True, True), words)


@probe(
    14,
    "4.2",
    "`after:` an epoch second finds what came in that second and later, not before",
    units=15,
    means="Mail at the edge of a window, or of a recovery, would be left out.",
    breaks=True,
)
async def edge_of_a_window(mailbox: Mailbox) -> Finding:
    known = (await mailbox.some())[0]
    second = int(known["internalDate"]) // 1000
    found = []
    for moment in (second - 1, second, second + 1):
        page = await mailbox.json(
            "messages", q=f"after:{moment}", maxResults=MOST, includeSpamTrash="true"
        )
        found.append(known["id"] in {one["id"] for one in page.get("messages", ())})
    return compare(found, [True, True, False], "found a second before, then, a second after")


@probe(
    15,
    "4.1",
    "An unknown label, a wrong token and another query's token are 400; an odd query finds nothing",
    units=20,
    means="A listing that lost its place would not be begun anew.",
    breaks=True,
)
async def odd_listings(mailbox: Mailbox) -> Finding:
    get = mailbox.caller.get
    label = (await get("messages", labelIds="Label_999999999")).status_code
    wrong = (await get("messages", pageToken="abc")).status_code
    page = await mailbox.json("messages", maxResults="1")
    if "nextPageToken" not in page:
        raise NotTriedError("The mailbox holds too little to have a second page.")
    other = await get("messages", q="in:sent", pageToken=page["nextPageToken"])
    query = await get("messages", q="from:(")
    found = bool((read_json(query) or {}).get("messages"))
    seen = (label, wrong, other.status_code, query.status_code, found)
    return compare(seen, (400, 400, 400, 200, False))
