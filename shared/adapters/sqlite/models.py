"""Own syncs on SQLite: states, records, quarantine, and the one commit that writes them."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection
from typing import Any

import orjson

from shared.adapters.documents.codec import MODEL_SYNCS, POISONED, Path
from shared.adapters.documents.record_pages import HEADS_BATCH, MAX_SEQUENCE, PageBudget, end_reason
from shared.adapters.sqlite.database import (
    Row,
    SqliteDatabase,
    from_us,
    optional_moment,
    optional_us,
    to_us,
)
from shared.adapters.sqlite.documents import Columns, SqliteDocuments
from shared.adapters.sqlite.events import SqliteOutbox
from shared.adapters.sqlite.retention import empty_payloads, purge
from shared.domain.ids import ConnectionId, SequenceNumber
from shared.domain.models.record import ModelHead, ModelRecord, Poisoned
from shared.domain.models.state import ModelSyncState
from shared.domain.sync.records.record import LastAction
from shared.errors import ConflictError, CorruptStateError
from shared.ports.documents import Versioned
from shared.ports.model_store import ModelBatch, ModelPage, ModelQuery

HEAD = """model_records.model, model_records.id, model_records.hash, model_records.sequence,
 model_records.first_seen_us, model_records.last_modified_us, model_records.last_action,
 model_records.source, model_records.deleted_us, model_records.pruned_us,
 model_records.schema_version, model_records.reason"""
RECORD = f"{HEAD}, model_payloads.payload"
_FROM = "FROM model_records JOIN model_payloads USING (key)"
_IDS = "id IN (SELECT value FROM json_each(?))"
_INSERT = """
INSERT INTO model_records (model, id, hash, sequence, first_seen_us, last_modified_us,
 last_action, source, deleted_us, pruned_us, schema_version, reason, connection_id)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (connection_id, model, id) DO UPDATE SET hash = excluded.hash,
 sequence = excluded.sequence, first_seen_us = excluded.first_seen_us,
 last_modified_us = excluded.last_modified_us, last_action = excluded.last_action,
 source = excluded.source, deleted_us = excluded.deleted_us, pruned_us = excluded.pruned_us,
 schema_version = excluded.schema_version, reason = excluded.reason
"""
_PAYLOAD = """
INSERT OR REPLACE INTO model_payloads (key, payload)
SELECT key, ? FROM model_records WHERE connection_id = ? AND model = ? AND id = ?
"""
_REWRITE = """
UPDATE model_records SET hash = ?3, sequence = ?4, first_seen_us = ?5, last_modified_us = ?6,
 last_action = ?7, source = ?8, deleted_us = ?9, schema_version = ?11,
 reason = ?12
WHERE connection_id = ?13 AND model = ?1 AND id = ?2
"""


def _head_of(connection_id: ConnectionId, row: Row) -> ModelHead:
    try:
        return ModelHead(
            model=row[0],
            id=row[1],
            hash=row[2],
            sequence=SequenceNumber(row[3]),
            first_seen_at=from_us(row[4]),
            last_modified_at=from_us(row[5]),
            last_action=LastAction(row[6]),
            source=row[7],
            deleted_at=optional_moment(row[8]),
            pruned_at=optional_moment(row[9]),
            schema_version=row[10],
            reason=end_reason(row[11], deleted=row[8] is not None),
        )
    except (ValueError, TypeError, OverflowError):
        raise CorruptStateError(f"connections/{connection_id}/model_records") from None


def _values(connection_id: ConnectionId, head: ModelHead) -> Row:
    return (
        head.model,
        head.id,
        head.hash,
        head.sequence,
        to_us(head.first_seen_at),
        to_us(head.last_modified_at),
        head.last_action.value,
        head.source,
        optional_us(head.deleted_at),
        optional_us(head.pruned_at),
        head.schema_version,
        None if head.reason is None else head.reason.value,
        connection_id,
    )


def _columns(value: ModelSyncState) -> Columns:
    return {
        "connection_id": value.connection_id,
        "shard": value.shard,
        "due_us": optional_us(value.next_due_at),
    }


class SqliteModelSyncs(SqliteDocuments[ModelSyncState]):
    """ModelSyncs port."""

    def __init__(self, outbox: SqliteOutbox) -> None:
        super().__init__(outbox.database, MODEL_SYNCS, outbox.clock, _columns)
        self.outbox = outbox

    async def commit(
        self, was: Versioned[ModelSyncState], now: ModelSyncState, batch: ModelBatch
    ) -> Versioned[ModelSyncState]:
        """Write the state and the whole batch, or nothing.

        Raises ConflictError, AlreadyExistsError (an event to create is there),
        StoreUnavailableError.
        """
        changes = self.codec.changes(was.value, now)
        async with self.outbox.transaction(*batch.news) as connection:
            version = self.update(connection, now, was.version, changes)
            _write_records(connection, now.connection_id, batch)
            _write_poisoned(connection, now, batch)
            for event, read in batch.extended:
                fields = self.outbox.codec.dump(event)
                told: dict[Path, Any] = {(name,): value for name, value in fields.items()}
                self.outbox.update(connection, event, read, told)
        return Versioned(now, version)

    async def due(self, now: datetime, limit: int) -> Sequence[tuple[ConnectionId, str]]:
        """Return what is due. Raises StoreUnavailableError."""
        rows = self.database.rows(
            """SELECT connection_id, id FROM model_syncs WHERE due_us <= ?
               ORDER BY due_us LIMIT ?""",
            (to_us(now), limit),
        )
        return [(ConnectionId(owner), id.rpartition(":")[2]) for owner, id in rows]

    async def of_connection(
        self, connection_id: ConnectionId
    ) -> Sequence[Versioned[ModelSyncState]]:
        """Return every state of the connection. Raises StoreUnavailableError."""
        rows = self.database.rows(
            "SELECT id, version, document FROM model_syncs WHERE connection_id = ? ORDER BY id",
            (connection_id,),
        )
        return self.load_rows(rows)


def _write_records(connection: Connection, id: ConnectionId, batch: ModelBatch) -> None:
    connection.executemany(_INSERT, [_values(id, record.head) for record in batch.put])
    connection.executemany(
        _PAYLOAD, [(one.payload, id, one.head.model, one.head.id) for one in batch.put]
    )
    for head in batch.heads:
        if not connection.execute(_REWRITE, _values(id, head)).rowcount:
            raise ConflictError(f"A {head.model} is not stored any more.")


def _write_poisoned(connection: Connection, state: ModelSyncState, batch: ModelBatch) -> None:
    owner = (state.connection_id, state.sync)
    connection.executemany(
        "DELETE FROM model_quarantine WHERE connection_id = ? AND sync = ? AND key = ?",
        [(*owner, key) for key in batch.released],
    )
    connection.executemany(
        """INSERT OR REPLACE INTO model_quarantine (connection_id, sync, key, retry_us, document)
           VALUES (?, ?, ?, ?, ?)""",
        [
            (*owner, one.key, to_us(one.retry_at), orjson.dumps(POISONED.dump(one)).decode())
            for one in batch.poisoned
        ],
    )


@dataclass(frozen=True)
class SqliteModelRecords:
    """ModelRecords port; every method raises StoreUnavailableError and CorruptStateError."""

    database: SqliteDatabase

    async def heads(
        self, connection_id: ConnectionId, model: str, ids: Iterable[str]
    ) -> Mapping[str, ModelHead]:
        """Return the heads of those ids that are stored, tombstones included."""
        found = self._heads(connection_id, model, _IDS, _json(ids))
        return {head.id: head for head in found}

    async def get(
        self, connection_id: ConnectionId, model: str, ids: Iterable[str]
    ) -> Mapping[str, ModelRecord]:
        """Return the records of those ids that are stored, tombstones included."""
        rows = self.database.rows(
            f"SELECT {RECORD} {_FROM} WHERE connection_id = ? AND model = ? AND {_IDS}",
            (connection_id, model, _json(ids)),
        )
        return {row[1]: _record_of(connection_id, row) for row in rows}

    async def of_sources(
        self, connection_id: ConnectionId, model: str, sources: Iterable[str]
    ) -> Sequence[ModelHead]:
        """Return the heads derived from these, tombstones included."""
        where = "source IN (SELECT value FROM json_each(?))"
        return self._heads(connection_id, model, where, _json(sources))

    async def live(
        self, connection_id: ConnectionId, model: str
    ) -> AsyncIterator[Sequence[ModelHead]]:
        """Stream the live heads by id."""
        after = ""
        where = f"deleted_us IS NULL AND id > ? ORDER BY id LIMIT {HEADS_BATCH}"
        while heads := self._heads(connection_id, model, where, after):
            yield heads
            after = heads[-1].id

    async def page(self, connection_id: ConnectionId, query: ModelQuery) -> ModelPage:
        """Return the next records in sequence order; pages of large records end early."""
        where: str = "sequence > ?"
        values: list[Any] = [min(query.after, MAX_SEQUENCE)]
        if query.ids is not None:
            where, values = f"{where} AND {_IDS}", [*values, _json(query.ids)]
        rows = self.database.stream(
            f"""SELECT {RECORD} {_FROM} WHERE connection_id = ? AND model = ? AND {where}
                ORDER BY sequence LIMIT ?""",
            (connection_id, query.model, *values, query.limit + 1),
        )
        taken: list[ModelRecord] = []
        budget, last = PageBudget(query.limit), query.after
        for row in rows:
            if not budget.takes(row[12]):
                return ModelPage(tuple(taken), last)
            record = _record_of(connection_id, row)
            last = record.head.sequence
            taken += [record] if query.takes(record.head) else []
        return ModelPage(tuple(taken), None)

    async def list_poisoned(
        self, connection_id: ConnectionId, sync: str, limit: int
    ) -> Sequence[Poisoned]:
        """Return what a sync could make nothing of, soonest retry first."""
        rows = self.database.rows(
            """SELECT key, document FROM model_quarantine WHERE connection_id = ? AND sync = ?
               ORDER BY retry_us, key LIMIT ?""",
            (connection_id, sync, limit),
        )
        return [POISONED.load(key, orjson.loads(text)) for key, text in rows]

    async def prune(
        self,
        connection_id: ConnectionId,
        model: str,
        until: SequenceNumber,
        limit: int,
        now: datetime,
    ) -> tuple[int, bool]:
        """Empty payloads up to `until`: how many, and whether more remain."""
        values = (connection_id, model, min(until, MAX_SEQUENCE))
        return self._empty("model = ? AND sequence <= ?", values, limit, now)

    async def prune_deleted(
        self, connection_id: ConnectionId, deleted_before: datetime, limit: int, now: datetime
    ) -> tuple[int, bool]:
        """Empty payloads of old tombstones: how many, and whether more remain."""
        values = (connection_id, to_us(deleted_before))
        return self._empty("deleted_us < ?", values, limit, now)

    async def purge(self, connection_id: ConnectionId, limit: int) -> int:
        """Delete records and quarantine of every model for good: how many went."""
        tables = ("model_payloads", "model_records")
        return purge(self.database, connection_id, tables, ("model_quarantine", "sync, key"), limit)

    def _heads(
        self, connection_id: ConnectionId, model: str, where: str, value: str
    ) -> list[ModelHead]:
        rows = self.database.rows(
            f"""SELECT {HEAD} FROM model_records
                WHERE connection_id = ? AND model = ? AND {where}""",  # noqa: S608  fixed words
            (connection_id, model, value),
        )
        return [_head_of(connection_id, row) for row in rows]

    def _empty(
        self, where: str, values: tuple[Any, ...], limit: int, now: datetime
    ) -> tuple[int, bool]:
        return empty_payloads(
            self.database,
            "model_records",
            "model_payloads",
            f"connection_id = ? AND {where}",
            values,
            limit=limit,
            now=now,
        )


def _record_of(connection_id: ConnectionId, row: Row) -> ModelRecord:
    return ModelRecord(_head_of(connection_id, row), row[12])


def _json(values: Iterable[str]) -> str:
    return orjson.dumps(list(values)).decode()
