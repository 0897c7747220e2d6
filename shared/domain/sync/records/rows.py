"""Records as API 4.3 shows them: a head's fields written as JSON straight from what a store holds.

A payload holds only what never changes; labels, history ID and origin live in the record's head
and are spliced in when it is read, so a relabelled message is never packed again, and a page of
records parses none.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final, NamedTuple

import orjson

from shared.domain.cursor import cursor_of
from shared.domain.ids import ConnectionId, MessageId, SequenceNumber, ThreadId
from shared.domain.mail.message_fields import label_fields
from shared.domain.packed import PlainText, Text
from shared.domain.sync.records.record import (
    EPOCH,
    EndReason,
    LastAction,
    Origin,
    Record,
    RecordHead,
)

REMEMBERED: Final = 4_096
"""Sets of labels, and moments, whose text is remembered: those of one commit are the same."""
_MICROSECOND: Final = timedelta(microseconds=1)
_ORIGINS: Final = {one.value: one.value.encode() for one in Origin}
_ACTIONS: Final = {one.value: one.value.encode() for one in LastAction}
_REASONS: Final[dict[str | None, bytes]] = {
    None: b"",
    **{one.value: f',"reason":"{one.value}"'.encode() for one in EndReason},
}


class StoredHead(NamedTuple):
    """What is shown of a head, as stores have it: `label_ids` is the JSON text of a sorted list."""

    history_id: int
    label_ids: str
    origin: str
    reason: str | None
    first_seen_us: int
    last_modified_us: int
    last_action: str
    deleted_us: int | None
    pruned_us: int | None


class RecordRow(NamedTuple):
    """One record of a page; `fields` are its head's, up to the text of its cursor."""

    message_id: MessageId
    thread_id: ThreadId
    sequence: SequenceNumber
    fields: bytes
    payload: bytes

    def write(self, text: Text, connection_id: ConnectionId) -> None:
        """Add the record. Raises ValueError where its payload does not open."""
        if self.payload:
            text.add_open(self.payload)
        else:
            names = {"id": self.message_id, "threadId": self.thread_id}
            text.add(orjson.dumps(names)[:-1])
        cursor = cursor_of(connection_id, self.sequence).encode()
        text.add(b'%b%b"}}' % (self.fields, cursor))


def head_fields(history_id: int, *rest: Any) -> bytes:
    """Return the fields of a `StoredHead`, given by its values.

    Raises KeyError, TypeError, ValueError where it does not read.
    """
    return b',"historyId":"%d",%b' % (history_id, _rest(*rest))


@lru_cache(REMEMBERED)
def _rest(*values: Any) -> bytes:
    """Return what records of one commit with the same labels have in common."""
    head = StoredHead(0, *values)
    reason: str | None = head.reason or EndReason.DELETED.value
    if head.deleted_us is None:
        reason = None if head.pruned_us is None else EndReason.PRUNED.value
    return (
        b'%b,"origin":"%b"%b,"_nango_metadata":{"first_seen_at":%b,'
        b'"last_modified_at":%b,"last_action":"%b","deleted_at":%b,"pruned_at":%b,"cursor":"'
    ) % (
        _labels(head.label_ids),
        _ORIGINS[head.origin],
        _REASONS[reason],
        _moment(head.first_seen_us),
        _moment(head.last_modified_us),
        _ACTIONS[head.last_action],
        _moment(head.deleted_us),
        _moment(head.pruned_us),
    )


def record_row(record: Record) -> RecordRow:
    """Return a record as a page shows it."""
    head = record.head
    fields = head_fields(*_head(head))
    return RecordRow(head.message_id, head.thread_id, head.sequence, fields, record.payload)


def render(record: Record, connection_id: ConnectionId) -> dict[str, Any]:
    """Return a record as API 4.3 shows it. Raises as `RecordRow.write`."""
    made: dict[str, Any] = orjson.loads(render_json(record, connection_id))
    return made


def render_json(record: Record, connection_id: ConnectionId) -> bytes:
    """Return it as JSON. Raises as `RecordRow.write`."""
    text = PlainText()
    record_row(record).write(text, connection_id)
    return text.end()


def _head(head: RecordHead) -> StoredHead:
    return StoredHead(
        label_ids=orjson.dumps(sorted(head.label_ids)).decode(),
        history_id=head.history_id,
        origin=head.origin.value,
        reason=head.reason.value if head.reason else None,
        first_seen_us=_us(head.first_seen_at),
        last_modified_us=_us(head.last_modified_at),
        last_action=head.last_action.value,
        deleted_us=_us(head.deleted_at) if head.deleted_at else None,
        pruned_us=_us(head.pruned_at) if head.pruned_at else None,
    )


def _us(at: datetime) -> int:
    return (at - EPOCH) // _MICROSECOND


@lru_cache(REMEMBERED)
def _labels(label_ids: str) -> bytes:
    labels = orjson.loads(label_ids)
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise ValueError("labels that are no list of texts")
    fields = label_fields(labels, "")
    del fields["historyId"]
    return orjson.dumps(fields)[1:-1]


@lru_cache(REMEMBERED)
def _moment(us: int | None) -> bytes:
    """Write a time as `email_message.iso` does, from microseconds since 1970."""
    if us is None:
        return b"null"
    at = (EPOCH + us * _MICROSECOND).astimezone(UTC)
    return f'"{at.isoformat(timespec="milliseconds").removesuffix("+00:00")}Z"'.encode()
