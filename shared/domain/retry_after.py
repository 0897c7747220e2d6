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
    sent = _http_date(headers.get("date", ""))
    return retry_after(headers.get("retry-after", ""), sent or now)


def retry_after(value: str, now: datetime | None) -> timedelta | None:
    """Return the wait; where it is not known what time it is, a date says none."""
    said = value.strip()
    if said.isascii() and said.isdecimal():
        return min(timedelta(seconds=int(said[:9])), LONGEST)
    until = _http_date(said)
    if until is None or now is None:
        return None
    return min(max(until - now, timedelta(0)), LONGEST)


def _http_date(value: str) -> datetime | None:
    """Return a moment; one without a zone is meant in UTC."""
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
