"""The operator makes, rotates and revokes the keys of product backends (API 9)."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from shared.domain.ids import ConnectionId
from shared.domain.keys.api_key import ApiKey, digest_of, new_id, new_token
from shared.domain.keys.child_key import MOST_GENERATIONS, child_of
from shared.domain.keys.policy import policy_of
from shared.errors import ForbiddenError, NotFoundError
from shared.ports.access import ApiKeys
from shared.ports.clock import Clock
from shared.ports.documents import Versioned, update

T = TypeVar("T")
LookUp = Callable[[str], Awaitable[ApiKey | None]]
MOST_CHILDREN = 1_000
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
    given: frozenset[str] = frozenset()
    """Fields that a key which makes a key chose; every other is its own."""


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """The key in clear, this once; only its hash is stored."""

    key: ApiKey
    token: str


@dataclass(frozen=True, slots=True)
class CreateApiKey:
    """Return a new key: an operator's, or a child of the key that asks for it."""

    api_keys: ApiKeys
    clock: Clock

    async def __call__(self, request: KeyRequest, parent: ApiKey | None = None) -> IssuedKey:
        """Store the key. Raises ForbiddenError where it would be more than its parent."""
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
        if parent is not None:
            key = await self._child(key, parent, request.given)
        await self.api_keys.create(key)
        return IssuedKey(key, token)

    async def _child(self, key: ApiKey, parent: ApiKey, given: frozenset[str]) -> ApiKey:
        if policy_of(parent.policy).daily_sends is not None:
            text = "A key with a daily cap cannot create keys: each would have its own."
            raise ForbiddenError(text)
        line = await line_of(parent, stored_in(self.api_keys))
        if line is None or len(line) >= MOST_GENERATIONS:
            raise ForbiddenError(f"Keys make keys over {MOST_GENERATIONS} generations at most.")
        return child_of(parent, key, given)


@dataclass(frozen=True, slots=True)
class RotateApiKey:
    """Give a key a new secret; the one before works on for a while, so that nothing stops."""

    api_keys: ApiKeys
    clock: Clock

    async def __call__(self, id: str, overlap: timedelta = OVERLAP) -> IssuedKey:
        """Raise NotFoundError where there is no such key alive."""
        token = new_token(id)

        def replace_secret(was: ApiKey) -> ApiKey:
            now = self.clock.now()
            if not was.alive(now):
                raise NotFoundError("This API key is revoked or has expired: create another.")
            return was.with_new_secret(digest_of(token), now, now + overlap)

        key = await update(self.api_keys, id, replace_secret)
        return IssuedKey(_require_found(key), token)


@dataclass(frozen=True, slots=True)
class RevokeApiKey:
    """Make a key worthless, both of its secrets; instances that knew it forget it in seconds."""

    api_keys: ApiKeys
    clock: Clock

    async def __call__(self, id: str) -> ApiKey:
        """Revoke it and every key below it. Raises NotFoundError.

        Revoking again changes nothing but what a crash left of those below; until then they are
        worthless all the same, because the line above a key is looked at.
        """
        now = self.clock.now()
        key = await update(self.api_keys, id, lambda was: was.with_revocation(now))
        revoked = _require_found(key)
        for child in await self.api_keys.children(id, MOST_CHILDREN):
            await self(child.id)
        return revoked


async def line_of(key: ApiKey, look_up: LookUp) -> tuple[ApiKey, ...] | None:
    """Return a key and those above it, nearest first; None where one of them is not found."""
    line = [key]
    while (above := line[-1].parent) is not None:
        found = await look_up(above)
        if found is None or len(line) >= MOST_GENERATIONS:
            return None
        line.append(found)
    return tuple(line)


async def is_revoked(api_keys: ApiKeys, id: str) -> bool:
    """Whether a stored key, or one above it, was revoked; a root key never is."""
    found = await api_keys.get(id)
    if found is None:
        return False
    line = await line_of(found.value, stored_in(api_keys))
    return line is None or any(one.revoked_at is not None for one in line)


def stored_in(api_keys: ApiKeys) -> LookUp:
    """Return how a key is looked up in the store."""

    async def look_up(id: str) -> ApiKey | None:
        found = await api_keys.get(id)
        return None if found is None else found.value

    return look_up


async def known_key(api_keys: ApiKeys, id: str) -> Versioned[ApiKey]:
    """Return a stored key. Raises NotFoundError."""
    return _require_found(await api_keys.get(id))


def _require_found(key: T | None) -> T:
    if key is None:
        raise NotFoundError("No such API key. GET /api-keys lists them.")
    return key
