"""Text in any charset mail claims: what senders mean by a name, and what a broken claim leaves.

Own code, and not the product's: what the product would read wrongly must not be hidden by the
emulator reading it wrongly in the same way. The names are those of the WHATWG Encoding Standard,
Microsoft's code page numbers and what mailers were seen to write.
"""

import re
from encodings import normalize_encoding
from encodings.aliases import aliases
from functools import lru_cache
from typing import Final

from infra.local.google.mail import chinese, japanese

_NAMES: Final = {
    "ansi": "cp1252",
    "ansi-x3.4-1968": "utf-8",
    "ascii": "utf-8",
    "big5": "big5hkscs",
    "big5-eten": "big5hkscs",
    "big5-hkscs": "big5hkscs",
    "cn-big5": "big5hkscs",
    "chinese": "gb18030",
    "cn-gb": "gb18030",
    "euc-cn": "gb18030",
    "euc-kr": "cp949",
    "euckr": "cp949",
    "eucpkdfmtjapanese": "euc-jp",
    "gb-2312": "gb18030",
    "gb-2312-80": "gb18030",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "hz-gb-2312": "hz",
    "iso-10646-ucs-2": "utf-16-le",
    "iso-2022-jp-ms": "iso-2022-jp",
    "iso-ir-149": "cp949",
    "iso-ir-58": "gb18030",
    "iso2022cn": "iso-2022-cn",
    "iso2022jp": "iso-2022-jp",
    "iso58gb231280": "gb18030",
    "koi": "koi8-r",
    "koi8": "koi8-r",
    "koi8-ru": "koi8-u",
    "ks-c-5601-1987": "cp949",
    "ks-c-5601-1989": "cp949",
    "ks-c-5601": "cp949",
    "ksc-5601": "cp949",
    "ksc5601": "cp949",
    "ksc56011987": "cp949",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "logical": "iso8859-8",
    "mac": "mac-roman",
    "macintosh": "mac-roman",
    "ms-kanji": "cp932",
    "shift-jis": "cp932",
    "shiftjis": "cp932",
    "sjis": "cp932",
    "sun-eu-greek": "iso8859-7",
    "tis-620": "cp874",
    "tis620": "cp874",
    "ucs-2": "utf-16-le",
    "uhc": "cp949",
    "unicode": "utf-16",
    "unicodefeff": "utf-16-le",
    "unicodefffe": "utf-16-be",
    "unicode-1-1-utf-7": "utf-7",
    "unicode-1-1-utf-8": "utf-8",
    "unicode11utf8": "utf-8",
    "unicode20utf8": "utf-8",
    "us-ascii": "utf-8",
    "utf8": "utf-8",
    "visual": "iso8859-8",
    "windows-31j": "cp932",
    "windows31j": "cp932",
    "x-big5": "big5hkscs",
}
"""Without `x-` or `cs`, in lower case, with hyphens for other separators."""
_CODE_PAGES: Final = {
    **{number: f"iso8859-{number - 28590}" for number in range(28591, 28606)},
    936: "gb18030",
    950: "big5hkscs",
    951: "big5hkscs",
    1361: "johab",
    10000: "mac-roman",
    10006: "mac-greek",
    10007: "mac-cyrillic",
    10029: "mac-latin2",
    10079: "mac-iceland",
    10081: "mac-turkish",
    20127: "utf-8",
    20866: "koi8-r",
    21866: "koi8-u",
    50220: "iso-2022-jp",
    50221: "iso-2022-jp",
    50222: "iso-2022-jp",
    50225: "iso2022-kr",
    50227: "iso-2022-cn",
    51932: "euc-jp",
    51936: "gb18030",
    51949: "cp949",
    52936: "hz",
    54936: "gb18030",
    65000: "utf-7",
    65001: "utf-8",
}
_MAC: Final = {
    "ce": "mac-latin2",
    "centraleurroman": "mac-latin2",
    "chinesesimp": "gb18030",
    "chinesetrad": "big5hkscs",
    "icelandic": "mac-iceland",
    "japanese": "cp932",
    "korean": "cp949",
    "thai": "cp874",
    "ukrainian": "mac-cyrillic",
}
_ISO_8859: Final = {"1": "cp1252", "9": "cp1254", "11": "cp874"}
"""Read as their supersets, as every mailer and browser does."""
_NUMBERED: Final = re.compile(r"(?:windows|win|cp|ms|ibm|dos|oem|ansi)-?(?:cp)?-?(\d{3,5})")
_ISO_NUMBERED: Final = re.compile(r"-?(?:iso)?-?8859-?(\d{1,2})(?:-.*|[ei])?")
_CHARSETS: Final = frozenset(
    {*aliases, *aliases.values(), "cp720", "cp737", "cp856", "cp874", "cp1006", "koi8_u", "koi8_t"}
    | {"mac_arabic", "mac_croatian", "mac_farsi", "mac_romanian"}
)
"""Python's codecs that are charsets: others are not text, or cost more than their input."""
_DECODERS: Final = {**japanese.DECODERS, **chinese.DECODERS}
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_ESCAPE: Final = b"\x1b$"
_HKSCS_AS_MEANT: Final = str.maketrans(
    "\u2022\uff64\u203e\u223c\u2641\u2609", "\u2027\ufe51\u00af\uff5e\u2295\u2299"
)
"""Where Python's table differs from what Taiwan writes with these bytes."""
_KOI8_RU: Final = str.maketrans("\u255d\u256c", "\u045e\u040e")


@lru_cache(maxsize=1024)
def charset_named(claim: str) -> str:
    """Return Python's name of the charset that a mailer calls so, "" for an unknown one."""
    name = re.split(r"[\s;(,]", claim.strip(" \t\"'"), maxsplit=1)[0].lower().strip("\"'")
    name = re.sub(r"[_:]", "-", name[:75])
    for candidate in (name.removeprefix("x-").removeprefix("cs"), name):
        if found := _codec_name(candidate):
            return found
    return ""


def _codec_name(name: str) -> str:
    if name in _NAMES:
        return _NAMES[name]
    if name.startswith("mac-"):
        name = _MAC.get(name[4:], name)
    elif numbered := _NUMBERED.fullmatch(name):
        name = _CODE_PAGES.get(int(numbered[1]), f"cp{numbered[1]}")
    elif iso := _ISO_NUMBERED.fullmatch(name):
        name = _ISO_8859.get(iso[1], f"iso8859-{iso[1]}")
    special = name in _DECODERS
    return name if special or normalize_encoding(name) in _CHARSETS else ""


def decode_charset(data: bytes, claim: str | None) -> str:
    """Decode as claimed; what is no such text is UTF-8 where it can be.

    A few bad bytes become U+FFFD and spoil nothing else; without any claim that fits, text is
    UTF-8, escape sequences of Japan's mail, or Windows-1252.
    """
    if not claim and data.isascii() and _ESCAPE not in data:
        return data.decode("ascii")  # nearly every header
    name = charset_named(claim or "utf-8") or "utf-8"
    tries = [(name, "strict"), ("utf-8", "strict"), (name, "replace")]
    for candidate, errors in tries if name != "utf-8" else tries[:1]:
        try:
            return _decode(data, candidate, errors, claim or "")
        except (LookupError, ValueError):  # Python has codecs that are no charsets
            continue
    return _guess(data)


def _guess(data: bytes) -> str:
    """Return UTF-8 with U+FFFD where more of it reads than does not, else Windows-1252."""
    text = data.decode("utf-8", "replace")
    wrong = text.count("\ufffd")
    right = len(text) - wrong - len(text.encode("ascii", "ignore"))
    return text if right >= wrong else data.decode("cp1252", "replace")


def _decode(data: bytes, charset: str, errors: str, claim: str) -> str:
    """Decode. Raises LookupError, ValueError."""
    if charset in _DECODERS:
        return _DECODERS[charset](data, errors)
    if charset == "utf-8" and _ESCAPE in data and data.isascii():
        return _DECODERS["iso-2022-jp"](data, errors)
    if charset == "big5hkscs":
        return _big5(data, errors)
    text = data.decode(charset, errors)
    if charset == "koi8-u" and claim.lower().strip("\"' ") == "koi8-ru":
        return text.translate(_KOI8_RU)
    return _SURROGATE.sub("\ufffd", text) if charset == "utf-7" else text


def _big5(data: bytes, errors: str) -> str:
    try:
        return data.decode("big5hkscs").translate(_HKSCS_AS_MEANT)
    except ValueError:  # the euro, among others
        try:
            return data.decode("cp950")
        except ValueError:
            return data.decode("big5hkscs", errors).translate(_HKSCS_AS_MEANT)
