"""The operator makes, rotates and revokes the keys of product backends (API 9)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from shared.domain.api_key import ApiKey, digest_of, new_id, new_token
from shared.domain.ids import ConnectionId
from shared.errors import ConflictError, NotFoundError
from shared.ports.api_keys import ApiKeys
from shared.ports.clock import Clock
from shared.ports.versioned import Versioned

OVERLAP = timedelta(hours=24)
"""How long the secret before a rotation goes on working, unless said otherwise."""


@dataclass(frozen=True, slots=True)
class KeyRequest:
    """What a new key shall be; `connections` None means every one."""

    name: str
    permissions: frozenset[str]
    connections: frozenset[ConnectionId] | None = None
    expires_at: datetime | None = None
    policy: Mapping[str, Any] = field(default_factory=dict)
    requests_per_minute: int | None = None


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """The key in clear, this once; only its hash is stored."""

    key: ApiKey
    token: str


@dataclass(frozen=True, slots=True)
class CreateApiKey:
    """Answer a new key."""

    api_keys: ApiKeys
    clock: Clock

    async def __call__(self, request: KeyRequest) -> IssuedKey:
        """Trust the caller, who has checked that these rights may be handed on."""
        id = new_id()
        token = new_token(id)
        key = ApiKey(
            id=id,
            name=request.name,
            sha256_hex=digest_of(token),
            permissions=request.permissions,
            created_at=self.clock.now(),
            connections=request.connections,
            expires_at=request.expires_at,
            policy=request.policy,
            requests_per_minute=request.requests_per_minute,
        )
        await self.api_keys.create(key)
        return IssuedKey(key, token)


@dataclass(frozen=True, slots=True)
class RotateApiKey:
    """Give a key a new secret; the one before works on for a while, so that nothing stops."""

    api_keys: ApiKeys
    clock: Clock

    async def __call__(self, id: str, overlap: timedelta = OVERLAP) -> IssuedKey:
        """Raise NotFoundError where there is no such key alive."""
        token = new_token(id)
        while True:
            found = await known_key(self.api_keys, id)
            now = self.clock.now()
            if not found.value.alive(now):
                raise NotFoundError("This API key is revoked or has expired: create another.")
            rotated = found.value.rotated(digest_of(token), now, now + overlap)
            try:
                return IssuedKey((await self.api_keys.swap(found, rotated)).value, token)
            except ConflictError:
                continue


@dataclass(frozen=True, slots=True)
class RevokeApiKey:
    """Make a key worthless, both of its secrets; instances that knew it forget it in seconds."""

    api_keys: ApiKeys
    clock: Clock

    async def __call__(self, id: str) -> ApiKey:
        """Raise NotFoundError where there is no such key. Revoking again changes nothing."""
        while True:
            found = await known_key(self.api_keys, id)
            revoked = found.value.revoked(self.clock.now())
            if revoked == found.value:
                return revoked
            try:
                return (await self.api_keys.swap(found, revoked)).value
            except ConflictError:
                continue


async def known_key(api_keys: ApiKeys, id: str) -> Versioned[ApiKey]:
    """Answer a stored key. Raises NotFoundError."""
    found = await api_keys.get(id)
    if found is None:
        raise NotFoundError("No such API key. GET /api-keys lists them.")
    return found
