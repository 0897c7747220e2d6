"""What a Retry-After asks for, in seconds or as a date (RFC 9110, 10.2.3).

Any server may have written it: whatever cannot be read is as if it were absent.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

LONGEST: Final = timedelta(days=1)
"""Most that is believed of a wait: it is asked again a day later, whatever an answer said."""


def retry_after_of(headers: Mapping[str, str], now: datetime | None = None) -> timedelta | None:
    """Return the wait that an answer's headers ask for, by its own clock where that is told."""
    sent = read_http_date(headers.get("date", ""))
    return retry_after(headers.get("retry-after", ""), sent or now)


def retry_after(value: str, now: datetime | None) -> timedelta | None:
    """Return the wait; where it is not known what time it is, a date says none."""
    said = value.strip()
    if said.isascii() and said.isdecimal():
        return min(timedelta(seconds=int(said[:9])), LONGEST)
    until = read_http_date(said)
    return None if until is None or now is None else wait_until(until, now)


def wait_until(moment: datetime, now: datetime) -> timedelta:
    """Return the wait until a moment: 0 for one that has passed, LONGEST at most."""
    return min(max(moment - now, timedelta(0)), LONGEST)


def read_http_date(value: str) -> datetime | None:
    """Return the moment a header names, in UTC where it names no zone; None for anything else."""
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
