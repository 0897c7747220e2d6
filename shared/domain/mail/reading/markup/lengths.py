"""Lengths of a mail's styles in pixels, on the screen that it is read on."""

import re
from typing import Final

SCREEN: Final = 1_000
"""Pixels of width of the screen; its height is taken to be the same."""
FONT: Final = 16.0
"""Pixels of text that no style speaks of."""
_NUMBER: Final = re.compile(r"([+-]?)(\d{0,9}(?:\.\d{0,9})?)\d*+(%|[a-z]*)")
_PIXELS: Final = {
    "": 1.0,
    "px": 1.0,
    "pt": 4 / 3,
    "pc": 16.0,
    "in": 96.0,
    "cm": 37.8,
    "mm": 3.78,
    "q": 0.94,
    "rem": FONT,
    "vw": SCREEN / 100,
    "vh": SCREEN / 100,
    "vmin": 10.0,
    "vmax": 10.0,
}
_OF_FONT: Final = {"em": 1.0, "ex": 0.5, "ch": 0.5, "lh": 1.2, "ic": 1.0}
_FUNCTION: Final = re.compile(r"(?:calc|min|max|clamp)\(\s*+")


def pixels(text: str, font: float, whole: float = SCREEN) -> float | None:
    """Return a length; a share in percent is one of `whole`. None where it is no length.

    Of a calculation its first length counts.
    """
    if function := _FUNCTION.match(text):
        text = text[function.end() :]
    found = _NUMBER.match(text)
    if found is None or not found[2].strip("."):
        return None
    number = float(found[2]) * (-1 if found[1] == "-" else 1)
    if found[3] == "%":
        return number * whole / 100
    if (share := _OF_FONT.get(found[3])) is not None:
        return number * share * font
    return number * _PIXELS[found[3]] if found[3] in _PIXELS else None


def fraction(text: str) -> float | None:
    """Return a number from 0 on that may be written in percent."""
    found = _NUMBER.match(text)
    if found is None or not found[2].strip("."):
        return None
    if found[1] == "-":
        return 0.0
    return float(found[2]) / (100 if found[3] == "%" else 1)
