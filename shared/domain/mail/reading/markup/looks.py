"""How text looks inside an element of a mail: its colours, and whether a person sees it at all."""

import re
from collections.abc import Mapping
from colorsys import hls_to_rgb
from dataclasses import dataclass
from typing import Final

from shared.domain.mail.reading.markup.style_sheet import Styles

Color = tuple[int, int, int]
WHITE: Final[Color] = (255, 255, 255)
BLACK: Final[Color] = (0, 0, 0)
LEAST_CONTRAST: Final = 30
"""Sum of the differences of red, green and blue below which text cannot be read."""
_NONE: Final = frozenset(
    (("display", "none"), ("visibility", "hidden"), ("visibility", "collapse"), ("mso-hide", "all"))
)
_TINY: Final = re.compile(
    r"(?:0++(?![\d.])|0*+(?:\.\d++|1)(?:px|pt)|0*+\.0\d*+r?em|[0-4](?:\.\d*+)?+%)"
)
_TINY_FONT: Final = re.compile(r"(?:^|\s)(?:0++(?:px|pt|em|%)?+|1(?:px|pt))(?=[\s/])")
_CLEAR: Final = re.compile(r"(?:0++(?:\.0\d*+)?+|\.0\d*+|[0-4](?:\.\d*+)?+%)(?![\d.])")
_FAR: Final = re.compile(r"-\s*+\d{3}")
_AWAY: Final = ("text-indent", "left", "top", "right", "bottom", "margin-left", "margin-top")
_SHAPED: Final = re.compile(
    r"scale[xy]?\(\s*+0++(?![\d.])|translate[xy]?\([^)]*?-\d{3}|rect\(\s*+0|(?:circle|ellipse)\(\s*+0"
    r"|inset\(\s*+(?:[5-9]\d|100)%|opacity\(\s*+0++(?![\d.])"
)
_SHAPES: Final = ("transform", "clip", "clip-path", "filter")
_FLAT: Final = re.compile(r"(?:0++(?![\d.])|1px)")
_SIDES: Final = ("height", "max-height", "width", "max-width")
_OVERFLOWS: Final = ("overflow", "overflow-x", "overflow-y")
_CLOSED: Final = frozenset({"datalist", "dialog"})
"""Elements that are not shown unless they are open."""
_HEX: Final = re.compile(r"#([0-9a-f]{3,8})(?![0-9a-f])")
_RGB: Final = re.compile(r"rgba?\(\s*+(\d{1,3})[\s,]++(\d{1,3})[\s,]++(\d{1,3})")
_HSL: Final = re.compile(r"hsla?\(\s*+(\d{1,3})[^\s,]*+[\s,]++(\d{1,3})%?+[\s,]++(\d{1,3})%")
_ALPHA: Final = re.compile(r"\([^)]*?[,/]\s*+(?:0?\.0\d*+|0|[0-4]%)\s*+\)")
_NAMES: Final[Mapping[str, Color]] = {
    **dict.fromkeys(("white", "window", "canvas"), WHITE),
    "black": BLACK,
    "snow": (255, 250, 250),
    "ivory": (255, 255, 240),
    "ghostwhite": (248, 248, 255),
    "floralwhite": (255, 250, 240),
    "mintcream": (245, 255, 250),
    "azure": (240, 255, 255),
}
LONGEST_VALUE: Final = 200
"""Characters of a value that are looked at."""


@dataclass(frozen=True, slots=True)
class Look:
    """How text looks inside an element; a colour that is not known is None."""

    color: Color | None = BLACK
    background: Color | None = WHITE
    hidden: bool = False
    clear: bool = False
    """Whether its colour lets all through."""

    @property
    def unseen(self) -> bool:
        """Whether a person sees none of it."""
        if self.hidden or self.clear or self.color is None or self.background is None:
            return self.hidden or self.clear
        pairs = zip(self.color, self.background, strict=True)
        return sum(abs(one - other) for one, other in pairs) < LEAST_CONTRAST


def look_of(tag: str, attributes: Mapping[str, str], styles: Styles, above: Look) -> Look:
    """Return how text looks inside an element: by its attributes, and its styles before those."""
    styles = {
        name: value.partition("!")[0].strip()[:LONGEST_VALUE] for name, value in styles.items()
    }
    color, background = above.color, above.background
    clear = above.clear
    if said := styles.get("color") or attributes.get("color", "")[:LONGEST_VALUE].lower():
        color, clear = _color(said, above.color), _is_clear(said)
    if "background" in attributes or _is_picture(styles):
        background = None
    elif found := _background(styles) or attributes.get("bgcolor", "")[:LONGEST_VALUE].lower():
        background = above.background if _is_clear(found) else _color(found, above.background)
    closed = tag in _CLOSED and "open" not in attributes
    hidden = above.hidden or closed or "hidden" in attributes or _hides(styles)
    return Look(color, background, hidden=hidden, clear=clear)


def _hides(styles: Styles) -> bool:
    return (
        any(styles.get(name) == value for name, value in _NONE)
        or _TINY.match(styles.get("font-size", "")) is not None
        or _TINY_FONT.search(styles.get("font", "")) is not None
        or _CLEAR.match(styles.get("opacity", "")) is not None
        or any(_FAR.match(styles.get(name, "")) for name in _AWAY)
        or any(_SHAPED.search(styles.get(name, "")) for name in _SHAPES)
        or _is_flat(styles)
    )


def _is_flat(styles: Styles) -> bool:
    flat = any(_FLAT.match(styles.get(name, "")) for name in _SIDES)
    return flat and any(styles.get(name) in {"hidden", "clip"} for name in _OVERFLOWS)


def _is_picture(styles: Styles) -> bool:
    values = (styles.get("background", ""), styles.get("background-image", ""))
    return any("url(" in value or "gradient" in value for value in values)


def _background(styles: Styles) -> str:
    """Return the later of what is said of the background's colour."""
    names = [name for name in styles if name in {"background", "background-color"}]
    return styles[names[-1]] if names else ""


def _is_clear(text: str) -> bool:
    """Whether a colour lets all through."""
    found = _HEX.match(text)
    if found and len(found[1]) in {len("fff0"), len("ffffff00")}:
        return found[1].endswith("0" if len(found[1]) == len("fff0") else "00")
    return text == "transparent" or (text.startswith(("rgb", "hsl")) and bool(_ALPHA.search(text)))


def _color(text: str, above: Color | None) -> Color | None:
    """Return a colour, None where it cannot be told."""
    if text in {"inherit", "none", "currentcolor"}:
        return above
    if found := _HEX.search(text):
        return _hex(found[1])
    if found := _RGB.search(text):
        return int(found[1]), int(found[2]), int(found[3])
    if found := _HSL.search(text):
        red, green, blue = hls_to_rgb(int(found[1]) / 360, int(found[3]) / 100, int(found[2]) / 100)
        return round(red * 255), round(green * 255), round(blue * 255)
    return _NAMES.get(text.partition(" ")[0])


def _hex(digits: str) -> Color | None:
    if len(digits) in {len("fff"), len("fff0")}:
        digits = "".join(one * 2 for one in digits)
    if len(digits) not in {len("ffffff"), len("ffffff00")}:
        return None
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)
