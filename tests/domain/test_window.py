"""How far back mail is kept: understood, or refused in words."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.sync.selection import window_start
from shared.errors import InvalidRequestError

NOW = datetime(2026, 3, 4, 5, 6, 7, 89, tzinfo=UTC)


def test_days_count_back_from_now_to_a_whole_second() -> None:
    assert window_start("30d", NOW) == datetime(2026, 2, 2, 5, 6, 7, tzinfo=UTC)


def test_a_date_is_its_first_instant_in_utc() -> None:
    assert window_start("2026-01-31", NOW) == datetime(2026, 1, 31, tzinfo=UTC)
    paris = window_start("2026-01-31T12:00:00+01:00", NOW)
    assert paris is not None
    assert paris.utcoffset() == timedelta(hours=1)


@pytest.mark.parametrize(
    ("window", "year"),
    [
        ("0001-01-01T00:00:00+23:59", 1970),
        ("1900-01-01", 1970),
        ("9999-12-31T23:59:59-23:59", 9999),
    ],
)
def test_a_date_without_mail_is_the_nearest_that_gmail_and_the_store_know(
    window: str, year: int
) -> None:
    start = window_start(window, NOW)
    assert start is not None
    assert start.astimezone(UTC).year == year
    assert start.timestamp() >= 0


def test_all_has_no_start() -> None:
    assert window_start("all", NOW) is None


@pytest.mark.parametrize(
    "window",
    ["", "soon", "0d", "-3d", "36501d", "1.5d", "²d", "9" * 5_000 + "d", "30", "2026-02-30", "ALL"],
)
def test_what_is_no_window_is_refused(window: str) -> None:
    with pytest.raises(InvalidRequestError):
        window_start(window, NOW)
