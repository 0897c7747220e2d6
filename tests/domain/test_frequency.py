"""Frequencies in words."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.sync.frequency import LONGEST, SHORTEST, frequency_from, in_words
from shared.errors import InvalidRequestError


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("every hour", 60),
        ("Every 30 minutes", 30),
        ("every 2h", 120),
        ("5m", 5),
        ("every day", 1440),
        ("every 1 hour", 60),
        (" 7 days ", 10_080),
    ],
)
def test_common_spellings_are_read(text: str, minutes: int) -> None:
    assert frequency_from(text) == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    "text", ["", "often", "every 4 minutes", "8 days", "every 99999 days", "-1h", "every 1.5 hours"]
)
def test_what_cannot_be_or_is_too_often_or_too_rare_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequestError):
        frequency_from(text)


@given(st.integers(SHORTEST // timedelta(minutes=1), LONGEST // timedelta(minutes=1)))
def test_the_words_lead_back_to_the_frequency(minutes: int) -> None:
    frequency = timedelta(minutes=minutes)
    assert frequency_from(in_words(frequency)) == frequency
