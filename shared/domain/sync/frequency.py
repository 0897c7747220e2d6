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


def frequency_from(
    text: str, shortest: timedelta = SHORTEST, longest: timedelta = LONGEST
) -> timedelta:
    """Read "every hour", "every 30 minutes", "2h". Raises InvalidRequestError."""
    asked = _ASKED.fullmatch(text.strip())
    if asked is None:
        raise InvalidRequestError(
            f"The frequency {text[:40]!r} is not understood: write 'every 30 minutes' or '2h'."
        )
    frequency = timedelta(**{_UNITS[asked[2][0].lower()]: int(asked[1] or 1)})
    if not shortest <= frequency <= longest:
        raise InvalidRequestError(
            f"The frequency must lie between {_span(shortest)} and {_span(longest)}."
        )
    return frequency


def in_words(frequency: timedelta) -> str:
    """Return the frequency as the API writes it."""
    return f"every {_span(frequency).removeprefix('1 ')}"


def _span(time: timedelta) -> str:
    minutes = max(int(time.total_seconds() // 60), 1)
    sizes = ((1440, "day"), (60, "hour"), (1, "minute"))
    size, unit = next(one for one in sizes if minutes % one[0] == 0)
    count = minutes // size
    return f"{count} {unit}{'' if count == 1 else 's'}"
