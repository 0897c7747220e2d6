"""Bodies, subjects and file names in the charsets of the world, as mailers name them."""

from base64 import b64encode
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote

from tests.corpus.mail import File, Mail, letter, multipart, part

_CYRILLIC, _GREEK, _POLISH, _TURKISH = "Привет, мир", "Καλημέρα κόσμε", "zażółć łódź", "İyi günler"
_FRENCH, _HEBREW, _ARABIC, _THAI = "déjà vu à Noël", "שלום עולם", "مرحبا بالعالم", "สวัสดีชาวโลก"
_JAPANESE, _TRADITIONAL, _SIMPLIFIED, _KOREAN = (
    "日本語のメール",
    "繁體中文郵件",
    "简体中文邮件",
    "안녕하세요 여러분",
)

_TEXTS: Final = (
    ("utf-8", "grüße Привет 日本 😀", "utf-8 UTF8 cp65001 unicode-1-1-utf-8"),
    ("cp1252", f"“{_FRENCH}” €", "windows-1252 iso-8859-1 latin1 cp-1252 ansi"),
    ("iso8859_15", f"{_FRENCH} €", "iso-8859-15"),
    ("cp1250", _POLISH, "windows-1250 cp1250 x-cp1250"),
    ("iso8859_2", _POLISH, "iso-8859-2 iso8859_2 latin2"),
    ("cp1251", _CYRILLIC, "windows-1251 win-1251 x-cp1251"),
    ("koi8_r", _CYRILLIC, "koi8-r KOI8-R"),
    ("koi8_u", "Привіт, світе", "koi8-u koi8-ru"),
    ("iso8859_5", _CYRILLIC, "iso-8859-5"),
    ("cp866", _CYRILLIC, "ibm866"),
    ("mac_cyrillic", _CYRILLIC, "x-mac-cyrillic x-mac-ukrainian"),
    ("cp1253", _GREEK, "windows-1253"),
    ("iso8859_7", _GREEK, "iso-8859-7"),
    ("mac_greek", _GREEK, "x-mac-greek"),
    ("cp1254", _TURKISH, "windows-1254 iso-8859-9"),
    ("mac_turkish", _TURKISH, "x-mac-turkish"),
    ("mac_roman", _FRENCH, "macintosh x-mac-roman"),
    ("mac_latin2", _POLISH, "x-mac-ce x-mac-centraleurroman"),
    ("cp1255", _HEBREW, "windows-1255"),
    ("iso8859_8", _HEBREW, "iso-8859-8 iso-8859-8-i iso-8859-8-e"),
    ("cp1256", _ARABIC, "windows-1256"),
    ("iso8859_6", _ARABIC, "iso-8859-6"),
    ("cp1257", "ąžuolas", "windows-1257"),
    ("cp1258", "Đông Âu", "windows-1258"),
    ("cp874", _THAI, "windows-874 tis-620 iso-8859-11 x-windows-874"),
    ("iso2022_jp", _JAPANESE, "iso-2022-jp csISO2022JP cp50220"),
    ("euc_jp", _JAPANESE, "euc-jp x-euc-jp"),
    ("cp932", f"{_JAPANESE}①㈱髙", "shift_jis x-sjis windows-31j ms932"),
    ("big5", _TRADITIONAL, "big5 x-big5 cn-big5 cp950"),
    ("big5hkscs", "嘅咗冇", "big5 big5-hkscs"),
    ("gb2312", _SIMPLIFIED, "gb2312 GB_2312-80 euc-cn"),
    ("gb18030", f"{_SIMPLIFIED}镕㐀", "gb18030 gbk x-gbk cp936"),
    ("hz", _SIMPLIFIED, "hz-gb-2312"),
    ("cp949", f"{_KOREAN} 똠방", "euc-kr ks_c_5601-1987 x-windows-949"),
    ("iso2022_kr", _KOREAN, "iso-2022-kr"),
    ("utf-7", "grüße Привет", "utf-7 unicode-1-1-utf-7"),
    ("utf-16", "grüße", "utf-16"),
    ("utf-8", "grüße", "unknown-8bit"),
    ("cp1252", "grüße", "x-unknown"),
    ("utf-8", "grüße", "us-ascii"),
)
"""(Python's codec, text, the names under which mailers claim it)."""

WRITTEN: Final = tuple(
    (name, codec, text) for codec, text, names in _TEXTS for name in names.split()
)

RAW: Final = (
    ("iso-2022-jp", b"\x1b$B-!-j\x1b(B", "①㈱"),
    ("x-euc-jp", b"\xad\xa1\xad\xea", "①㈱"),
    ("koi8-ru", b"\xae\xbe", "ўЎ"),
    ("utf-8", "Привет? ".encode() + b"\xe9" + " Конец.".encode(), "Привет? \ufffd Конец."),
    ("big5", b"\xa3\xe1", "€"),
    ("iso-2022-cn", b"\x1b$)A\x0eVPND\x0f", "中文"),
)
"""Bytes that Python's own codecs would not write."""


def charset_mails() -> Iterator[Mail]:
    """Yield a mail by charset and name: the text as body, subject, person and file name."""
    for name, codec, text in WRITTEN:
        yield _mail(name, text.encode(codec), text)
    for name, data, text in RAW:
        yield _mail(name, data, text)
    for name, codec, text in WRITTEN[::3]:
        yield _bare(name, text.encode(codec), text)


def _mail(charset: str, data: bytes, text: str) -> Mail:
    ending = ".bin".encode("utf-16-le" if charset == "utf-16" else "ascii")
    word = f"=?{charset}?B?{b64encode(data).decode()}?="
    body = part(
        f'Content-Type: text/plain; charset="{charset}"', "Content-Transfer-Encoding: base64",
        body=b64encode(data),
    )  # fmt: skip
    disposition = f"Content-Disposition: attachment; filename*={charset}''{quote(data + ending)}"
    file = part("Content-Type: application/x-thing", disposition, body=b"data")
    raw = letter(
        f"Subject: {word}",
        f"Cc: {word} <cc@shop.example>",
        body=multipart("mixed", "b", body, file),
    )
    return Mail(
        f"charset {charset} {text[:6]}", raw, text, {"cc": [(text, "cc@shop.example")]},
        shown=(text,), files=(File(b"data", f"{text}.bin"),), knows_files=True,
    )  # fmt: skip


def _bare(charset: str, data: bytes, text: str) -> Mail:
    """Return HTML in 8 bits, as older mailers send it."""
    body = part(
        f"Content-type:text/html;charset={charset}", "Content-Transfer-Encoding: 8bit",
        body=data if charset == "utf-16" else b"".join((data, b"\r\n")),
    )  # fmt: skip
    return Mail(f"bare {charset} {text[:6]}", letter(body=body), "s", shown=(text,))
