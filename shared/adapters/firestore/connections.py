"""Connections and Mailboxes ports on Firestore."""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import Any

from shared.adapters.documents.codec import CONNECTIONS, MAILBOXES
from shared.adapters.documents.connection_terms import matches, terms_asked, terms_of
from shared.adapters.firestore.documents import Derived, FirestoreDocuments
from shared.adapters.firestore.queries import Filter, Order, build_query
from shared.adapters.firestore.rpc import FirestoreRpc
from shared.adapters.firestore.values import Reference, change, get_value
from shared.domain.connect.connection import Connection
from shared.domain.ids import MailboxId
from shared.domain.sync.mailbox import Mailbox
from shared.errors import ConflictError
from shared.ports.connections import ConnectionQuery
from shared.ports.documents import Versioned

WALK_BATCH = 200


def _terms(value: Connection) -> Derived:
    return {"terms": sorted(terms_of(value))}


def _place(document: Any) -> Sequence[Any]:
    return get_value(document.fields["created_at"]), Reference(document.name)


def _place_after(name: Callable[[str], str], query: ConnectionQuery) -> Sequence[Any] | None:
    """Return where a listing goes on: a place is bound to the order of the index."""
    if query.after is None:
        return None
    created_at, id = query.after
    return created_at, Reference(name(id))


class FirestoreConnections(FirestoreDocuments[Connection]):
    """Connections port."""

    def __init__(self, rpc: FirestoreRpc) -> None:
        super().__init__(rpc, CONNECTIONS, _terms)

    async def find(self, query: ConnectionQuery) -> Sequence[Connection]:
        """Return the matching connections, newest first.

        The index finds by the most selective filter; the others are compared here.
        Raises StoreUnavailableError.
        """
        start, found = query.page * query.limit, list[Connection]()
        async for connection in self._candidates(query):
            if len(found) == start + query.limit:
                break
            if matches(connection, query):
                found.append(connection)
        return tuple(found[start:])

    async def _candidates(self, query: ConnectionQuery) -> AsyncIterator[Connection]:
        if query.connection_id is not None:
            name = self.name(query.connection_id)
            for versioned in self.load_documents((await self.rpc.get((name,))).values()):
                yield versioned.value
            return
        filters: list[Filter] = [("terms", "contains", term) for term in terms_asked(query)[:1]]
        order: tuple[Order, ...] = (("created_at", "DESC"), ("__name__", "DESC"))
        after = _place_after(self.name, query)
        while documents := await self.rpc.query(
            build_query(CONNECTIONS.collection, filters, order, limit=WALK_BATCH, after=after)
        ):
            for versioned in self.load_documents(documents):
                yield versioned.value
            if len(documents) < WALK_BATCH:
                return
            after = _place(documents[-1])


class FirestoreMailboxes(FirestoreDocuments[Mailbox]):
    """Mailboxes port."""

    def __init__(self, rpc: FirestoreRpc) -> None:
        super().__init__(rpc, MAILBOXES)

    async def renewable(self, now: datetime, limit: int) -> Sequence[Versioned[Mailbox]]:
        """Return mailboxes whose `renew_at` has come. Raises StoreUnavailableError."""
        filters: tuple[Filter, ...] = (("renew_at", "<=", now),)
        order: tuple[Order, ...] = (("renew_at", "ASC"),)
        return self.load_documents(
            await self.rpc.query(build_query(MAILBOXES.collection, filters, order, limit=limit))
        )

    async def note_push(self, key: MailboxId, at: datetime) -> None:
        """Record that a push came. Raises StoreUnavailableError."""
        try:
            await self.rpc.commit((change(self.name(key), {("last_push_at",): at}, None),))
        except ConflictError:
            return
