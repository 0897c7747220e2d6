"""States, records and quarantine of own syncs, and the one commit that writes them together."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from shared.domain.events.event import Event
from shared.domain.ids import ConnectionId, SequenceNumber
from shared.domain.models.record import ModelHead, ModelRecord, Poisoned
from shared.domain.models.state import Adoption, ModelSyncState
from shared.domain.sync.records.record import LastAction
from shared.ports.documents import Documents, Versioned


class Adoptions(Documents[Adoption], Protocol):
    """One document: how far the connections were given states."""


Notice = tuple[Event, str | None]
"""An event, created where its version is None, else swapped at that version."""


@dataclass(frozen=True, slots=True)
class ModelBatch:
    """What a commit writes beside the state; every sequence number is already assigned.

    `put` writes whole records; `heads` rewrites heads of records whose payload stays.
    """

    put: Sequence[ModelRecord] = ()
    heads: Sequence[ModelHead] = ()
    poisoned: Sequence[Poisoned] = ()
    released: Sequence[str] = ()
    """Keys to take out of quarantine."""
    events: Sequence[Notice] = ()

    @property
    def news(self) -> Sequence[Event]:
        """The events to create."""
        return [event for event, version in self.events if version is None]

    @property
    def extended(self) -> Sequence[tuple[Event, str]]:
        """The events to extend, with the version read."""
        return [(event, version) for event, version in self.events if version is not None]


class ModelSyncs(Documents[ModelSyncState], Protocol):
    """States by `state_id`; the lease and the commit live here."""

    async def commit(
        self, was: Versioned[ModelSyncState], now: ModelSyncState, batch: ModelBatch
    ) -> Versioned[ModelSyncState]:
        """Write the state and the whole batch atomically, or nothing.

        Raises ConflictError if the state (or an event to extend) is not as read,
        StoreUnavailableError if the answer was lost: `commit_id` tells whether it happened.
        """
        ...

    async def due(self, now: datetime, limit: int) -> Sequence[tuple[ConnectionId, str]]:
        """Return (connection, sync) that are due, most overdue first."""
        ...

    async def of_connection(
        self, connection_id: ConnectionId
    ) -> Sequence[Versioned[ModelSyncState]]:
        """Return every state of the connection, also of syncs that the code has no more."""
        ...


@dataclass(frozen=True, slots=True)
class ModelQuery:
    """A reader's page of one model: records after a sequence number, each at its latest."""

    model: str
    after: SequenceNumber = SequenceNumber(0)  # noqa: RUF009  a NewType call is its argument
    limit: int = 100
    actions: frozenset[LastAction] | None = None
    modified_after: datetime | None = None
    ids: Sequence[str] | None = None

    def takes(self, head: ModelHead) -> bool:
        """Whether the filters let a record of the model through."""
        return (
            head.sequence > self.after
            and (self.actions is None or head.last_action in self.actions)
            and (self.modified_after is None or head.last_modified_at >= self.modified_after)
        )


@dataclass(frozen=True, slots=True)
class ModelPage:
    """Records in sequence order; `last` is where the next page starts, None at the end."""

    records: Sequence[ModelRecord] = field(default_factory=tuple)
    last: SequenceNumber | None = None


class ModelRecords(Protocol):
    """Records of own models, written only by `ModelSyncs.commit`."""

    async def heads(
        self, connection_id: ConnectionId, model: str, ids: Iterable[str]
    ) -> Mapping[str, ModelHead]:
        """Return the heads of those ids that are stored, tombstones included."""
        ...

    async def get(
        self, connection_id: ConnectionId, model: str, ids: Iterable[str]
    ) -> Mapping[str, ModelRecord]:
        """Return the records of those ids that are stored, tombstones included."""
        ...

    async def of_sources(
        self, connection_id: ConnectionId, model: str, sources: Iterable[str]
    ) -> Sequence[ModelHead]:
        """Return the heads derived from these messages or threads, tombstones included."""
        ...

    def live(self, connection_id: ConnectionId, model: str) -> AsyncIterator[Sequence[ModelHead]]:
        """Stream the live heads, in batches by id."""
        ...

    async def page(self, connection_id: ConnectionId, query: ModelQuery) -> ModelPage:
        """Return the next records in sequence order.

        A filter never loses a place: a page may be short or empty and still have a `last`.
        """
        ...

    async def list_poisoned(
        self, connection_id: ConnectionId, sync: str, limit: int
    ) -> Sequence[Poisoned]:
        """Return what a sync could make nothing of, soonest retry first."""
        ...

    async def prune(
        self,
        connection_id: ConnectionId,
        model: str,
        until: SequenceNumber,
        limit: int,
        now: datetime,
    ) -> tuple[int, bool]:
        """Empty payloads up to `until`: how many, and whether more remain."""
        ...

    async def prune_deleted(
        self, connection_id: ConnectionId, deleted_before: datetime, limit: int, now: datetime
    ) -> tuple[int, bool]:
        """Empty payloads of old tombstones of every model: how many, and whether more remain."""
        ...

    async def purge(self, connection_id: ConnectionId, limit: int) -> int:
        """Delete records and quarantine of every model for good: how many went."""
        ...
