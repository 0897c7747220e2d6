"""How often a caller may call, and from which address: token buckets in memory.

Each instance counts for itself, so a limit holds per instance: a deployment of N instances lets
through at most N times as much. That bounds what one key can cost without a shared counter, which
every request would have to write.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from starlette.requests import Request

from shared.domain.bounded import BoundedMap
from shared.errors import RateLimitedError
from shared.ports.clock import Clock

MOST = 10_000
"""Most buckets kept; the one longest untouched goes first."""
MINUTE_S = 60.0


@dataclass(slots=True)
class _Bucket:
    tokens: float
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class RateLimiter:
    """Buckets by name, each holding a minute's worth and filling evenly."""

    clock: Clock
    buckets: BoundedMap[str, _Bucket] = field(default_factory=lambda: BoundedMap(MOST))

    def remaining(self, name: str, per_minute: int) -> float:
        """Return how many calls the bucket holds now."""
        return self._fill(name, per_minute).tokens

    def take(self, name: str, per_minute: int) -> timedelta | None:
        """Take one; None where it was there, else how long until it will be."""
        bucket = self._fill(name, per_minute)
        if bucket.tokens >= 1:
            bucket.tokens -= 1
            return None
        return timedelta(seconds=(1 - bucket.tokens) * MINUTE_S / per_minute)

    def _fill(self, name: str, per_minute: int) -> _Bucket:
        now = self.clock.now()
        bucket = self.buckets.get(name) or _Bucket(per_minute, now)
        passed = max(0.0, (now - bucket.seen_at).total_seconds())
        bucket.tokens = min(float(per_minute), bucket.tokens + passed * per_minute / MINUTE_S)
        bucket.seen_at = now
        self.buckets[name] = bucket
        return bucket


def too_fast(message: str, wait: timedelta) -> RateLimitedError:
    """Return the refusal; the caller may come again after `wait`."""
    return RateLimitedError(message, retry_after=wait)


def client_address(request: Request, proxy_hops: int) -> str:
    """Return the address of the caller.

    Each trusted proxy appends the address it saw to X-Forwarded-For; what stands further left
    was written by the caller and proves nothing.
    """
    if proxy_hops:
        given = request.headers.get("x-forwarded-for", "")
        seen = [one.strip() for one in given.split(",") if one.strip()]
        if len(seen) >= proxy_hops:
            return seen[-proxy_hops][:64]
    return request.client.host if request.client else "unknown"
