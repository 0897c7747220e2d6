"""Gmail's own description of itself: the referee nobody here wrote.

The discovery document ships inside google-api-python-client (`shared/docs/facts/index.md`). Its
schemas become JSON Schema with every unknown property a failure, so that a misspelt or invented
field in an answer cannot pass.
"""

import json
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator

_PATTERNS = {
    "uint64": r"^(0|[1-9][0-9]{0,19})$",
    "int64": r"^-?(0|[1-9][0-9]{0,18})$",
    "byte": r"^[A-Za-z0-9_-]*={0,2}$",
}
_RANGES = {"int32": (-(2**31), 2**31 - 1), "uint32": (0, 2**32 - 1)}


@cache
def document() -> dict[str, Any]:
    """Read the gmail.v1 discovery document out of the installed package."""
    source = files("googleapiclient.discovery_cache") / "documents" / "gmail.v1.json"
    read: dict[str, Any] = json.loads(source.read_text())
    return read


def document_at(url: str) -> dict[str, Any]:
    """Return the document for a local host: `api_endpoint` alone is not enough (FACTS 14.6)."""
    root = f"{url.rstrip('/')}/"
    # The client writes into the document it is given, so it gets one of its own.
    return {**deepcopy(document()), "rootUrl": root, "baseUrl": root}


@cache
def methods() -> dict[str, dict[str, Any]]:
    """Return every method of the document by its id."""
    return {method["id"]: method for method in _methods(document())}


def _methods(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from node.get("methods", {}).values()
    for inner in node.get("resources", {}).values():
        yield from _methods(inner)


@cache
def _definitions() -> dict[str, Any]:
    return {name: strict(schema) for name, schema in document()["schemas"].items()}


def strict(node: dict[str, Any]) -> dict[str, Any]:
    """Turn one discovery schema into a strict JSON Schema."""
    if "$ref" in node:
        return {"$ref": f"#/$defs/{node['$ref']}"}
    schema: dict[str, Any] = {"type": node["type"]}
    if node["type"] == "object":
        schema["properties"] = {k: strict(v) for k, v in node.get("properties", {}).items()}
        schema["additionalProperties"] = False
    if node["type"] == "array":
        schema["items"] = strict(node["items"])
    if "enum" in node:
        schema["enum"] = node["enum"]
    if node.get("format") in _PATTERNS:
        schema["pattern"] = _PATTERNS[node["format"]]
    if node.get("format") in _RANGES:
        schema["minimum"], schema["maximum"] = _RANGES[node["format"]]
    return schema


@cache
def validator(schema_name: str) -> Draft202012Validator:
    """Return a validator for one named schema."""
    return Draft202012Validator({"$ref": f"#/$defs/{schema_name}", "$defs": _definitions()})


def check_answer(method_id: str, answer: Any) -> None:
    """Assert that what a method answered is what the document promises.

    A method without a response schema must answer with an empty body.
    """
    promised = methods()[method_id].get("response")
    if promised is None:
        assert answer in (None, "", b""), f"{method_id} promises an empty answer, got {answer!r}"
        return
    problems = [
        f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"
        for error in validator(promised["$ref"]).iter_errors(answer)
    ]
    assert not problems, f"{method_id}: {problems[:5]}"
