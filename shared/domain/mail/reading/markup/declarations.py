"""What a style says: the properties that can hide text, of two the one that counts."""

import re
from collections.abc import Mapping
from typing import Final

from shared.domain.mail.reading.markup.colors import is_color

LONGEST_VALUE: Final = 200
"""Characters kept of a value: a rule may have thousands of selectors, and each takes it."""
IMPORTANT: Final = "!important"
COLORS: Final = frozenset(("color", "-webkit-text-fill-color", "background", "background-color"))
READ: Final = COLORS | frozenset(
    (
        *("display", "visibility", "content-visibility", "mso-hide", "opacity", "font"),
        *("font-size", "letter-spacing", "background-image", "overflow", "overflow-x"),
        *("overflow-y", "height", "max-height", "width", "max-width", "block-size"),
        *("max-block-size", "inline-size", "max-inline-size", "text-indent", "left", "top"),
        *("right", "bottom", "inset", "inset-inline-start", "margin", "margin-left"),
        *("margin-top", "margin-inline-start", "transform", "-webkit-transform", "translate"),
        *("scale", "zoom", "clip", "clip-path", "-webkit-clip-path", "filter"),
    )
)
"""Properties that can hide text; others are passed over."""
_DISPLAY: Final = re.compile(
    r"(?:none|block|flow|flow-root|inline|inline-\w+|flex|grid|table|table-[a-z-]+|list-item"
    r"|contents|ruby|run-in|-webkit-(?:inline-)?(?:box|flex)|inherit|initial|unset|revert)(?![\w-])"
)
_SIZE: Final = re.compile(r"[+.\d]|[a-z-]+(?:\(|$|\s*!)")
COMMENT: Final = re.compile(r"/\*(?:[^*]++|\*(?!/))*+(?:\*/|\Z)|<!--|-->")
_ESCAPE: Final = re.compile(r"\\(?:([0-9a-f]{1,6})\s?|([^\n\r\f0-9a-f]))", re.IGNORECASE)
Styles = Mapping[str, str]


def declarations(text: str) -> dict[str, str]:
    """Return the properties of READ that are set, in lower case; of two the one that counts."""
    found: dict[str, str] = {}
    for one in plain_css(text).replace("! important", IMPORTANT).split(";"):
        name, colon, value = one.partition(":")
        if colon and (name := name.strip()) in READ and (value := value.strip()):
            short = _shorten(value)
            if _is_understood(name, short):
                merge(found, {name: short})
    return found


def merge(into: dict[str, str], styles: Styles) -> None:
    """Add styles to those before; of two the later counts, unless the earlier is `!important`."""
    for name, value in styles.items():
        if IMPORTANT in value or IMPORTANT not in into.get(name, ""):
            into.pop(name, None)
            into[name] = value


def plain_css(text: str) -> str:
    """Return CSS in lower case, without comments, its escaped characters as themselves."""
    return _ESCAPE.sub(_character, COMMENT.sub("", text)).lower()


def _is_understood(name: str, value: str) -> bool:
    """Whether programs heed the value; one that they do not leaves the one before it."""
    if name == "display":
        return _DISPLAY.match(value) is not None
    if name in {"color", "background-color", "-webkit-text-fill-color"}:
        return is_color(value)
    if name in {"font-size", "opacity"}:
        return _SIZE.match(value) is not None
    return True


def _shorten(value: str) -> str:
    if len(value) <= LONGEST_VALUE:
        return value
    return f"{value[:LONGEST_VALUE]}{IMPORTANT if IMPORTANT in value[LONGEST_VALUE:] else ''}"


def _character(found: re.Match[str]) -> str:
    if found[1] is None:
        return found[2]
    number = int(found[1], 16)
    return chr(number) if 0 < number < 0x110000 else "\ufffd"  # noqa: PLR2004  Unicode's end
