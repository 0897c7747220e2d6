"""Bytes of mail as text: as their charset claims, else as they can be read.

Everything here takes any bytes, in time linear in their length, and never raises.
"""

import re
from codecs import iterdecode
from collections.abc import Callable, Sequence
from typing import Final

from shared.domain.mail.reading.charset_names import codecs_of
from shared.domain.mail.reading.rewritten_charsets import cn_in_gb18030, euc_in_cp932, jis_in_cp932

_REWRITTEN: Final[dict[str, tuple[Callable[[bytes], bytes], str]]] = {
    "jis_in_cp932": (jis_in_cp932, "cp932"),
    "euc_in_cp932": (euc_in_cp932, "cp932"),
    "cn_in_gb18030": (cn_in_gb18030, "gb18030"),
}
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
"""What UTF-7 may say and nothing can write."""
_KOI8_RU: Final = {0x255D: "\u045e", 0x256C: "\u040e"}
"""Two letters of Belarusian, where RFC 2319 has corners of boxes (WHATWG's KOI8-U)."""
_SIGNS: Final = tuple(bytes((0xA1, low)) for low in (*range(0x40, 0x7F), *range(0xA1, 0xFF)))
_BIG5_SIGNS: Final = {ord(sign.decode("big5hkscs")): sign.decode("cp950") for sign in _SIGNS}
"""Punctuation of Big5 as Taiwan and the WHATWG's Big5 read it; Python's codec has other signs."""
_TABLES: Final = {"koi8_u": _KOI8_RU, "big5hkscs": _BIG5_SIGNS}
_BYTE_ORDER_MARK: Final = "\ufeff"
"""In front of a text it says how to read it, and is none of its characters (RFC 3629, 6)."""
_AT_ONCE: Final = 1_000_000


def decode_text(data: bytes, charset: str) -> str:
    """Decode as the charset claims, else as UTF-8, else as Windows-1252."""
    codecs = codecs_of(charset)
    for codec in dict.fromkeys((*codecs, "utf_8")):
        try:
            return _decode(data, codec)
        except (LookupError, ValueError):
            continue
    return mostly_utf8(data) or _mostly(data, codecs) or data.decode("cp1252", "replace")


def mostly_utf8(data: bytes) -> str | None:
    """Decode UTF-8 in which at most a few bytes are bad, each as U+FFFD; None for other bytes."""
    try:
        return _decode(data, "utf_8")
    except ValueError:
        return _mostly(data, ("utf_8",))


def _mostly(data: bytes, codecs: Sequence[str]) -> str | None:
    """Decode where more can be read beyond ASCII than cannot, judged by the beginning.

    Of several codecs, as that one which loses least.
    """
    found: list[tuple[int, str]] = []
    for codec in codecs:
        try:
            start = _decode(data[:_AT_ONCE], codec, "replace")
        except (LookupError, ValueError):
            continue
        lost = start.count("\ufffd")
        if len(start) - len(start.encode("ascii", "ignore")) > 2 * lost:
            found.append((lost, codec))
    if not found:
        return None
    return _decode(data, min(found, key=lambda one: one[0])[1], "replace")


def _decode(data: bytes, codec: str, errors: str = "strict") -> str:
    """Decode in pieces, between which other threads run. Raises LookupError, ValueError."""
    if codec in _REWRITTEN:
        rewrite, other = _REWRITTEN[codec]
        return _decode(rewrite(data), other, errors)
    if len(data) <= _AT_ONCE:
        text = data.decode(codec, errors)
    else:
        pieces = (data[start : start + _AT_ONCE] for start in range(0, len(data), _AT_ONCE))
        text = "".join(iterdecode(pieces, codec, errors))
    text = text.removeprefix(_BYTE_ORDER_MARK)
    if table := _TABLES.get(codec):
        return text.translate(table)
    return _SURROGATE.sub("\ufffd", text) if codec == "utf_7" else text
