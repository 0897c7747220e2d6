"""What the `<style>` sheets of a mail say of an element.

Selectors of tags, classes, ids and attributes, inside and beside each other. Those of states
(`:hover`, `:checked`) are passed over. Where its number among others decides (`:last-child`) an
element is taken to be the one, but for its colours. Linear time, whatever the sheet.
"""

import re
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final

from shared.domain.mail.reading.markup.declarations import (
    COLORS,
    COMMENT,
    Styles,
    declarations,
    merge,
    plain_css,
)
from shared.domain.mail.reading.markup.html_text import decoded_references
from shared.domain.mail.reading.markup.screen import holds

MOST_CONDITIONS: Final = 20
"""Selectors of one class that ask for more than it; where there are more, they ask for nothing."""
MOST_CLASSES: Final = 60
MOST_ATTRIBUTES: Final = 30
MOST_NAMES: Final = 12
"""Names in one selector; a longer one is passed over."""
_STRING: Final = re.compile(
    r""""(?:[^"\\\n]++|\\.?+)*+(?:"|(?=\n)|\Z)|'(?:[^'\\\n]++|\\.?+)*+(?:'|(?=\n)|\Z)""", re.DOTALL
)
_MARK: Final = re.compile("[{}]")
_ATTRIBUTE: Final = re.compile(
    r"""\[\s*+([\w-]++)\s*+(?:([~*^$|]?+)=\s*+["']?+([^\]\["']*+)["']?+\s*+i?\s*+)?+\]"""
)
_SAME: Final = re.compile(r":(?:is|where|matches|-webkit-any)\(([^(),]*+)\)")
_NOT: Final = re.compile(r":not\(([^(),]*+)\)")
_NUMBERED: Final = re.compile(
    r":(?:(?:first|last|only)-(?:child|of-type)|nth-(?:last-)?(?:child|of-type)\([^()]*+\))"
)
_SIMPLE: Final = re.compile(r"(?:\*|[.#@]?[\w-]++)(?:[.#@%][\w-]++)*+")
_PART: Final = re.compile(r"[.#@%]?[\w-]++|\*")
_SIBLING: Final = re.compile(r"\s*+[+~]\s*+")
_ODD: Final = re.compile(r"[^\w-]")
_ESCAPED: Final = re.compile(r"\\[^\w\s-]")
"""A mark in a name, which `names_of` spells alike."""
_ALWAYS_BEFORE: Final = frozenset({"u"})
"""Gmail lays an `<u>` before what stands for a mail's body, and senders know it by that."""


@dataclass(frozen=True, slots=True)
class Element:
    """What a selector may ask of an element: `names` of its own, `above` counted, `before` it."""

    names: list[str]
    above: Mapping[str, int]
    before: AbstractSet[str] = frozenset()
    written: str = ""
    """Its classes and its id as they stand."""


@dataclass(frozen=True, slots=True)
class _Conditional:
    """Styles of an element that is more than its key: what else it is, and what stands round it."""

    here: frozenset[str]
    above: frozenset[str]
    before: frozenset[str]
    absent: frozenset[str]
    parts: tuple[str, ...]
    """What its class or id holds somewhere."""
    styles: Styles

    def fits(self, element: Element, own: set[str]) -> bool:
        return (
            self.here <= own
            and not self.absent & own
            and all(element.above.get(name) for name in self.above)
            and self.before <= element.before | _ALWAYS_BEFORE
            and all(part in element.written for part in self.parts)
        )


@dataclass(slots=True)
class _Rules:
    """What is said of one tag, class or id."""

    always: dict[str, str] = field(default_factory=dict)
    conditional: list[_Conditional] = field(default_factory=list)

    def add(self, rule: _Conditional) -> None:
        asks = rule.here or rule.above or rule.before or rule.absent or rule.parts
        if asks and len(self.conditional) < MOST_CONDITIONS:
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
            for selector in selectors.split(",") if styles else ():
                self._add(selector, styles)

    def styles_of(self, element: Element) -> dict[str, str]:
        """Return the styles of an element."""
        found: dict[str, str] = {}
        if not self._rules:
            return found
        own = set(element.names)
        for name in ("*", *element.names):
            rules = self._rules.get(name)
            if rules is None:
                continue
            merge(found, rules.always)
            for one in rules.conditional:
                if one.fits(element, own):
                    merge(found, one.styles)
        return found

    def _add(self, selector: str, styles: Styles) -> None:
        selector = plain_css(_ESCAPED.sub("_", selector))
        selector = _SAME.sub(r"\1", _ATTRIBUTE.sub(_as_name, selector))
        absent = frozenset(one.strip() for one in _NOT.findall(selector))
        selector, numbered = _NUMBERED.subn("", _NOT.sub("", selector))
        if numbered:
            styles = {name: one for name, one in styles.items() if name not in COLORS}
        rest, *before = reversed(_SIBLING.split(selector.strip()))
        *inside, rest = rest.replace(">", " ").split() or ["*"]
        if inside:  # what stands beside something further out is not looked at
            before = []
        elif before:
            *inside, beside = before[0].replace(">", " ").split() or ["*"]
            before = [beside]
        words = [*inside, *before, rest]
        if not styles or not all(map(_SIMPLE.fullmatch, words)):
            return
        found = [_PART.findall(word) for word in words]
        if sum(map(len, found)) > MOST_NAMES:
            return
        self._keep(found[-1], found[: len(inside)], found[len(inside) : -1], absent, styles)

    def _keep(
        self,
        last: list[str],
        inside: list[list[str]],
        beside: list[list[str]],
        absent: frozenset[str],
        styles: Styles,
    ) -> None:
        key = next((one for one in reversed(last) if not one.startswith("%")), "*")
        rule = _Conditional(
            here=frozenset(one for one in last if not one.startswith(("%", "*")) and one != key),
            above=_names(inside),
            before=_names(beside),
            absent=absent,
            parts=tuple(one[1:] for one in last if one.startswith("%")),
            styles=styles,
        )
        self._rules.setdefault(key, _Rules()).add(rule)


def _names(words: list[list[str]]) -> frozenset[str]:
    found = (one for word in words for one in word)
    return frozenset(one for one in found if not one.startswith(("%", "*")))


def names_of(tag: str, attributes: Mapping[str, str]) -> list[str]:
    """Return the names by which a selector may mean an element: tag, attributes, classes, id."""
    classes = decoded_references(attributes.get("class", "")).lower().split()[:MOST_CLASSES]
    id = decoded_references(attributes.get("id", "")).strip().lower()
    own = [f"@{one}" for one in list(attributes)[:MOST_ATTRIBUTES]]
    classes = [f".{_ODD.sub('_', one)}" for one in dict.fromkeys(classes)]
    return [tag, *own, *classes, *([f"#{_ODD.sub('_', id)}"] if id else [])]


def _as_name(found: re.Match[str]) -> str:
    """Return an attribute's selector as names: `.x` and `#x`, `@class%x` for a part, `@name`."""
    name, operator, value = found[1], found[2] or "", (found[3] or "").strip()
    if name not in {"class", "id"} or not value:
        return f"@{name}"
    value = _ODD.sub("_", value)
    if operator in {"", "~"}:
        return f"{'.' if name == 'class' else '#'}{value}"
    return f"@{name}%{value}"


def _blocks(css: str) -> Iterator[tuple[str, str]]:
    """Yield selectors and declarations of the rules that hold on the screen.

    A rule inside another one holds wherever its own selector does. What is not closed ends with
    the sheet.
    """
    css = _STRING.sub(_without_marks, COMMENT.sub("", css))
    place = barred = 0
    opened: list[tuple[bool, str]] = []  # whether it holds, and whose declarations are in it
    for mark in _MARK.finditer(css):
        text, place = css[place : mark.start()], mark.end()
        whose = opened[-1][1] if opened and not barred else ""
        if mark[0] == "{":
            styles, _, head = text.rpartition(";")
            head = head.strip()
            if whose:
                yield whose, styles
            valid = not head.startswith("@") or holds(head)
            around = opened[-1][1] if opened else ""
            opened.append((valid, around if head.startswith("@") else head.replace("&", "")))
            barred += not valid
        elif opened:
            if whose:
                yield whose, text
            barred -= not opened.pop()[0]
    if opened and not barred and opened[-1][1]:
        yield opened[-1][1], css[place:]


def _without_marks(string: re.Match[str]) -> str:
    return "" if {";", "{", "}"} & {*string[0]} else string[0]
