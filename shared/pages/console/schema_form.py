"""A form from a JSON schema, and the form's fields back as the JSON they stand for; pure.

Every schema has a form: what has no input of its own (a free object, a list of lists) is typed as
JSON. Nothing here decides whether the input is right: the schema's own model does that.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from shared.domain.validation import MAX_TEXT

MOST_LINE_CHARS: Final = 2_000
"""A text that may be longer gets an area, not a line."""
LONG_NAMES: Final = frozenset({"body", "text", "html", "raw", "content_base64"})
"""Strings that say no length and are a whole text."""
DEEPEST: Final = 6
PREFIX: Final = "in."
"""Keeps an input's fields apart from the form's own."""
Schema = Mapping[str, Any]


class Kind(StrEnum):
    """What a field looks like."""

    LINE = "line"
    TEXT = "text"
    NUMBER = "number"
    SWITCH = "switch"
    CHOICE = "choice"
    CHOICES = "choices"
    """Some of a few values."""
    LINES = "lines"
    """A list of plain values, one a line."""
    PAIRS = "pairs"
    """An object of strings, `name: value` a line."""
    MOMENT = "moment"
    JSON = "json"
    GROUP = "group"
    LIST = "list"
    """A list of groups."""


@dataclass(frozen=True, slots=True)
class Field:
    """One property. `path` is its name in the form: `attachments.0.filename`.

    `options` are the texts and values of a choice; `fields` those of a group, or of a list's item.
    """

    name: str
    path: str
    kind: Kind
    help: str = ""
    required: bool = False
    default: Any = None
    options: tuple[tuple[str, Any], ...] = ()
    fields: tuple["Field", ...] = ()
    type: str = "string"
    """Of a number or of a list's values: string, integer or number."""
    minimum: float | None = None
    maximum: float | None = None
    max_length: int | None = None
    pattern: str | None = None

    @property
    def size_path(self) -> str:
        """The form's field that says how many items a list has."""
        return f"{self.path}.size"

    def item(self, index: int) -> tuple["Field", ...]:
        """Return the fields of a list's item."""
        return tuple(_move(one, f"{self.path}.{index}") for one in self.fields)


def fields_of(schema: Schema) -> tuple[Field, ...]:
    """Return the fields of an object's schema, in its order; their paths begin with `in.`."""
    return _Reader(schema.get("$defs", {})).properties(schema, PREFIX, 0)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads schemas whose parts lie under `$defs`."""

    parts: Mapping[str, Schema]

    def properties(self, schema: Schema, within: str, depth: int) -> tuple[Field, ...]:
        required = schema.get("required", ())
        return tuple(
            self._field(name, one, f"{within}{name}", name in required, depth)
            for name, one in schema.get("properties", {}).items()
        )

    def _field(self, name: str, schema: Schema, path: str, required: bool, depth: int) -> Field:
        chosen, nullable = self._one(schema)
        base = Field(
            name,
            path,
            Kind.LINE,
            help=str(schema.get("description") or chosen.get("description") or ""),
            required=required,
            default=schema.get("default"),
            minimum=chosen.get("minimum"),
            maximum=chosen.get("maximum"),
            max_length=chosen.get("maxLength"),
            pattern=chosen.get("pattern"),
        )
        if depth >= DEEPEST:
            return replace(base, kind=Kind.JSON)
        return self._shape(base, chosen, nullable, depth)

    def _shape(self, base: Field, schema: Schema, nullable: bool, depth: int) -> Field:
        options = _options(schema, nullable=nullable)
        if options:
            return replace(base, kind=Kind.CHOICE, options=options)
        match schema.get("type"):
            case "array":
                return self._list(base, schema, depth)
            case "object":
                return self._object(base, schema, depth)
            case "integer" | "number" as type:
                return replace(base, kind=Kind.NUMBER, type=type)
        return replace(base, kind=_plain_kind(base, schema))

    def _list(self, base: Field, schema: Schema, depth: int) -> Field:
        item, _ = self._one(schema.get("items") or {})
        if options := _options(item, nullable=False):
            return replace(base, kind=Kind.CHOICES, options=options)
        if item.get("type") in {"string", "integer", "number"}:
            return replace(base, kind=Kind.LINES, type=item["type"])
        if item.get("type") == "object" and item.get("properties"):
            inner = self.properties(item, "", depth + 1)
            return replace(base, kind=Kind.LIST, fields=inner)
        return replace(base, kind=Kind.JSON)

    def _object(self, base: Field, schema: Schema, depth: int) -> Field:
        if schema.get("properties"):
            inner = self.properties(schema, f"{base.path}.", depth + 1)
            if not base.required:  # a group may be left out whole, whatever it needs within
                inner = tuple(replace(one, required=False) for one in inner)
            return replace(base, kind=Kind.GROUP, fields=inner)
        values, _ = self._one(schema.get("additionalProperties") or {})
        plain = values.get("type") == "string"
        return replace(base, kind=Kind.PAIRS if plain else Kind.JSON)

    def _one(self, schema: Any) -> tuple[Schema, bool]:
        """Return the schema that is shown, references followed, and whether null is allowed.

        Of a string or a list of strings the string is: the API takes either.
        """
        found = self._follow(schema)
        several = [self._follow(one) for one in found.get("anyOf") or found.get("oneOf") or ()]
        if not several:
            return found, False
        given = [one for one in several if one.get("type") != "null"]
        nullable = len(given) < len(several)
        strings = [one for one in given if one.get("type") == "string"]
        if len(given) == 1 or (strings and all(map(self._may_be_text, given))):
            return (strings or given)[0], nullable
        return {}, nullable

    def _may_be_text(self, schema: Schema) -> bool:
        """Whether it is text, a list of texts, or an object that is one way to spell the text.

        Beside a text "true" is taken for the boolean, as `signature` does.
        """
        if schema.get("type") != "array":
            return schema.get("type") in {"string", "object", "boolean"}
        items = self._follow(schema.get("items"))
        spellings = [self._follow(one) for one in items.get("anyOf") or (items,)]
        return any(one.get("type") == "string" for one in spellings)

    def _follow(self, schema: Any) -> Schema:
        found: Schema = schema if isinstance(schema, Mapping) else {}
        while "$ref" in found or len(found.get("allOf") or ()) == 1:
            reference = str(found.get("$ref", ""))
            inner = self.parts.get(reference.rpartition("/")[2], {})
            found = inner if reference else found["allOf"][0]
        return found


def _options(schema: Schema, *, nullable: bool) -> tuple[tuple[str, Any], ...]:
    """Return texts and values where there are few; yes, no and neither are three."""
    if "const" in schema:
        return ((str(schema["const"]), schema["const"]),)
    if nullable and schema.get("type") == "boolean":
        return (("true", True), ("false", False))
    return tuple((str(one), one) for one in schema.get("enum") or () if one is not None)


def _plain_kind(field: Field, schema: Schema) -> Kind:
    if schema.get("type") == "boolean":
        return Kind.SWITCH
    if schema.get("type") != "string":
        return Kind.JSON
    if schema.get("format") == "date-time":
        return Kind.MOMENT
    length = field.max_length or MAX_TEXT
    long = field.name in LONG_NAMES if length >= MAX_TEXT else length > MOST_LINE_CHARS
    return Kind.TEXT if long else Kind.LINE


def _move(field: Field, within: str) -> Field:
    """Return a list item's field at its place; its own groups and lists move with it."""
    inner = field.fields
    if field.kind is Kind.GROUP:
        inner = tuple(_move(one, within) for one in inner)
    return replace(field, path=f"{within}.{field.path}", fields=inner)
