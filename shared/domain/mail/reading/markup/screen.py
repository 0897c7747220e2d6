"""Whether a group of a style sheet holds on the screen on which a mail is read."""

import re
from typing import Final

from shared.domain.mail.reading.markup.lengths import FONT, SCREEN, fraction, pixels

_GROUPS: Final = ("@supports", "@layer", "@container", "@document", "@scope", "@starting-style")
_FEATURE: Final = re.compile(r"\(([^()]{0,200})\)")
_RANGE: Final = re.compile(
    r"(?:width|height)\s*+([<>])=?\s*+(.+)|(.+?)\s*+([<>])=?\s*+(?:width|height)"
)
_KINDS: Final = frozenset(("all", "screen", "only", "and", "or"))
_ELSEWHERE: Final = frozenset(
    (
        *("prefers-color-scheme:dark", "orientation:portrait", "hover:none", "any-hover:none"),
        *("pointer:coarse", "pointer:none", "any-pointer:coarse", "any-pointer:none"),
        *("prefers-reduced-motion:reduce", "prefers-reduced-motion", "forced-colors:active"),
        *("prefers-contrast:more", "prefers-contrast:less", "inverted-colors:inverted"),
        *("monochrome", "update:none", "scripting:enabled", "grid"),
    )
)
"""What is not so on most screens; whatever else a sheet asks for is taken to be so."""
_PREFIXED: Final = ("-ms-", "-moz-", "-o-")
DENSITY: Final = 96
"""Dots an inch."""


def holds(head: str) -> bool:
    """Whether what stands in a group holds on the screen: a style is no keyframe, and no print."""
    head = head.lower()
    if not head.startswith("@media"):
        return head.startswith(_GROUPS)
    return any(_is_screen(query) for query in head.removeprefix("@media").split(","))


def _is_screen(query: str) -> bool:
    negated, *words = ["", *_FEATURE.sub(" ", query).split()]
    if words[:1] == ["not"]:
        negated, *words = words
    found = {*words} <= _KINDS and all(map(_has, _FEATURE.findall(query)))
    return found != bool(negated)


def _has(feature: str) -> bool:
    name, _, value = (one.strip() for one in feature.partition(":"))
    if found := _RANGE.fullmatch(feature.strip()):
        length = pixels(found[2] or found[3], FONT)
        wide = (found[1] == ">") if found[1] else (found[4] == "<")
        return length is None or (length <= SCREEN if wide else length >= SCREEN)
    if name.startswith(_PREFIXED):
        return False
    if "min-" in name or "max-" in name:
        return _is_within(name, value)
    return f"{name}:{value}".rstrip(":") not in _ELSEWHERE


def _is_within(name: str, value: str) -> bool:
    at_least = "min-" in name
    if name.endswith(("width", "height")):
        given, here = pixels(value, FONT), float(SCREEN)
    else:
        given, here = fraction(value), float(DENSITY if value.endswith("dpi") else 1)
    return given is None or (given <= here if at_least else given >= here)
