"""Parameters of Content-Type and Content-Disposition (RFC 2045, 2231), as broken as they come."""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote_to_bytes

from infra.local.google.mail.charsets import decode_charset
from infra.local.google.mail.headers import decode_words

_MAIN: Final = re.compile(r"[^\s;]*")
_PARAM: Final = re.compile(
    r'[;\s]*+([^\s=;]++)(?:\s*+=\s*+("(?:[^"\\]|\\.)*+"|[^;]*+))?', re.DOTALL
)
_SECTION: Final = re.compile(r"([^*]+)(?:\*(\d{1,6}))?(\*)?")

_Section = tuple[int, bool, str]
"""(number, whether percent-encoded, value) of one piece of a continued parameter."""


def read_params(value: str) -> tuple[str, dict[str, str]]:
    """Return (main value in lower case, parameters); the first of each name counts.

    An encoded parameter (`name*=`) is preferred to a plain one beside it. The semicolon before the
    first parameter may be missing.
    """
    text = value.strip()
    main = _MAIN.match(text)
    end = main.end() if main else 0
    plain: dict[str, str] = {}
    sections: dict[str, dict[int, _Section]] = {}
    for name, given in _pairs(text, end):
        found = _SECTION.fullmatch(name.lower())
        if found is None:
            continue
        if found[2] is None and not found[3]:
            plain.setdefault(found[1], decode_words(given))
        else:
            piece = (int(found[2] or 0), bool(found[3]), given)
            sections.setdefault(found[1], {}).setdefault(piece[0], piece)
    extended = {name: _join(sorted(pieces.values())) for name, pieces in sections.items()}
    return text[:end].lower(), {**plain, **extended}


def _pairs(text: str, position: int) -> Iterator[tuple[str, str]]:
    while found := _PARAM.match(text, position):
        if found[2] is not None:
            yield found[1], _unquote(found[2])
        position = found.end()


def _unquote(value: str) -> str:
    value = value.strip()
    if len(value) > 1 and value[0] == value[-1] == '"':
        return re.sub(r"\\(.)", r"\1", value[1:-1], flags=re.DOTALL)
    return value.removeprefix('"')


def _join(sections: list[_Section]) -> str:
    """Join the continuations of RFC 2231; the first names the charset of all."""
    charset, out = "utf-8", []
    for place, (_, encoded, value) in enumerate(sections):
        text = value
        if encoded and place == 0 and text.count("'") > 1:
            charset, _, text = text.split("'", 2)
        raw = text.encode("utf-8", "replace")
        out.append(unquote_to_bytes(raw) if encoded else raw)
    return decode_charset(b"".join(out), charset)
