"""The text of an HTML body, for readers who want no markup.

Tags are read one by one, as HTML's tokenizer does, and no tree is built: what a tree makes of
misnested or deeply nested markup costs time and memory beyond any measure of the mail's size.
"""

import re
from html import escape, unescape
from typing import Final

from shared.domain.mail.reading.shown_text import without_invisible

_LINE: Final = "\0"  # <br>
_BLOCK: Final = "\1"
_PARAGRAPH: Final = "\2"
_RAW: Final = frozenset({"script", "style", "title", "iframe", "noembed", "noframes"})
"""Elements whose content is no markup (HTML 13.2.5.1 ff.), and nothing to read."""
_UNSEEN: Final = frozenset({"template", "svg"})
"""Elements whose content is not shown. What stands in for scripts and objects is: mail has none."""
_BREAKS_OF: Final = {
    **dict.fromkeys(
        "address article aside body center dd div dl dt fieldset figure footer form header hr"  # noqa: SIM905  thirty lines as a list
        " li main nav section table tr".split(),
        _BLOCK,
    ),
    **dict.fromkeys(("p", "h1", "h2", "h3", "h4", "h5", "h6"), _PARAGRAPH),
    **dict.fromkeys(("blockquote", "pre", "ul", "ol"), _PARAGRAPH),
}
_CELLS: Final = frozenset({"td", "th"})

_VALUE: Final = r"""(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)|[^\s>"'][^\s>]*+)"""
_ATTRIBUTES: Final = rf"(?:[^>=]++|=\s*+{_VALUE}?+)*+"
TAG: Final = re.compile(
    rf"<(?:!--(?:-?>|.*?(?:--!?>|\Z))"
    rf"|(?P<open>[a-z][^\s/>]*+)(?P<attributes>{_ATTRIBUTES})(?:>|\Z)"
    rf"|/(?P<close>[a-z][^\s/>]*+){_ATTRIBUTES}(?:>|\Z)"
    r"|[!?/][^>]*+(?:>|\Z))",
    re.IGNORECASE | re.DOTALL,
)
"""A tag or a comment. Whatever is not ended takes the rest, and no repetition is ever tried twice:
so each character is looked at once."""
ATTRIBUTE: Final = re.compile(
    r"""([^\s/>=][^\s/>=]*+)(?:\s*+=\s*+(?:"([^"]*+)"?+|'([^']*+)'?+|([^\s>"'][^\s>]*+)))?+"""
)
_UNSEEN_END: Final = re.compile(rf"</({'|'.join(sorted(_UNSEEN))})(?=[\s/>])", re.IGNORECASE)
RAW_END: Final = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in sorted(_RAW)}
_ENDLESS: Final = re.compile(r"&#(?:[0-9]{9,}|x[0-9a-f]{9,});?", re.IGNORECASE)
_IN_ATTRIBUTE: Final = re.compile(
    r"&(?:#[0-9]{1,8};?|#x[0-9a-f]{1,8};?|[a-z][a-z0-9]{1,31};)", re.IGNORECASE
)
_BREAKS: Final = re.compile(" ?[\0\1\2][\0\1\2 ]*")
_NEWLINE: Final = re.compile(r"\r\n?|\n")
MAX_LINK: Final = 2_000
"""Characters of a link's address worth repeating in text."""


def html_to_text(html: str) -> str:
    """Return the visible text: blocks on lines of their own, links as `words (address)`.

    Scripts, styles and the head vanish; any text is accepted, however broken the markup. About
    30 us a kilobyte of newsletter, at most 300 where it is nothing but tags.
    """
    text = " ".join(without_invisible("".join(_Pieces(html).read())).split())
    return _BREAKS.sub(_lines, text).strip()


def text_to_html(text: str) -> str:
    """Return plain text as HTML that shows the same words on the same lines."""
    return f"<div>{'<br>'.join(escape(line, quote=False) for line in text.splitlines())}</div>"


def decoded_references(text: str) -> str:
    """Return text with its character references decoded; numbers that no character has are U+FFFD.

    The standard library's `unescape` fails on a number of more than 4,300 digits.
    """
    return unescape(_ENDLESS.sub("\ufffd", text)) if "&" in text else text


def _lines(breaks: re.Match[str]) -> str:
    run = breaks[0].replace(" ", "")
    blank = _PARAGRAPH in run or run.count(_LINE) > 1 or _BLOCK + _LINE in run
    return "\n\n" if blank else "\n"


class _Pieces:
    """One pass over the markup: texts and breaks in the order in which they stand."""

    def __init__(self, html: str) -> None:
        self._html = html
        self._pieces: list[str] = []
        self._ends: dict[str, int] | None = None
        self._hidden, self._depth = "", 0
        self._in_paragraph = False
        self._tables = self._preformatted = 0
        self._address: str | None = None
        self._link_start = self._link_tables = 0

    def read(self) -> list[str]:
        """Return the pieces."""
        html, place = self._html, 0
        while (tag := TAG.search(html, place)) is not None:
            if not self._hidden and tag.start() > place:
                self._say(html[place : tag.start()])
            place = self._after(tag)
        if not self._hidden:
            self._say(html[place:])
        self._end_link()
        return self._pieces

    def _say(self, words: str) -> None:
        """Take in words; inside `pre` their lines are lines."""
        shown = decoded_references(words)
        self._pieces.append(_NEWLINE.sub(_LINE, shown) if self._preformatted else shown)

    def _after(self, tag: re.Match[str]) -> int:
        """Take in a tag; return where reading goes on."""
        if opened := tag["open"]:
            return self._open(opened.lower(), tag)
        if closed := tag["close"]:
            self._close(closed.lower())
        return tag.end()

    def _open(self, name: str, tag: re.Match[str]) -> int:
        if name == "svg" and tag[0].endswith("/>"):
            return tag.end()  # foreign elements may close themselves (HTML 13.2.6.5)
        if self._hidden:
            self._open_hidden(name)
        if self._hidden != "svg" and name in _RAW:
            end = RAW_END[name].search(self._html, tag.end())
            return len(self._html) if end is None else end.start()
        if self._hidden:
            return tag.end()
        if name == "br":
            self._pieces.append(_LINE)
        elif name in _BREAKS_OF:
            self._open_block(name)
        elif name in _CELLS:
            self._cross_cell()
        elif name == "a":
            self._begin_link(tag["attributes"])
        elif name in _UNSEEN and self._ends_later(name, tag.end()):
            self._hidden, self._depth = name, 1
        return tag.end()

    def _open_hidden(self, name: str) -> None:
        if name == self._hidden:
            self._depth += 1
        elif self._hidden == "svg" and name in _BREAKS_OF:
            self._hidden = ""  # HTML 13.2.6.5: such a tag ends foreign content

    def _close(self, name: str) -> None:
        if self._hidden:
            self._depth -= name == self._hidden
            self._hidden = self._hidden if self._depth else ""
        elif name in _BREAKS_OF:
            self._close_block(name)
        elif name in _CELLS:
            self._cross_cell()
        elif name == "a":
            self._end_link()
        elif name == "br":
            self._pieces.append(_LINE)

    def _open_block(self, name: str) -> None:
        self._preformatted += name == "pre"
        if name == "table":
            self._tables += 1
        elif name == "tr":
            self._leave_cell()
        self._break(name)
        self._in_paragraph = name == "p"
        if name == "li":
            self._pieces.append("- ")

    def _close_block(self, name: str) -> None:
        self._preformatted -= name == "pre" and self._preformatted > 0
        if name in {"table", "tr"}:
            self._leave_cell()
            self._tables -= name == "table" and self._tables > 0
        self._break(name)
        self._in_paragraph = False

    def _break(self, name: str) -> None:
        """Begin a line; an open paragraph ends here, whether its author says so or not."""
        self._pieces.append(_PARAGRAPH if self._in_paragraph else _BREAKS_OF[name])
        if self._in_paragraph:
            self._pieces.append(_BREAKS_OF[name])

    def _cross_cell(self) -> None:
        self._leave_cell()
        self._pieces.append(_PARAGRAPH if self._in_paragraph else " ")
        self._in_paragraph = False

    def _leave_cell(self) -> None:
        """End a link that was opened in this cell; one round the whole table goes on."""
        if self._address is not None and 0 < self._tables <= self._link_tables:
            self._end_link()

    def _begin_link(self, attributes: str) -> None:
        self._end_link()
        self._address = _address(attributes)
        self._link_start, self._link_tables = len(self._pieces), self._tables

    def _end_link(self) -> None:
        address, self._address = self._address, None
        if address and self._is_worth_showing(address):
            self._pieces.append(f" ({address})")

    def _is_worth_showing(self, address: str) -> bool:
        """Whether the address says more than the link's own words."""
        words = "".join(
            piece.strip(" \t\r\n\f\0\1\2") for piece in self._pieces[self._link_start :]
        )
        return bool(words) and words not in {address, address.removeprefix("mailto:")}

    def _ends_later(self, name: str, place: int) -> bool:
        """Whether an element that hides its content ends at all: else it hides nothing."""
        if self._ends is None:
            found = _UNSEEN_END.finditer(self._html)
            self._ends = {end[1].lower(): end.start() for end in found}
        return self._ends.get(name, 0) > place


def _address(attributes: str) -> str | None:
    """Return the link's address where it leads somewhere and is short enough to read."""
    for one in ATTRIBUTE.finditer(attributes):
        if one[1].lower() == "href":
            given = one[2] or one[3] or one[4] or ""
            address = _IN_ATTRIBUTE.sub(lambda found: unescape(found[0]), given).strip()
            shown = address.startswith(("http://", "https://", "mailto:"))
            return address if shown and len(address) <= MAX_LINK else None
    return None
