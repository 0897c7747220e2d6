"""Header values as the real world writes them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.mail.reading.mail_headers import (
    decode_words,
    read_date,
    read_message_ids,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("plain", "plain"),
        ("=?utf-8?Q?=C3?= =?utf-8?Q?=BC?=", "ü"),
        ("=?utf-8?B?R3LDvMOf?=\r\n =?utf-8?B?ZQ==?= Anna", "Grüße Anna"),
        ("a =?iso-8859-1?q?caf=E9?= b", "a café b"),
        ("=?utf-8?q?a?= =?iso-8859-1?q?=E9?=", "aé"),
        ("=?utf-8*en?q?hello?=", "hello"),
        ("=?unknown-8bit?q?caf=E9?=", "café"),
        ("=?hex?q?6162?=", "6162"),
        ("=?zlib?b?AAAA?=", "\0\0\0"),
        ("=?gb2312?B?1tDOxA==?=", "中文"),
        ("=?ks_c_5601-1987?B?x9GxuQ==?=", "한국"),
        ("=?utf-8?B?w4RuZGVydW5n", "=?utf-8?B?w4RuZGVydW5n"),
        ("=?utf-8?Q?R=E9union du matin?=", "Réunion du matin"),
        ("=?utf-8?B?!!!?=", ""),
        ("=?utf-8?B?YQ=?=", "a"),
        ("=?punycode?q?bcher-kva?=", "bcher-kva"),
        ("=?Unicode-Escape?q?=5Cx41?=", "\\x41"),
    ],
)
def test_encoded_words_are_decoded_as_far_as_they_go(value: str, expected: str) -> None:
    assert decode_words(value) == expected


def test_references_keep_their_order_and_brackets() -> None:
    assert read_message_ids("<a@x>\r\n <b@y>,<c@z>") == ["<a@x>", "<b@y>", "<c@z>"]
    assert read_message_ids("a@x b@y") == ["a@x", "b@y"]
    assert read_message_ids("") == []


@pytest.mark.parametrize("value", ["<a\r\n b@x>", "a\x07@x", "a@\ud800", "\u202ea@x <", "<>"])
def test_references_hold_no_half_of_an_id_and_nothing_unseen(value: str) -> None:
    assert read_message_ids(value) == []


def test_dates_become_utc() -> None:
    expected = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    assert read_date("Fri, 20 Nov 2026 10:30:00 +0100") == expected
    assert read_date("20 Nov 2026 09:30:00 -0000 (nowhere)") == expected
    assert read_date("Fri, 20 Nov 126 10:30:00 +0100") == expected
    assert read_date("20-Nov-126 09:30:00 GMT") == expected


@pytest.mark.parametrize(
    "value",
    ["", "yesterday", "Thu, 32 Foo 1902 25:61:00 +9999", "31 Dec 9999 23:59:59 -2359", "\0"],
)
def test_a_date_that_does_not_read_is_none(value: str) -> None:
    assert read_date(value) is None


AWKWARD = st.text(alphabet='ab@<>(),;:"\\ =?utf-8QBq_\0\r\n\ud800é.', max_size=80)


@given(AWKWARD | st.text(max_size=60))
@settings(deadline=None)
def test_no_text_is_too_broken_to_read(value: str) -> None:
    assert isinstance(decode_words(value), str)
    assert isinstance(read_message_ids(value), list)
    read_date(value)


@pytest.mark.parametrize(
    "piece", ['"\\', '"', "<", "(", "=?", "a", "=?a?b?", " ", "a@", ",", '"a" ', "a,", "a ", ":"]
)
def test_a_hostile_header_costs_time_in_proportion(piece: str) -> None:
    """Quadratic reading would hold this test for minutes: the suite's time limit is the judge."""
    value = piece * 100_000
    decode_words(value)
    read_message_ids(value)
