"""Cursors and page tokens: opaque, checked, bound to their connection."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.cursor import cursor_of, page_token_of, place_of, sequence_of
from shared.domain.ids import ConnectionId, MessageId, SequenceNumber
from shared.errors import InvalidRequestError

OURS, THEIRS = ConnectionId("ours"), ConnectionId("theirs")
SEQUENCES = st.integers(0, 2**63 - 1).map(SequenceNumber)


@given(SEQUENCES)
def test_a_cursor_leads_back_to_its_sequence_number(sequence: SequenceNumber) -> None:
    assert sequence_of(OURS, cursor_of(OURS, sequence)) == sequence


@given(SEQUENCES)
def test_a_cursor_of_another_connection_is_refused(sequence: SequenceNumber) -> None:
    with pytest.raises(InvalidRequestError):
        sequence_of(OURS, cursor_of(THEIRS, sequence))


@given(SEQUENCES, st.data())
def test_a_cursor_with_one_character_changed_never_leads_elsewhere(
    sequence: SequenceNumber, data: st.DataObject
) -> None:
    cursor = cursor_of(OURS, sequence)
    place = data.draw(st.integers(0, len(cursor) - 1))
    other = data.draw(st.characters(codec="ascii"))
    changed = cursor[:place] + other + cursor[place + 1 :]
    try:
        found = sequence_of(OURS, changed)
    except InvalidRequestError:
        return
    assert found == sequence


@given(st.text(max_size=60))
def test_any_other_text_is_refused_and_never_breaks(text: str) -> None:
    with pytest.raises(InvalidRequestError):
        sequence_of(OURS, text)


@given(
    st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  hypothesis adds the zone
    st.text("0123456789abcdef", min_size=1, max_size=16).map(MessageId),
)
def test_a_page_token_leads_back_to_its_place(date: datetime, id: MessageId) -> None:
    assert place_of(OURS, page_token_of(OURS, date, id)) == (date, id)


def test_a_cursor_is_no_page_token_and_a_page_token_no_cursor() -> None:
    with pytest.raises(InvalidRequestError):
        place_of(OURS, cursor_of(OURS, SequenceNumber(1)))
    with pytest.raises(InvalidRequestError):
        sequence_of(OURS, page_token_of(OURS, datetime(2026, 1, 1, tzinfo=UTC), MessageId("1")))


@given(
    sequence=st.integers(0, 2**63 - 1).map(SequenceNumber),
    models=st.lists(st.text(max_size=30), min_size=2, max_size=2, unique=True),
)
def test_a_cursor_of_one_model_never_reads_another(
    sequence: SequenceNumber, models: list[str]
) -> None:
    """Each model counts by itself: a number of another one would skip records silently."""
    ours, theirs = models
    assert sequence_of(OURS, cursor_of(OURS, sequence, ours), ours) == sequence
    with pytest.raises(InvalidRequestError):
        sequence_of(OURS, cursor_of(OURS, sequence, theirs), ours)


def test_the_cursors_that_readers_hold_are_still_read() -> None:
    """A cursor of the messages is what it was before models had cursors of their own."""
    assert cursor_of(OURS, SequenceNumber(7)) == cursor_of(OURS, SequenceNumber(7), "")
    assert sequence_of(OURS, cursor_of(OURS, SequenceNumber(7)), "Invoice", "") == 7
