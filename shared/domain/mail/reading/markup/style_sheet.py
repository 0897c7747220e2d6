"""What styles say of an element: its own, and those of the mail's `<style>` sheets.

As far as mail clients go: selectors of tags, classes and ids, also inside each other, on a desktop
screen. Others (`:hover`, siblings) are passed over. Linear time, whatever the sheet.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from shared.domain.mail.reading.markup.html_text import decoded_references

SCREEN: Final = 1_000
"""Pixels of width of the screen that media queries are asked about."""
MOST_CONDITIONS: Final = 20
"""Selectors of one class that ask for more than it; where there are more, they ask for nothing."""
MOST_CLASSES: Final = 60
MOST_NAMES: Final = 12
"""Names in one selector; a longer one is passed over."""
LONGEST_VALUE: Final = 200
"""Characters kept of a value: a rule may have thousands of selectors, and each takes it."""
IMPORTANT: Final = "!important"
READ: Final = frozenset(
    (
        *("display", "visibility", "mso-hide", "opacity", "font", "font-size", "color"),
        *("background", "background-color", "background-image", "overflow", "overflow-x"),
        *("overflow-y", "height", "max-height", "width", "max-width", "text-indent", "left", "top"),
        *("right", "bottom", "margin-left", "margin-top", "transform", "clip", "clip-path"),
        "filter",
    )
)
"""Properties that can hide text; others are passed over."""
_COMMENT: Final = re.compile(r"/\*(?:[^*]++|\*(?!/))*+(?:\*/|\Z)|<!--|-->")
_STRING: Final = re.compile(
    r""""(?:[^"\\\n]++|\\.?+)*+(?:"|(?=\n)|\Z)|'(?:[^'\\\n]++|\\.?+)*+(?:'|(?=\n)|\Z)""", re.DOTALL
)
_ESCAPE: Final = re.compile(r"\\(?:([0-9a-f]{1,6})\s?|([^\n\r\f0-9a-f]))", re.IGNORECASE)
_MARK: Final = re.compile("[{}]")
_ATTRIBUTE: Final = re.compile(
    r"""\[\s*+(class|id)\s*+[~*^$|]?+=\s*+["']?+([\w-]++)["']?+\s*+\]""", re.IGNORECASE
)
_SIMPLE: Final = re.compile(r"(?:\*|[.#]?[\w-]++)(?:[.#][\w-]++)*+")
_PART: Final = re.compile(r"[.#]?[\w-]++|\*")
_WIDTH: Final = re.compile(r"\(\s*+(min|max)-(?:device-)?+width\s*+:\s*+(\d{1,6})", re.IGNORECASE)
_GROUPS: Final = ("@supports", "@layer", "@container", "@document")
Styles = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Conditional:
    """Styles of an element that is more than its key: what else it is, and what stands round it."""

    here: frozenset[str]
    above: frozenset[str]
    styles: Styles


@dataclass(slots=True)
class _Rules:
    """What is said of one tag, class or id."""

    always: dict[str, str] = field(default_factory=dict)
    conditional: list[_Conditional] = field(default_factory=list)

    def add(self, rule: _Conditional) -> None:
        if (rule.here or rule.above) and len(self.conditional) < MOST_CONDITIONS:
            self.conditional.append(rule)
        else:
            merge(self.always, rule.styles)


class StyleSheet:
    """The rules of all sheets of a mail, by the last name of their selectors."""

    def __init__(self) -> None:
        self._rules: dict[str, _Rules] = {}

    def add(self, css: str) -> None:
        """Take in one sheet."""
        for selectors, text in _blocks(css):
            styles = declarations(text)
            for selector in selectors.split(","):
                self._add(selector, styles)

    def styles_of(self, names: list[str], above: Mapping[str, int]) -> dict[str, str]:
        """Return the styles of an element of these names, inside elements of those that count."""
        found: dict[str, str] = {}
        if not self._rules:
            return found
        own = set(names)
        for name in ("*", *names):
            rules = self._rules.get(name)
            if rules is None:
                continue
            merge(found, rules.always)
            for one in rules.conditional:
                if one.here <= own and all(above.get(other) for other in one.above):
                    merge(found, one.styles)
        return found

    def _add(self, selector: str, styles: Styles) -> None:
        words = _ATTRIBUTE.sub(_as_name, selector).replace(">", " ").split()
        if not words or not styles or not all(map(_SIMPLE.fullmatch, words)):
            return
        *above, last = [_PART.findall(word.lower()) for word in words]
        if len(last) + sum(map(len, above)) > MOST_NAMES:
            return
        key, *here = reversed(last)
        rule = _Conditional(
            frozenset(here) - {"*"},
            frozenset(one for part in above for one in part) - {"*"},
            styles,
        )
        self._rules.setdefault(key, _Rules()).add(rule)


def names_of(tag: str, attributes: Mapping[str, str]) -> list[str]:
    """Return the names by which a selector may mean an element: tag, classes, id."""
    classes = decoded_references(attributes.get("class", "")).lower().split()[:MOST_CLASSES]
    id = decoded_references(attributes.get("id", "")).strip().lower()
    return [tag, *(f".{one}" for one in dict.fromkeys(classes)), *([f"#{id}"] if id else [])]


def declarations(text: str) -> dict[str, str]:
    """Return the properties of READ that are set, in lower case; of two the one that counts."""
    found: dict[str, str] = {}
    for one in _plain(text).split(";"):
        name, colon, value = one.partition(":")
        if colon and (name := name.strip()) in READ and (value := value.strip()):
            merge(found, {name: _shorten(value)})
    return found


def _shorten(value: str) -> str:
    if len(value) <= LONGEST_VALUE:
        return value
    return f"{value[:LONGEST_VALUE]}{IMPORTANT if IMPORTANT in value[LONGEST_VALUE:] else ''}"


def merge(into: dict[str, str], styles: Styles) -> None:
    """Add styles to those before; of two the later counts, unless the earlier is `!important`."""
    for name, value in styles.items():
        if IMPORTANT in value or IMPORTANT not in into.get(name, ""):
            into.pop(name, None)
            into[name] = value


def _plain(text: str) -> str:
    return _ESCAPE.sub(_unescape, _COMMENT.sub("", text)).lower().replace("! important", IMPORTANT)


def _unescape(found: re.Match[str]) -> str:
    if found[1] is None:
        return found[2]
    number = int(found[1], 16)
    return chr(number) if 0 < number < 0x110000 else "\ufffd"  # noqa: PLR2004  Unicode's end


def _as_name(found: re.Match[str]) -> str:
    return f"{'.' if found[1].lower() == 'class' else '#'}{found[2]}"


def _blocks(css: str) -> Iterator[tuple[str, str]]:
    """Yield selectors and declarations of the rules that hold on the screen."""
    css = _STRING.sub(_without_marks, _COMMENT.sub("", css))
    place, selectors = 0, ""
    opened: list[bool | None] = []  # of a group whether it holds, of a rule None
    barred = 0
    for mark in _MARK.finditer(css):
        text, place = css[place : mark.start()], mark.end()
        if mark[0] == "{":
            selectors = text.rpartition(";")[2].strip()
            opened.append(_holds(selectors) if selectors.startswith("@") else None)
            barred += not opened[-1]
        elif opened:
            ended = opened.pop()
            barred -= not ended
            if ended is None and not barred:
                yield selectors, text


def _without_marks(string: re.Match[str]) -> str:
    return "" if {";", "{", "}"} & {*string[0]} else string[0]


def _holds(head: str) -> bool:
    """Whether what stands in a group holds on the screen: a style is no keyframe, and no print."""
    head = head.lower()
    if not head.startswith("@media"):
        return head.startswith(_GROUPS)
    return any(_is_screen(query) for query in head.removeprefix("@media").split(","))


def _is_screen(query: str) -> bool:
    widths = _WIDTH.findall(query)
    if query.count("(") != len(widths) or {"not", "print", "speech"} & {*query.split()}:
        return False
    return all(
        int(width) <= SCREEN if bound == "min" else int(width) >= SCREEN for bound, width in widths
    )
