"""Header values of mail as the real world writes them: encoded words, ids, dates.

Everything here takes any text, in time linear in its length, and never raises.
"""

import binascii
import re
from codecs import iterdecode
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from encodings import normalize_encoding
from encodings.aliases import aliases
from typing import Final

MARKER_HEADER: Final = "X-Postroom-Send"
_WORD: Final = re.compile(r"=\?([^?\s]{1,75})\?([bBqQ])\?([^?]*)\?=")
_MESSAGE_ID: Final = re.compile(r"<[^<>\s]+>")

CHARSETS: Final = {
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "x-sjis": "cp932",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "iso-8859-8-i": "iso-8859-8",
    "us-ascii": "utf-8",
    "ascii": "utf-8",
    "unicode-1-1-utf-7": "utf-7",
}
"""What mailers call a charset, and what they mean by it."""
_READABLE: Final = frozenset(
    {*aliases, *aliases.values(), "cp720", "cp737", "cp856", "cp874", "cp1006", "koi8_u", "koi8_t"}
)
"""Python's codecs that are charsets. Others are never looked up: each unknown name would cost a
search of the disk and stay in memory, and punycode takes quadratic time."""
_LONGEST_CHARSET: Final = 75
MAX_DATE: Final = 200
"""Characters; the reader of the standard library takes more than linear time."""
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
"""What UTF-7 may say and nothing can write."""
_AT_ONCE: Final = 1_000_000


def decode_text(data: bytes, charset: str) -> str:
    """Decode as the charset claims, else as UTF-8, else as Windows-1252."""
    name = charset.strip(" \t\"';").lower()[:_LONGEST_CHARSET]
    name = CHARSETS.get(name, name)
    known = normalize_encoding(name) in _READABLE
    for candidate in (name, "utf-8") if known else ("utf-8",):
        try:
            text = _decoded(data, candidate)
        except (LookupError, ValueError):  # bytes.decode knows no charset that is not text
            continue
        return _SURROGATE.sub("\ufffd", text) if "7" in candidate else text
    return data.decode("cp1252", "replace")


def _decoded(data: bytes, charset: str) -> str:
    """Decode in pieces, between which other threads run. Raises LookupError, ValueError."""
    if len(data) <= _AT_ONCE:
        return data.decode(charset)
    b"".decode(charset)  # refuses a codec that is not text
    pieces = (data[start : start + _AT_ONCE] for start in range(0, len(data), _AT_ONCE))
    return "".join(iterdecode(pieces, charset))


def decode_words(value: str) -> str:
    """Decode RFC 2047 encoded words, also where they touch other text.

    Neighbours in one charset are joined before decoding: mailers cut characters in two.
    """
    if "=?" not in value:
        return value
    text: list[str] = []
    held: list[bytes] = []
    held_charset, end = "", 0
    for word in _WORD.finditer(value):
        between = value[end : word.start()]
        charset = word[1].partition("*")[0].lower()  # RFC 2231 puts a language behind it
        neighbour = end > 0 and not between.strip()
        if not (neighbour and charset == held_charset):
            text.append(decode_text(b"".join(held), held_charset))
            held.clear()
        if not neighbour:
            text.append(between)
        held.append(_word_bytes(word[2], word[3]))
        held_charset, end = charset, word.end()
    return "".join([*text, decode_text(b"".join(held), held_charset), value[end:]])


def _word_bytes(encoding: str, text: str) -> bytes:
    data = text.encode("utf-8", "replace")
    if encoding in "qQ":
        return binascii.a2b_qp(data, header=True)
    try:
        return binascii.a2b_base64(data + b"===")
    except binascii.Error:
        return data


def read_message_ids(value: str) -> list[str]:
    """Return the ids of a References or In-Reply-To header, in order, with their brackets."""
    return _MESSAGE_ID.findall(value) or value.split()


def read_date(value: str) -> datetime | None:
    """Return a Date header in UTC, or None where it does not say a time."""
    try:
        at = parsedate_to_datetime(value[:MAX_DATE])
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError, AttributeError):
        return None
