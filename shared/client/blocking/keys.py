"""`keys.py` without asyncio, made by `python -m infra.blocking_client`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..keys import IssuedKey, Key, _Keys
from ..transport import Request, at, present
from .transport import Transport


@dataclass(frozen=True, slots=True)
class Keys:
    """`postroom.keys`."""

    transport: Transport

    def create(
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
        return self.transport.read(Request("POST", "/api-keys", body=body), IssuedKey)

    def list(self) -> Sequence[Key]:
        """Return the keys, newest first."""
        return (self.transport.read(Request("GET", "/api-keys"), _Keys)).api_keys

    def get(self, id: str) -> Key:
        """Return one key."""
        return self.transport.read(Request("GET", at("api-keys", id)), Key)

    def rotate(self, id: str, *, overlap_hours: int = 24) -> IssuedKey:
        """Give a key a new secret; the one before works on for a while."""
        body = {"overlap_hours": overlap_hours}
        request = Request("POST", at("api-keys", id, "rotate"), body=body)
        return self.transport.read(request, IssuedKey)

    def revoke(self, id: str) -> Key:
        """Make a key worthless, within seconds everywhere."""
        return self.transport.read(Request("DELETE", at("api-keys", id)), Key)
