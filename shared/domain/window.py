"""The window of a connection: how far back its mail is kept."""

from datetime import UTC, datetime, timedelta

from shared.errors import InvalidRequestError

DEFAULT_WINDOW = "30d"
LONGEST_DAYS = 36_500


def window_start(window: str, now: datetime) -> datetime | None:
    """Answer the first instant of `window`: "30d", an ISO date, or None for "all".

    Raises InvalidRequestError. The start is fixed once, when a backfill begins; it does not roll.
    """
    if window == "all":
        return None
    if window.endswith("d") and window[:-1].isdigit() and 0 < int(window[:-1]) <= LONGEST_DAYS:
        return (now - timedelta(days=int(window[:-1]))).replace(microsecond=0)
    try:
        date = datetime.fromisoformat(window)
    except ValueError:
        raise InvalidRequestError(
            f"The window {window!r} is not understood: give days such as '30d', a date such as "
            "'2026-01-31', or 'all'."
        ) from None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
