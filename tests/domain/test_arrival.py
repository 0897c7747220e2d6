"""When a message arrived: its id tells (ids and dates of live answers)."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.ids import HistoryId, MessageId, SequenceNumber, ThreadId
from shared.domain.sync.records.record import Origin, RecordHead


def head(id: str, internal_ms: int) -> RecordHead:
    at = datetime.fromtimestamp(internal_ms / 1000, UTC)
    return RecordHead(
        message_id=MessageId(id),
        thread_id=ThreadId(id),
        label_ids=frozenset(),
        history_id=HistoryId(1),
        fetched_at_history=HistoryId(1),
        internal_date=at,
        sequence=SequenceNumber(1),
        origin=Origin.LIVE,
        first_seen_at=at,
        last_modified_at=at,
    )


@pytest.mark.parametrize(
    ("id", "internal_ms"),
    [
        ("19dda5cc10eb51bb", 1777485004000),
        ("19dda58832469c79", 1777484727000),
        ("1926aae406722332", 1728366536000),
    ],
)
def test_mail_arrives_when_its_id_says(id: str, internal_ms: int) -> None:
    found = head(id, internal_ms)
    assert 0 <= (found.arrived_at - found.internal_date).total_seconds() < 1800
    assert int(id, 16) >> 20 == int(found.arrived_at.timestamp() * 1000 + 0.5)


@pytest.mark.parametrize("id", ["m1", "", "0000000000000001", "f" * 40, "-1"])
def test_an_id_that_tells_nothing_leaves_the_date(id: str) -> None:
    found = head(id, 1777485004000)
    assert found.arrived_at == found.internal_date


def test_old_mail_that_is_imported_arrives_today() -> None:
    found = head("19dda5cc10eb51bb", 946684800000)
    assert found.arrived_at - found.internal_date > timedelta(days=9000)
