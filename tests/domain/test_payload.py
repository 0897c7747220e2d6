"""Stored payloads: small, never too large, and records again."""

import base64
import random
from dataclasses import replace
from datetime import UTC, datetime
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
from shared.domain.mail.reading.email_message import read_message
from shared.domain.sync.records.payload import (
    MAX_JSON_BYTES,
    MAX_PAYLOAD_BYTES,
    make_payload,
    pack,
    unpack,
)
from shared.domain.sync.records.record import Origin, Record, RecordHead
from shared.domain.sync.records.rows import render

C1 = ConnectionId("c-1")
NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)


def message(**fields: Any) -> dict[str, Any]:
    return {**read_message({"id": "18c1", "threadId": "18c0", "labelIds": ["INBOX"]}), **fields}


def record(payload: bytes, **head: Any) -> Record:
    fields: dict[str, Any] = {
        "message_id": MessageId("18c1"),
        "thread_id": ThreadId("18c0"),
        "label_ids": frozenset({LabelId("SENT"), LabelId("Label_1")}),
        "history_id": HistoryId(99),
        "fetched_at_history": HistoryId(90),
        "internal_date": NOW,
        "sequence": SequenceNumber(7),
        "origin": Origin.LIVE,
        "first_seen_at": NOW,
        "last_modified_at": NOW,
    }
    return Record(RecordHead(**{**fields, **head}), payload)


def noise(characters: int) -> str:
    """Make text that hardly gets shorter when packed."""
    return base64.b64encode(random.Random(1).randbytes(characters)).decode()[:characters]


def test_what_is_packed_comes_back_but_for_what_labels_decide() -> None:
    packed = unpack(pack(message(subject="Hello", text="Grüße")))
    assert (packed["subject"], packed["text"]) == ("Hello", "Grüße")
    assert not packed.keys() & {"labelIds", "historyId", "isUnread", "isDraft", "isSent", "origin"}


def test_a_record_shows_the_labels_of_its_head() -> None:
    shown = render(record(pack(message())), C1)
    assert shown["labelIds"] == ["Label_1", "SENT"]
    assert (shown["historyId"], shown["isSent"], shown["isUnread"]) == ("99", True, False)
    assert shown["origin"] == "live"
    assert shown["_nango_metadata"] == {
        "first_seen_at": "2026-11-20T10:00:00.000Z",
        "last_modified_at": "2026-11-20T10:00:00.000Z",
        "last_action": "ADDED",
        "deleted_at": None,
        "pruned_at": None,
        "cursor": cursor_of(C1, SequenceNumber(7)),
    }


def test_an_emptied_tombstone_still_says_what_it_was() -> None:
    gone = replace(record(b"").head.tombstone(SequenceNumber(8), NOW), pruned_at=NOW)
    shown = render(Record(gone, b""), C1)
    assert (shown["id"], shown["threadId"]) == ("18c1", "18c0")
    assert shown["_nango_metadata"]["deleted_at"] == "2026-11-20T10:00:00.000Z"


@pytest.mark.parametrize(
    "large",
    [
        {"html": noise(3_000_000)},
        {"html": noise(3_000_000), "text": noise(3_000_000)},
        {"text": noise(3_000_000), "replyText": noise(3_000_000)},
        {"html": "a" * 30_000_000},
        {"text": "\1" * 5_000_000},
        {"to": [{"name": noise(40), "email": noise(60)}] * 50_000},
        {"references": [noise(3_000_000)], "headers": {noise(2_000_000): noise(2_000_000)}},
    ],
    ids=["html", "both", "texts", "bomb", "escapes", "recipients", "headers"],
)
def test_no_payload_is_too_large_to_store(large: dict[str, Any]) -> None:
    payload = make_payload(message(**large))
    assert payload.body_truncated
    assert len(payload.data) <= MAX_PAYLOAD_BYTES
    kept = unpack(payload.data)
    assert kept["body_truncated"]
    assert kept["id"] == "18c1"
    assert len(orjson.dumps(kept)) <= MAX_JSON_BYTES


def test_cutting_a_large_body_leaves_the_small_one_whole() -> None:
    kept = unpack(pack(message(html=noise(3_000_000), text="short")))
    assert kept["text"] == "short"
    assert len(kept["html"]) > 500_000


def test_cutting_leaves_the_callers_message_alone() -> None:
    original = message(html=noise(3_000_000))
    pack(original)
    assert len(original["html"]) == 3_000_000
    assert not original["body_truncated"]


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=30) | st.lists(st.text(max_size=9))))
@settings(deadline=None)
def test_any_text_can_be_packed(fields: dict[str, Any]) -> None:
    shown = render(record(pack(message(**fields))), C1)
    assert shown["_nango_metadata"]["last_action"] == "ADDED"


def test_half_a_surrogate_pair_does_not_stop_a_record() -> None:
    assert unpack(pack(message(subject="a\ud800b")))["subject"] == "a?b"
