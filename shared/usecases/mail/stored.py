"""Stored records as rows and as messages to read."""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.domain.ids import ConnectionId, MessageId
from shared.domain.mail.message_fields import label_fields
from shared.domain.sync.records.payload import unpack
from shared.domain.sync.records.record import Record
from shared.ports.sync_store import RecordQuery, Records


async def read_stored(
    records: Records, connection_id: ConnectionId, ids: Sequence[str]
) -> Mapping[str, Record]:
    """Return those of the messages that are stored, live and not emptied, by id."""
    found: dict[str, Record] = {}
    query: RecordQuery | None = RecordQuery(limit=len(ids), ids=[MessageId(id) for id in ids])
    while query is not None and ids:
        page = await records.page(connection_id, query)
        found |= {one.head.message_id: one for one in page.records if one.head.live and one.payload}
        last = page.last
        query = None if last is None else RecordQuery(last, len(ids), ids=query.ids)
    return found


def message_of(record: Record) -> dict[str, Any]:
    """Return the stored fields of a message with its labels as they are now."""
    head = record.head
    return {
        "id": head.message_id,
        "threadId": head.thread_id,
        **unpack(record.payload),
        **label_fields(sorted(head.label_ids), str(head.history_id)),
    }


def row_of(record: Record) -> dict[str, Any]:
    """Return what a listing says of a message."""
    message = message_of(record)
    return {
        "id": message["id"],
        "threadId": message["threadId"],
        "from": message.get("from"),
        "to": message.get("to", []),
        "subject": message.get("subject") or "",
        "date": message.get("date"),
        "snippet": message.get("snippet") or "",
        "labelIds": message["labelIds"],
        "isUnread": message["isUnread"],
        "attachments": sum(not one.get("inline") for one in message.get("attachments", ())),
    }
