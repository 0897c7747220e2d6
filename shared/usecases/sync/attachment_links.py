"""Links to one attachment that work without an API key, for at most 15 minutes.

The token is sealed with the connection's own data key (AES-256-GCM: it cannot be read, changed or
made by others), so removing the connection ends every link to its mail.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from json import dumps, loads
from typing import Final

from shared.domain.base64url import decode_base64url, encode_base64url
from shared.domain.ids import ConnectionId, MessageId
from shared.errors import (
    CorruptStateError,
    ForbiddenError,
    GrantRevokedError,
)
from shared.ports.clock import Clock
from shared.ports.connections import Grants
from shared.ports.google.oauth import Sealer

LONGEST: Final = timedelta(minutes=15)
PURPOSE: Final = "attachment-link"


@dataclass(frozen=True, slots=True)
class AttachmentLink:
    """What a link opens."""

    connection_id: ConnectionId
    message_id: MessageId
    part_id: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class AttachmentLinks:
    """Makes and reads the tokens of links."""

    grants: Grants
    sealer: Sealer
    clock: Clock

    async def make(self, link: AttachmentLink) -> str:
        """Return the token. Raises GrantRevokedError where the connection has no grant."""
        grant = await self.grants.get(link.connection_id)
        if grant is None:
            raise GrantRevokedError("The end user must connect again.")
        expires = min(link.expires_at, self.clock.now() + LONGEST)
        sealed = await self.sealer.seal(
            dumps([link.message_id, link.part_id, expires.timestamp()]),
            data_key=grant.value.data_key,
            connection_id=link.connection_id,
            purpose=PURPOSE,
        )
        return f"{encode_base64url(link.connection_id.encode())}.{encode_base64url(sealed)}"

    async def read(self, token: str) -> AttachmentLink:
        """Return what the token opens. Raises ForbiddenError."""
        try:
            named, sealed = (decode_base64url(part) for part in token.split("."))
            connection_id = ConnectionId(named.decode())
            link = await self._open(connection_id, sealed)
        except (ValueError, CorruptStateError):
            raise ForbiddenError("This link is not one of ours: ask for a new one.") from None
        if link.expires_at <= self.clock.now():
            raise ForbiddenError("This link has expired: ask for a new one.")
        return link

    async def _open(self, connection_id: ConnectionId, sealed: bytes) -> AttachmentLink:
        grant = await self.grants.get(connection_id)
        if grant is None:
            raise ValueError(connection_id)
        opened = await self.sealer.open(
            sealed,
            data_key=grant.value.data_key,
            connection_id=connection_id,
            purpose=PURPOSE,
        )
        message_id, part_id, expires = loads(opened)
        return AttachmentLink(
            connection_id, MessageId(message_id), part_id, datetime.fromtimestamp(expires, UTC)
        )
