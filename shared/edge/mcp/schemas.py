"""Input schemas that every model's converter takes: one type a field, no rule but its words.

What a schema does not say is still held: the action reads its own input. Anything an action takes
in several spellings is shown in the first; an object of free names is shown as JSON text.
"""

from collections.abc import Mapping
from typing import Any, Final

import orjson

AS_JSON: Final = "As JSON text."
DEEPEST: Final = 6
LEFT_OUT: Final = frozenset({"body", "headers", "delivery", "content_id", "dry_run"})
"""Of a message's fields those that say again what another says, or that no agent needs."""
_MESSAGE: Final = frozenset({"to", "text", "reply_to_message_id"})
"""Fields by which a message is known."""
PEOPLE: Final = "Addresses, joined by commas; `Name <a@b.com>` with names."
WORDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("to", "cc", "bcc", "reply_to"), PEOPLE),
    "signature": "true: with the sender's own from Gmail's settings.",
    "send_at": "When to send, ISO 8601, at most 30 days ahead; cancel-send calls it off.",
}
"""What an agent is told of a message's fields, where it is less than a program is."""


def plain_schema(schema: Mapping[str, Any], added: Mapping[str, Any]) -> dict[str, Any]:
    """Return an action's input schema with further required fields, in the plainest words."""
    parts = schema.get("$defs", {})
    plain = _object(schema, parts, DEEPEST)
    properties = {**plain["properties"], **added}
    required = [*plain.get("required", ()), *added]
    return {**plain, "properties": properties, **({"required": required} if required else {})}


def read_json_fields(schema: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments with each object that came as JSON text as what it says."""
    shown = schema.get("properties", {})
    return {
        name: _parse_text(value)
        if isinstance(value, str) and AS_JSON in shown.get(name, {}).get("description", "")
        else value
        for name, value in given.items()
    }


def without_empty(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments without what is empty: null, "", [], {}; a model fills every field."""
    kept = {name: _drop_empty(value) for name, value in given.items()}
    return {name: value for name, value in kept.items() if not is_empty(value)}


def _drop_empty(value: object) -> object:
    if isinstance(value, dict):
        return without_empty(value)
    if isinstance(value, list):
        return [one for one in map(_drop_empty, value) if not is_empty(one)]
    return value


def is_empty(value: Any) -> bool:
    """Whether a value says nothing."""
    return value is None or (isinstance(value, str | list | dict) and not value)


def _parse_text(text: str) -> object:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text  # the action says what is wrong with it


def _object(schema: Mapping[str, Any], parts: Mapping[str, Any], deep: int) -> dict[str, Any]:
    fields = schema.get("properties", {})
    hidden = LEFT_OUT if fields.keys() >= _MESSAGE or "content_base64" in fields else frozenset()
    properties = {
        name: _field(one, parts, deep - 1) for name, one in fields.items() if name not in hidden
    }
    if hidden:
        properties |= {
            name: {**properties[name], "description": said}
            for name, said in WORDS.items()
            if name in properties
        }
    required = [name for name in schema.get("required", ()) if name in properties]
    found: dict[str, Any] = {"type": "object", "properties": properties}
    return {**found, **({"required": required} if required else {}), "additionalProperties": False}


def _field(field: Mapping[str, Any], parts: Mapping[str, Any], deep: int) -> dict[str, Any]:
    found = _shape(_resolve(field, parts), parts, deep)
    words = [field.get("description", ""), found.pop("description", "")]
    said = " ".join(dict.fromkeys(filter(None, words)))
    return {**found, **({"description": said} if said else {})}


def _resolve(field: Mapping[str, Any], parts: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow references and choices to the first shape that is not null."""
    for _ in range(DEEPEST):
        choices = field.get("anyOf") or field.get("oneOf") or field.get("allOf")
        if choices:
            field = next((one for one in choices if one.get("type") != "null"), {})
        elif "$ref" in field:
            field = parts.get(field["$ref"].rpartition("/")[2], {})
        else:
            break
    return field


def _shape(field: Mapping[str, Any], parts: Mapping[str, Any], deep: int) -> dict[str, Any]:
    kind = field.get("type", "string")
    if "const" in field or "enum" in field:
        values = field.get("enum", [field.get("const")])
        return {"type": "string", "enum": [str(one) for one in values]}
    if kind == "object":
        if deep > 0 and field.get("properties"):
            return _object(field, parts, deep)
        return {"type": "string", "description": AS_JSON}
    if kind == "array":
        if deep > 0:
            return {"type": "array", "items": _field(field.get("items", {}), parts, deep - 1)}
        return {"type": "string", "description": AS_JSON}
    return {"type": kind}
