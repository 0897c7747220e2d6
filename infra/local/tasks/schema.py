"""Request bodies checked against Google's own discovery document, strictly.

Google ignores nothing it does not know: an unknown field is an error there, and so it is here.
The document comes with google-api-python-client, a development dependency.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

DURATION = re.compile(r"\d{1,12}(\.\d{1,9})?s")
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z")
_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "object": dict,
    "array": list,
}


@cache
def discovery(name: str) -> dict[str, Any]:
    """Read a discovery document such as `cloudtasks.v2`."""
    spec = find_spec("googleapiclient")
    assert spec is not None, "google-api-python-client is not installed"
    assert spec.origin is not None
    path = Path(spec.origin).parent / "discovery_cache" / "documents" / f"{name}.json"
    document: dict[str, Any] = json.loads(path.read_text())
    return document


def problems(schema: str, body: Any, *, document: str = "cloudtasks.v2") -> list[str]:
    """Return everything in `body` that Google's schema of that name does not allow."""
    schemas = discovery(document)["schemas"]
    return list(_check(schemas, {"$ref": schema}, body, ""))


def _check(
    schemas: Mapping[str, Any], schema: Mapping[str, Any], value: Any, path: str
) -> Iterator[str]:
    while "$ref" in schema:
        schema = schemas[schema["$ref"]]
    kind = schema.get("type", "any")
    if kind != "any" and not _is(kind, value):
        yield f"Invalid value at '{path}' ({kind})"
    elif kind == "object":
        yield from _check_object(schemas, schema, value, path)
    elif kind == "array":
        for index, item in enumerate(value):
            yield from _check(schemas, schema["items"], item, f"{path}[{index}]")
    elif "enum" in schema and value not in schema["enum"]:
        yield f"Invalid value at '{path}' (enum), {value!r}"
    elif not _well_formed(schema.get("format", ""), value):
        yield f"Invalid value at '{path}' ({schema['format']})"


def _check_object(
    schemas: Mapping[str, Any], schema: Mapping[str, Any], value: dict[str, Any], path: str
) -> Iterator[str]:
    known = schema.get("properties", {})
    for name, item in value.items():
        inner = known.get(name, schema.get("additionalProperties"))
        if inner is None:
            yield f"Unknown name {json.dumps(name)} at '{path}': Cannot find field."
        else:
            yield from _check(schemas, inner, item, f"{path}.{name}".lstrip("."))


def _is(kind: str, value: Any) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _TYPES[kind])


def _well_formed(form: str, value: Any) -> bool:
    match form:
        case "byte":
            return _decodes(value)
        case "google-duration":
            return DURATION.fullmatch(value) is not None
        case "google-datetime":
            return TIMESTAMP.fullmatch(value) is not None and _is_moment(value)
        case "int32":
            return -(2**31) <= int(value) < 2**31
        case _:
            return True


def _decodes(value: str) -> bool:
    try:
        base64.b64decode(value, validate=True)
    except binascii.Error:
        return False
    return True


def _is_moment(value: str) -> bool:
    try:
        datetime.fromisoformat(value[:19])
    except ValueError:
        return False
    return True
