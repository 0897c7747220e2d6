"""A head's fields are written as any JSON encoder would write them, cursor and all."""

from datetime import timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.cursor import cursor_of
from shared.domain.ids import (
    ConnectionId,
    HistoryId,
    LabelId,
    MessageId,
    SequenceNumber,
    ThreadId,
)
from shared.domain.mail.message_fields import iso, label_fields
from shared.domain.packed import PlainText
from shared.domain.sync.records.record import (
    EPOCH,
    EndReason,
    LastAction,
    Origin,
    Record,
    RecordHead,
)
from shared.domain.sync.records.rows import StoredHead, head_fields, record_row

C1 = ConnectionId("c-1")
MOMENTS = st.integers(-(10**15), 10**16).map(lambda us: EPOCH + timedelta(microseconds=us))
HEADS = st.builds(
    RecordHead,
    message_id=st.text(min_size=1).map(MessageId),
    thread_id=st.text().map(ThreadId),
    label_ids=st.frozensets(st.sampled_from(["UNREAD", "SENT", "DRAFT", 'L"1', "Ä\n"])).map(
        lambda labels: frozenset(map(LabelId, labels))
    ),
    history_id=st.integers(0, 2**63 - 1).map(HistoryId),
    fetched_at_history=st.just(HistoryId(1)),
    internal_date=MOMENTS,
    sequence=st.integers(0, 2**63 - 1).map(SequenceNumber),
    origin=st.sampled_from(Origin),
    first_seen_at=MOMENTS,
    last_modified_at=MOMENTS,
    last_action=st.sampled_from(LastAction),
    deleted_at=st.none() | MOMENTS,
    pruned_at=st.none() | MOMENTS,
)


@given(HEADS, st.sampled_from(EndReason))
@settings(deadline=None)
def test_a_record_without_a_payload_is_its_head(head: RecordHead, reason: EndReason) -> None:
    if not head.live:
        head = RecordHead(**{**_fields(head), "reason": reason})
    text = PlainText()
    record_row(Record(head, b"")).write(text, C1)
    why = {"reason": head.why.value} if head.why else {}
    assert text.end() == orjson.dumps(
        {
            "id": head.message_id,
            "threadId": head.thread_id,
            **label_fields(sorted(head.label_ids), str(head.history_id)),
            "origin": head.origin.value,
            **why,
            "_nango_metadata": {
                "first_seen_at": iso(head.first_seen_at),
                "last_modified_at": iso(head.last_modified_at),
                "last_action": head.last_action.value,
                "deleted_at": iso(head.deleted_at) if head.deleted_at else None,
                "pruned_at": iso(head.pruned_at) if head.pruned_at else None,
                "cursor": cursor_of(C1, head.sequence),
            },
        }
    )


def _fields(head: RecordHead) -> dict[str, Any]:
    return {name: getattr(head, name) for name in RecordHead.__dataclass_fields__}


@pytest.mark.parametrize(
    "damage",
    [
        {"label_ids": '["INBOX"'},
        {"label_ids": '{"INBOX": 1}'},
        {"label_ids": "[1]"},
        {"history_id": '1"'},
        {"origin": "nowhere"},
        {"last_action": '"'},
        {"first_seen_us": "soon"},
        {"first_seen_us": 10**30},
    ],
)
def test_what_is_stored_wrong_is_never_passed_on(damage: dict[str, Any]) -> None:
    sound = StoredHead(1, "[]", "live", None, 0, 0, "ADDED", None, None)
    with pytest.raises((KeyError, TypeError, ValueError, OverflowError)):
        head_fields(*sound._replace(**damage))
