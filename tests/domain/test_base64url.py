"""Base64 of Gmail is read as far as it goes, that of a caller whole or not at all."""

import pytest

from shared.domain.base64url import decode_base64url, decode_given_base64


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("", b""),
        ("QQ", b"A"),
        ("QQ==", b"A"),
        ("QUI", b"AB"),
        ("QU\r\nJD\n", b"ABC"),
        ("-_-_", b"\xfb\xff\xbf"),
        ("+/+/", b"\xfb\xff\xbf"),
    ],
)
def test_either_alphabet_is_read_with_padding_or_without(given: str, said: bytes) -> None:
    assert decode_given_base64(given) == decode_base64url(given) == said


@pytest.mark.parametrize("given", ["Q", "Q Q=", "QQ!", "QQ==QQ==", "Q=Q=", "\u00fc", "a:b", "===="])
def test_what_a_caller_gives_is_never_read_in_part(given: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode_given_base64(given)
