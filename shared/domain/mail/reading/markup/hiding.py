"""Whether the styles of an element hide it with all that is in it, whatever that says of itself."""

import re
from collections.abc import Iterator
from typing import Final

from shared.domain.mail.reading.markup.declarations import Styles
from shared.domain.mail.reading.markup.lengths import SCREEN, fraction, pixels

FARTHEST: Final = 2 * SCREEN
"""Pixels to the right or below from which on no person scrolls."""
NEAREST: Final = -100
"""Pixels to the left or above."""
LEAST_ZOOM: Final = 0.2
CLOSEST: Final = -0.5
"""Room between letters, in sizes of the font, at which they stand on each other."""
_NO_BOX: Final = frozenset(("none", "table-column", "table-column-group"))
_PLACES: Final = ("left", "top", "right", "bottom", "inset", "inset-inline-start", "translate")
_MARGINS: Final = ("margin", "margin-left", "margin-top", "margin-inline-start")
_SIDES: Final = (
    *("height", "max-height", "width", "max-width"),
    *("block-size", "max-block-size", "inline-size", "max-inline-size"),
)
_OVERFLOWS: Final = ("overflow", "overflow-x", "overflow-y")
_GROWING: Final = frozenset(("table", "tbody", "td", "th", "thead", "tr"))
"""Elements that are as large as what is in them, whatever their styles ask for."""
_NOTHING: Final = re.compile(
    r"scale[xyz3d]*\(\s*+0++(?![\d.])|matrix\(\s*+0\s*+,|rotate[xy]\(\s*+(?:90|270)deg"
    r"|translate[xyz3d]*\([^)]*?(?:-\d{3}|\d{4})|(?:circle|ellipse)\(\s*+0"
    r"|polygon\((?:0(?:[a-z]++|%)?+|[\s,])*+\)|opacity\(\s*+0++(?![\d.])"
)
_SHAPES: Final = ("transform", "clip-path", "filter", "-webkit-clip-path", "-webkit-transform")
_CLIP: Final = re.compile(r"rect\(([^)]*)\)")
_INSET: Final = re.compile(r"inset\(([^)]*)\)")


def hides(tag: str, styles: Styles, font: float) -> bool:
    """Whether an element shows nothing; `font` is the size of its letters in pixels."""
    return (
        styles.get("display") in _NO_BOX
        or styles.get("content-visibility") == "hidden"
        # Outlook alone heeds it, and a button's link has it where Outlook is given a drawing.
        or (styles.get("mso-hide") == "all" and tag != "a")
        or _is_away(styles, font)
        or _is_flat(tag, styles, font)
        or _is_clipped(styles)
        or _is_squeezed(styles, font)
    )


def _is_away(styles: Styles, font: float) -> bool:
    indent = pixels(styles.get("text-indent", ""), font) or 0.0
    if not NEAREST < indent < SCREEN:
        return True
    # What stands in the middle is moved there, and back by half of its width.
    centred = any((pixels(styles.get(name, ""), font) or 0.0) > 0 for name in ("left", "top"))
    names = _PLACES if centred else (*_PLACES, *_MARGINS)
    return any(
        not NEAREST < length < FARTHEST
        for name in names
        for length in _lengths(styles.get(name, ""), font)
    )


def _lengths(text: str, font: float) -> Iterator[float]:
    for one in text.split():
        if (length := pixels(one, font)) is not None:
            yield length


def _is_flat(tag: str, styles: Styles, font: float) -> bool:
    if tag in _GROWING or not any(styles.get(name) in {"hidden", "clip"} for name in _OVERFLOWS):
        return False
    found = (pixels(styles.get(name, ""), font) for name in _SIDES)
    return any(length is not None and length <= 1 for length in found)


def _is_clipped(styles: Styles) -> bool:
    if any(_NOTHING.search(styles.get(name, "")) for name in _SHAPES):
        return True
    if found := _CLIP.search(styles.get("clip", "")):
        sides = [pixels(one, 0) for one in re.split(r"[\s,]+", found[1].strip())]
        if len(sides) == len(("top", "right", "bottom", "left")) and None not in sides:
            top, right, bottom, left = (one or 0.0 for one in sides)
            return bottom - top <= 1 or right - left <= 1
    found = _INSET.search(styles.get("clip-path", ""))
    return found is not None and _takes_all(found[1].partition("round")[0].split())


def _takes_all(sides: list[str]) -> bool:
    """Whether what is cut off from the sides, as one to four shares, is all there is."""
    shares = [(fraction(one) or 0.0) if "%" in one else 0.0 for one in sides[:4]]
    if not shares:
        return False
    top, right = shares[0], shares[min(1, len(shares) - 1)]
    bottom = shares[2] if len(shares) > 2 else top  # noqa: PLR2004  as CSS counts sides
    left = shares[3] if len(shares) > 3 else right  # noqa: PLR2004
    return top + bottom >= 1 or left + right >= 1


def _is_squeezed(styles: Styles, font: float) -> bool:
    zooms = (fraction(styles.get(name, "")) for name in ("zoom", "scale"))
    if any(zoom is not None and zoom < LEAST_ZOOM for zoom in zooms):
        return True
    spacing = pixels(styles.get("letter-spacing", ""), font)
    return spacing is not None and font > 0 and spacing / font <= CLOSEST
