"""A foreign message's HTML, rewritten so that it can stand below the sender's own text.

Written anew tag by tag, in one pass: style sheets reach only the element around it, and what says
something of a whole document, runs or hides what follows does not come along.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Final
from urllib.parse import unquote

from shared.domain.mail.reading.markup.content_ids import WHOLE, WITHIN
from shared.domain.mail.reading.markup.html_text import ATTRIBUTE, RAW_END, TAG, decoded_references
from shared.domain.mail.writing.scoped_css import scoped_css

_DROPPED: Final = frozenset(
    "html head base meta link applet embed frame frameset object param noscript plaintext textarea"  # noqa: SIM905  thirty lines as a list
    " xmp".split()
)
"""Their tags go, their words stay; `base`, `meta` and `link` say something of the document."""
_VOID: Final = frozenset(
    "area br col hr img input source track wbr".split()  # noqa: SIM905
)
_LEFT_OPEN: Final = frozenset(
    "colgroup dd dt li optgroup option p rp rt tbody td tfoot th thead tr".split()  # noqa: SIM905
)
"""Elements that need no end tag (HTML 13.1.2.4): whatever is around them ends them."""
_FOREIGN: Final = ("svg", "math")
"""Whose elements may close themselves."""
_TAG_NAME: Final = re.compile(r"[a-z][a-z0-9:-]{0,40}")
_ATTRIBUTE_NAME: Final = re.compile(r"(?!on)[a-z_][a-z0-9_:.-]{0,60}")


def quoted_html(html: str, scope: str, content_ids: Mapping[str, str]) -> str:
    """Return the HTML in an element of the class `scope`.

    `content_ids` are the new Content-IDs of its images by the old ones. Tags that close nothing
    are left out, and what stays open is closed, so that it ends where its element does.
    """
    quoted = _Quoted(scope, content_ids)
    pieces = [*quoted.read(html), *quoted.closing()]
    return f'<div class="{scope}">{"".join(pieces)}</div>'


@dataclass(slots=True)
class _Quoted:
    scope: str
    content_ids: Mapping[str, str]
    open: Counter[str] = field(default_factory=Counter)

    def read(self, html: str) -> Iterator[str]:
        place = 0
        while (tag := TAG.search(html, place)) is not None:
            yield _words(html[place : tag.start()])
            place = tag.end()
            name = (tag["open"] or "").lower()
            if name in RAW_END:
                end = RAW_END[name].search(html, place)
                raw_end = len(html) if end is None else end.start()
                if name == "style":
                    yield self._style(html[place:raw_end])
                place = raw_end
            elif name:
                yield self._open(name, tag)
            elif tag["close"]:
                yield self._close(tag["close"].lower())
        yield _words(html[place:])

    def closing(self) -> Iterator[str]:
        """Yield the tags that close what is open."""
        for name, count in reversed(self.open.items()):
            yield f"</{name}>" * count

    def _open(self, name: str, tag: re.Match[str]) -> str:
        if name in _DROPPED or not _TAG_NAME.fullmatch(name):
            return ""
        name = "div" if name == "body" else name
        attributes = "".join(self._attributes(tag["attributes"]))
        if tag[0].endswith("/>") and any(self.open[one] for one in _FOREIGN):
            return f"<{name}{attributes} />"
        if name not in _VOID and name not in _LEFT_OPEN:
            self.open[name] += 1
        return f"<{name}{attributes}>"

    def _close(self, name: str) -> str:
        name = "div" if name == "body" else name
        if name in _LEFT_OPEN:
            return f"</{name}>"
        if not self.open[name]:
            return ""
        self.open[name] -= 1
        return f"</{name}>"

    def _attributes(self, text: str) -> Iterator[str]:
        for one in ATTRIBUTE.finditer(text):
            name = one[1].lower()
            if not _ATTRIBUTE_NAME.fullmatch(name):
                continue
            given = next((value for value in one.groups()[1:] if value is not None), None)
            if given is None:
                yield f" {name}"
            else:
                yield f' {name}="{escape(self._replace_content_ids(decoded_references(given)))}"'

    def _replace_content_ids(self, value: str) -> str:
        """Return an attribute's value or a style sheet with the new Content-IDs."""
        if not self.content_ids:
            return value
        if whole := WHOLE.fullmatch(value):
            return f"cid:{self._issue(whole[1])}"
        return WITHIN.sub(lambda found: f"cid:{self._issue(found[1])}", value)

    def _issue(self, named: str) -> str:
        id = named.strip(" \t\r\n<>")
        return self.content_ids.get(id) or self.content_ids.get(unquote(id)) or named

    def _style(self, css: str) -> str:
        rules = self._replace_content_ids(scoped_css(css, self.scope))
        return f"<style>{rules}</style>" if rules else ""


def _words(text: str) -> str:
    """Return text between tags; what looked like none to us must look like none to all readers."""
    return text.replace("<", "&lt;")
