"""A label and drafts of one's own."""

from collections.abc import Mapping
from typing import Any, Final

from shared.commands.verify.caller import NotTriedError, read_json, status_and_reason
from shared.commands.verify.mailbox import Mailbox
from shared.commands.verify.own import MARKER
from shared.commands.verify.probe import Finding, Level, compare, probe

ADDED: Final = frozenset({"received", "date", "message-id"})
NO_ID: Final = "zzz"
"""What no message is called, so that nothing can be deleted by it."""
EVERYTHING: Final = "https://mail.google.com/"


@probe(
    21,
    "14.5",
    "A call beyond the token's scopes is 403 insufficientPermissions",
    units=10,
    means="What is missing would be taken for a refusal of the call, and no reconnect offered.",
    level=Level.SELF,
    breaks=True,
    harm="nothing: a deletion that names no message and that the token may not make",
)
async def beyond_the_scopes(mailbox: Mailbox) -> Finding:
    caller = mailbox.caller
    given = await caller.send(
        "POST", mailbox.endpoints.token_info, data={"access_token": caller.token}
    )
    scopes = str((read_json(given) or {}).get("scope", ""))
    if not scopes or EVERYTHING in scopes:
        raise NotTriedError("The token may do everything, or does not say what it may.")
    answer = await caller.call("DELETE", f"messages/{NO_ID}", {})
    return compare(status_and_reason(answer), "403 insufficientPermissions")


@probe(
    27,
    "18.13",
    "A label that was just made has no type, and its name is taken: 409 aborted",
    units=15,
    means="Nothing: a label is known by its id.",
    level=Level.SELF,
    harm="a label",
)
async def own_label(mailbox: Mailbox) -> Finding:
    own = mailbox.own
    if own.label_id:
        raise NotTriedError("The label was made before this question.")
    made = await own.label()
    again = await mailbox.caller.post("labels", {"name": own.mark})
    return compare(("type" in made, status_and_reason(again)), (False, "409 aborted"))


@probe(
    28,
    "5.5",
    "A draft gets Received, Date and Message-Id, keeps a header of one's own, begins a thread",
    units=30,
    means="A send could not be recognised by the header that marks it.",
    level=Level.SELF,
    breaks=True,
    harm="a draft",
)
async def new_draft(mailbox: Mailbox) -> Finding:
    own = mailbox.own
    made = await own.draft(await own.raw())
    message = made["message"]
    found = await mailbox.json(f"drafts/{made['id']}", format="metadata")
    headers = headers_of(found["message"])
    added = headers.keys() >= ADDED
    alone = message["id"] == message["threadId"]
    kept = headers.get(MARKER.lower()) == own.mark
    return compare((added, kept, alone), (True, True, True), "added, kept, a thread by itself")


@probe(
    29,
    "3.8",
    "A draft saved without its thread becomes another message in a thread of its own",
    units=45,
    means="A draft is saved with its thread, whatever Gmail does without.",
    level=Level.SELF,
    harm="a draft",
)
async def saved_draft(mailbox: Mailbox) -> Finding:
    own = mailbox.own
    raw = await own.raw()
    first = await own.draft(raw)
    second = await own.save_draft(first["id"], raw)
    found = (await mailbox.json(f"drafts/{first['id']}"))["message"]
    seen = (
        second["message"]["id"] != first["message"]["id"],
        second["message"]["threadId"] != first["message"]["threadId"],
        found["threadId"] == second["message"]["threadId"],
    )
    return compare(seen, (True, True, True), "other message, other thread, read so")


@probe(
    30,
    "3.8",
    "A reply saved as a draft without its thread leaves the conversation",
    units=55,
    means="A reply is saved with its thread, whatever Gmail does without.",
    level=Level.SELF,
    harm="two drafts",
)
async def saved_reply(mailbox: Mailbox) -> Finding:
    own = mailbox.own
    first = await own.draft(await own.raw())
    read = await mailbox.json(f"drafts/{first['id']}", format="metadata")
    above = headers_of(read["message"]).get("message-id", "")
    raw = await own.raw(f"Re: {own.mark}", In_Reply_To=above, References=above)
    thread = first["message"]["threadId"]
    reply = await own.draft(raw, thread)
    joined = reply["message"]["threadId"] == thread
    saved = await own.save_draft(reply["id"], raw)
    left = saved["message"]["threadId"] != thread
    return compare((joined, left), (True, True), "joined with its thread, left without")


def headers_of(message: Mapping[str, Any]) -> dict[str, str]:
    """Return a message's headers by lower-case name, the last of each."""
    return {one["name"].lower(): one["value"] for one in message["payload"]["headers"]}
