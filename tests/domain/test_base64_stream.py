"""The bytes inside a JSON answer, whatever pieces it arrives in."""

from base64 import urlsafe_b64encode
from itertools import pairwise

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.mail.reading.base64_stream import Base64Field


def read(answer: bytes, cuts: list[int]) -> bytes:
    field, found = Base64Field(), b""
    places = sorted({0, len(answer), *(cut % (len(answer) + 1) for cut in cuts)})
    for start, end in pairwise(places):
        found += field.feed(answer[start:end])
    field.finish()
    return found


@given(
    st.binary(max_size=300),
    st.lists(st.integers(0, 2_000), max_size=12),
    st.booleans(),
    st.sampled_from(
        [b'{"data":"%b"}', b'{ "data" : "%b",\n "size": 7 }', b'{"size":1,"data":"%b"}']
    ),
    st.sampled_from(["=", "\\u003d", "\\u003D", ""]),
)
def test_any_bytes_come_through_any_pieces(
    content: bytes, cuts: list[int], standard: bool, shape: bytes, padding: str
) -> None:
    text = urlsafe_b64encode(content).decode()
    if standard:
        text = text.replace("-", "+").replace("_", "\\/")
    answer = shape % text.replace("=", padding).encode()
    assert read(answer, cuts) == content


def test_an_empty_attachment_may_be_left_out() -> None:
    assert read(b"{}", [1]) == b""
    assert read(b'{"data":""}', [4]) == b""


@pytest.mark.parametrize(
    "answer", [b"", b'{"data":"QUJD', b'{"error":{}}', b'{"data"', b"<html>", b"x" * 70_000]
)
def test_what_is_cut_off_or_something_else_is_noticed(answer: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  whichever part of it is wrong
        read(answer, [])


def test_text_that_is_no_base64_is_noticed() -> None:
    with pytest.raises(ValueError):  # noqa: PT011  binascii says it in its own words
        read(orjson.dumps({"data": "A"}), [])
