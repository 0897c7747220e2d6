"""The colours that a mail's styles and attributes name: as red, green and blue, 0 to 255."""

import re
from colorsys import hls_to_rgb
from typing import Final

Color = tuple[int, int, int]
WHITE: Final[Color] = (255, 255, 255)
BLACK: Final[Color] = (0, 0, 0)
_NAMED: Final = (
    "aliceblue f0f8ff antiquewhite faebd7 aqua 00ffff aquamarine 7fffd4 azure f0ffff beige f5f5dc "
    "bisque ffe4c4 black 000000 blanchedalmond ffebcd blue 0000ff blueviolet 8a2be2 brown a52a2a "
    "burlywood deb887 cadetblue 5f9ea0 chartreuse 7fff00 chocolate d2691e coral ff7f50 "
    "cornflowerblue 6495ed cornsilk fff8dc crimson dc143c cyan 00ffff darkblue 00008b darkcyan "
    "008b8b darkgoldenrod b8860b darkgray a9a9a9 darkgreen 006400 darkgrey a9a9a9 darkkhaki "
    "bdb76b darkmagenta 8b008b darkolivegreen 556b2f darkorange ff8c00 darkorchid 9932cc darkred "
    "8b0000 darksalmon e9967a darkseagreen 8fbc8f darkslateblue 483d8b darkslategray 2f4f4f "
    "darkslategrey 2f4f4f darkturquoise 00ced1 darkviolet 9400d3 deeppink ff1493 deepskyblue "
    "00bfff dimgray 696969 dimgrey 696969 dodgerblue 1e90ff firebrick b22222 floralwhite fffaf0 "
    "forestgreen 228b22 fuchsia ff00ff gainsboro dcdcdc ghostwhite f8f8ff gold ffd700 goldenrod "
    "daa520 gray 808080 green 008000 greenyellow adff2f grey 808080 honeydew f0fff0 hotpink "
    "ff69b4 indianred cd5c5c indigo 4b0082 ivory fffff0 khaki f0e68c lavender e6e6fa "
    "lavenderblush fff0f5 lawngreen 7cfc00 lemonchiffon fffacd lightblue add8e6 lightcoral f08080 "
    "lightcyan e0ffff lightgoldenrodyellow fafad2 lightgray d3d3d3 lightgreen 90ee90 lightgrey "
    "d3d3d3 lightpink ffb6c1 lightsalmon ffa07a lightseagreen 20b2aa lightskyblue 87cefa "
    "lightslategray 778899 lightslategrey 778899 lightsteelblue b0c4de lightyellow ffffe0 lime "
    "00ff00 limegreen 32cd32 linen faf0e6 magenta ff00ff maroon 800000 mediumaquamarine 66cdaa "
    "mediumblue 0000cd mediumorchid ba55d3 mediumpurple 9370db mediumseagreen 3cb371 "
    "mediumslateblue 7b68ee mediumspringgreen 00fa9a mediumturquoise 48d1cc mediumvioletred "
    "c71585 midnightblue 191970 mintcream f5fffa mistyrose ffe4e1 moccasin ffe4b5 navajowhite "
    "ffdead navy 000080 oldlace fdf5e6 olive 808000 olivedrab 6b8e23 orange ffa500 orangered "
    "ff4500 orchid da70d6 palegoldenrod eee8aa palegreen 98fb98 paleturquoise afeeee "
    "palevioletred db7093 papayawhip ffefd5 peachpuff ffdab9 peru cd853f pink ffc0cb plum dda0dd "
    "powderblue b0e0e6 purple 800080 rebeccapurple 663399 red ff0000 rosybrown bc8f8f royalblue "
    "4169e1 saddlebrown 8b4513 salmon fa8072 sandybrown f4a460 seagreen 2e8b57 seashell fff5ee "
    "sienna a0522d silver c0c0c0 skyblue 87ceeb slateblue 6a5acd slategray 708090 slategrey "
    "708090 snow fffafa springgreen 00ff7f steelblue 4682b4 tan d2b48c teal 008080 thistle d8bfd8 "
    "tomato ff6347 turquoise 40e0d0 violet ee82ee wheat f5deb3 white ffffff whitesmoke f5f5f5 "
    "yellow ffff00 yellowgreen 9acd32"
)
"""CSS Color 4, 6.1."""
_WORDS: Final = _NAMED.split()
_NAMES: Final = {
    **dict(zip(_WORDS[::2], _WORDS[1::2], strict=True)),
    **dict.fromkeys(("window", "canvas"), "ffffff"),
    **dict.fromkeys(("windowtext", "canvastext"), "000000"),
}
_HEX: Final = re.compile(r"#([0-9a-f]{3,8})(?![0-9a-f])")
_BARE: Final = re.compile(r"[0-9a-f]{6}")
_PART: Final = r"(\d{1,3})(?:\.\d*+)?+(%?)"
_RGB: Final = re.compile(rf"rgba?\(\s*+{_PART}[\s,]++{_PART}[\s,]++{_PART}")
_HSL: Final = re.compile(r"hsla?\(\s*+(\d{1,3})[^\s,]*+[\s,]++(\d{1,3})%?+[\s,]++(\d{1,3})%")
_LIGHTNESS: Final = re.compile(r"(ok)?l(?:ab|ch)\(\s*+(\d{0,3}(?:\.\d{1,6})?)(%?)")
_SRGB: Final = re.compile(r"color\(\s*+srgb((?:\s++[01]?(?:\.\d{1,6})?){3})")
_WHITENESS: Final = re.compile(r"hwb\(\s*+[\d.]++[a-z]*+[\s,]++(\d{1,3})%?+[\s,]++(\d{1,3})%")
_ALPHA: Final = re.compile(r"\([^)]*?[,/]\s*+(?:0?\.0\d*+|0|[0-4]%)\s*+\)")
_OF_ABOVE: Final = frozenset(("inherit", "none", "currentcolor"))
_FUNCTIONS: Final = ("rgb", "hsl", "hwb", "lab", "lch", "oklab", "oklch", "color", "var(", "light-")


def is_color(text: str) -> bool:
    """Whether a value is one that a style may give to a colour; others are passed over."""
    word = text.partition("!")[0].strip()
    return (
        word in _NAMES
        or word in _OF_ABOVE
        or word in {"transparent", "initial", "unset", "revert"}
        or _HEX.fullmatch(word) is not None
        or word.startswith(_FUNCTIONS)
    )


def is_clear(text: str) -> bool:
    """Whether a colour lets all through."""
    found = _HEX.match(text)
    if found and len(found[1]) in {len("fff0"), len("ffffff00")}:
        return found[1].endswith("0" if len(found[1]) == len("fff0") else "00")
    return text == "transparent" or ("(" in text and bool(_ALPHA.match(text, text.index("("))))


def color_of(text: str, above: Color | None) -> Color | None:
    """Return a colour, `above` where it is what holds it, None where it cannot be told.

    Colours of lab and lch are told by their lightness alone.
    """
    if text in _OF_ABOVE:
        return above
    if found := _HEX.search(text):
        return _hex(found[1])
    if _BARE.fullmatch(text):  # an attribute's (HTML 2.3.6)
        return _hex(text)
    if found := _RGB.search(text):
        red, green, blue = (_part(*found.group(at, at + 1)) for at in (1, 3, 5))
        return red, green, blue
    if found := _HSL.search(text):
        shares = hls_to_rgb(*(_share(found, at) for at in (1, 3, 2)))
        red, green, blue = (round(share * 255) for share in shares)
        return red, green, blue
    return _rare(text) or _hex(_NAMES.get(text.partition(" ")[0], ""))


def _rare(text: str) -> Color | None:
    """Return a colour that is written as few mail programs read it."""
    if (found := _LIGHTNESS.search(text)) and found[2].strip("."):
        whole = 1 if found[1] and not found[3] else 100
        return _grey(float(found[2]) / whole)
    if (found := _WHITENESS.search(text)) and int(found[1]) + int(found[2]) >= 100:  # noqa: PLR2004  a grey
        return _grey(int(found[1]) / (int(found[1]) + int(found[2])))
    if (found := _SRGB.search(text)) and all(one.strip(".") for one in found[1].split()):
        red, green, blue = (round(min(1.0, float(one)) * 255) for one in found[1].split())
        return red, green, blue
    return None


def _grey(lightness: float) -> Color:
    level = round(min(1.0, lightness) * 255)
    return level, level, level


def _part(number: str, percent: str) -> int:
    return round(int(number) * 2.55) if percent else int(number)


def _share(found: re.Match[str], at: int) -> float:
    return int(found[at]) / (360 if at == 1 else 100)


def _hex(digits: str) -> Color | None:
    if len(digits) in {len("fff"), len("fff0")}:
        digits = "".join(one * 2 for one in digits)
    if len(digits) not in {len("ffffff"), len("ffffff00")}:
        return None
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)
