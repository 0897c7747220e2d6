"""When a failed attempt is made again: Cloud Tasks' retry configuration as a function."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.retry_after import retry_after as read_retry_after


@dataclass(frozen=True, slots=True)
class RetryConfig:
    """Cloud Tasks' defaults; `max_attempts` -1 is without end."""

    max_attempts: int = 100
    min_backoff: timedelta = timedelta(seconds=0.1)
    max_backoff: timedelta = timedelta(hours=1)
    max_doublings: int = 16

    def is_exhausted(self, attempts: int) -> bool:
        """Whether no attempt may follow this many."""
        return 0 <= self.max_attempts <= attempts

    def backoff(self, attempts: int) -> timedelta:
        """Return the pause after this many failed attempts.

        It doubles `max_doublings` times, then grows by the last doubling's size, up to
        `max_backoff`: 10 s with 3 doublings gives 10, 20, 40, 80, 160, 240 ...
        """
        doublings = min(attempts - 1, self.max_doublings)
        steps = 1 + max(0, attempts - 1 - self.max_doublings)
        return min(self.max_backoff, self.min_backoff * (1 << doublings) * steps)


def retry_after(value: str | None, now: datetime) -> timedelta:
    """Return the pause a Retry-After header asks for; 0 where it says nothing."""
    return read_retry_after(value or "", now) or timedelta()
