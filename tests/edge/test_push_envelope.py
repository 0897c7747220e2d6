"""Pub/Sub's envelope, in every spelling seen (FACTS 2.4, 7.5)."""

import json
from base64 import b64encode, urlsafe_b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.ids import LARGEST_HISTORY_ID, HistoryId
from shared.edge.triggers.push_envelope import Malformed, Notification, read_envelope

ADDRESS = "ada>>>???@example.com"
"""Its base64 differs between the two alphabets."""


def envelope(data: Any, **message: Any) -> bytes:
    return json.dumps(
        {
            "message": {"data": data, "messageId": "m-1", "publishTime": "2026-10-01T00:00:00Z"}
            | message,
            "subscription": "projects/demo/subscriptions/gmail",
        }
    ).encode()


def notified(history_id: Any, address: Any = ADDRESS) -> bytes:
    return json.dumps({"emailAddress": address, "historyId": history_id}).encode()


@pytest.mark.parametrize("history_id", [1710, "1710"])
@pytest.mark.parametrize("encode", [b64encode, urlsafe_b64encode])
@pytest.mark.parametrize("padded", [True, False])
def test_both_alphabets_with_and_without_padding_and_both_kinds_of_number_are_read(
    history_id: Any, encode: Any, padded: bool
) -> None:
    data = encode(notified(history_id)).decode()
    found = read_envelope(envelope(data if padded else data.rstrip("=")))
    assert found == Notification(ADDRESS, HistoryId(1710), "m-1")


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "not_an_envelope"),
        (b"{", "not_an_envelope"),
        (b"[]", "not_an_envelope"),
        (b'{"message": "text"}', "not_an_envelope"),
        (envelope(None), "data_unreadable"),
        (envelope("%%%"), "data_unreadable"),
        (envelope("A"), "data_unreadable"),
        (envelope(b64encode(b"not json").decode()), "data_unreadable"),
        (envelope(b64encode(b"[1]").decode()), "data_unreadable"),
        (envelope(b64encode(notified(1, address=None)).decode()), "no_address"),
        (envelope(b64encode(notified(1, address="nobody")).decode()), "no_address"),
        (envelope(b64encode(notified(None)).decode()), "no_history_id"),
        (envelope(b64encode(notified(history_id=True)).decode()), "no_history_id"),
        (envelope(b64encode(notified("12x")).decode()), "no_history_id"),
        (envelope(b64encode(notified(-5)).decode()), "no_history_id"),
        (envelope(b64encode(notified(2**64)).decode()), "no_history_id"),
        (envelope(b64encode(notified("9" * 400)).decode()), "no_history_id"),
    ],
)
def test_a_malformed_envelope_is_an_outcome_with_a_reason(raw: bytes, reason: str) -> None:
    found = read_envelope(raw)
    assert isinstance(found, Malformed)
    assert found.reason == reason


@given(st.binary() | st.text().map(envelope))
def test_nothing_that_is_sent_makes_it_raise(raw: bytes) -> None:
    assert isinstance(read_envelope(raw), Malformed | Notification)


@given(st.integers(1, 2**64 - 1), st.booleans())
def test_every_history_id_survives_as_one_that_a_store_can_hold(
    history_id: int, as_text: bool
) -> None:
    given_id = str(history_id) if as_text else history_id
    found = read_envelope(envelope(b64encode(notified(given_id)).decode()))
    assert isinstance(found, Notification)
    assert found.history_id == min(history_id, LARGEST_HISTORY_ID)
