"""Outbox, operations and webhook endpoints on Firestore, and commits that tell an event."""

import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import orjson

from shared.adapters.documents.codec import EVENTS, OPERATIONS, WEBHOOK_ENDPOINTS, Codec
from shared.adapters.firestore.documents import Derived, FirestoreDocuments
from shared.adapters.firestore.queries import (
    build_query,
    find_due,
    listed_under,
    newest_listed,
)
from shared.adapters.firestore.rpc import FirestoreRpc
from shared.adapters.firestore.values import moment_of, replacement, version_of
from shared.domain.events.endpoint import WebhookEndpoint
from shared.domain.events.event import Event, EventState
from shared.domain.ids import ConnectionId, EventId
from shared.domain.operation import Operation, OperationState, OperationType
from shared.errors import CorruptStateError
from shared.ports.documents import Versioned
from shared.ports.events import DueEvent, Wake, wake_nothing

_log = logging.getLogger(__name__)


def _event(value: Event) -> Derived:
    return {
        "shard": value.shard,
        "due_at": value.next_attempt_at if value.state is EventState.PENDING else None,
        "listed_under": listed_under(value.id, value.connection_id, value.state.value),
    }


def _operation(value: Operation) -> Derived:
    kinds = (value.type.value, value.state.value)
    return {"listed_under": listed_under(value.id, value.connection_id, *kinds)}


class FirestoreOutbox(FirestoreDocuments[Event]):
    """Outbox port."""

    def __init__(self, rpc: FirestoreRpc, wake: Wake = wake_nothing) -> None:
        super().__init__(rpc, EVENTS, _event)
        self.wake = wake

    async def create(self, value: Event) -> Versioned[Event]:
        """Write a new one. Raises AlreadyExistsError, StoreUnavailableError."""
        (result,) = await self.commit((), value)
        return Versioned(value, version_of(result.update_time))

    async def commit(self, writes: Iterable[Any], *news: Event | None) -> Sequence[Any]:
        """Write all of it and the new events, or nothing; then wake the delivery of each.

        The only way for any port to insert an event. Raises what the rpc's commit raises.
        """
        events = [*filter(None, news)]
        results = await self.rpc.commit((*writes, *map(self.creation, events)))
        for event, result in zip(events, results[len(results) - len(events) :], strict=True):
            await self.wake(Versioned(event, version_of(result.update_time)))
        return results

    async def due(self, now: datetime, limit: int) -> Sequence[DueEvent]:
        """Return due events. Raises StoreUnavailableError."""
        found = await find_due(self.rpc, "events", now, by="due_at", limit=limit)
        return [
            DueEvent(
                EventId(document.fields["id"].string_value),
                moment_of(document.fields["due_at"].timestamp_value),
            )
            for document in found
        ]

    async def list(
        self,
        *,
        state: EventState | None,
        connection_id: ConnectionId | None,
        limit: int,
        since: datetime | None = None,
        until: datetime | None = None,
        among: Collection[ConnectionId] | None = None,
    ) -> Sequence[Event]:
        """Return events, newest first. Raises StoreUnavailableError."""
        found = await newest_listed(
            self.rpc,
            "events",
            connection_id,
            (state,),
            by="created_at",
            limit=limit,
            between=(since, until),
            among=among,
        )
        return [versioned.value for versioned in self.load_documents(found)]


class FirestoreOperations(FirestoreDocuments[Operation]):
    """Operations port. Entries appended together are one document, and so one write to pay for.

    It is the newest entry, found under the terms of all, with the older ones in `earlier`.
    """

    def __init__(self, rpc: FirestoreRpc) -> None:
        super().__init__(rpc, OPERATIONS, _operation)

    async def append(self, *operations: Operation) -> None:
        """Write entries; writing them again changes nothing. Raises StoreUnavailableError."""
        *earlier, newest = sorted(operations, key=lambda one: one.started_at)
        terms = {term for one in operations for term in _operation(one)["listed_under"]}
        fields = {
            **self.fields(newest),
            "listed_under": sorted(terms),
            "earlier": [orjson.dumps(self.codec.dump(one)).decode() for one in earlier],
        }
        await self.rpc.commit((replacement(self.name(newest.id), fields),))

    async def list(
        self,
        *,
        connection_id: ConnectionId | None,
        type: OperationType | None,
        state: OperationState | None,
        limit: int,
        among: Collection[ConnectionId] | None = None,
    ) -> Sequence[Operation]:
        """Return entries, newest first. Raises StoreUnavailableError."""
        asked = (connection_id, type, state)
        documents = await newest_listed(
            self.rpc,
            "operations",
            connection_id,
            asked[1:],
            by="started_at",
            limit=limit,
            among=among,
        )
        found = [one for entries in map(self._entries, documents) for one in entries]
        wanted = [one for one in found if _is_asked(one, asked) and _is_among(one, among)]
        return sorted(wanted, key=lambda one: one.started_at, reverse=True)[:limit]

    def _entries(self, document: Any) -> Sequence[Operation]:
        newest = [versioned.value for versioned in self.load_documents((document,))]
        texts = document.fields["earlier"].array_value.values
        earlier = [self._read(document.name, one.string_value) for one in texts]
        return newest + [one for one in earlier if one is not None]

    def _read(self, name: str, text: str) -> Operation | None:
        """Return None for what cannot be read, such as a later version's: it hides no other."""
        try:
            return self.codec.load(name, orjson.loads(text))
        except (CorruptStateError, orjson.JSONDecodeError):
            _log.warning("Left out of a listing: an entry gathered in %s", name)
            return None


def _is_asked(found: Operation, asked: tuple[str | None, ...]) -> bool:
    values = (found.connection_id, found.type, found.state)
    return all(one in (None, value) for one, value in zip(asked, values, strict=True))


def _is_among(found: Operation, among: Collection[ConnectionId] | None) -> bool:
    return among is None or found.connection_id in among


T = TypeVar("T")


class FirestoreConcluding(FirestoreDocuments[T]):
    """Documents that can be swapped together with an event."""

    def __init__(
        self, outbox: FirestoreOutbox, codec: Codec[T], derived: Callable[[T], Derived]
    ) -> None:
        super().__init__(outbox.rpc, codec, derived)
        self.outbox = outbox

    async def conclude(self, was: Versioned[T], now: T, event: Event) -> Versioned[T]:
        """Swap and write the event. Raises ConflictError, StoreUnavailableError."""
        results = await self.outbox.commit((self.change(was, now),), event)
        return Versioned(now, version_of(results[0].update_time))


ALL = 1_000
"""More than a deployment may have."""


class FirestoreWebhookEndpoints(FirestoreDocuments[WebhookEndpoint]):
    """WebhookEndpoints port."""

    def __init__(self, rpc: FirestoreRpc) -> None:
        super().__init__(rpc, WEBHOOK_ENDPOINTS)

    async def list(self) -> Sequence[Versioned[WebhookEndpoint]]:
        """Return all of them, oldest first. Raises StoreUnavailableError."""
        query = build_query("webhook_endpoints", order=(("created_at", "ASC"),), limit=ALL)
        return self.load_documents(await self.rpc.query(query))
