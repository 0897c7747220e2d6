"""Requests kept, sealed, until their send is final, so that a crash can be finished."""

from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import Final
from zlib import compress, decompress

from shared.domain.ids import ConnectionId
from shared.domain.send.entry import SendEntry
from shared.domain.send.request import SendRequest, thaw
from shared.errors import UnknownConnectionError
from shared.ports.connections import Grants
from shared.ports.google.oauth import Sealer

MAX_KEPT: Final = 600_000
"""Bytes of a sealed request that fit a document beside the rest (FACTS 9.3)."""
MAX_PACKED: Final = 3_000_000
"""Bytes beyond which a request is not even tried to be packed small enough."""


@dataclass(frozen=True, slots=True)
class SealedRequests:
    """Seals with the connection's data key: disconnecting shreds them."""

    grants: Grants
    sealer: Sealer

    async def seal(
        self, id: str, connection_id: ConnectionId, request: SendRequest, data_key: bytes | None
    ) -> bytes:
        """Return the request sealed for the entry `id`, or nothing where it is too large.

        `data_key` saves reading it again. Raises UnknownConnectionError.
        """
        if request.size > MAX_PACKED:
            return b""
        packed = b64encode(compress(request.freeze(), level=1)).decode()
        if len(packed) > MAX_KEPT:
            return b""
        return await self.sealer.seal(
            packed,
            data_key=data_key or await self.data_key(connection_id),
            connection_id=connection_id,
            purpose=_purpose(id),
        )

    async def open(self, entry: SendEntry) -> SendRequest | None:
        """Return the request, None where it was too large. Raises CorruptStateError."""
        if not entry.request:
            return None
        packed = await self.sealer.open(
            entry.request,
            data_key=await self.data_key(entry.connection_id),
            connection_id=entry.connection_id,
            purpose=_purpose(entry.id),
        )
        return thaw(decompress(b64decode(packed)))

    async def data_key(self, connection_id: ConnectionId) -> bytes:
        """Return the connection's wrapped data key. Raises UnknownConnectionError."""
        grant = await self.grants.get(connection_id)
        if grant is None:
            raise UnknownConnectionError(f"There is no connection {connection_id!r}.")
        return grant.value.data_key


def _purpose(id: str) -> str:
    return f"send-request:{id}"
