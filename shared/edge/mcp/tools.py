"""Actions as the protocol's tools: schemas, hints, names."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from mcp_types import Tool, ToolAnnotations

from shared.actions.catalogue import schema_of
from shared.actions.loading import get_action
from shared.actions.registry import Action
from shared.domain.connect.scopes import LABELS
from shared.domain.keys.policy import Does
from shared.edge.mcp.arguments import (
    CONTINUATION,
    CONTINUATION_SCHEMA,
    KEY,
    KEY_SCHEMA,
    has_effect,
)
from shared.edge.mcp.results import result_schema

DESTRUCTIVE = frozenset({Does.SEND, Does.DELETE, Does.UNTOLD})
"""What cannot be taken back: a client asks its person before such a call."""

VALUES = frozenset({"default", "const", "enum", "examples"})
"""What in a schema is data, not schema."""


@cache
def tool_of(name: str) -> Tool:
    """Return the tool of the action with this name; each is made once."""
    action = get_action(name)
    return Tool(
        name=action.name,
        title=action.name.replace("-", " ").capitalize(),
        description=action.summary,
        input_schema=without_titles(input_schema(action)),
        output_schema=without_titles(result_schema(schema_of(action.output))),
        annotations=annotations(action),
    )


def annotations(action: Action[Any, Any]) -> ToolAnnotations:
    """Return the hints. With its required key, the same call again changes nothing more."""
    return ToolAnnotations(
        read_only_hint=not has_effect(action),
        destructive_hint=action.doing in DESTRUCTIVE,
        idempotent_hint=True,
        open_world_hint=LABELS not in action.scopes,
    )


def input_schema(action: Action[Any, Any]) -> dict[str, Any]:
    """Return the action's own schema with the arguments that tools add."""
    schema = schema_of(action.input)
    added: Mapping[str, Any] = {CONTINUATION: CONTINUATION_SCHEMA}
    required = list(schema.get("required", ()))
    if has_effect(action):
        added = {KEY: KEY_SCHEMA, **added}
        required.append(KEY)
    properties = {**schema.get("properties", {}), **added}
    return {**schema, "properties": properties, **({"required": required} if required else {})}


def without_titles(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema without the titles that only repeat names: a model reads every word."""
    return {
        name: value if name in VALUES else _inner(value)
        for name, value in schema.items()
        if name != "title" or not isinstance(value, str)
    }


def _inner(part: object) -> object:
    if isinstance(part, list):
        return [_inner(one) for one in part]
    return without_titles(part) if isinstance(part, dict) else part
