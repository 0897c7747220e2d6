"""How text looks inside an element of a mail: its colours, and whether a person sees it at all."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from shared.domain.mail.reading.markup.colors import (
    BLACK,
    WHITE,
    Color,
    color_of,
    is_clear,
    is_color,
)
from shared.domain.mail.reading.markup.declarations import Styles
from shared.domain.mail.reading.markup.hiding import hides
from shared.domain.mail.reading.markup.lengths import FONT, fraction, pixels

LEAST_CONTRAST: Final = 31
"""Sum of the differences of red, green and blue below which text cannot be read."""
SMALLEST: Final = 3.0
"""Pixels of a letter below which it cannot be read."""
LEAST_OPACITY: Final = 0.05
LONGEST_VALUE: Final = 200
"""Characters of a value that are looked at."""
_CLOSED: Final = frozenset({"datalist", "dialog"})
"""Elements that are not shown unless they are open."""
_SIZE: Final = re.compile(r"(?:^|\s)(0|\d*\.?\d+(?:[a-z]++|%))(?=[\s/]|$)")
_HEX: Final = re.compile(r"#[0-9a-f]{3,8}(?![0-9a-f])")
_NOTHING: Final = re.compile(r"url\(\s*+[\"']?+[\"']?+\s*+\)")
_PICTURE: Final = re.compile(r"url\(\s*+[\"']?+[^\s\"')]")


@dataclass(frozen=True, slots=True)
class Look:
    """How text looks inside an element; a colour that is not known is None."""

    color: Color | None = BLACK
    background: Color | None = WHITE
    hidden: bool = False
    """For good: nothing inside is shown, whatever its own styles."""
    invisible: bool = False
    clear: bool = False
    """Whether its colour lets all through."""
    size: float = FONT
    """Pixels of a letter."""
    opacity: float = 1.0

    @property
    def unseen(self) -> bool:
        """Whether a person sees none of it."""
        if self.hidden or self.invisible or self.clear:
            return True
        if self.size < SMALLEST or self.opacity < LEAST_OPACITY:
            return True
        if self.color is None or self.background is None:
            return False
        pairs = zip(self.color, self.background, strict=True)
        return sum(abs(one - other) for one, other in pairs) < LEAST_CONTRAST


def look_of(tag: str, attributes: Mapping[str, str], styles: Styles, above: Look) -> Look:
    """Return how text looks inside an element: by its attributes, and its styles before those."""
    styles = {
        name: value.partition("!")[0].strip()[:LONGEST_VALUE] for name, value in styles.items()
    }
    color, clear = _text_color(tag, attributes, styles, above)
    size = _size(tag, attributes, styles, above.size)
    closed = tag in _CLOSED and "open" not in attributes
    opacity = fraction(styles.get("opacity", ""))
    return Look(
        color,
        _background(attributes, styles, above.background),
        hidden=above.hidden or closed or "hidden" in attributes or hides(tag, styles, size),
        invisible=_is_invisible(styles.get("visibility", ""), above=above.invisible),
        clear=clear,
        size=size,
        opacity=above.opacity * (1.0 if opacity is None else opacity),
    )


def _is_invisible(visibility: str, *, above: bool) -> bool:
    return visibility in {"hidden", "collapse"} or (above and visibility != "visible")


def _text_color(
    tag: str, attributes: Mapping[str, str], styles: Styles, above: Look
) -> tuple[Color | None, bool]:
    given = attributes.get("text" if tag == "body" else "color", "")
    filled = styles.get("-webkit-text-fill-color", "")
    if said := filled or styles.get("color") or given[:LONGEST_VALUE].strip().lower():
        return color_of(said, above.color), is_clear(said)
    return above.color, above.clear


def _background(attributes: Mapping[str, str], styles: Styles, above: Color | None) -> Color | None:
    """Return the later of what is said of the background's colour; None where it is a picture."""
    image = f"{styles.get('background', '')} {styles.get('background-image', '')}"
    if attributes.get("background") or _PICTURE.search(image):
        return None
    if "gradient" in image:
        colors = {*_HEX.findall(image)}
        return color_of(colors.pop(), above) if len(colors) == 1 else None
    names = [name for name in styles if name in {"background", "background-color"}]
    given = attributes.get("bgcolor", "")[:LONGEST_VALUE].strip().lower()
    found = _NOTHING.sub("", styles[names[-1]]) if names else given
    words = [found] if "(" in found else found.split()
    said = next((one for one in words if is_color(one) or one == given), "")
    return above if not said or is_clear(said) else color_of(said, above)


def _size(tag: str, attributes: Mapping[str, str], styles: Styles, above: float) -> float:
    """Return the size of letters: the later of what `font` and `font-size` say."""
    names = [name for name in styles if name in {"font", "font-size"}]
    if not names:
        return FONT if tag == "font" and "size" in attributes else above
    found = styles[names[-1]]
    if names[-1] == "font":
        size = _SIZE.search(found)
        found = size[1] if size is not None else "medium"
    length = pixels(found, above, above)
    if length is None:
        return above if found in {"inherit", "larger", "smaller"} else FONT
    return max(length, 0.0)
