"""Records port on Firestore: the subcollection `connections/{id}/records`."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.adapters.documents.record_pages import HEADS_BATCH, MAX_SEQUENCE, PageBudget, end_reason
from shared.adapters.documents.record_search import Below, Candidate, find_heads
from shared.adapters.firestore.pruning import empty_payloads, purge
from shared.adapters.firestore.queries import Filter, Order, build_query
from shared.adapters.firestore.record_search import LIVE, NEWEST_FIRST, TERMS, search_filters
from shared.adapters.firestore.rpc import FirestoreRpc
from shared.adapters.firestore.values import (
    Path,
    change,
    fields_of,
    replacement,
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
from shared.errors import CorruptStateError
from shared.ports.sync_store import (
    NewestQuery,
    RecordPage,
    RecordQuery,
    SearchPage,
    SearchQuery,
)

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


NEWEST_BATCH = 100


@dataclass(frozen=True)
class FirestoreRecords:
    """Records port; every method raises StoreUnavailableError and CorruptStateError."""

    rpc: FirestoreRpc

    async def heads(
        self, connection_id: ConnectionId, ids: Iterable[MessageId]
    ) -> Mapping[MessageId, RecordHead]:
        """Return the heads of those ids that are stored, tombstones included."""
        names = [self._name(connection_id, id) for id in ids]
        found = await self.rpc.get(names, HEAD_FIELDS)
        heads = [head_of(connection_id, document) for document in found.values()]
        return {head.message_id: head for head in heads}

    async def all_heads(
        self, connection_id: ConnectionId, since: datetime | None
    ) -> AsyncIterator[Sequence[RecordHead]]:
        """Stream the live heads with internal_date >= since, newest first."""
        filters: list[Filter] = [LIVE]
        if since is not None:
            filters.append(("internal_date", ">=", since))
        after = None
        while documents := await self._query(
            connection_id, filters, NEWEST_FIRST, HEADS_BATCH, after=after, select=HEAD_FIELDS
        ):
            heads = [head_of(connection_id, document) for document in documents]
            yield heads
            after = (heads[-1].internal_date, heads[-1].message_id)

    async def get(self, connection_id: ConnectionId, message_id: MessageId) -> Record | None:
        """Return one record, tombstones included."""
        name = self._name(connection_id, message_id)
        document = (await self.rpc.get((name,))).get(name)
        return None if document is None else record_of(connection_id, document)

    async def page(self, connection_id: ConnectionId, query: RecordQuery) -> RecordPage:
        """Return the next records in sequence order; pages of large mail end early."""
        if query.actions is not None and not query.actions:
            return RecordPage()
        if query.ids is not None:
            return await self._page_of_ids(connection_id, query, query.ids)

        async def read() -> RecordPage:
            query_pb = build_query(
                "records", _filters(query), (("sequence", "ASC"),), limit=query.limit + 1
            )
            documents = self.rpc.stream(query_pb, self._parent(connection_id))
            return await _cut(
                (record_of(connection_id, document) async for document in documents), query
            )

        return await self.rpc.reading(read)

    async def newest(self, connection_id: ConnectionId, query: NewestQuery) -> Sequence[Record]:
        """Return live records for a screen, newest first by (internal_date, message_id)."""
        filters: list[Filter] = [LIVE]
        if query.thread_id is not None:
            filters.append(("thread_id", "==", query.thread_id))
        elif query.label_id is not None:
            filters.append(("label_ids", "contains", query.label_id))
        found: list[Record] = []
        after = query.before
        size = min(query.limit, NEWEST_BATCH)
        while len(found) < query.limit and (
            documents := await self._query(connection_id, filters, NEWEST_FIRST, size, after=after)
        ):
            records = [record_of(connection_id, document) for document in documents]
            found += [record for record in records if _has_label(record.head, query)]
            after = (records[-1].head.internal_date, records[-1].head.message_id)
        return found[: query.limit]

    async def search(self, connection_id: ConnectionId, query: SearchQuery) -> SearchPage:
        """Return live records that have all that is asked for, newest first."""
        filters = search_filters(query)

        async def read(below: Below, limit: int) -> Sequence[Candidate]:
            found = await self._query(
                connection_id,
                filters,
                NEWEST_FIRST,
                limit,
                after=below,
                select=(*HEAD_FIELDS, "terms"),
            )
            return [
                Candidate(head_of(connection_id, one), fields_of(one).get("terms", ()))
                for one in found
            ]

        found = await find_heads(query, read)
        names = [self._name(connection_id, head.message_id) for head in found.heads]
        stored = await self.rpc.get(names) if names else {}
        records = [record_of(connection_id, stored[name]) for name in names if name in stored]
        live = [one for one in records if one.head.live]
        return SearchPage(live, found.before, found.complete)

    async def prune(
        self, connection_id: ConnectionId, until: SequenceNumber, limit: int, now: datetime
    ) -> tuple[int, bool]:
        """Empty payloads up to `until`: how many, and whether more remain.

        Records that a sync rewrites meanwhile are left to the next call.
        """
        return await self._empty(
            connection_id, ("sequence", "<=", min(until, MAX_SEQUENCE)), limit, now
        )

    async def prune_deleted(
        self, connection_id: ConnectionId, deleted_before: datetime, limit: int, now: datetime
    ) -> tuple[int, bool]:
        """Empty payloads of old tombstones: how many, and whether more remain."""
        return await self._empty(connection_id, ("deleted_at", "<", deleted_before), limit, now)

    async def purge(self, connection_id: ConnectionId, limit: int) -> int:
        """Delete records and quarantine for good: how many went."""
        return await purge(self.rpc, connection_id, ("records", "quarantine"), limit)

    async def _empty(
        self, connection_id: ConnectionId, reach: Filter, limit: int, now: datetime
    ) -> tuple[int, bool]:
        return await empty_payloads(
            self.rpc,
            connection_id,
            "records",
            (reach,),
            limit=limit,
            now=now,
            forgetting={TERMS: []},
        )

    async def _page_of_ids(
        self, connection_id: ConnectionId, query: RecordQuery, ids: Sequence[MessageId]
    ) -> RecordPage:
        found = await self.rpc.get([self._name(connection_id, id) for id in ids])
        records = [record_of(connection_id, document) for document in found.values()]
        wanted = sorted(
            (record for record in records if _matches(record.head, query)),
            key=lambda record: record.head.sequence,
        )

        async def each() -> AsyncIterator[Record]:
            for record in wanted:
                yield record

        return await _cut(each(), query)

    async def _query(
        self,
        connection_id: ConnectionId,
        filters: Sequence[Filter],
        order: Sequence[Order],
        limit: int,
        *,
        after: Sequence[Any] | None = None,
        select: Sequence[str] | None = None,
    ) -> Sequence[Any]:
        query = build_query("records", filters, order, limit=limit, after=after, select=select)
        return await self.rpc.query(query, self._parent(connection_id))

    def _parent(self, connection_id: ConnectionId) -> str:
        return self.rpc.name("connections", connection_id)

    def _name(self, connection_id: ConnectionId, message_id: MessageId) -> str:
        return self.rpc.name("connections", connection_id, "records", message_id)


async def _cut(records: AsyncIterator[Record], query: RecordQuery) -> RecordPage:
    budget = PageBudget(query.limit)
    taken: list[Record] = []
    async for record in records:
        if not budget.takes(record.payload):
            last = taken[-1].head.sequence if taken else query.after
            return RecordPage(tuple(taken), last)
        taken.append(record)
    return RecordPage(tuple(taken), None)


def _filters(query: RecordQuery) -> list[Filter]:
    filters: list[Filter] = [("sequence", ">", min(query.after, MAX_SEQUENCE))]
    if query.actions is not None and query.actions != frozenset(LastAction):
        filters.append(("last_action", "in", sorted(query.actions)))
    if query.modified_after is not None:
        filters.append(("last_modified_at", ">=", query.modified_after))
    return filters


def _matches(head: RecordHead, query: RecordQuery) -> bool:
    return (
        head.sequence > query.after
        and (query.actions is None or head.last_action in query.actions)
        and (query.modified_after is None or head.last_modified_at >= query.modified_after)
    )


def _has_label(head: RecordHead, query: NewestQuery) -> bool:
    return query.label_id is None or query.label_id in head.label_ids
