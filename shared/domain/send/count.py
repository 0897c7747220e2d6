"""How many messages a key sent in one UTC day: each by name, so that a retry counts once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

KEPT: Final = timedelta(days=3)
NAME: Final = 20
"""Characters of a send's id that name it: enough to tell 5,000 apart, few enough to store."""


@dataclass(frozen=True, slots=True)
class SendCount:
    """The sends of one key in one day."""

    id: str
    key: str
    day: str
    sends: tuple[str, ...]
    expires_at: datetime
    schema_version: int = 1

    def with_sends(self, ids: Sequence[str]) -> "SendCount":
        """Return the count with these as well; those that are in it already change nothing."""
        names = (id[:NAME] for id in ids)
        return replace(self, sends=tuple(dict.fromkeys((*self.sends, *names))))


def empty_count(key: str, now: datetime) -> SendCount:
    """Return a day without sends: the UTC day of `now`."""
    day = now.astimezone(UTC).date().isoformat()
    return SendCount(f"{key}:{day}", key, day, (), now + KEPT)
