"""The text of Word and PowerPoint files, without what their authors hid."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from shared.domain.mail.files.office_xml import Bounded, is_on, read_xml
from shared.domain.mail.files.zipped import UnreadableFileError, Zipped
from shared.domain.mail.reading.markup.colors import WHITE, color_of
from shared.domain.mail.reading.markup.looks import LEAST_CONTRAST

MOST_SLIDES: Final = 500
SMALLEST: Final = 4
"""Half points of a font's size; what is no larger is there for no person to read."""
_SLIDE: Final = re.compile(r"ppt/slides/slide(\d{1,4})\.xml")


def docx_text(data: bytes) -> str:
    """Return a Word document's text: a paragraph a line, a table's row a line between tabs.

    Raises UnreadableFileError.
    """
    return _words(Zipped(data).read("word/document.xml"))


def pptx_text(data: bytes) -> str:
    """Return a presentation's slides. Raises UnreadableFileError."""
    return "\n\n".join(_slides(Zipped(data)))


def _slides(zipped: Zipped) -> Iterator[str]:
    found = [(int(one[1]), one[0]) for one in map(_SLIDE.fullmatch, zipped.names) if one]
    if not found:
        raise UnreadableFileError("This presentation has no slide.")
    for number, name in sorted(found)[:MOST_SLIDES]:
        yield f"Slide {number}\n{_words(zipped.read(name))}"


def _words(xml: bytes) -> str:
    reader = _Words()
    read_xml(xml, reader.start, reader.end, reader.text)
    return "".join(reader.pieces).strip()


class _Words(Bounded):
    """One pass: texts of runs, with what stands between them."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._in_text = self._in_run = self._hidden = False
        self._white = self._run_shaded = self._shaded = False
        self._cells = self._fallback = 0

    def start(self, name: str, given: Mapping[str, str]) -> None:
        self._in_text = name == "t" and not self._is_unseen() and not self._fallback
        if name == "p":
            self._shaded = False
        elif name == "r":
            self._in_run, self._hidden, self._white, self._run_shaded = True, False, False, False
        elif self._in_run and _hides(name, given):
            self._hidden = True
        elif name in {"tab", "br", "cr"} and self._in_run:
            self.pieces.append(self.take("\t" if name == "tab" else "\n"))
        self._look(name, given)
        self._cells += name == "tc"
        self._fallback += name == "Fallback"  # it says again what the choice before it says

    def _look(self, name: str, given: Mapping[str, str]) -> None:
        """Take in what colour the letters of a run have, and whether something lies behind them."""
        if name == "color" and self._in_run:
            self._white = given.get("val") != "auto" and _is_white(given.get("val", ""))
        elif name == "highlight" or (name == "shd" and not _is_white(given.get("fill", "auto"))):
            self._run_shaded = self._run_shaded or self._in_run
            self._shaded = self._shaded or not self._in_run

    def _is_unseen(self) -> bool:
        """Whether a person reads nothing of the run: what a table's style colours is not known."""
        bare = not (self._cells or self._run_shaded or self._shaded)
        return self._hidden or (self._white and bare)

    def end(self, name: str) -> None:
        self._in_text = False
        self._in_run = self._in_run and name != "r"
        self._cells -= name == "tc"
        self._fallback -= name == "Fallback"
        if name == "p":
            self.pieces.append(self.take(" " if self._cells else "\n"))
        elif name in {"tc", "tr"}:
            self._drop(" " if name == "tc" else " \t")
            self.pieces.append(self.take("\t" if name == "tc" else "\n"))

    def text(self, text: str) -> None:
        if self._in_text:
            self.pieces.append(self.take(text))

    def _drop(self, marks: str) -> None:
        while self.pieces and self.pieces[-1] and self.pieces[-1] in marks:
            self.pieces.pop()


def _is_white(color: str) -> bool:
    """Whether a colour as Word writes it cannot be told from paper: `auto` behind letters is it."""
    found = color_of(f"#{color.lower()}", None)
    return color == "auto" or (found is not None and sum(WHITE) - sum(found) < LEAST_CONTRAST)


def _hides(name: str, given: Mapping[str, str]) -> bool:
    if name == "sz":
        size = given.get("val", "")
        return size.isdecimal() and len(size) < len("100") and int(size) <= SMALLEST
    return name in {"vanish", "webHidden"} and is_on(given)
