"""API keys (API 9)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import Field

from .transport import Request, ResponseModel, Transport, at, present


class Key(ResponseModel):
    """A key without its secret; `connections` None means every one."""

    id: str
    name: str
    permissions: Sequence[str]
    connections: Sequence[str] | None
    policy: Mapping[str, Any]
    requests_per_minute: int | None
    tools: str = ""
    created_at: datetime
    expires_at: datetime | None
    rotated_at: datetime | None
    previous_until: datetime | None
    revoked_at: datetime | None
    parent: str | None = None
    last_used_at: datetime | None = None


class IssuedKey(Key):
    """A key in clear, shown this once."""

    key: str = Field(repr=False)


class _Keys(ResponseModel):
    api_keys: Sequence[Key]


@dataclass(frozen=True, slots=True)
class Keys:
    """`postroom.keys`."""

    transport: Transport

    async def create(
        self,
        name: str,
        permissions: Sequence[str],
        *,
        connections: Sequence[str] | None = None,
        expires_at: datetime | None = None,
        policy: Mapping[str, Any] | None = None,
        requests_per_minute: int | None = None,
        tools: str | None = None,
    ) -> IssuedKey:
        """Create a key that may do this; what is left out is the calling key's own."""
        body = present(
            name=name,
            permissions=list(permissions),
            connections=list(connections) if connections is not None else None,
            expires_at=expires_at.isoformat() if expires_at else None,
            policy=policy,
            requests_per_minute=requests_per_minute,
            tools=tools,
        )
        return await self.transport.read(Request("POST", "/api-keys", body=body), IssuedKey)

    async def list(self) -> Sequence[Key]:
        """Return the keys, newest first."""
        return (await self.transport.read(Request("GET", "/api-keys"), _Keys)).api_keys

    async def get(self, id: str) -> Key:
        """Return one key."""
        return await self.transport.read(Request("GET", at("api-keys", id)), Key)

    async def rotate(self, id: str, *, overlap_hours: int = 24) -> IssuedKey:
        """Give a key a new secret; the one before works on for a while."""
        body = {"overlap_hours": overlap_hours}
        request = Request("POST", at("api-keys", id, "rotate"), body=body)
        return await self.transport.read(request, IssuedKey)

    async def revoke(self, id: str) -> Key:
        """Make a key worthless, within seconds everywhere."""
        return await self.transport.read(Request("DELETE", at("api-keys", id)), Key)
