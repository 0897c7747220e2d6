"""Charsets by the names that mailers give them, as the codecs that read them.

The names are Python's aliases, the labels of the WHATWG Encoding Standard, Microsoft's code page
numbers and Apple's scripts, compared by their letters and digits alone. Each stands for the codecs
that its bytes are tried with: what mailers call GB2312 or Shift_JIS holds what vendors added.
"""

import re
from collections.abc import Iterator
from encodings.aliases import aliases
from functools import lru_cache
from typing import Final

_LONGEST: Final = 75
_NO_CHARSETS: Final = frozenset(
    {"base64_codec", "bz2_codec", "hex_codec", "mbcs", "quopri_codec", "rot_13", "uu_codec"}
    | {"zlib_codec"}
)
_WITHOUT_ALIAS: Final = (
    *("cp720", "cp737", "cp856", "cp874", "cp1006", "koi8_u", "koi8_t"),
    *("mac_arabic", "mac_croatian", "mac_farsi", "mac_romanian"),
)
_JAPANESE: Final = ("iso2022_jp_ext", "iso2022_jp_2", "jis_in_cp932")
_MEANT: Final[dict[str, tuple[str, ...]]] = {
    "ascii": ("utf_8",),
    "latin_1": ("cp1252",),
    "iso8859_9": ("cp1254",),
    "iso8859_11": ("cp874",),
    "tis_620": ("cp874",),
    "gb2312": ("gb18030",),
    "gbk": ("gb18030",),
    "big5": ("big5hkscs", "cp950"),
    "cp950": ("big5hkscs", "cp950"),
    "big5hkscs": ("big5hkscs", "cp950"),
    "euc_kr": ("cp949",),
    "shift_jis": ("cp932", "shift_jisx0213"),
    "cp932": ("cp932", "shift_jisx0213"),
    "euc_jp": ("euc_jp", "euc_in_cp932"),
    "iso2022_jp": _JAPANESE,
    "iso2022_jp_ext": _JAPANESE,
    "iso2022_jp_2": _JAPANESE,
}
"""What a codec's name stands for in mail where that codec does not read it all.

`jis_in_cp932` and its like are no codecs of Python's but of `rewritten_charsets`.
"""
_OTHER_NAMES: Final = {
    "ansi": "cp1252",
    "ansix341968": "ascii",
    "big5eten": "big5",
    "chinese": "gb2312",
    "cnbig5": "big5",
    "cngb": "gb2312",
    "dos": "cp437",
    "eucpkdfmtjapanese": "euc_jp",
    "iso10646ucs2": "utf_16_le",
    "iso2022cn": "cn_in_gb18030",
    "iso2022cnext": "cn_in_gb18030",
    "iso2022jpms": "iso2022_jp",
    "isolatin9": "iso8859_15",
    "isoir149": "euc_kr",
    "isoir58": "gb2312",
    "koi": "koi8_r",
    "koi8": "koi8_r",
    "koi8ru": "koi8_u",
    "ksc5601": "euc_kr",
    "ksc56011989": "euc_kr",
    "logical": "iso8859_8",
    "sunengxcharset": "ascii",
    "ucs2": "utf_16_le",
    "uhc": "cp949",
    "suneugreek": "iso8859_7",
    "unicode": "utf_16_le",
    "unicode11utf7": "utf_7",
    "unicode11utf8": "utf_8",
    "unicode20utf8": "utf_8",
    "unicodefeff": "utf_16_le",
    "unicodefffe": "utf_16_be",
    "visual": "iso8859_8",
    "windows31j": "cp932",
}
_PAGES: Final = {
    **{28590 + part: f"iso8859_{part}" for part in (*range(2, 12), *range(13, 17))},
    28591: "latin_1",
    28598: "iso8859_8",
    38598: "iso8859_8",
    874: "cp874",
    932: "cp932",
    936: "gbk",
    943: "cp932",
    949: "cp949",
    950: "cp950",
    951: "big5hkscs",
    1200: "utf_16_le",
    1201: "utf_16_be",
    1361: "johab",
    20127: "ascii",
    10000: "mac_roman",
    10001: "shift_jis",
    10002: "big5",
    10003: "euc_kr",
    10004: "mac_arabic",
    10006: "mac_greek",
    10007: "mac_cyrillic",
    10008: "gb2312",
    10010: "mac_romanian",
    10017: "mac_cyrillic",
    10021: "cp874",
    10029: "mac_latin2",
    10079: "mac_iceland",
    10081: "mac_turkish",
    10082: "mac_croatian",
    20866: "koi8_r",
    20932: "euc_jp",
    20936: "gb2312",
    20949: "euc_kr",
    21866: "koi8_u",
    50220: "iso2022_jp",
    50221: "iso2022_jp",
    50222: "iso2022_jp",
    50225: "iso2022_kr",
    50227: "cn_in_gb18030",
    51932: "euc_jp",
    51936: "gb2312",
    51949: "euc_kr",
    52936: "hz",
    54936: "gb18030",
    65000: "utf_7",
    65001: "utf_8",
}
"""Of Windows; other numbers are IBM's, as Python has them."""
_MACS: Final = {
    "": "mac_roman",
    "ce": "mac_latin2",
    "centraleurroman": "mac_latin2",
    "chinesesimp": "gb2312",
    "chinesetrad": "big5",
    "icelandic": "mac_iceland",
    "japanese": "shift_jis",
    "korean": "euc_kr",
    "thai": "cp874",
    "ukrainian": "mac_cyrillic",
}
_PAGE: Final = re.compile(r"(?:windows|win|cp|ccsid|ms|ibm|dos|oem|ansi)(?:cp)?(\d{3,5})")
_ISO: Final = re.compile(r"(?:iso)?8859(\d\d??)(?:\d{4}|[ei])?")
_KEY: Final = re.compile("[^a-z0-9]")


def _key(name: str) -> str:
    return _KEY.sub("", name.lower())


_PYTHONS: Final = {
    **{_key(name): name for name in (*_WITHOUT_ALIAS, *aliases.values())},
    **{_key(name): codec for name, codec in aliases.items()},
}


def codecs_of(claim: str) -> tuple[str, ...]:
    """Return the codecs to try, the likeliest first, () for no charset that is known.

    Python's are never asked for an unknown one, which would cost a search of the disk and stay in
    memory; punycode would take quadratic time.
    """
    return _codecs_named(claim.strip(" \t\"'").partition(";")[0][:_LONGEST])


@lru_cache(maxsize=512)
def _codecs_named(name: str) -> tuple[str, ...]:
    found = next(filter(None, map(_codec, _readings(_key(name)))), None)
    return _MEANT.get(found, (found,)) if found else ()


def _readings(key: str) -> Iterator[str]:
    """Yield the key, and without what marks it as a vendor's (`x-`) or an alias (`cs`)."""
    yield key
    for prefix in ("x", "cs", "xx"):
        if key.startswith(prefix):
            yield key.removeprefix(prefix)


def _codec(key: str) -> str | None:
    if known := _OTHER_NAMES.get(key):
        return known
    if page := _PAGE.fullmatch(key):
        return _PAGES.get(int(page[1])) or _python(f"cp{page[1]}")
    if iso := _ISO.fullmatch(key):
        return _python(f"iso8859{int(iso[1])}")
    if key.startswith("mac"):
        return _MACS.get(key[3:]) or _python(key)
    return _python(key)


def _python(key: str) -> str | None:
    found = _PYTHONS.get(key)
    return None if found in _NO_CHARSETS else found
