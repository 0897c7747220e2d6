"""Charsets by every name that mailers give them, and what a broken claim leaves."""

from codecs import lookup

import pytest

from infra.local.google.mail.charsets import decode_charset
from shared.domain.mail.reading.charset_names import codecs_of
from shared.domain.mail.reading.charset_text import decode_text
from shared.domain.mail.reading.mail_headers import decode_words
from tests.corpus.charset_labels import LABELS
from tests.corpus.charset_mails import RAW, WRITTEN

NO_CHARSETS = ("hex", "zlib", "base64", "rot13", "quopri", "punycode", "idna", "undefined", "mbcs")
SHOWN = "Aéłяλשب日本한ก"


@pytest.mark.parametrize(("name", "codec", "text"), WRITTEN)
def test_a_name_means_what_its_mailers_mean(name: str, codec: str, text: str) -> None:
    assert decode_text(text.encode(codec), name) == text


@pytest.mark.parametrize(("name", "data", "text"), RAW)
def test_bytes_that_vendors_added_are_read(name: str, data: bytes, text: str) -> None:
    assert decode_text(data, name) == text


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("utf-8", "utf-8"),
        ("", "utf-8"),
        ("us-ascii", "utf-8"),
        ("utf-16", "utf-16"),
        ("utf-16le", "utf-16-le"),
        ("utf-16be", "utf-16-be"),
    ],
)
def test_a_byte_order_mark_is_no_character_of_the_text(name: str, codec: str) -> None:
    marked = "" if codec == "utf-16" else "\ufeff"
    assert decode_text(f"{marked}gr\u00fc\u00dfe \ufeff!".encode(codec), name) == "grüße \ufeff!"


@pytest.mark.parametrize("codec", LABELS)
def test_every_label_of_the_web_is_read_as_it_is_there(codec: str) -> None:
    """Hold the product's table and the emulated Google's, which share nothing, to the same list."""
    text = SHOWN.encode(codec, "ignore").decode(codec)
    for label in LABELS[codec].split():
        assert decode_text(text.encode(codec), label) == text, label
        assert decode_charset(text.encode(codec), label) == text, label


@pytest.mark.parametrize("found", LABELS.values(), ids=LABELS)
def test_a_charset_that_is_known_is_one_that_python_has(found: str) -> None:
    for label in found.split():
        assert codecs_of(label), label
        for codec in codecs_of(label):
            assert codec.endswith("_in_cp932") or lookup(codec)


@pytest.mark.parametrize("name", [*NO_CHARSETS, "unicode_escape", "raw-unicode-escape", "", "x-"])
def test_a_codec_that_is_no_charset_is_never_asked(name: str) -> None:
    assert codecs_of(name) == ()


@pytest.mark.parametrize(
    ("data", "name", "expected"),
    [
        (b"\x1b$B-!|b\x1b(B ok", "iso-2022-jp", "①髙 ok"),
        (b"\x1b$B-!\x1b(I12\x1b(B\nA", "iso-2022-jp", "①ｱｲ\nA"),
        (b"\x1b$BF|\x1b$(D0!\x1b(B", "iso-2022-jp", "日丂"),
        (b"a\x1b$)A\x0eVPND\x0f b\nc", "iso-2022-cn", "a中文 b\nc"),
        (b"\x1b$)A\x0eVP\nok \x0e\x1b$)AND", "x-iso-2022-cn-ext", "中\nok 文"),
        (b"\x1b$)G\x0eDV\x0f", "iso-2022-cn", "\x1b$)G\x0eDV\x0f"),
        (b"\xad\xa1 \x8e\xb1", "euc-jp", "① ｱ"),
        ("日本".encode("euc-jp") + b"\x8f\xb0\xa1", "euc-jp", "日本丂"),
        ("①㈱髙".encode("cp932") + b"\x87", "shift_jis", "①㈱髙\ufffd"),
        ("繁體‧⊕".encode("cp950") + "嘅".encode("big5hkscs"), "big5", "繁體‧⊕嘅"),
        (b"+2AA-", "utf-7", "\ufffd"),
    ],
)
def test_odd_text_is_read_as_far_as_it_goes(data: bytes, name: str, expected: str) -> None:
    assert decode_text(data, name) == expected


def test_an_encoded_word_in_a_business_charset_is_read() -> None:
    assert decode_words("=?iso-2022-jp?B?GyRCLSEtahsoQg==?= <a@b.example>") == "①㈱ <a@b.example>"
    assert decode_words("=?windows-874?Q?=CA=C7=D1=CA=B4=D5?=") == "สวัสดี"


@pytest.mark.parametrize("name", ["iso-2022-jp", "euc-jp", "big5", "koi8-u", "cp50220"])
def test_text_of_any_length_is_read_alike(name: str) -> None:
    data = ("日本 " * 400_000).encode("utf-8" if name == "koi8-u" else codecs_of(name)[0])
    assert decode_text(data, name).endswith("日本 " if name != "koi8-u" else " ")
