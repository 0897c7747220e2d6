"""How often a quiet connection is asked, in the words the API takes: "every 30 minutes"."""

import re
from datetime import timedelta

from shared.errors import InvalidRequestError

SHORTEST = timedelta(minutes=5)
LONGEST = timedelta(days=7)
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_ASKED = re.compile(
    r"(?:every\s+)?(?:(\d{1,5})\s*)?(m|mins?|minutes?|h|hours?|hrs?|d|days?)", re.IGNORECASE
)


def frequency_from(text: str) -> timedelta:
    """Read "every hour", "every 30 minutes", "2h". Raises InvalidRequestError."""
    asked = _ASKED.fullmatch(text.strip())
    if asked is None:
        raise InvalidRequestError(
            f"The frequency {text[:40]!r} is not understood: write 'every 30 minutes' or '2h'."
        )
    frequency = timedelta(**{_UNITS[asked[2][0].lower()]: int(asked[1] or 1)})
    if not SHORTEST <= frequency <= LONGEST:
        raise InvalidRequestError("The frequency must lie between 5 minutes and 7 days.")
    return frequency


def in_words(frequency: timedelta) -> str:
    """Return the frequency as the API writes it."""
    minutes = int(frequency.total_seconds() // 60)
    for size, unit in ((1440, "day"), (60, "hour"), (1, "minute")):
        if minutes % size == 0 and minutes >= size:
            count = minutes // size
            return f"every {unit}" if count == 1 else f"every {count} {unit}s"
    return f"every {max(minutes, 1)} minutes"
