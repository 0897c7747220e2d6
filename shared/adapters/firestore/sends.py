"""Sends and BulkSends ports on Firestore."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from shared.adapters.documents.codec import BULK_SENDS, SENDS
from shared.adapters.firestore.documents import Derived, FirestoreDocuments
from shared.adapters.firestore.events import FirestoreConcluding, FirestoreOutbox
from shared.adapters.firestore.queries import (
    build_query,
    find_due,
    listed_under,
    newest_listed,
)
from shared.adapters.firestore.rpc import FirestoreRpc
from shared.domain.ids import ConnectionId
from shared.domain.send.bulk import BulkSend
from shared.domain.send.entry import SendEntry, SendState

_WITHOUT_REQUEST = tuple(one.name for one in fields(SendEntry) if one.name != "request")
_MOST_TRACED = 30


def _send(value: SendEntry) -> Derived:
    return {
        "shard": value.shard,
        "due_at": None if value.state.final else value.next_due_at,
        "traces": list(value.traces),
        "listed_under": listed_under(value.id, value.connection_id, value.state.value),
    }


def _bulk(value: BulkSend) -> Derived:
    finished = value.finished_at is not None
    return {
        "shard": value.shard,
        "due_at": None if finished else value.next_due_at,
        "open_of": None if finished else value.connection_id,
    }


class FirestoreSends(FirestoreConcluding[SendEntry]):
    """Sends port."""

    def __init__(self, outbox: FirestoreOutbox) -> None:
        super().__init__(outbox, SENDS, _send)

    async def due(self, now: datetime, limit: int) -> Sequence[str]:
        """Return ids of due entries. Raises StoreUnavailableError."""
        return _ids(await find_due(self.rpc, "sends", now, by="due_at", limit=limit))

    async def list(
        self,
        connection_id: ConnectionId | None,
        limit: int,
        *,
        state: SendState | None = None,
        until: datetime | None = None,
    ) -> Sequence[SendEntry]:
        """Return entries, newest first. Raises StoreUnavailableError."""
        found = await newest_listed(
            self.rpc,
            "sends",
            connection_id,
            (state,),
            by="created_at",
            limit=limit,
            between=(None, until),
            select=_WITHOUT_REQUEST,
        )
        return [versioned.value for versioned in self.load_documents(found)]

    async def many(self, ids: Sequence[str]) -> Mapping[str, SendEntry]:
        """Return those that exist. Raises StoreUnavailableError."""
        found = await self.rpc.get((self.name(id) for id in ids), _WITHOUT_REQUEST)
        return {one.value.id: one.value for one in self.load_documents(found.values())}

    async def list_traced(
        self, connection_id: ConnectionId, traces: Sequence[str]
    ) -> Sequence[SendEntry]:
        """Return the entries with one of the traces. Raises StoreUnavailableError."""
        query = build_query(
            "sends",
            (("traces", "contains_any", list(traces)), ("connection_id", "==", connection_id)),
            limit=_MOST_TRACED,
        )
        return [versioned.value for versioned in self.load_documents(await self.rpc.query(query))]


class FirestoreBulkSends(FirestoreDocuments[BulkSend]):
    """BulkSends port."""

    def __init__(self, rpc: FirestoreRpc) -> None:
        super().__init__(rpc, BULK_SENDS, _bulk)

    async def due(self, now: datetime, limit: int) -> Sequence[str]:
        """Return ids of due bulks. Raises StoreUnavailableError."""
        return _ids(await find_due(self.rpc, "bulk_sends", now, by="due_at", limit=limit))

    async def list_unfinished(self, connection_id: ConnectionId, limit: int) -> Sequence[BulkSend]:
        """Return unfinished bulks, oldest first. Raises StoreUnavailableError."""
        query = build_query(
            "bulk_sends", (("open_of", "==", connection_id),), (("created_at", "ASC"),), limit=limit
        )
        return [versioned.value for versioned in self.load_documents(await self.rpc.query(query))]


def _ids(documents: Sequence[Any]) -> Sequence[str]:
    return [document.fields["id"].string_value for document in documents]
