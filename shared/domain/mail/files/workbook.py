"""The text of Excel files: each sheet under its name, its rows as lines, dates as dates."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from shared.domain.mail.files.office_xml import Bounded, is_on, read_xml
from shared.domain.mail.files.zipped import UnreadableFileError, Zipped

MOST_SHEETS: Final = 50
MOST_COLUMNS: Final = 1_000
_SHEET: Final = re.compile(r"xl/worksheets/sheet(\d{1,4})\.xml")
_COLUMN: Final = re.compile(r"[A-Z]{1,3}")
_NO_FORMAT: Final = re.compile(r'"[^"]*+"?+|\\.|\[[^\]]*+\]?+|[_*].', re.DOTALL)
"""What of a number's format is text, colour or room."""
_OF_DATES: Final = re.compile("[ymdhs]", re.IGNORECASE)
DATE_FORMATS: Final = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
"""Numbers of the built-in formats of dates and times (ECMA-376, part 1, 18.8.30)."""
FIRST_DAY: Final = datetime(1899, 12, 30, tzinfo=UTC)
FIRST_DAY_1904: Final = datetime(1904, 1, 1, tzinfo=UTC)
LAST_SERIAL: Final = 2_958_466
"""The day after 9999-12-31."""


def xlsx_text(data: bytes) -> str:
    """Return a workbook's sheets, a row a line, cells between tabs. Raises UnreadableFileError."""
    zipped = Zipped(data)
    book = _Book(tuple(_shared_texts(zipped)), _dates(zipped), _first_day(zipped))
    return "\n\n".join(_sheets(zipped, book))


@dataclass(frozen=True, slots=True)
class _Book:
    """What the cells of every sheet refer to."""

    strings: Sequence[str]
    dates: frozenset[int]
    """Styles of cells that show a number as a date."""
    first_day: datetime


def _sheets(zipped: Zipped, book: _Book) -> Iterator[str]:
    found = _named_sheets(zipped) or _numbered_sheets(zipped)
    if not found:
        raise UnreadableFileError("This workbook has no sheet.")
    for title, path in found[:MOST_SHEETS]:
        cells = _Cells(book)
        read_xml(zipped.read(path), cells.start, cells.end, cells.text)
        yield f"Sheet {title}\n" + "\n".join(cells.lines)


def _named_sheets(zipped: Zipped) -> list[tuple[str, str]]:
    """Return title and path of each sheet as the workbook lists them."""
    targets: dict[str, str] = {}
    found: list[tuple[str, str]] = []

    def relation(name: str, given: Mapping[str, str]) -> None:
        if name == "Relationship":
            target = given.get("Target", "")
            path = target[1:] if target.startswith("/") else f"xl/{target}"
            targets[given.get("Id", "")] = path

    def sheet(name: str, given: Mapping[str, str]) -> None:
        if name == "sheet" and targets.get(given.get("id", "")) in zipped.names:
            hidden = "" if given.get("state", "visible") == "visible" else " (hidden)"
            found.append((given.get("name", "") + hidden, targets[given["id"]]))

    for path, reader in (("xl/_rels/workbook.xml.rels", relation), ("xl/workbook.xml", sheet)):
        if path in zipped.names:
            read_xml(zipped.read(path), reader)
    return found


def _numbered_sheets(zipped: Zipped) -> list[tuple[str, str]]:
    found = sorted((int(one[1]), one[0]) for one in map(_SHEET.fullmatch, zipped.names) if one)
    return [(str(number), path) for number, path in found]


def _first_day(zipped: Zipped) -> datetime:
    """Return the day that dates of this workbook are counted from."""
    later: list[bool] = []

    def start(name: str, given: Mapping[str, str]) -> None:
        if name == "workbookPr":
            later.append(is_on({"val": given.get("date1904", "0")}))

    if "xl/workbook.xml" in zipped.names:
        read_xml(zipped.read("xl/workbook.xml"), start)
    return FIRST_DAY_1904 if any(later) else FIRST_DAY


def _dates(zipped: Zipped) -> frozenset[int]:
    """Return which styles of cells show dates."""
    formats, styles = set(DATE_FORMATS), list[int]()
    inside: list[str] = []

    def start(name: str, given: Mapping[str, str]) -> None:
        number = _number(given.get("numFmtId", ""))
        if name == "numFmt" and _OF_DATES.search(_NO_FORMAT.sub("", given.get("formatCode", ""))):
            formats.add(number)
        elif name == "cellXfs":
            inside.append(name)
        elif name == "xf" and inside:
            styles.append(number)

    def end(name: str) -> None:
        if name == "cellXfs":
            inside.clear()

    if "xl/styles.xml" in zipped.names:
        read_xml(zipped.read("xl/styles.xml"), start, end)
    return frozenset(place for place, number in enumerate(styles) if number in formats)


def _shared_texts(zipped: Zipped) -> list[str]:
    """Return the texts that cells name by their number."""
    strings = _Strings()
    if "xl/sharedStrings.xml" in zipped.names:
        read_xml(zipped.read("xl/sharedStrings.xml"), strings.start, strings.end, strings.text)
    return strings.found


class _Strings(Bounded):
    """Shared texts in their order."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._parts: list[str] = []
        self._in_text = False

    def start(self, name: str, _given: Mapping[str, str]) -> None:
        self._in_text = name == "t"

    def end(self, name: str) -> None:
        self._in_text = False
        if name == "si":
            self.found.append("".join(self._parts))
            self._parts = []

    def text(self, text: str) -> None:
        if self._in_text:
            self._parts.append(self.take(text))


class _Cells(Bounded):
    """A sheet's rows as lines."""

    def __init__(self, book: _Book) -> None:
        super().__init__()
        self.lines: list[str] = []
        self._book = book
        self._row: dict[int, str] = {}
        self._column, self._kind, self._style, self._into = 0, "", -1, ""
        self._parts: dict[str, list[str]] = {}
        self._mark = ""

    def start(self, name: str, given: Mapping[str, str]) -> None:
        if name == "row":
            self._mark = "\t(hidden)" if is_on({"val": given.get("hidden", "0")}) else ""
        elif name == "c":
            self._column = _column_of(given.get("r", ""), len(self._row))
            self._kind, self._style = given.get("t", ""), _number(given.get("s", "0"))
            self._parts = {"v": [], "f": []}
        self._into = {"t": "v"}.get(name, name)

    def end(self, name: str) -> None:
        self._into = ""
        if name == "c" and self._column < MOST_COLUMNS:
            self._row[self._column] = self.take(self._value())
        elif name == "row":
            last = max(self._row, default=-1)
            line = "\t".join(self._row.get(at, "") for at in range(last + 1))
            self.lines.append(self.take(f"{line}{self._mark}"))
            self._row = {}

    def text(self, text: str) -> None:
        if self._into in self._parts:
            self._parts[self._into].append(text)

    def _value(self) -> str:
        value, formula = ("".join(self._parts.get(name, ())) for name in ("v", "f"))
        if not value:
            return f"={formula}" if formula else ""
        if self._kind == "s":
            place = _number(value)
            return self._book.strings[place] if 0 <= place < len(self._book.strings) else ""
        if self._kind == "b":
            return "TRUE" if value == "1" else "FALSE"
        shown = self._kind in {"", "n"} and self._style in self._book.dates
        return _moment(value, self._book.first_day) if shown else value


def _moment(serial: str, first_day: datetime) -> str:
    """Return a date or time of day as ISO 8601 writes it; what is neither as it stands."""
    try:
        days = float(serial)
    except ValueError:
        return serial
    if not 0 <= days < LAST_SERIAL:
        return serial
    found = first_day + timedelta(seconds=round(days * 86_400))
    if days < 1:
        return f"{found:%H:%M:%S}"
    return f"{found:%Y-%m-%d}" if days.is_integer() else f"{found:%Y-%m-%d %H:%M:%S}"


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < len("1000000000") else -1


def _column_of(reference: str, following: int) -> int:
    """Return a cell's column from 0, by its reference `AB12`; the next one where it has none."""
    letters = _COLUMN.match(reference)
    if letters is None:
        return following
    number = 0
    for letter in letters[0]:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1
