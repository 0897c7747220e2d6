"""Records port on SQLite."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection
from typing import Any

import orjson

from shared.adapters.documents.record_pages import HEADS_BATCH, MAX_SEQUENCE, PageBudget, end_reason
from shared.adapters.documents.record_search import Below, Candidate, find_heads
from shared.adapters.sqlite.database import (
    Row,
    SqliteDatabase,
    from_us,
    optional_moment,
    optional_us,
    to_us,
)
from shared.adapters.sqlite.pruning import empty_payloads, purge
from shared.adapters.sqlite.record_search import (
    FORGET_TERMS,
    candidate_rows,
    candidates,
    drop_terms,
    read_terms,
    terms_text,
    write_terms,
)
from shared.domain.ids import (
    ConnectionId,
    HistoryId,
    LabelId,
    MessageId,
    SequenceNumber,
    ThreadId,
)
from shared.domain.sync.record import Earlier, LastAction, Origin, Record, RecordHead
from shared.errors import ConflictError, CorruptStateError
from shared.ports.sync_store import (
    NewestQuery,
    RecordPage,
    RecordQuery,
    SearchPage,
    SearchQuery,
)

HEAD = """records.message_id, records.thread_id, records.label_ids, records.history_id,
 records.fetched_at_history, records.internal_us, records.sequence, records.origin,
 records.first_seen_us, records.last_modified_us, records.last_action, records.deleted_us,
 records.pruned_us, records.schema_version, records.earlier, records.reason"""
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


def head_of(connection_id: ConnectionId, row: Row) -> RecordHead:
    """Read the HEAD columns. Raises CorruptStateError."""
    try:
        return RecordHead(
            message_id=MessageId(row[0]),
            thread_id=ThreadId(row[1]),
            label_ids=frozenset(map(LabelId, orjson.loads(row[2]))),
            history_id=HistoryId(row[3]),
            fetched_at_history=HistoryId(row[4]),
            internal_date=from_us(row[5]),
            sequence=SequenceNumber(row[6]),
            origin=Origin(row[7]),
            first_seen_at=from_us(row[8]),
            last_modified_at=from_us(row[9]),
            last_action=LastAction(row[10]),
            deleted_at=optional_moment(row[11]),
            pruned_at=optional_moment(row[12]),
            schema_version=row[13],
            earlier=tuple(_earlier(*one) for one in orjson.loads(row[14])),
            reason=end_reason(row[15], deleted=row[11] is not None),
        )
    except (ValueError, TypeError, OverflowError):
        raise CorruptStateError(f"connections/{connection_id}/records/{row[0]}") from None


def record_of(connection_id: ConnectionId, row: Row) -> Record:
    """Read the RECORD columns. Raises CorruptStateError."""
    terms = read_terms(connection_id, MessageId(row[0]), row[18])
    return Record(head_of(connection_id, row), row[17], bool(row[16]), terms)


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


_FROM = "FROM records JOIN record_payloads USING (key)"


@dataclass(frozen=True)
class SqliteRecords:
    """Records port; every method raises StoreUnavailableError and CorruptStateError."""

    database: SqliteDatabase

    async def heads(
        self, connection_id: ConnectionId, ids: Iterable[MessageId]
    ) -> Mapping[MessageId, RecordHead]:
        """Return the heads of those ids that are stored, tombstones included."""
        rows = self.database.rows(
            f"""SELECT {HEAD} FROM records WHERE connection_id = ?
                AND message_id IN (SELECT value FROM json_each(?))""",  # noqa: S608  own columns
            (connection_id, _json(ids)),
        )
        return {MessageId(row[0]): head_of(connection_id, row) for row in rows}

    async def all_heads(
        self, connection_id: ConnectionId, since: datetime | None
    ) -> AsyncIterator[Sequence[RecordHead]]:
        """Stream the live heads with internal_date >= since, newest first."""
        oldest = -(2**63) if since is None else to_us(since)
        before = (2**63 - 1, "")
        while rows := self.database.rows(
            f"""SELECT {HEAD} FROM records WHERE connection_id = ? AND deleted_us IS NULL
                AND internal_us >= ? AND (internal_us, message_id) < (?, ?)
                ORDER BY internal_us DESC, message_id DESC
                LIMIT {HEADS_BATCH}""",  # noqa: S608  own columns
            (connection_id, oldest, *before),
        ):
            yield [head_of(connection_id, row) for row in rows]
            before = (rows[-1][5], rows[-1][0])

    async def get(self, connection_id: ConnectionId, message_id: MessageId) -> Record | None:
        """Return one record, tombstones included."""
        row = self.database.row(
            f"""SELECT {RECORD} {_FROM}
                WHERE connection_id = ? AND message_id = ?""",
            (connection_id, message_id),
        )
        return None if row is None else record_of(connection_id, row)

    async def page(self, connection_id: ConnectionId, query: RecordQuery) -> RecordPage:
        """Return the next records in sequence order; pages of large mail end early."""
        where, values = _filters(connection_id, query)
        budget = PageBudget(query.limit)
        records: list[Record] = []
        rows = self.database.stream(
            f"SELECT {RECORD} {_FROM} WHERE {where} ORDER BY sequence LIMIT ?",
            (*values, query.limit + 1),
        )
        for row in rows:
            if not budget.takes(row[17]):
                return RecordPage(tuple(records), _place(records, query))
            records.append(record_of(connection_id, row))
        return RecordPage(tuple(records), None)

    async def newest(self, connection_id: ConnectionId, query: NewestQuery) -> Sequence[Record]:
        """Return live records for a screen, newest first by (internal_date, message_id)."""
        source, where, values = _screen(connection_id, query)
        keys = self.database.rows(
            f"""SELECT key FROM {source} WHERE {where}
                ORDER BY internal_us DESC, message_id DESC LIMIT ?""",  # noqa: S608  own names
            (*values, query.limit),
        )
        rows = self.database.rows(
            f"""SELECT {RECORD} {_FROM} WHERE key IN (SELECT value FROM json_each(?))
                ORDER BY internal_us DESC, message_id DESC""",  # noqa: S608  own columns
            (_json(key for (key,) in keys),),
        )
        return [record_of(connection_id, row) for row in rows]

    async def search(self, connection_id: ConnectionId, query: SearchQuery) -> SearchPage:
        """Return live records that have all that is asked for, newest first."""

        async def read(below: Below, limit: int) -> Sequence[Candidate]:
            rows = candidate_rows(self.database, HEAD, connection_id, query, below, limit)
            return candidates((head_of(connection_id, row) for row in rows), rows)

        found = await find_heads(query, read)
        rows = self.database.rows(
            f"""SELECT {RECORD} {_FROM} WHERE connection_id = ? AND deleted_us IS NULL
                AND message_id IN (SELECT value FROM json_each(?))
                ORDER BY internal_us DESC, message_id DESC""",  # noqa: S608  own columns
            (connection_id, _json(head.message_id for head in found.heads)),
        )
        records = [record_of(connection_id, row) for row in rows]
        return SearchPage(records, found.before, found.complete)

    async def prune(
        self, connection_id: ConnectionId, until: SequenceNumber, limit: int, now: datetime
    ) -> tuple[int, bool]:
        """Empty payloads up to `until`: how many, and whether more remain."""
        where, value = "sequence <= ?", min(until, MAX_SEQUENCE)
        return self._empty(where, (connection_id, value), limit, now)

    async def prune_deleted(
        self, connection_id: ConnectionId, deleted_before: datetime, limit: int, now: datetime
    ) -> tuple[int, bool]:
        """Empty payloads of old tombstones: how many, and whether more remain."""
        values = (connection_id, to_us(deleted_before))
        return self._empty("deleted_us < ?", values, limit, now)

    async def purge(self, connection_id: ConnectionId, limit: int) -> int:
        """Delete records and quarantine for good: how many went."""
        tables = ("record_terms", "record_labels", "record_payloads", "records")
        return purge(self.database, connection_id, tables, ("quarantine", "message_id"), limit)

    def _empty(
        self, where: str, values: tuple[str, int], limit: int, now: datetime
    ) -> tuple[int, bool]:
        return empty_payloads(
            self.database,
            "records",
            "record_payloads",
            f"connection_id = ? AND {where}",
            values,
            limit=limit,
            now=now,
            forgetting=FORGET_TERMS,
        )


def _filters(connection_id: ConnectionId, query: RecordQuery) -> tuple[str, list[Any]]:
    where = "connection_id = ? AND sequence > ?"
    values: list[Any] = [connection_id, min(query.after, MAX_SEQUENCE)]
    if query.actions is not None:
        where += " AND last_action IN (SELECT value FROM json_each(?))"
        values.append(_json(query.actions))
    if query.modified_after is not None:
        where += " AND last_modified_us >= ?"
        values.append(to_us(query.modified_after))
    if query.ids is not None:
        where += " AND message_id IN (SELECT value FROM json_each(?))"
        values.append(_json(query.ids))
    return where, values


def _screen(connection_id: ConnectionId, query: NewestQuery) -> tuple[str, str, list[Any]]:
    """Return the table, the condition and its values; each case walks one index."""
    where, source = "connection_id = ?", "records"
    values: list[Any] = [connection_id]
    if query.thread_id is not None:
        where += " AND deleted_us IS NULL AND thread_id = ?"
        values.append(query.thread_id)
        if query.label_id is not None:
            where += " AND ? IN (SELECT value FROM json_each(label_ids))"
            values.append(query.label_id)
    elif query.label_id is not None:
        source = "record_labels"
        where += " AND label_id = ?"
        values.append(query.label_id)
    else:
        where += " AND deleted_us IS NULL"
    if query.before is not None:
        where += " AND (internal_us, message_id) < (?, ?)"
        values += [to_us(query.before[0]), query.before[1]]
    return source, where, values


def _place(records: Sequence[Record], query: RecordQuery) -> SequenceNumber:
    return records[-1].head.sequence if records else query.after


def _json(values: Iterable[Any]) -> str:
    return orjson.dumps(list(values)).decode()
