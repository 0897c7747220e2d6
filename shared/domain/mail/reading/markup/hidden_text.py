"""What of a message people cannot see, kept from those who would read it as if they could.

One pass over the tags with the styles that stand in them and those of the mail's style sheets.
Linear time.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from shared.domain.mail.reading.markup.declarations import declarations, merge
from shared.domain.mail.reading.markup.html_text import (
    ATTRIBUTE,
    RAW_END,
    TAG,
    decoded_references,
    html_to_text,
)
from shared.domain.mail.reading.markup.looks import Look, look_of
from shared.domain.mail.reading.markup.screen import holds
from shared.domain.mail.reading.markup.style_sheet import Element, StyleSheet, names_of
from shared.domain.mail.reading.shown_text import without_invisible
from shared.domain.mail.reply_text.extract import reply_text

MAX_DEPTH: Final = 500
"""Elements that are tracked inside each other; deeper ones look like what holds them."""
LONGEST_NAMES: Final = 2_000
"""Characters of an element's classes in which a part is looked for."""
_VOID: Final = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr")
)
_ENDS_ITS_LIKE: Final = frozenset(("p", "li", "td", "th", "tr", "dd", "dt", "option"))
_WORD: Final = re.compile("[\u3040-\u30ff\u3400-\u9fff]|\\w{2,}")
TELLING: Final = 4
"""Words of a line from which on it can be told whether the HTML says it too."""
_SMUGGLED: Final = re.compile(
    "(\U0001f3f4[\U000e0030-\U000e007a]{2,6}\U000e007f)"
    "|[\U000e0000-\U000e007f]++|[\U000e0100-\U000e01ef]{2,}+|[\ufe00-\ufe0f]{2,}+"
    "|[\u00ad\u034f\u200b-\u200f\u2060-\u2064\ufeff]{3,}+"
)
"""Tags, and heaps of variation selectors and of what has no width: no font shows them, and models
read them. A few flags are spelled with tags."""


def without_hidden(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return an EmailMessage whose texts lack what people cannot see.

    It gains `hidden: true` where there is such text, be it in the HTML alone.
    """
    shown, html = dict(message), message.get("html")
    visible, hidden = visible_html(html) if isinstance(html, str) else ("", False)
    if isinstance(html, str) and isinstance(text := message.get("text"), str):
        seen = html_to_text(visible)
        if (hidden and html_to_text(html) == text) or _says_more(text, seen):
            shown |= {"text": seen, "replyText": reply_text(seen)}
    for name in ("text", "replyText", "subject", "snippet"):
        if isinstance(text := shown.get(name), str) and _SMUGGLED.search(text):
            shown[name] = _SMUGGLED.sub(lambda found: found[1] or "", text)
            hidden = hidden or shown[name] != text
    return {**shown, "hidden": True} if hidden else shown


def _says_more(plain: str, seen: str) -> bool:
    """Whether the plain text beside the HTML says something that no reader of the HTML is told.

    People are shown the HTML, and so a plain text that says something else is kept from agents.
    """
    if not seen:
        return False  # pictures alone: the plain text is all there is to read
    known = {*_WORD.findall(seen.lower())}
    for line in plain.lower().splitlines():
        told = (one for one in line.split() if "://" not in one and "@" not in one)
        words = _WORD.findall(" ".join(told))
        if len(words) >= TELLING and sum(word not in known for word in words) * 2 > len(words):
            return True
    return False


def visible_html(html: str) -> tuple[str, bool]:
    """Return markup without the text that people cannot see, and whether there was any."""
    return _Walk(html).read()


class _Walk:
    """One pass: a stack of open elements, and of how text looks inside each."""

    def __init__(self, html: str) -> None:
        self._html = html
        self._open: list[tuple[list[str], Look]] = []
        self._before: list[set[str]] = [set()]
        """Names of the elements before, at the top and inside each open one."""
        self._count: dict[str, int] = {}
        """How many elements of each tag, class and id are open."""
        self._sheet = _style_sheet(html)
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
    def _look(self) -> Look:
        return self._open[-1][1] if self._open else Look()

    def _text(self, text: str) -> None:
        if text and self._look.unseen and without_invisible(decoded_references(text)).strip():
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
        if name in _ENDS_ITS_LIKE and self._open and self._open[-1][0][0] == name:
            self._close(name)
        if name not in _VOID and len(self._open) < MAX_DEPTH:
            self._enter(name, tag["attributes"])
        return tag.end()

    def _enter(self, name: str, attributes: str) -> None:
        given: dict[str, str] = {}
        for said in ATTRIBUTE.finditer(attributes):  # of two of a name the first one counts
            given.setdefault(said[1].lower(), said[2] or said[3] or said[4] or "")
        names = names_of(name, given)
        before = self._before[len(self._open)]
        written = f"{given.get('class', '')} {given.get('id', '')}"[:LONGEST_NAMES].lower()
        styles = self._sheet.styles_of(Element(names, self._count, before, written))
        merge(styles, declarations(decoded_references(given.get("style", ""))))
        before.update(names)
        self._open.append((names, look_of(name, given, styles, self._look)))
        self._before.append(set())
        for one in names:
            self._count[one] = self._count.get(one, 0) + 1

    def _close(self, name: str) -> None:
        if not self._count.get(name):
            return
        while self._open:
            closed, _ = self._open.pop()
            self._before.pop()
            for one in closed:
                self._count[one] -= 1
            if closed[0] == name:
                return


def _media(attributes: str) -> str:
    said = (
        one[2] or one[3] or one[4]
        for one in ATTRIBUTE.finditer(attributes)
        if one[1].lower() == "media"
    )
    return decoded_references(next(said, None) or "all")


def _style_sheet(html: str) -> StyleSheet:
    """Return the rules of a mail's `<style>` elements, wherever they stand."""
    sheet, place = StyleSheet(), 0
    if "<style" not in html.lower():
        return sheet
    while (tag := TAG.search(html, place)) is not None:
        place = tag.end()
        name = (tag["open"] or "").lower()
        if (end := RAW_END.get(name)) is not None:
            found = end.search(html, place)
            stop = len(html) if found is None else found.start()
            if name == "style" and holds(f"@media {_media(tag['attributes'])}"):
                sheet.add(html[place:stop])
            place = stop
    return sheet
