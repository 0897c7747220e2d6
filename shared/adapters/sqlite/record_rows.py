"""Records as rows of SQLite: the columns of each view of them, and how each is read and written."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from sqlite3 import Connection

import orjson

from shared.adapters.documents.record_pages import end_reason
from shared.adapters.sqlite.database import Row, from_us, optional_moment, optional_us, to_us
from shared.adapters.sqlite.record_search import drop_terms, read_terms, terms_text, write_terms
from shared.domain.ids import (
    ConnectionId,
    HistoryId,
    LabelId,
    MessageId,
    SequenceNumber,
    ThreadId,
)
from shared.domain.sync.records.record import Earlier, LastAction, Origin, Record, RecordHead
from shared.domain.sync.records.rows import REMEMBERED, RecordRow, head_fields
from shared.errors import ConflictError, CorruptStateError

HEAD = """records.message_id, records.thread_id, records.label_ids, records.history_id,
 records.fetched_at_history, records.internal_us, records.sequence, records.origin,
 records.first_seen_us, records.last_modified_us, records.last_action, records.deleted_us,
 records.pruned_us, records.schema_version, records.earlier, records.reason"""
ROW = """records.message_id, records.thread_id, records.sequence, record_payloads.payload,
 records.history_id, records.label_ids, records.origin, records.reason, records.first_seen_us,
 records.last_modified_us, records.last_action, records.deleted_us, records.pruned_us"""
RECORD = f"{HEAD}, records.body_truncated, record_payloads.payload, records.terms"

_INSERT = """
INSERT INTO records (message_id, thread_id, label_ids, history_id, fetched_at_history,
 internal_us, sequence, origin, first_seen_us, last_modified_us, last_action, deleted_us,
 pruned_us, schema_version, earlier, reason, body_truncated, terms, connection_id)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (connection_id, message_id) DO UPDATE SET thread_id = excluded.thread_id,
 label_ids = excluded.label_ids, history_id = excluded.history_id,
 fetched_at_history = excluded.fetched_at_history, internal_us = excluded.internal_us,
 sequence = excluded.sequence, origin = excluded.origin, first_seen_us = excluded.first_seen_us,
 last_modified_us = excluded.last_modified_us, last_action = excluded.last_action,
 deleted_us = excluded.deleted_us, pruned_us = excluded.pruned_us,
 schema_version = excluded.schema_version, earlier = excluded.earlier, reason = excluded.reason,
 body_truncated = excluded.body_truncated, terms = excluded.terms
RETURNING key
"""
# What was pruned stays pruned: a head says nothing about the payload beside it.
_REWRITE = """
UPDATE records SET thread_id = ?2, label_ids = ?3, history_id = ?4, fetched_at_history = ?5,
 internal_us = ?6, sequence = ?7, origin = ?8, first_seen_us = ?9, last_modified_us = ?10,
 last_action = ?11, deleted_us = ?12, schema_version = ?14, earlier = ?15, reason = ?16
WHERE connection_id = ?17 AND message_id = ?1
RETURNING key
"""
_ORIGINS = {one.value: one for one in Origin}
_ACTIONS = {one.value: one for one in LastAction}
_moment = lru_cache(REMEMBERED)(from_us)
"""Of one commit they are the same."""


def head_of(connection_id: ConnectionId, row: Row) -> RecordHead:
    """Read the HEAD columns. Raises CorruptStateError."""
    try:
        return RecordHead(
            message_id=MessageId(row[0]),
            thread_id=ThreadId(row[1]),
            label_ids=_label_set(row[2]),
            history_id=HistoryId(row[3]),
            fetched_at_history=HistoryId(row[4]),
            internal_date=from_us(row[5]),
            sequence=SequenceNumber(row[6]),
            origin=_ORIGINS[row[7]],
            first_seen_at=_moment(row[8]),
            last_modified_at=_moment(row[9]),
            last_action=_ACTIONS[row[10]],
            deleted_at=optional_moment(row[11]),
            pruned_at=optional_moment(row[12]),
            schema_version=row[13],
            earlier=_earlier_of(row[14]),
            reason=end_reason(row[15], deleted=row[11] is not None),
        )
    except (ValueError, TypeError, KeyError, OverflowError):
        raise CorruptStateError(f"connections/{connection_id}/records/{row[0]}") from None


def record_of(connection_id: ConnectionId, row: Row) -> Record:
    """Read the RECORD columns. Raises CorruptStateError."""
    terms = read_terms(connection_id, MessageId(row[0]), row[18])
    return Record(head_of(connection_id, row), row[17], bool(row[16]), terms)


def row_of(connection_id: ConnectionId, row: Row) -> RecordRow:
    """Read the ROW columns. Raises CorruptStateError."""
    try:
        fields = head_fields(*row[4:])
    except (ValueError, TypeError, KeyError, OverflowError):
        raise CorruptStateError(f"connections/{connection_id}/records/{row[0]}") from None
    return RecordRow(row[0], row[1], row[2], fields, row[3])


def write_records(
    connection: Connection, connection_id: ConnectionId, records: Iterable[Record]
) -> None:
    """Write whole records inside a transaction."""
    for record in records:
        flags = (record.body_truncated, terms_text(record))
        values = (*_head_values(record.head), *flags, connection_id)
        (key,) = connection.execute(_INSERT, values).fetchone()
        connection.execute(
            "INSERT OR REPLACE INTO record_payloads (key, payload) VALUES (?, ?)",
            (key, record.payload),
        )
        _write_labels(connection, connection_id, key, record.head)
        write_terms(connection, connection_id, key, record)


def write_heads(
    connection: Connection, connection_id: ConnectionId, heads: Sequence[RecordHead]
) -> None:
    """Rewrite heads inside a transaction. Raises ConflictError where a record is not there."""
    for head in heads:
        row = connection.execute(_REWRITE, (*_head_values(head), connection_id)).fetchone()
        if row is None:
            raise ConflictError(f"Record {head.message_id} is not stored any more.")
        _write_labels(connection, connection_id, row[0], head)
        drop_terms(connection, row[0], head)


def _head_values(head: RecordHead) -> Row:
    return (
        head.message_id,
        head.thread_id,
        orjson.dumps(sorted(head.label_ids)).decode(),
        head.history_id,
        head.fetched_at_history,
        to_us(head.internal_date),
        head.sequence,
        head.origin.value,
        to_us(head.first_seen_at),
        to_us(head.last_modified_at),
        head.last_action.value,
        optional_us(head.deleted_at),
        optional_us(head.pruned_at),
        head.schema_version,
        orjson.dumps(
            [[to_us(one.at), sorted(one.label_ids), one.live] for one in head.earlier]
        ).decode(),
        None if head.reason is None else head.reason.value,
    )


@lru_cache(REMEMBERED)
def _label_set(text: str) -> frozenset[LabelId]:
    return frozenset(map(LabelId, orjson.loads(text)))


@lru_cache(REMEMBERED)
def _earlier_of(text: str) -> tuple[Earlier, ...]:
    return tuple(_earlier(*one) for one in orjson.loads(text))


def _earlier(at_us: int, label_ids: list[str], live: bool) -> Earlier:
    return Earlier(from_us(at_us), frozenset(map(LabelId, label_ids)), bool(live))


def _write_labels(
    connection: Connection, connection_id: ConnectionId, key: int, head: RecordHead
) -> None:
    connection.execute("DELETE FROM record_labels WHERE key = ?", (key,))
    if not head.live:
        return
    connection.executemany(
        """INSERT INTO record_labels (connection_id, label_id, internal_us, message_id, key)
           VALUES (?, ?, ?, ?, ?)""",
        [
            (connection_id, label, to_us(head.internal_date), head.message_id, key)
            for label in head.label_ids
        ],
    )
