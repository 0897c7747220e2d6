"""Own syncs on Firestore: states, `connections/{id}/model_records`, and the commit of both."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any

from shared.adapters.documents.codec import MODEL_SYNCS, POISONED
from shared.adapters.documents.record_pages import HEADS_BATCH, MAX_SEQUENCE, PageBudget, end_reason
from shared.adapters.firestore.documents import Derived, FirestoreDocuments
from shared.adapters.firestore.events import FirestoreOutbox
from shared.adapters.firestore.queries import (
    MAX_DISJUNCTIONS,
    Filter,
    Order,
    build_query,
    find_due,
)
from shared.adapters.firestore.retention import empty_payloads, purge
from shared.adapters.firestore.rpc import FirestoreRpc
from shared.adapters.firestore.values import (
    Path,
    change,
    deletion,
    fields_of,
    replacement,
    version_of,
)
from shared.domain.ids import ConnectionId, SequenceNumber
from shared.domain.models.record import ModelHead, ModelRecord, Poisoned
from shared.domain.models.state import ModelSyncState
from shared.domain.sync.records.record import LastAction
from shared.errors import CorruptStateError
from shared.ports.documents import Versioned
from shared.ports.model_store import ModelBatch, ModelPage, ModelQuery

RECORDS = "model_records"
QUARANTINE = "model_quarantine"
HEAD_FIELDS = (
    "model",
    "id",
    "hash",
    "sequence",
    "first_seen_at",
    "last_modified_at",
    "last_action",
    "source",
    "deleted_at",
    "pruned_at",
    "reason",
    "schema_version",
)
_LIVE: Filter = ("deleted_at", "is_null", None)


def _name(rpc: FirestoreRpc, owner: ConnectionId, collection: str, *names: str) -> str:
    """Return the name of a document called by any text: its hash, so that no range is hot."""
    key = blake2b("\0".join(names).encode(), digest_size=20).hexdigest()
    return rpc.name("connections", owner, collection, key)


def _head_of(connection_id: ConnectionId, fields: Mapping[str, Any]) -> ModelHead:
    try:
        values = {name: fields[name] for name in HEAD_FIELDS if name != "reason"}
        values |= {
            "last_action": LastAction(fields["last_action"]),
            "reason": end_reason(fields.get("reason"), deleted=fields["deleted_at"] is not None),
        }
        return ModelHead(**values)
    except (KeyError, TypeError, ValueError):
        raise CorruptStateError(f"connections/{connection_id}/{RECORDS}") from None


def _record_of(connection_id: ConnectionId, document: Any) -> ModelRecord:
    fields = fields_of(document)
    return ModelRecord(_head_of(connection_id, fields), fields.get("payload") or b"")


def _head_fields(head: ModelHead) -> dict[str, Any]:
    fields = {name: getattr(head, name) for name in HEAD_FIELDS}
    reason = None if head.reason is None else head.reason.value
    return {**fields, "last_action": head.last_action.value, "reason": reason}


def _state_fields(value: ModelSyncState) -> Derived:
    return {"shard": value.shard}


class FirestoreModelSyncs(FirestoreDocuments[ModelSyncState]):
    """ModelSyncs port."""

    def __init__(self, outbox: FirestoreOutbox) -> None:
        super().__init__(outbox.rpc, MODEL_SYNCS, _state_fields)
        self.outbox = outbox

    async def commit(
        self, was: Versioned[ModelSyncState], now: ModelSyncState, batch: ModelBatch
    ) -> Versioned[ModelSyncState]:
        """Write the state and the whole batch, or nothing, in one request.

        Raises ConflictError, AlreadyExistsError (an event to create is there),
        StoreUnavailableError.
        """
        writes = [
            self.change(was, now),
            *self._record_writes(now.connection_id, batch),
            *self._quarantine_writes(now, batch),
            *(self.outbox.overwriting(event, version) for event, version in batch.extended),
        ]
        results = await self.outbox.commit(writes, *batch.news)
        return Versioned(now, version_of(results[0].update_time))

    async def due(self, now: datetime, limit: int) -> Sequence[tuple[ConnectionId, str]]:
        """Return what is due. Raises StoreUnavailableError."""
        found = await find_due(
            self.rpc,
            self.codec.collection,
            now,
            by="next_due_at",
            limit=limit,
            select=("connection_id", "sync"),
        )
        fields = [one.fields for one in found]
        return [
            (ConnectionId(one["connection_id"].string_value), one["sync"].string_value)
            for one in fields
        ]

    async def of_connection(
        self, connection_id: ConnectionId
    ) -> Sequence[Versioned[ModelSyncState]]:
        """Return every state of the connection. Raises StoreUnavailableError."""
        owned: Filter = ("connection_id", "==", connection_id)
        found = await self.rpc.query(build_query(self.codec.collection, (owned,), limit=1_000))
        return self.load_documents(found)

    def _record_writes(self, id: ConnectionId, batch: ModelBatch) -> Sequence[Any]:
        put = [
            replacement(
                _name(self.rpc, id, RECORDS, one.head.model, one.head.id),
                {**_head_fields(one.head), "payload": one.payload},
            )
            for one in batch.put
        ]
        return [*put, *(self._head_write(id, head) for head in batch.heads)]

    def _head_write(self, id: ConnectionId, head: ModelHead) -> Any:
        # What was pruned stays pruned: a head says nothing about the payload beside it.
        fields = _head_fields(head)
        del fields["pruned_at"]
        changes: dict[Path, Any] = {(name,): value for name, value in fields.items()}
        return change(_name(self.rpc, id, RECORDS, head.model, head.id), changes, None)

    def _quarantine_writes(self, state: ModelSyncState, batch: ModelBatch) -> Sequence[Any]:
        owner, sync, documents = (
            state.connection_id,
            state.sync,
            FirestoreDocuments(self.rpc, POISONED),
        )
        kept = {
            _name(self.rpc, owner, QUARANTINE, sync, one.key): documents.fields(one)
            for one in batch.poisoned
        }
        gone = {_name(self.rpc, owner, QUARANTINE, sync, key) for key in batch.released}
        return [
            *(replacement(name, fields) for name, fields in kept.items()),
            *(deletion(name, None) for name in sorted(gone - kept.keys())),
        ]


@dataclass(frozen=True)
class FirestoreModelRecords:
    """ModelRecords port; every method raises StoreUnavailableError and CorruptStateError."""

    rpc: FirestoreRpc

    async def heads(
        self, connection_id: ConnectionId, model: str, ids: Iterable[str]
    ) -> Mapping[str, ModelHead]:
        """Return the heads of those ids that are stored, tombstones included."""
        names = [_name(self.rpc, connection_id, RECORDS, model, id) for id in ids]
        found = await self.rpc.get(names, HEAD_FIELDS)
        heads = [_head_of(connection_id, fields_of(one)) for one in found.values()]
        return {head.id: head for head in heads}

    async def get(
        self, connection_id: ConnectionId, model: str, ids: Iterable[str]
    ) -> Mapping[str, ModelRecord]:
        """Return the records of those ids that are stored, tombstones included."""
        names = [_name(self.rpc, connection_id, RECORDS, model, id) for id in ids]
        found = await self.rpc.get(names)
        records = [_record_of(connection_id, one) for one in found.values()]
        return {record.head.id: record for record in records}

    async def of_sources(
        self, connection_id: ConnectionId, model: str, sources: Iterable[str]
    ) -> Sequence[ModelHead]:
        """Return the heads derived from these, tombstones included."""
        wanted = sorted({*sources})
        answers = await asyncio.gather(
            *(
                self._query(
                    connection_id,
                    (("model", "==", model), ("source", "in", wanted[at : at + MAX_DISJUNCTIONS])),
                    (),
                    limit=0,
                    select=HEAD_FIELDS,
                )
                for at in range(0, len(wanted), MAX_DISJUNCTIONS)
            )
        )
        return [_head_of(connection_id, fields_of(one)) for found in answers for one in found]

    async def live(
        self, connection_id: ConnectionId, model: str
    ) -> AsyncIterator[Sequence[ModelHead]]:
        """Stream the live heads by id."""
        after: Sequence[Any] | None = None
        filters: tuple[Filter, ...] = (("model", "==", model), _LIVE)
        while documents := await self._query(
            connection_id,
            filters,
            (("id", "ASC"),),
            limit=HEADS_BATCH,
            after=after,
            select=HEAD_FIELDS,
        ):
            heads = [_head_of(connection_id, fields_of(one)) for one in documents]
            yield heads
            after = (heads[-1].id,)

    async def page(self, connection_id: ConnectionId, query: ModelQuery) -> ModelPage:
        """Return the next records in sequence order; pages of large records end early."""
        if query.ids is not None:
            found = await self.get(connection_id, query.model, query.ids)
            wanted = sorted(found.values(), key=lambda one: one.head.sequence)
            return ModelPage([one for one in wanted if query.takes(one.head)][: query.limit])

        async def read() -> ModelPage:
            filters: tuple[Filter, ...] = (
                ("model", "==", query.model),
                ("sequence", ">", min(query.after, MAX_SEQUENCE)),
            )
            asked = build_query(RECORDS, filters, (("sequence", "ASC"),), limit=query.limit + 1)
            taken: list[ModelRecord] = []
            budget, last = PageBudget(query.limit), query.after
            async for document in self.rpc.stream(asked, self._parent(connection_id)):
                record = _record_of(connection_id, document)
                if not budget.takes(record.payload):
                    return ModelPage(tuple(taken), last)
                last = record.head.sequence
                taken += [record] if query.takes(record.head) else []
            return ModelPage(tuple(taken), None)

        return await self.rpc.reading(read)

    async def list_poisoned(
        self, connection_id: ConnectionId, sync: str, limit: int
    ) -> Sequence[Poisoned]:
        """Return what a sync could make nothing of, soonest retry first."""
        query = build_query(
            QUARANTINE, (("sync", "==", sync),), (("retry_at", "ASC"),), limit=limit
        )
        found = await self.rpc.query(query, self._parent(connection_id))
        documents = FirestoreDocuments(self.rpc, POISONED)
        return [documents.load_document("", one).value for one in found]

    async def prune(
        self,
        connection_id: ConnectionId,
        model: str,
        until: SequenceNumber,
        limit: int,
        now: datetime,
    ) -> tuple[int, bool]:
        """Empty payloads up to `until`: how many, and whether more remain."""
        reach: Filter = ("sequence", "<=", min(until, MAX_SEQUENCE))
        filters: tuple[Filter, ...] = (("model", "==", model), reach)
        return await empty_payloads(self.rpc, connection_id, RECORDS, filters, limit=limit, now=now)

    async def prune_deleted(
        self, connection_id: ConnectionId, deleted_before: datetime, limit: int, now: datetime
    ) -> tuple[int, bool]:
        """Empty payloads of old tombstones: how many, and whether more remain."""
        old: Filter = ("deleted_at", "<", deleted_before)
        return await empty_payloads(self.rpc, connection_id, RECORDS, (old,), limit=limit, now=now)

    async def purge(self, connection_id: ConnectionId, limit: int) -> int:
        """Delete records and quarantine of every model for good: how many went."""
        return await purge(self.rpc, connection_id, (RECORDS, QUARANTINE), limit)

    async def _query(
        self,
        connection_id: ConnectionId,
        filters: Sequence[Filter],
        order: Sequence[Order],
        *,
        limit: int,
        after: Sequence[Any] | None = None,
        select: Sequence[str] | None = None,
    ) -> Sequence[Any]:
        query = build_query(RECORDS, filters, order, limit=limit, after=after, select=select)
        return await self.rpc.query(query, self._parent(connection_id))

    def _parent(self, connection_id: ConnectionId) -> str:
        return self.rpc.name("connections", connection_id)
