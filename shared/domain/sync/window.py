"""The window of a connection: how far back its mail is kept."""

import re
from datetime import UTC, datetime, timedelta

from shared.errors import InvalidRequestError

LONGEST_DAYS = 36_500
_DAYS = re.compile("([0-9]{1,5})d")


def window_start(window: str, now: datetime) -> datetime | None:
    """Return the first instant of `window`: "30d", an ISO date, or None for "all".

    Raises InvalidRequestError. The start is fixed once, when a backfill begins; it does not roll.
    """
    if window == "all":
        return None
    days = _DAYS.fullmatch(window)
    if days and 0 < int(days[1]) <= LONGEST_DAYS:
        return (now - timedelta(days=int(days[1]))).replace(microsecond=0)
    try:
        date = datetime.fromisoformat(window)
    except ValueError:
        raise InvalidRequestError(
            f"The window {window!r} is not understood: give days such as '30d', a date such as "
            "'2026-01-31', or 'all'."
        ) from None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
