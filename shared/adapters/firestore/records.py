"""Records port on Firestore: the subcollection `connections/{id}/records`, and its search."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any

from shared.adapters.documents.record_pages import HEADS_BATCH, MAX_SEQUENCE, PageBudget
from shared.adapters.documents.record_search import Below, Candidate, find_heads
from shared.adapters.firestore.queries import MAX_DISJUNCTIONS, Filter, Order, build_query
from shared.adapters.firestore.record_fields import (
    HEAD_FIELDS,
    ROW_FIELDS,
    head_of,
    record_of,
    row_of,
)
from shared.adapters.firestore.retention import empty_payloads, purge
from shared.adapters.firestore.rpc import FirestoreRpc
from shared.adapters.firestore.values import Path, fields_of
from shared.domain.ids import ConnectionId, MessageId, SequenceNumber, ThreadId
from shared.domain.sync.records.record import LastAction, Record, RecordHead
from shared.domain.sync.records.rows import record_row
from shared.domain.sync.records.search import leading_term
from shared.ports.sync_store import (
    NewestQuery,
    RecordPage,
    RecordQuery,
    RowPage,
    SearchPage,
    SearchQuery,
)

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
        documents, more = await self._documents(connection_id, query)
        records = tuple(record_of(connection_id, document) for document in documents)
        last = records[-1].head.sequence if records else query.after
        return RecordPage(records, last if more else None)

    async def rows(self, connection_id: ConnectionId, query: RecordQuery) -> RowPage:
        """Return what `page` does, each record as it is shown."""
        if query.ids is not None or query.actions == frozenset():
            page = await self.page(connection_id, query)
            return RowPage(tuple(map(record_row, page.records)), page.last)
        documents, more = await self._documents(connection_id, query, ROW_FIELDS)
        rows = tuple(row_of(connection_id, document) for document in documents)
        last = rows[-1].sequence if rows else query.after
        return RowPage(rows, last if more else None)

    async def newest(self, connection_id: ConnectionId, query: NewestQuery) -> Sequence[Record]:
        """Return live records for a screen, newest first by (internal_date, message_id)."""
        filters: list[Filter] = [LIVE]
        if query.thread_id is not None:
            filters.append(("thread_id", "==", query.thread_id))
        elif query.label_id is not None:
            filters.append(("label_ids", "contains", query.label_id))
        return await self._newest(connection_id, filters, query)

    async def of_threads(
        self, connection_id: ConnectionId, thread_ids: Sequence[ThreadId], limit: int
    ) -> Sequence[Record]:
        """Return live records of these threads, each thread's newest first."""
        found: list[Record] = []
        for at in range(0, len(thread_ids), MAX_DISJUNCTIONS):
            some: Filter = ("thread_id", "in", [*thread_ids[at : at + MAX_DISJUNCTIONS]])
            query = NewestQuery(limit - len(found))
            found += await self._newest(connection_id, [LIVE, some], query)
        return found

    async def _newest(
        self, connection_id: ConnectionId, filters: Sequence[Filter], query: NewestQuery
    ) -> Sequence[Record]:
        """Read in portions, until one is not full: so much mail may be large."""
        found: list[Record] = []
        after, size = query.before, min(query.limit, NEWEST_BATCH)
        while len(found) < query.limit:
            documents = await self._query(connection_id, filters, NEWEST_FIRST, size, after=after)
            records = [record_of(connection_id, document) for document in documents]
            found += [record for record in records if _has_label(record.head, query)]
            if len(records) < size:
                break
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

        budget = PageBudget(query.limit)
        taken = [*takewhile(lambda record: budget.takes(record.payload), wanted)]
        last = taken[-1].head.sequence if taken else query.after
        return RecordPage(tuple(taken), last if len(taken) < len(wanted) else None)

    async def _documents(
        self, connection_id: ConnectionId, query: RecordQuery, select: Sequence[str] | None = None
    ) -> tuple[list[Any], bool]:
        """Return a page's documents, and whether more follow."""
        built = build_query(
            "records",
            _filters(query),
            (("sequence", "ASC"),),
            limit=query.limit + 1,
            select=select,
        )

        async def read() -> tuple[list[Any], bool]:
            budget = PageBudget(query.limit)
            taken: list[Any] = []
            async for document in self.rpc.stream(built, self._parent(connection_id)):
                if not budget.takes(document.fields["payload"].bytes_value):
                    return taken, True
                taken.append(document)
            return taken, False

        return await self.rpc.reading(read)

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


NEWEST_FIRST: tuple[Order, ...] = (("internal_date", "DESC"), ("message_id", "DESC"))
LIVE: Filter = ("deleted_at", "is_null", None)
TERMS: Path = ("terms",)


def search_filters(query: SearchQuery) -> list[Filter]:
    """Return the filters of the one index that leads; what is asked besides is filtered here."""
    filters: list[Filter] = [LIVE]
    term = leading_term(query.terms)
    if term is not None:
        filters.append(("terms", "contains", term))
    elif query.thread_id is not None:
        filters.append(("thread_id", "==", query.thread_id))
    elif query.label_ids:
        filters.append(("label_ids", "contains", max(query.label_ids)))
    if query.since is not None:
        filters.append(("internal_date", ">=", query.since))
    return filters
