"""The sync state, the records and the one commit that writes both."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from shared.domain.events.event import Event
from shared.domain.ids import ConnectionId, LabelId, MessageId, SequenceNumber, ThreadId
from shared.domain.sync.records.record import LastAction, QuarantineEntry, Record, RecordHead
from shared.domain.sync.records.rows import RecordRow
from shared.domain.sync.state import SyncState
from shared.ports.documents import Documents, Versioned

COMMIT_BYTES = 3_500_000
"""Most payload bytes in one commit: Firestore's emulator refuses 4 MiB (FACTS 13.2)."""
COMMIT_WRITES = 400
"""Most documents in one commit."""
SEARCHED = 500
"""Most heads that one search reads."""
Place = tuple[datetime, MessageId]
"""Where a record stands among the newest: its internal date and its id."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What a commit writes beside the state; every sequence number is already assigned.

    `put` writes whole records; `heads` rewrites the heads of records whose payload stays.
    `event` is created where its version is None, else swapped at that version.
    """

    put: Sequence[Record] = ()
    heads: Sequence[RecordHead] = ()
    quarantine: Sequence[QuarantineEntry] = ()
    released: Sequence[MessageId] = ()
    """Ids to take out of quarantine."""
    event: Event | None = None
    event_version: str | None = None

    @property
    def news(self) -> Event | None:
        """The event to create, if there is one."""
        return self.event if self.event_version is None else None

    @property
    def size(self) -> int:
        """Payload bytes, the part that can be large."""
        return sum(len(record.payload) for record in self.put)


class SyncStates(Documents[SyncState], Protocol):
    """Sync states by connection id; the lease and the commit live here."""

    async def commit(
        self, was: Versioned[SyncState], now: SyncState, batch: Batch
    ) -> Versioned[SyncState]:
        """Write the state and the whole batch atomically, or nothing.

        Raises ConflictError if the state (or the event to extend) is not as read,
        StoreUnavailableError if the answer was lost: `commit_id` tells whether it happened.
        """
        ...

    async def due(self, now: datetime, limit: int) -> Sequence[ConnectionId]:
        """Return connections whose `next_due_at` has come, most overdue first."""
        ...


@dataclass(frozen=True, slots=True)
class RecordQuery:
    """A reader's page: records after a sequence number, each at its latest."""

    after: SequenceNumber = SequenceNumber(0)  # noqa: RUF009  a NewType call is its argument
    limit: int = 100
    actions: frozenset[LastAction] | None = None
    modified_after: datetime | None = None
    ids: Sequence[MessageId] | None = None


@dataclass(frozen=True, slots=True)
class NewestQuery:
    """A screen's page: live records, newest first by (internal_date, message_id)."""

    limit: int = 50
    label_id: LabelId | None = None
    thread_id: ThreadId | None = None
    before: Place | None = None


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """Live records that have all of this, newest first by (internal_date, message_id).

    `terms` are those of `domain.sync.search`; `without` are labels that none of them has.
    """

    limit: int = 50
    terms: frozenset[str] = frozenset()
    label_ids: frozenset[LabelId] = frozenset()
    without: frozenset[LabelId] = frozenset()
    thread_id: ThreadId | None = None
    since: datetime | None = None
    before: Place | None = None

    def fits(self, head: RecordHead, terms: Iterable[str]) -> bool:
        """Whether a live record has all that is asked for, wherever it stands."""
        return (
            self.terms.issubset(terms)
            and self.label_ids <= head.label_ids
            and not self.without & head.label_ids
            and self.thread_id in {None, head.thread_id}
        )


@dataclass(frozen=True, slots=True)
class SearchPage:
    """What was found; `before` is where the search goes on, None at its end.

    Not `complete` where it stopped because it had read enough, not because the page was full.
    """

    records: Sequence[Record] = ()
    before: Place | None = None
    complete: bool = True


@dataclass(frozen=True, slots=True)
class RecordPage:
    """Records in sequence order; `last` is where the next page starts, None at the end."""

    records: Sequence[Record] = field(default_factory=tuple)
    last: SequenceNumber | None = None


@dataclass(frozen=True, slots=True)
class RowPage:
    """The same page as it is shown."""

    rows: Sequence[RecordRow] = field(default_factory=tuple)
    last: SequenceNumber | None = None


class Records(Protocol):
    """The live copy of a mailbox, written only by `SyncStates.commit`.

    A record that ends, for whatever reason, becomes a tombstone with a sequence number. The
    tombstone stays as long as the connection; what is emptied after the connection's retention is
    its payload. So a reader that follows `cursor` misses no end, however late it comes.
    """

    async def heads(
        self, connection_id: ConnectionId, ids: Iterable[MessageId]
    ) -> Mapping[MessageId, RecordHead]:
        """Return the heads of those ids that are stored, tombstones included."""
        ...

    def all_heads(
        self, connection_id: ConnectionId, since: datetime | None
    ) -> AsyncIterator[Sequence[RecordHead]]:
        """Stream the live heads with internal_date >= since, in batches."""
        ...

    async def get(self, connection_id: ConnectionId, message_id: MessageId) -> Record | None:
        """Return one record, tombstones included."""
        ...

    async def page(self, connection_id: ConnectionId, query: RecordQuery) -> RecordPage:
        """Return the next records in sequence order.

        A filter never loses a place: `last` covers what the filter passed over, so a page may be
        short or empty and still have a `last`.
        """
        ...

    async def rows(self, connection_id: ConnectionId, query: RecordQuery) -> RowPage:
        """Return what `page` does, each record as it is shown: no more of it is read."""
        ...

    async def newest(self, connection_id: ConnectionId, query: NewestQuery) -> Sequence[Record]:
        """Return live records for a screen."""
        ...

    async def of_threads(
        self, connection_id: ConnectionId, thread_ids: Sequence[ThreadId], limit: int
    ) -> Sequence[Record]:
        """Return live records of these threads, each thread's newest first, `limit` in all."""
        ...

    async def search(self, connection_id: ConnectionId, query: SearchQuery) -> SearchPage:
        """Return live records that have all that is asked for.

        At most `SEARCHED` heads are read; a record stored without terms is found by none.
        """
        ...

    async def prune(
        self, connection_id: ConnectionId, until: SequenceNumber, limit: int, now: datetime
    ) -> tuple[int, bool]:
        """Empty payloads up to `until`: how many, and whether more remain."""
        ...

    async def prune_deleted(
        self, connection_id: ConnectionId, deleted_before: datetime, limit: int, now: datetime
    ) -> tuple[int, bool]:
        """Empty payloads of tombstones older than a moment: how many, and whether more remain."""
        ...

    async def purge(self, connection_id: ConnectionId, limit: int) -> int:
        """Delete records and quarantine for good (disconnect): how many went."""
        ...


MOST_COUNTED: Final = 1_000


class Quarantine(Protocol):
    """Messages that could not be stored yet; written only by `SyncStates.commit`."""

    async def get(
        self, connection_id: ConnectionId, ids: Iterable[MessageId]
    ) -> Mapping[MessageId, QuarantineEntry]:
        """Return the entries of those ids."""
        ...

    async def list(self, connection_id: ConnectionId, limit: int) -> Sequence[QuarantineEntry]:
        """Return the entries, soonest retry first."""
        ...


async def entries_of(quarantine: Quarantine, state: SyncState) -> Sequence[QuarantineEntry]:
    """Return what is in quarantine, MOST_COUNTED at most; costs no read where nothing is."""
    if state.quarantine_due_at is None:
        return ()
    return await quarantine.list(state.connection_id, MOST_COUNTED)
