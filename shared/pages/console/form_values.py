"""What a person typed into a form of `schema_form`, as the JSON it stands for; pure.

A field left empty is left out, so the schema's defaults hold.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from shared.pages.console.schema_form import Field, Kind

MOST_ITEMS: Final = 100
LONGEST_COUNT: Final = 3
"""Digits."""
Given = Mapping[str, Sequence[str]]


@dataclass(slots=True)
class FormValues:
    """Reads a form; `problems` says by path what could not be read at all."""

    given: Given
    problems: dict[str, str] = field(default_factory=dict)

    def read(self, fields: Sequence[Field]) -> dict[str, Any]:
        """Return the object the fields stand for."""
        read = {one.name: self._value(one) for one in fields}
        return {name: value for name, value in read.items() if value is not _ABSENT}

    def text(self, path: str) -> str:
        """Return what was typed; browsers end lines with two characters."""
        return next(iter(self.given.get(path, ())), "").replace("\r\n", "\n")

    def size(self, one: Field) -> int:
        """Return how many items a list has."""
        return min(self.count(one.size_path), MOST_ITEMS)

    def count(self, path: str) -> int:
        """Return the number in a hidden field, 0 where there is none."""
        text = self.text(path)
        return int(text) if text.isdecimal() and len(text) <= LONGEST_COUNT else 0

    def _value(self, one: Field) -> Any:
        match one.kind:
            case Kind.GROUP:
                return self.read(one.fields) or ({} if one.required else _ABSENT)
            case Kind.LIST:
                items = [self.read(one.item(index)) for index in range(self.size(one))]
                return [item for item in items if item] or _ABSENT
            case Kind.SWITCH:
                return self._switch(one)
            case Kind.CHOICES:
                return self._choices(one) or _ABSENT
        text = self.text(one.path)
        return self._parse(one, text) if text.strip() else _ABSENT

    def _switch(self, one: Field) -> Any:
        if one.path in self.given:
            return True
        return False if one.default is True or one.required else _ABSENT

    def _choices(self, one: Field) -> list[Any]:
        texts = self.given.get(one.path, ())
        return [value for text, value in one.options if text in texts]

    def _parse(self, one: Field, text: str) -> Any:
        try:
            return _TYPED[one.kind](one, text)
        except ValueError as wrong:
            self.problems[one.path] = str(wrong)
            return _ABSENT


class _Absent:
    """Stands for a field that is left out."""


_ABSENT: Final = _Absent()


def _number(type: str, text: str) -> int | float:
    try:
        return int(text) if type == "integer" else float(text)
    except ValueError:
        raise ValueError(f"{text.strip()!r} is not a number.") from None


def _lines(one: Field, text: str) -> list[Any]:
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    return lines if one.type == "string" else [_number(one.type, line) for line in lines]


def _pairs(_: Field, text: str) -> dict[str, str]:
    pairs = {}
    for line in text.split("\n"):
        name, colon, value = line.partition(":")
        if not line.strip():
            continue
        if not colon or not name.strip():
            raise ValueError("Write one `name: value` a line.")
        pairs[name.strip()] = value.strip()
    return pairs


def _choice(one: Field, text: str) -> Any:
    for shown, value in one.options:
        if shown == text:
            return value
    raise ValueError("This is none of the choices.")


def _json(_: Field, text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as bad:
        raise ValueError(f"This is not JSON: line {bad.lineno}, column {bad.colno}.") from None


def _moment(_: Field, text: str) -> str:
    """Add the zone that browsers leave out: the form says that it is UTC."""
    moment = text.strip()
    clock = moment.partition("T")[2]
    zoned = moment.endswith("Z") or "+" in clock or "-" in clock
    return moment if zoned else f"{moment}Z"


_TYPED: Final = {
    Kind.LINE: lambda _, text: text.strip(),
    Kind.TEXT: lambda _, text: text,
    Kind.NUMBER: lambda one, text: _number(one.type, text),
    Kind.CHOICE: _choice,
    Kind.LINES: _lines,
    Kind.PAIRS: _pairs,
    Kind.MOMENT: _moment,
    Kind.JSON: _json,
}
