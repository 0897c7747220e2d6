"""Every charset that mail claims is read as its senders mean it."""

import pytest

from infra.local.google.mail.charsets import decode_charset
from infra.local.google.mail.headers import decode_words, read_headers
from infra.local.google.mail.mime import read_part

RUSSIAN, GREEK, THAI = "Привет, мир", "Καλημέρα", "สวัสดี"
CHINESE, KOREAN, HEBREW = "約翰‧史密斯", "똠방각하 안녕", "שלום"
NEC = "①㈱Ⅲ℡髙﨑"
"""What Japan's business mail holds beside JIS X 0208."""


def iso_2022_jp(text: str) -> bytes:
    """Return text as Outlook writes ISO-2022-JP: with the rows that vendors added."""
    pairs = bytearray()
    for lead, trail in zip(*[iter(text.encode("cp932"))] * 2, strict=True):
        row = (lead - (0x81 if lead < 0xA0 else 0xC1)) * 2 + 0x21
        low = trail - (trail > 0x7F)
        pairs += bytes((row + 1, low - 0x7D) if low >= 0x9E else (row, low - 0x1F))
    return b"\x1b$B" + bytes(pairs) + b"\x1b(B"


def euc_jp(text: str) -> bytes:
    """Return the same as EUC-JP."""
    return bytes(byte | 0x80 for byte in iso_2022_jp(text)[3:-3])


WRITTEN = [
    *((name, b"a\x1b$)A\x0eVP\x0f b\x0eND\nc", "a中 b文\nc") for name in (
        "iso-2022-cn", "ISO-2022-CN-EXT", "csISO2022CN", "cp50227",
    )),
    *((name, iso_2022_jp("日本①㈱Ⅲ℡"), "日本①㈱Ⅲ℡") for name in (
        "iso-2022-jp", "ISO-2022-JP", "csISO2022JP", "iso-2022-jp-ms", "cp50220", "cp50221",
        "us-ascii", "utf-8", "x-never-heard-of",
    )),
    ("iso-2022-jp", b"\x1b(I6E\x1b(B ok", "ｶﾅ ok"),
    ("iso-2022-jp", b"\xb6\xc5 \x1b$B-!\x1b(B", "ｶﾅ ①"),
    ("iso-2022-jp-2", "한".encode("iso2022_jp_2"), "한"),
    ("iso-2022-jp-2004", "俱".encode("iso2022_jp_2004"), "俱"),
    *((name, euc_jp("日本①㈱"), "日本①㈱") for name in ("euc-jp", "x-euc-jp", "cp51932")),
    ("euc-jp", euc_jp("①") + b"\x8e\xb6 ok", "①ｶ ok"),
    *((name, NEC.encode("cp932"), NEC) for name in (
        "shift_jis", "Shift-JIS", "x-sjis", "windows-31j", "csWindows31J", "ms932", "cp932",
        "x-ms-cp932",
    )),
    *((name, THAI.encode("cp874"), THAI) for name in (
        "windows-874", "x-windows-874", "tis-620", "iso-8859-11", "cp874",
    )),
    *((name, RUSSIAN.encode("koi8_u"), RUSSIAN) for name in ("koi8-r", "koi8-u", "koi8-ru")),
    ("koi8-ru", b"\xae\xbe", "ўЎ"),
    *((name, RUSSIAN.encode("cp1251"), RUSSIAN) for name in (
        "windows-1251", "cp1251", "x-cp1251", "cp-1251", "win-1251", "ansi-1251",
        "windows-1251 (Cyrillic)",
    )),
    ("big5", "嘅咗".encode("big5hkscs"), "嘅咗"),
    ("big5-hkscs", "嘅咗".encode("big5hkscs"), "嘅咗"),
    *((name, CHINESE.encode("cp950"), CHINESE) for name in ("big5", "x-big5", "cn-big5", "cp950")),
    ("big5", "€ 約".encode("cp950"), "€ 約"),
    *((name, "你好镕".encode("gb18030"), "你好镕") for name in (
        "gb2312", "GB_2312-80", "gbk", "x-gbk", "cp936", "gb18030", "euc-cn",
    )),
    ("hz-gb-2312", "你好".encode("hz"), "你好"),
    *((name, KOREAN.encode("cp949"), KOREAN) for name in (
        "euc-kr", "ks_c_5601-1987", "x-windows-949", "windows-949", "uhc",
    )),
    ("iso-2022-kr", "안녕".encode("iso2022_kr"), "안녕"),
    ("x-mac-japanese", "日本".encode("cp932"), "日本"),
    ("macintosh", "café ™".encode("mac_roman"), "café ™"),
    ("x-mac-roman", "café ™".encode("mac_roman"), "café ™"),
    ("x-mac-cyrillic", RUSSIAN.encode("mac_cyrillic"), RUSSIAN),
    ("x-mac-ukrainian", RUSSIAN.encode("mac_cyrillic"), RUSSIAN),
    ("x-mac-greek", GREEK.encode("mac_greek"), GREEK),
    ("x-mac-turkish", "ığş".encode("mac_turkish"), "ığş"),
    ("x-mac-ce", "łódź".encode("mac_latin2"), "łódź"),
    ("x-mac-centraleurroman", "łódź".encode("mac_latin2"), "łódź"),
    ("x-mac-croatian", "šđ".encode("mac_croatian"), "šđ"),
    ("x-mac-icelandic", "þð".encode("mac_iceland"), "þð"),
    ("utf-7", b"+BB8-", "П"),
    ("unicode-1-1-utf-7", b"+AOk-", "é"),
    ("utf-7", b"+2AA-x", "\ufffdx"),
    ("utf-16", "é".encode("utf-16"), "é"),
    ("utf-16le", "é".encode("utf-16-le"), "é"),
    ("iso-8859-8-i", HEBREW.encode("iso8859_8"), HEBREW),
    ("iso8859_2", "łódź".encode("iso8859_2"), "łódź"),
    ("_iso-8859-1", b"caf\xe9", "café"),
    ("latin-1", b"caf\xe9", "café"),
    ("iso-8859-1", b"\x80 \x93hi\x94", "€ “hi”"),
    ("iso-8859-9", "ığş".encode("cp1254"), "ığş"),
    ("cp-850", "é".encode("cp850"), "é"),
    ("ibm437", "é".encode("cp437"), "é"),
    ("ansi", b"caf\xe9", "café"),
    ("rot13", b"abc", "abc"),
    ("punycode", b"caf\xe9", "café"),
    ("unknown-8bit", "é".encode(), "é"),
    ("unknown-8bit", b"caf\xe9", "café"),
    ("", "é".encode(), "é"),
]  # fmt: skip


@pytest.mark.parametrize(("charset", "data", "text"), WRITTEN, ids=str)
def test_a_body_is_read_in_the_charset_its_sender_meant(charset: str, data: bytes, text: str):
    head = f'Content-Type: text/plain; charset="{charset}"\r\n\r\n'.encode()
    assert read_part(head + data).text() == text


@pytest.mark.parametrize(
    ("charset", "data", "text"),
    [
        ("utf-8", "Привет? ".encode() + b"\xe9" + " Конец.".encode(), "Привет? \ufffd Конец."),
        ("utf-8", "日本".encode()[:-1], "日\ufffd"),
        ("shift_jis", "日本".encode("cp932") + b"\x81", "日本\ufffd"),
        ("gb2312", "你好".encode("gb18030") + b"\xff ok", "你好\ufffd ok"),
        ("iso-2022-jp", b"\x1b$BF|K\\\x1b(B \xff\xfd", "日本 \uf8f3\uf8f1"),
        ("windows-1251", "мир".encode("cp1251") + b"\x98", "мир\ufffd"),
    ],
    ids=str,
)
def test_a_bad_byte_spoils_itself_alone(charset: str, data: bytes, text: str):
    assert decode_charset(data, charset) == text


def test_a_bad_byte_in_one_header_spoils_no_other():
    head = "Subject: größer\r\nX-Old: ".encode() + b"caf\xe9\r\nTo: " + "Zoë <z@x.example>".encode()
    assert read_headers(head) == [
        ("Subject", "größer"),
        ("X-Old", "café"),
        ("To", "Zoë <z@x.example>"),
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("=?iso-2022-jp?B?GyRCLSEbKEI=?=", "①"),
        ("=?windows-31j?B?h0A=?=", "①"),
        ("=?koi8-ru?Q?=AE?=", "ў"),
        ("=?utf-8?Q?=3D=3Futf-8=3FQ=3Fx=3F=3D?=", "=?utf-8?Q?x?="),
    ],
)
def test_words_are_decoded_as_meant_and_once(value: str, text: str):
    assert decode_words(value) == text
