"""Requests made from the API's own description: a route that is added is attacked at once."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.edge.table import whole_table
from shared.edge.web.openapi.document import document

DESCRIPTION = document(whole_table, "http://127.0.0.1:8080")
CONNECTION_FIELDS = frozenset({"connection_id", "connectionId"})
PARAMETER = re.compile(r"\{(\w+)\}")
DEEPEST = 6


@dataclass(frozen=True)
class Operation:
    """One method on one path, as described."""

    method: str
    path: str
    description: Mapping[str, Any] = field(repr=False)

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def keyed(self) -> bool:
        return {"apiKey": []} in self.description["security"]

    @property
    def needs_connection(self) -> bool:
        return any(
            one["name"] == "Connection-Id" and one["required"]
            for one in self.description["parameters"]
        )

    def address(self, victim: "Named") -> str:
        """Return the path with the victim's ids in it."""
        return PARAMETER.sub(lambda found: victim(self.path, found[1]), self.path)

    def query(self, victim: "Named") -> dict[str, Any]:
        """Return what the query must say, and the connection wherever it may."""
        return {
            one["name"]: victim(self.path, one["name"])
            if one["name"] in {*CONNECTION_FIELDS, "message_id"}
            else example(one["schema"], victim, self.path)
            for one in self.description["parameters"]
            if one["in"] == "query" and (one["required"] or one["name"] in CONNECTION_FIELDS)
        }

    def body(self, victim: "Named") -> Any:
        """Return a body that the schema allows, naming the victim wherever it may."""
        asked = self.description.get("requestBody")
        if asked is None:
            return None
        found = asked["content"].get("application/json")
        return example(found["schema"], victim, self.path) if found else None


Named = Callable[[str, str], str]
"""Answers the victim's id for a path and the name of a parameter or field."""


def operations() -> list[Operation]:
    """Return every operation described."""
    return [
        Operation(method.upper(), path, described)
        for path, methods in DESCRIPTION["paths"].items()
        for method, described in methods.items()
    ]


def example(schema: Mapping[str, Any], victim: Named, path: str, depth: int = 0) -> Any:
    """Return a value the schema allows: only what is required, and every connection id."""
    while "$ref" in schema:
        schema = DESCRIPTION["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for chosen in ("anyOf", "oneOf", "allOf"):
        if chosen in schema:
            return example(schema[chosen][0], victim, path, depth + 1)
    for fixed in ("const", "default"):
        if fixed in schema:
            return schema[fixed]
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type", "object")
    if kind == "object":
        return _object(schema, victim, path, depth)
    if kind == "array":
        count = schema.get("minItems", 0)
        return [example(schema["items"], victim, path, depth + 1) for _ in range(count)]
    return _scalar(kind, schema)


def _object(schema: Mapping[str, Any], victim: Named, path: str, depth: int) -> dict[str, Any]:
    properties = schema.get("properties", {})
    wanted = {*schema.get("required", ()), *(CONNECTION_FIELDS & {*properties})}
    made = {}
    for name in sorted(wanted):
        if name in {*CONNECTION_FIELDS, "message_id"}:
            made[name] = victim(path, name)
        elif depth < DEEPEST:
            made[name] = NAMED.get(name) or example(properties[name], victim, path, depth + 1)
    return made


def _scalar(kind: str, schema: Mapping[str, Any]) -> Any:
    if kind == "integer":
        return max(1, schema.get("minimum", 1))
    if kind == "number":
        return schema.get("minimum", 1)
    if kind == "boolean":
        return True
    if kind == "null":
        return None
    shapes = {"date-time": "2030-01-01T00:00:00Z", "uri": "https://hooks.example.com/x"}
    return shapes.get(schema.get("format", ""), "x" * max(1, schema.get("minLength", 1)))


NAMED: Mapping[str, Any] = {
    "provider_config_key": "google-mail",
    "model": "EmailMessage",
    "sync_name": "fetch-messages",
    "frequency": "every hour",
    "until_cursor": "now",
    "action_name": "get-profile",
    "url": "https://hooks.example.com/x",
    "since": "2020-01-01T00:00:00Z",
    "to": "somebody@demo.example",
    "subject": "hello",
}
"""Values that mean something, where a schema only says that it is text."""
