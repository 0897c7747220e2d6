"""users.history (FACTS 3)."""

from typing import Final

from infra.local.google.gmail.call import Answer, Call
from infra.local.google.gmail.errors import invalid, not_found, unreadable
from infra.local.google.gmail.paging import page_position, page_token
from infra.local.google.gmail.params import DECIMAL, UINT64, max_results
from infra.local.google.gmail.selection import check_labels
from infra.local.google.mail.history import history_floor, read_history
from infra.local.google.mail.writer import Kind

TYPES: Final = {
    "messageAdded": Kind.MESSAGE_ADDED,
    "messageDeleted": Kind.MESSAGE_DELETED,
    "labelAdded": Kind.LABEL_ADDED,
    "labelRemoved": Kind.LABEL_REMOVED,
}


BACKWARDS: Final = 1_000
"""How far below the checkpoint a history that runs backwards tells its current id."""


AHEAD: Final = 1_000_000
"""How far ahead of the mailbox a start is refused; nearer ones are said to answer (FACTS 3.4)."""


def _start(call: Call) -> int:
    text = call.query.get("startHistoryId")
    if not text:
        raise invalid("Missing required parameter: startHistoryId")
    if not DECIMAL.fullmatch(text) or int(text) >= UINT64:
        raise unreadable(f"Invalid value at 'start_history_id' (TYPE_UINT64), \"{text}\"")
    floor, top = history_floor(call.store, call.email), call.store.history_id(call.email) + AHEAD
    if not floor <= int(text) < top or call.fault("history_expired"):
        raise not_found()
    return int(text)


def _kinds(call: Call) -> list[Kind]:
    given = call.query.getlist("historyTypes")
    for name in given:
        if name not in TYPES:
            raise unreadable(
                "Invalid value at 'history_types'"
                f' (type.googleapis.com/gmail.api.HistoryType), "{name}"'
            )
    return [TYPES[name] for name in given] or list(Kind)


def list_(call: Call) -> Answer:
    """List history records after startHistoryId, oldest first; 404 for what is expired or to come.

    `historyId` is the mailbox's current one on every page (FACTS 3.3); without records there is no
    `history` (FACTS 3.4).
    """
    limit, kinds = max_results(call), _kinds(call)
    label_id = call.query.get("labelId") or ""
    check_labels(call.store, call.email, [label_id] if label_id else [], named=False)
    after = page_position(call, "history", _start(call))
    current = {"historyId": str(call.store.history_id(call.email))}
    if call.fault("index_lag"):
        return current
    if call.fault("history_backwards"):
        return {"historyId": str(max(1, after - BACKWARDS))}
    if call.fault("page_without_history"):
        return {"nextPageToken": page_token(call, "history", after), **current}
    records = read_history(
        call.store, call.email, min(after, 2**63 - 1), kinds, label_id, limit + 1
    )
    if not records:
        return current
    answer = {"history": records[:limit], **current}
    if len(records) > limit:
        answer["nextPageToken"] = page_token(call, "history", int(records[limit - 1]["id"]))
    return answer
