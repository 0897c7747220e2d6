"""JSON schemas in words: a Markdown table of fields, one row each."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

DEEPEST: Final = 2
LONGEST_ENUM: Final = 12
Schema = Mapping[str, Any]


def resolve(schema: Schema, components: Mapping[str, Schema]) -> Schema:
    """Return what a schema refers to, or the schema itself."""
    while "$ref" in schema:
        schema = components[schema["$ref"].rpartition("/")[2]]
    return schema


def table(schema: Schema, components: Mapping[str, Schema]) -> str:
    """Return a table of an object's fields; "" where it names none."""
    rows = [*_rows(schema, components, "", 1)]
    head = "| field | type | says |\n|---|---|---|\n"
    return head + "\n".join(rows) + "\n" if rows else ""


def _rows(
    schema: Schema, components: Mapping[str, Schema], above: str, depth: int
) -> Iterator[str]:
    whole = _object(schema, components)
    for name, field in whole.get("properties", {}).items():
        needed = " (required)" if name in whole.get("required", ()) else ""
        says = words_of({**resolve(field, components), **field})
        yield f"| `{above}{name}`{needed} | {kind_of(field, components)} | {says} |"
        if depth < DEEPEST:
            many = "[]." if "array" in kind_of(field, components) else "."
            yield from _rows(field, components, f"{above}{name}{many}", depth + 1)


def _object(schema: Schema, components: Mapping[str, Schema], steps: int = DEEPEST) -> Schema:
    """Return the object that a schema is, holds many of, or may be besides null."""
    whole = resolve(schema, components)
    if "properties" in whole or not steps:
        return whole
    inner = (*whole.get("anyOf", ()), *whole.get("oneOf", ()), whole.get("items") or {})
    objects = (_object(one, components, steps - 1) for one in inner if one)
    return next((one for one in objects if "properties" in one), whole)


def kind_of(schema: Schema, components: Mapping[str, Schema]) -> str:
    """Return a type in words: `string, null`, `array of object`, the values of an enumeration."""
    whole = resolve(schema, components)
    choices = [*whole.get("anyOf", ()), *whole.get("oneOf", ())]
    if choices:
        return ", ".join(dict.fromkeys(kind_of(one, components) for one in choices))
    if "const" in whole:
        return f"`{whole['const']}`"
    if "enum" in whole and len(whole["enum"]) <= LONGEST_ENUM:
        return ", ".join(f"`{one}`" for one in whole["enum"])
    kind = whole.get("type", "any")
    if kind == "array" and whole.get("items"):
        return f"array of {kind_of(whole['items'], components)}"
    return ", ".join(kind) if isinstance(kind, list) else str(whole.get("format", kind))


def words_of(schema: Schema) -> str:
    """Return a field's description, default and bounds, fit for a cell of a table."""
    default = [f"Default `{json.dumps(schema['default'])}`."] if _tells(schema) else []
    least, most = schema.get("minimum"), schema.get("maximum")
    bounds = [f"{least} to {most}."] if least is not None and most is not None else []
    length = [f"At most {schema['maxItems']}."] if "maxItems" in schema else []
    parts = [schema.get("description", ""), *default, *bounds, *length]
    return cell(" ".join(filter(None, parts)))


def _tells(schema: Schema) -> bool:
    """Whether a default says more than that the field may be left out."""
    return "default" in schema and schema["default"] not in (None, "", [], {})


def cell(text: str) -> str:
    """Return text that ends no cell and no line of a table."""
    return " ".join(text.split()).replace("|", "\\|")
