"""Records as documents of Firestore: their fields, how each view of them is read and written."""

from datetime import datetime
from typing import Any

import orjson

from shared.adapters.documents.record_pages import end_reason
from shared.adapters.firestore.values import Path, change, fields_of, micros_of, replacement
from shared.domain.ids import (
    ConnectionId,
    HistoryId,
    LabelId,
    MessageId,
    SequenceNumber,
    ThreadId,
)
from shared.domain.sync.records.record import Earlier, LastAction, Origin, Record, RecordHead
from shared.domain.sync.records.rows import RecordRow, StoredHead, head_fields
from shared.errors import CorruptStateError

HEAD_FIELDS = (
    "message_id",
    "thread_id",
    "label_ids",
    "history_id",
    "fetched_at_history",
    "internal_date",
    "sequence",
    "origin",
    "first_seen_at",
    "last_modified_at",
    "last_action",
    "deleted_at",
    "pruned_at",
    "earlier",
    "reason",
    "schema_version",
)


def head_of(connection_id: ConnectionId, document: Any) -> RecordHead:
    """Read a document's head. Raises CorruptStateError."""
    return _head(connection_id, document, fields_of(document))


def record_of(connection_id: ConnectionId, document: Any) -> Record:
    """Read a whole record. Raises CorruptStateError."""
    fields = fields_of(document)
    head = _head(connection_id, document, fields)
    payload = fields.get("payload")
    if not isinstance(payload, bytes):
        raise _corrupt(connection_id, document)
    terms = tuple(fields.get("terms", ()))
    return Record(head, payload, bool(fields.get("body_truncated")), terms)


ROW_FIELDS = (
    "message_id",
    "thread_id",
    "sequence",
    "payload",
    "label_ids",
    "history_id",
    "origin",
    "reason",
    "first_seen_at",
    "last_modified_at",
    "last_action",
    "deleted_at",
    "pruned_at",
)


def row_of(connection_id: ConnectionId, document: Any) -> RecordRow:
    """Read what is shown of a record. Raises CorruptStateError."""
    found = fields_of(document)
    try:
        head = StoredHead(
            label_ids=orjson.dumps(found["label_ids"]).decode(),
            history_id=found["history_id"],
            origin=found["origin"],
            reason=found.get("reason"),
            first_seen_us=micros_of(found["first_seen_at"]),
            last_modified_us=micros_of(found["last_modified_at"]),
            last_action=found["last_action"],
            deleted_us=_optional_us(found["deleted_at"]),
            pruned_us=_optional_us(found["pruned_at"]),
        )
        fields, payload = head_fields(*head), found["payload"]
        sequence = SequenceNumber(int(found["sequence"]))
    except (KeyError, TypeError, ValueError, OverflowError):
        raise _corrupt(connection_id, document) from None
    if not isinstance(payload, bytes):
        raise _corrupt(connection_id, document)
    return RecordRow(found["message_id"], found["thread_id"], sequence, fields, payload)


def _optional_us(moment: datetime | None) -> int | None:
    return None if moment is None else micros_of(moment)


def record_write(name: str, record: Record) -> Any:
    """Return the write of a whole record."""
    fields = _head_fields(record.head)
    fields["body_truncated"] = record.body_truncated
    fields["payload"] = record.payload
    fields["terms"] = [*record.terms]
    return replacement(name, fields)


def head_write(name: str, head: RecordHead) -> Any:
    """Return the write of a head beside the payload that stays, refused where none is stored."""
    # What was pruned stays pruned: a head says nothing about the payload beside it.
    fields = _head_fields(head)
    del fields["pruned_at"]
    changes: dict[Path, Any] = {(field,): value for field, value in fields.items()}
    return change(name, changes, None)


def _head(connection_id: ConnectionId, document: Any, fields: dict[str, Any]) -> RecordHead:
    try:
        return RecordHead(
            message_id=MessageId(fields["message_id"]),
            thread_id=ThreadId(fields["thread_id"]),
            label_ids=frozenset(map(LabelId, fields["label_ids"])),
            history_id=HistoryId(int(fields["history_id"])),
            fetched_at_history=HistoryId(int(fields["fetched_at_history"])),
            internal_date=fields["internal_date"],
            sequence=SequenceNumber(int(fields["sequence"])),
            origin=Origin(fields["origin"]),
            first_seen_at=fields["first_seen_at"],
            last_modified_at=fields["last_modified_at"],
            last_action=LastAction(fields["last_action"]),
            deleted_at=fields["deleted_at"],
            pruned_at=fields["pruned_at"],
            earlier=tuple(map(_earlier, fields.get("earlier", ()))),
            reason=end_reason(fields.get("reason"), deleted=fields["deleted_at"] is not None),
            schema_version=fields["schema_version"],
        )
    except (KeyError, TypeError, ValueError):
        raise _corrupt(connection_id, document) from None


def _corrupt(connection_id: ConnectionId, document: Any) -> CorruptStateError:
    id = document.name.rpartition("/")[2]
    return CorruptStateError(f"connections/{connection_id}/records/{id}")


def _head_fields(head: RecordHead) -> dict[str, Any]:
    return {
        "message_id": head.message_id,
        "thread_id": head.thread_id,
        "label_ids": sorted(head.label_ids),
        "history_id": head.history_id,
        "fetched_at_history": head.fetched_at_history,
        "internal_date": head.internal_date,
        "sequence": head.sequence,
        "origin": head.origin.value,
        "first_seen_at": head.first_seen_at,
        "last_modified_at": head.last_modified_at,
        "last_action": head.last_action.value,
        "deleted_at": head.deleted_at,
        "pruned_at": head.pruned_at,
        "reason": None if head.reason is None else head.reason.value,
        "earlier": [
            {"at": one.at, "label_ids": sorted(one.label_ids), "live": one.live}
            for one in head.earlier
        ],
        "schema_version": head.schema_version,
    }


def _earlier(fields: dict[str, Any]) -> Earlier:
    return Earlier(fields["at"], frozenset(map(LabelId, fields["label_ids"])), fields["live"])
