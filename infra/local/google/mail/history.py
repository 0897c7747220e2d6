"""Reading a mailbox's history (FACTS 3)."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

import orjson

from infra.local.google.mail.ids import hexadecimal
from infra.local.google.mail.store import MailStore
from infra.local.google.mail.writer import Kind

FIELDS: Final = {
    Kind.MESSAGE_ADDED: "messagesAdded",
    Kind.MESSAGE_DELETED: "messagesDeleted",
    Kind.LABEL_ADDED: "labelsAdded",
    Kind.LABEL_REMOVED: "labelsRemoved",
}

Row = tuple[int, int, int, int, str, str]


def history_floor(store: MailStore, email: str) -> int:
    """Return the oldest startHistoryId that is not expired."""
    sql = "SELECT history_floor FROM mailboxes WHERE number = ?"
    floor: int = store.database.row(sql, store.number(email))[0]
    return floor


def read_history(
    store: MailStore, email: str, after: int, kinds: Sequence[Kind], label_id: str, limit: int
) -> list[dict[str, Any]]:
    """Return up to `limit` History resources above id `after`, oldest first.

    With `label_id` only changes of messages that had the label right after the change count, as
    with Gmail: archiving does not show under INBOX.
    """
    number = store.number(email)
    kind_list = ",".join(str(int(kind)) for kind in kinds)
    where = f"mailbox = ? AND history_id > ? AND kind IN ({kind_list}) AND instr(labels, ?) > 0"
    label = f'"{label_id}"' if label_id else "["
    chosen = f"SELECT DISTINCT history_id FROM history WHERE {where} ORDER BY history_id LIMIT ?"  # noqa: S608
    ids = store.database.rows(chosen, number, after, label, limit)
    if not ids:
        return []
    rows = store.database.rows(
        "SELECT history_id, kind, id, thread, labels, changed FROM history"  # noqa: S608
        f" WHERE {where} AND history_id <= ? ORDER BY history_id, kind, id",
        number,
        after,
        label,
        ids[-1][0],
    )
    return [_record(number, list(group)) for number, group in groupby(rows, itemgetter(0))]


def _record(history_id: int, rows: Iterable[Row]) -> dict[str, Any]:
    record: dict[str, Any] = {"id": str(history_id), "messages": []}
    seen: set[int] = set()
    for _, kind, number, thread, labels, changed in rows:
        short = {"id": hexadecimal(number), "threadId": hexadecimal(thread)}
        if number not in seen:
            record["messages"].append(short)
            seen.add(number)
        if kind == Kind.TOUCHED:
            continue
        change: dict[str, Any] = {"message": dict(short)}
        if labels != "[]":
            change["message"]["labelIds"] = orjson.loads(labels)
        if changed != "[]":
            change["labelIds"] = orjson.loads(changed)
        record.setdefault(FIELDS[Kind(kind)], []).append(change)
    return record
