"""The text of Word and Excel files: their XML read event by event, document types refused."""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final
from xml.parsers import expat  # documents that declare a type, and so entities, are refused

from shared.domain.mail.files.zipped import UnreadableFileError, Zipped

MOST_CHARS: Final = 2_000_000
"""Characters of text after which reading ends."""
MOST_SHEETS: Final = 50
_SHEET: Final = re.compile(r"xl/worksheets/sheet(\d{1,4})\.xml")
_COLUMN: Final = re.compile(r"[A-Z]{1,3}")
MOST_COLUMNS: Final = 1_000


def docx_text(data: bytes) -> str:
    """Return a Word document's text, a paragraph a line. Raises UnreadableFileError."""
    reader = _Words()
    _parse(Zipped(data).read("word/document.xml"), reader.start, reader.end, reader.text)
    return "".join(reader.pieces).strip()


def xlsx_text(data: bytes) -> str:
    """Return a workbook's sheets, a row a line, cells between tabs. Raises UnreadableFileError."""
    zipped = Zipped(data)
    shared: list[str] = []
    if "xl/sharedStrings.xml" in zipped.names:
        strings = _Strings()
        _parse(zipped.read("xl/sharedStrings.xml"), strings.start, strings.end, strings.text)
        shared = strings.found
    return "\n\n".join(_sheets(zipped, shared))


def _sheets(zipped: Zipped, shared: list[str]) -> Iterator[str]:
    found = [(int(one[1]), one[0]) for one in map(_SHEET.fullmatch, zipped.names) if one]
    if not found:
        raise UnreadableFileError("This workbook has no sheet.")
    for number, name in sorted(found)[:MOST_SHEETS]:
        cells = _Cells(shared)
        _parse(zipped.read(name), cells.start, cells.end, cells.text)
        yield f"Sheet {number}\n" + "\n".join(cells.lines)


def _parse(
    data: bytes,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None],
    text: Callable[[str], None],
) -> None:
    """Tell elements by their local names. Raises UnreadableFileError."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = lambda name, given: start(_local(name), given)
    parser.EndElementHandler = lambda name: end(_local(name))
    parser.CharacterDataHandler = text
    try:
        parser.Parse(data, True)  # noqa: FBT003  the C function takes no name
    except expat.ExpatError:
        raise UnreadableFileError("The XML of this file cannot be read.") from None


def _refuse(*_: Any) -> None:
    raise UnreadableFileError("The XML of this file declares a document type.")


def _local(name: str) -> str:
    return name.rpartition(":")[2]


class _Bounded:
    """Counts characters, so that no file becomes more text than is read."""

    def __init__(self) -> None:
        self._left = MOST_CHARS

    def take(self, text: str) -> str:
        """Return as much of the text as there is room for."""
        kept = text[: self._left]
        self._left -= len(kept)
        return kept


class _Words(_Bounded):
    """The text of a Word document."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._in_text = False

    def start(self, name: str, _given: dict[str, str]) -> None:
        self._in_text = name == "t"
        if name in {"tab", "br", "cr"}:
            self.pieces.append(self.take("\t" if name == "tab" else "\n"))

    def end(self, name: str) -> None:
        self._in_text = False
        if name == "p":
            self.pieces.append(self.take("\n"))

    def text(self, text: str) -> None:
        if self._in_text:
            self.pieces.append(self.take(text))


class _Strings(_Bounded):
    """The texts that cells name by their number."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._parts: list[str] = []
        self._in_text = False

    def start(self, name: str, _given: dict[str, str]) -> None:
        self._in_text = name == "t"

    def end(self, name: str) -> None:
        self._in_text = False
        if name == "si":
            self.found.append("".join(self._parts))
            self._parts = []

    def text(self, text: str) -> None:
        if self._in_text:
            self._parts.append(self.take(text))


class _Cells(_Bounded):
    """A sheet's rows as lines."""

    def __init__(self, shared: list[str]) -> None:
        super().__init__()
        self.lines: list[str] = []
        self._shared = shared
        self._row: dict[int, str] = {}
        self._column, self._kind, self._in_value = 0, "", False
        self._parts: list[str] = []

    def start(self, name: str, given: dict[str, str]) -> None:
        if name == "c":
            self._column = _column_of(given.get("r", ""), len(self._row))
            self._kind, self._parts = given.get("t", ""), []
        self._in_value = name in {"v", "t"}

    def end(self, name: str) -> None:
        self._in_value = False
        if name == "c" and self._column < MOST_COLUMNS:
            self._row[self._column] = self.take(self._value())
        elif name == "row":
            last = max(self._row, default=-1)
            line = "\t".join(self._row.get(at, "") for at in range(last + 1))
            self.lines.append(self.take(line))
            self._row = {}

    def text(self, text: str) -> None:
        if self._in_value:
            self._parts.append(text)

    def _value(self) -> str:
        value = "".join(self._parts)
        if self._kind != "s":
            return value
        place = int(value) if value.isdecimal() and len(value) < len("1000000000") else -1
        return self._shared[place] if 0 <= place < len(self._shared) else ""


def _column_of(reference: str, following: int) -> int:
    """Return a cell's column from 0, by its reference `AB12`; the next one where it has none."""
    letters = _COLUMN.match(reference)
    if letters is None:
        return following
    number = 0
    for letter in letters[0]:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1
