"""Quarantine port on Firestore, and the writes a commit makes to it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.adapters.document_codec import QUARANTINE
from shared.adapters.firestore_documents import FirestoreDocuments
from shared.adapters.firestore_queries import structured
from shared.adapters.firestore_rpc import FirestoreRpc
from shared.adapters.firestore_values import deletion, replacement
from shared.domain.ids import ConnectionId, MessageId
from shared.domain.record import QuarantineEntry
from shared.errors import CorruptStateError


@dataclass(frozen=True)
class FirestoreQuarantine:
    """Quarantine port; both methods raise StoreUnavailableError and CorruptStateError."""

    rpc: FirestoreRpc

    async def get(
        self, connection_id: ConnectionId, ids: Iterable[MessageId]
    ) -> Mapping[MessageId, QuarantineEntry]:
        """Answer the entries of those ids."""
        names = [_name(self.rpc, connection_id, id) for id in ids]
        found = await self.rpc.get(names)
        entries = [self._entry(connection_id, document) for document in found.values()]
        return {entry.message_id: entry for entry in entries}

    async def list(self, connection_id: ConnectionId, limit: int) -> Sequence[QuarantineEntry]:
        """Answer the entries, soonest retry first."""
        query = structured("quarantine", (), (("retry_at", "ASC"),), limit=limit)
        parent = self.rpc.name("connections", connection_id)
        found = await self.rpc.query(query, parent)
        return [self._entry(connection_id, document) for document in found]

    def _entry(self, connection_id: ConnectionId, document: Any) -> QuarantineEntry:
        id = document.name.rpartition("/")[2]
        try:
            return FirestoreDocuments(self.rpc, QUARANTINE).versioned(id, document).value
        except CorruptStateError:
            raise CorruptStateError(f"connections/{connection_id}/quarantine/{id}") from None


def quarantine_writes(
    rpc: FirestoreRpc,
    connection_id: ConnectionId,
    entries: Sequence[QuarantineEntry],
    released: Iterable[MessageId],
) -> list[Any]:
    """Answer the writes that keep and release entries; an id in both stays."""
    documents = FirestoreDocuments(rpc, QUARANTINE)
    kept = {
        _name(rpc, connection_id, entry.message_id): documents.fields(entry) for entry in entries
    }
    gone = {_name(rpc, connection_id, id) for id in released} - kept.keys()
    return [
        *(replacement(name, fields) for name, fields in kept.items()),
        *(deletion(name, None) for name in sorted(gone)),
    ]


def _name(rpc: FirestoreRpc, connection_id: ConnectionId, message_id: MessageId) -> str:
    return rpc.name("connections", connection_id, "quarantine", message_id)
