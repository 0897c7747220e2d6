"""What of a message people cannot see, kept from those who would read it as if they could.

One pass over the tags with the styles that stand in them; style sheets are not read. Linear time.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from shared.domain.mail.reading.html_text import ATTRIBUTE, RAW_END, TAG, html_to_text
from shared.domain.mail.reply_text.extract import reply_text

Color = tuple[int, int, int]
WHITE: Final[Color] = (255, 255, 255)
BLACK: Final[Color] = (0, 0, 0)
LEAST_CONTRAST: Final = 30
"""Sum of the differences of red, green and blue below which text cannot be read."""
MAX_DEPTH: Final = 500
"""Elements that are tracked inside each other; deeper ones look like what holds them."""
_VOID: Final = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr")
)
_ENDS_ITS_LIKE: Final = frozenset(("p", "li", "td", "th", "tr", "dd", "dt", "option"))
_HIDING: Final = re.compile(
    r"display\s*+:\s*+none|visibility\s*+:\s*+hidden|mso-hide\s*+:\s*+all"
    r"|font-size\s*+:\s*+(?:0++(?![\d.])|0*+(?:\.\d++|1)(?:px|pt))"
    r"|opacity\s*+:\s*+0++(?:\.0\d*+)?+(?![\d.])"
    r"|(?:text-indent|left|top|right|margin-left|margin-top)\s*+:\s*+-\d{3}",
    re.IGNORECASE,
)
_FLAT: Final = re.compile(r"(?:max-)?(?:height|width)\s*+:\s*+(?:0++(?![\d.])|1px)", re.IGNORECASE)
_CUT_OFF: Final = re.compile(r"overflow(?:-[xy])?+\s*+:\s*+hidden", re.IGNORECASE)
_COLOR: Final = re.compile(r"(?:^|;)\s*+color\s*+:\s*+([^;]++)", re.IGNORECASE)
_BACKGROUND: Final = re.compile(
    r"(?:^|;)\s*+background(?:-color|-image)?+\s*+:\s*+([^;]++)", re.IGNORECASE
)
_HEX: Final = re.compile(r"#([0-9a-f]{6}|[0-9a-f]{3})(?![0-9a-f])", re.IGNORECASE)
_RGB: Final = re.compile(r"rgba?\(\s*+(\d{1,3})[\s,]++(\d{1,3})[\s,]++(\d{1,3})", re.IGNORECASE)
_NAMES: Final[Mapping[str, Color]] = {"white": WHITE, "black": BLACK, "snow": (255, 250, 250)}
_SMUGGLED: Final = re.compile("[\U000e0000-\U000e007f]")
"""Tag characters: no font shows them, and every model reads them."""


@dataclass(frozen=True, slots=True)
class _Look:
    """How text looks inside an element; a colour that is not known is None."""

    color: Color | None = BLACK
    background: Color | None = WHITE
    hidden: bool = False

    @property
    def unseen(self) -> bool:
        if self.hidden or self.color is None or self.background is None:
            return self.hidden
        pairs = zip(self.color, self.background, strict=True)
        return sum(abs(one - other) for one, other in pairs) < LEAST_CONTRAST


def without_hidden(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return an EmailMessage whose texts lack what people cannot see.

    It gains `hidden: true` where there is such text, be it in the HTML alone.
    """
    shown, html = dict(message), message.get("html")
    visible, hidden = visible_html(html) if isinstance(html, str) else ("", False)
    if hidden and isinstance(html, str) and html_to_text(html) == message.get("text"):
        shown["text"] = html_to_text(visible)
        shown["replyText"] = reply_text(shown["text"])
    for name in ("text", "replyText", "subject", "snippet"):
        if isinstance(text := shown.get(name), str) and _SMUGGLED.search(text):
            shown[name], hidden = _SMUGGLED.sub("", text), True
    return {**shown, "hidden": True} if hidden else shown


def visible_html(html: str) -> tuple[str, bool]:
    """Return markup without the text that people cannot see, and whether there was any."""
    return _Walk(html).read()


class _Walk:
    """One pass: a stack of open elements, and of how text looks inside each."""

    def __init__(self, html: str) -> None:
        self._html = html
        self._open: list[tuple[str, _Look]] = []
        self._count: dict[str, int] = {}
        self._kept: list[str] = []
        self._hid = False

    def read(self) -> tuple[str, bool]:
        html, place = self._html, 0
        while (tag := TAG.search(html, place)) is not None:
            self._text(html[place : tag.start()])
            self._kept.append(tag[0])
            place = self._after(tag)
        self._text(html[place:])
        return "".join(self._kept), self._hid

    @property
    def _look(self) -> _Look:
        return self._open[-1][1] if self._open else _Look()

    def _text(self, text: str) -> None:
        if text and self._look.unseen and text.strip():
            self._hid = True
        else:
            self._kept.append(text)

    def _after(self, tag: re.Match[str]) -> int:
        if closed := tag["close"]:
            self._close(closed.lower())
        elif opened := tag["open"]:
            return self._begin(opened.lower(), tag)
        return tag.end()

    def _begin(self, name: str, tag: re.Match[str]) -> int:
        if (end := RAW_END.get(name)) is not None:
            found = end.search(self._html, tag.end())
            stop = len(self._html) if found is None else found.start()
            self._kept.append(self._html[tag.end() : stop])
            return stop
        if name in _ENDS_ITS_LIKE and self._open and self._open[-1][0] == name:
            self._close(name)
        if name not in _VOID and len(self._open) < MAX_DEPTH:
            self._open.append((name, _look_of(tag["attributes"], self._look)))
            self._count[name] = self._count.get(name, 0) + 1
        return tag.end()

    def _close(self, name: str) -> None:
        if not self._count.get(name):
            return
        while self._open:
            closed, _ = self._open.pop()
            self._count[closed] -= 1
            if closed == name:
                return


def _look_of(attributes: str, above: _Look) -> _Look:
    """Return how text looks inside an element with these attributes."""
    given = {
        one[1].lower(): one[2] or one[3] or one[4] or "" for one in ATTRIBUTE.finditer(attributes)
    }
    style = given.get("style", "")
    flat = _FLAT.search(style) is not None and _CUT_OFF.search(style) is not None
    color, background = above.color, above.background
    if (said := _COLOR.search(style)) or "color" in given:
        color = _color(said[1] if said else given["color"])
    if found := _BACKGROUND.search(style):
        background = _color(found[1], above.background)
    elif "bgcolor" in given or "background" in given:
        background = _color(given.get("bgcolor", ""))
    hidden = above.hidden or "hidden" in given or flat or _HIDING.search(style) is not None
    return _Look(color, background, hidden)


def _color(text: str, transparent: Color | None = None) -> Color | None:
    """Return a colour, `transparent` where it has none, None where it cannot be told."""
    text = text.strip().lower()
    if "url(" in text or "gradient" in text:
        return None
    if text in {"transparent", "none", "inherit"}:
        return transparent
    if found := _HEX.search(text):
        digits = found[1] if len(found[1]) > len("fff") else "".join(one * 2 for one in found[1])
        return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)
    if found := _RGB.search(text):
        return int(found[1]), int(found[2]), int(found[3])
    return _NAMES.get(text.partition(" ")[0])
