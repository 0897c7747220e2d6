"""Which API key a request carries: the deployment's root keys and the stored ones.

Stored keys are remembered for a short while, so that a request costs no read; a revocation
therefore reaches every instance within REMEMBERED. A key works while each key above it does, and
its calls count against the rates that were set for them. Wrong guesses are counted by source
address: beyond FAILURES_A_MINUTE they are answered 429 without looking anything up.
"""

from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hmac import compare_digest

from shared.domain.bounded import BoundedMap
from shared.domain.keys.api_key import ALL_PERMISSIONS, ROOT, ApiKey, digest_of, id_in
from shared.edge.web.callers.rates import RateLimiter, too_fast
from shared.errors import TransientError, UnauthenticatedError
from shared.ports.access import ApiKeys
from shared.ports.clock import Clock
from shared.ports.documents import update
from shared.usecases.keys.api_keys import line_of

REMEMBERED = timedelta(seconds=30)
MOST_REMEMBERED = 1_000
FAILURES_A_MINUTE = 60
SLOW_DOWN = "This API key is used too often: wait, or ask for a higher limit."
GUESSING = "Too many wrong keys came from this address: wait before trying again."


@dataclass(frozen=True, slots=True)
class _Remembered:
    key: ApiKey
    read_at: datetime


@dataclass(frozen=True)
class ApiKeyCache:
    """Finds the key of a token; one for each process."""

    root: tuple[ApiKey, ...]
    stored: ApiKeys
    clock: Clock
    per_minute: int
    rates: RateLimiter
    remembered: BoundedMap[str, _Remembered] = field(
        default_factory=lambda: BoundedMap(MOST_REMEMBERED)
    )

    async def find(self, token: str, client_address: str) -> ApiKey:
        """Raise UnauthenticatedError; RateLimitedError where the key or the address is too busy."""
        digest = digest_of(token)
        found = self._root(digest) or await self._stored_key(token, digest, client_address)
        line = None if found is None else await line_of(found, self._alive)
        if found is None or line is None:
            raise self._wrong(client_address)
        for one in line:  # calls of a child count against those above it too
            self._count(one, one.requests_per_minute or self.per_minute)
        await self._note_use(found)
        return found

    def forget(self, id: str) -> None:
        """Remember this key no longer: it was changed here."""
        self.remembered.pop(id, None)

    def fail(self, client_address: str) -> None:
        """Count a wrong credential. Raises RateLimitedError where there were too many."""
        wait = self.rates.take(f"source:{client_address}", FAILURES_A_MINUTE)
        if wait is not None:
            raise too_fast(GUESSING, wait)

    async def _note_use(self, key: ApiKey) -> None:
        """Store that the key was used, once in a while; losing that changes nothing."""
        now = self.clock.now()
        if key.with_use(now) is key:
            return
        with suppress(TransientError):
            noted = await update(self.stored, key.id, lambda was: was.with_use(now))
            if noted is not None and key.id in self.remembered:
                self.remembered[key.id] = replace(self.remembered[key.id], key=noted)

    def _count(self, key: ApiKey, per_minute: int) -> None:
        wait = self.rates.take(f"key:{key.id}", per_minute)
        if wait is not None:
            raise too_fast(SLOW_DOWN, wait)

    def _wrong(self, client_address: str) -> UnauthenticatedError:
        self.fail(client_address)
        return UnauthenticatedError("This API key is unknown, revoked or expired.")

    def _root(self, digest: str) -> ApiKey | None:
        """Compare with every root key: the time taken tells nothing of which matched."""
        matching = [key for key in self.root if compare_digest(key.sha256_hex, digest)]
        return matching[0] if matching else None

    async def _stored_key(self, token: str, digest: str, client_address: str) -> ApiKey | None:
        id = id_in(token)
        if id is None:
            return None
        now = self.clock.now()
        known = self._fresh(id, now)
        if known is None:
            if self.rates.remaining(f"source:{client_address}", FAILURES_A_MINUTE) < 1:
                return None
            known = await self._load(id, now)
        return known.key if known and known.key.accepts(digest, now) else None

    async def _alive(self, id: str) -> ApiKey | None:
        """Return a key above another, None where it works no more."""
        now = self.clock.now()
        known = self._fresh(id, now) or await self._load(id, now)
        return known.key if known and known.key.alive(now) else None

    def _fresh(self, id: str, now: datetime) -> _Remembered | None:
        known = self.remembered.get(id)
        return None if known is None or now >= known.read_at + REMEMBERED else known

    async def _load(self, id: str, now: datetime) -> _Remembered | None:
        self.remembered.pop(id, None)
        found = await self.stored.get(id)
        if found is None:
            return None
        self.remembered[id] = _Remembered(found.value, now)
        return self.remembered[id]


def root_keys(hashes: frozenset[str], now: datetime) -> tuple[ApiKey, ...]:
    """Return the deployment's root keys, which may do everything."""
    every = frozenset({ALL_PERMISSIONS})
    return tuple(ApiKey(f"{ROOT}{one[:8]}", "root", one, every, now) for one in sorted(hashes))
