"""Records port on SQLite."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from shared.adapters.documents.record_pages import HEADS_BATCH, MAX_SEQUENCE, PageBudget
from shared.adapters.documents.record_search import Below, Candidate, find_heads
from shared.adapters.sqlite.database import Row, SqliteDatabase, to_us
from shared.adapters.sqlite.record_rows import HEAD, RECORD, ROW, head_of, record_of, row_of
from shared.adapters.sqlite.record_search import FORGET_TERMS, candidate_rows, candidates
from shared.adapters.sqlite.retention import empty_payloads, purge
from shared.domain.ids import ConnectionId, MessageId, SequenceNumber, ThreadId
from shared.domain.sync.records.record import Record, RecordHead
from shared.ports.sync_store import (
    NewestQuery,
    RecordPage,
    RecordQuery,
    RowPage,
    SearchPage,
    SearchQuery,
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
        rows, more = self._page(connection_id, query, RECORD, payload=17)
        records = tuple(record_of(connection_id, row) for row in rows)
        last = records[-1].head.sequence if records else query.after
        return RecordPage(records, last if more else None)

    async def rows(self, connection_id: ConnectionId, query: RecordQuery) -> RowPage:
        """Return what `page` does, each record as it is shown."""
        rows, more = self._page(connection_id, query, ROW, payload=3)
        found = tuple(row_of(connection_id, row) for row in rows)
        last = found[-1].sequence if found else query.after
        return RowPage(found, last if more else None)

    def _page(
        self, connection_id: ConnectionId, query: RecordQuery, columns: str, *, payload: int
    ) -> tuple[list[Row], bool]:
        """Return a page's rows, and whether more follow."""
        where, values = _filters(connection_id, query)
        budget = PageBudget(query.limit)
        taken: list[Row] = []
        rows = self.database.stream(
            f"SELECT {columns} {_FROM} WHERE {where} ORDER BY sequence LIMIT ?",
            (*values, query.limit + 1),
        )
        for row in rows:
            if not budget.takes(row[payload]):
                return taken, True
            taken.append(row)
        return taken, False

    async def newest(self, connection_id: ConnectionId, query: NewestQuery) -> Sequence[Record]:
        """Return live records for a screen, newest first by (internal_date, message_id)."""
        return self._newest(connection_id, *_screen(connection_id, query), query.limit)

    async def of_threads(
        self, connection_id: ConnectionId, thread_ids: Sequence[ThreadId], limit: int
    ) -> Sequence[Record]:
        """Return live records of these threads, newest first."""
        where = """connection_id = ? AND deleted_us IS NULL
            AND thread_id IN (SELECT value FROM json_each(?))"""
        values = [connection_id, _json(thread_ids)]
        return self._newest(connection_id, "records", where, values, limit)

    def _newest(
        self, connection_id: ConnectionId, source: str, where: str, values: list[Any], limit: int
    ) -> Sequence[Record]:
        """Choose by one index, then read what was chosen."""
        keys = self.database.rows(
            f"""SELECT key FROM {source} WHERE {where}
                ORDER BY internal_us DESC, message_id DESC LIMIT ?""",  # noqa: S608  own names
            (*values, limit),
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


def _json(values: Iterable[Any]) -> str:
    return orjson.dumps(list(values)).decode()
