"""Actions as the protocol's tools: schemas, hints, names.

No output schema: every tool answers the one envelope that the server's instructions describe.
"""

from functools import cache
from typing import Any

from mcp_types import Tool, ToolAnnotations

from shared.actions.loading import get_action
from shared.actions.registry import Action
from shared.domain.connect.scopes import LABELS
from shared.domain.keys.policy import Does
from shared.edge.mcp.arguments import has_effect, input_schema

DESTRUCTIVE = frozenset({Does.SEND, Does.DELETE, Does.UNTOLD})
"""What cannot be taken back: a client asks its person before such a call."""


def tool_of(name: str) -> Tool:
    """Return the tool of the action with this name; each is made once."""
    return _tool(get_action(name))


@cache
def _tool(action: Action[Any, Any]) -> Tool:
    return Tool(
        name=action.name,
        title=action.name.replace("-", " ").capitalize(),
        description=action.summary,
        input_schema=input_schema(action),
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
