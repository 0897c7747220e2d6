"""Which actions an agent is offered, by its key, its policy and the grant, and each as a tool.

No output schema: every tool answers the one envelope that the server's instructions describe.
"""

from functools import cache
from typing import Any, Final

from mcp_types import Tool, ToolAnnotations

from shared.actions.loading import actions, get_action
from shared.actions.registry import Action
from shared.actions.tool_choice import ALL, is_listed
from shared.domain.connect.connection import Connection
from shared.domain.connect.scopes import LABELS, implied_scopes
from shared.domain.keys.policy import Does, ProposedCall, Refused, judge, policy_of
from shared.edge.mcp.arguments import has_effect, input_schema
from shared.edge.web.call import Caller
from shared.edge.web.routes import Permission
from shared.errors import ForbiddenError, MissingScopeError, UnknownActionError

BY_SENDERS: Final = frozenset({"send-email", "cancel-send"})
"""What the permission to send allows."""


def offered_actions(
    caller: Caller, connection: Connection, chosen: str = ALL
) -> list[Action[Any, Any]]:
    """Return the actions that this key may run on this mailbox, in the registry's order.

    `chosen` says which of them are to be listed, as `is_listed` takes it.
    """
    offered = [one for one in actions().values() if _is_offered(one, caller, connection)]
    return [one for one in offered if is_listed(one.name, chosen)]


def get_tool(name: str) -> Action[Any, Any]:
    """Return the action behind a tool. Raises UnknownActionError, also where it is no tool."""
    action = get_action(name)
    if not action.for_agents:
        raise UnknownActionError(f"{name} is not for agents.")
    return action


def require_permission(action: Action[Any, Any], caller: Caller) -> None:
    """Raise ForbiddenError naming the permission that the key lacks for this action.

    `mcp` alone reads; `send` sends and cancels as POST /send and DELETE /sends do; `actions` is
    everything there is.
    """
    if action.doing is Does.READ or caller.may(Permission.ACTIONS):
        return
    if action.name in BY_SENDERS and caller.may(Permission.SEND):
        return
    wanted = Permission.SEND if action.name in BY_SENDERS else Permission.ACTIONS
    raise ForbiddenError(f"This API key lacks the permission {wanted.value!r}.")


def allowed_for(caller: Caller, connection: Connection) -> dict[str, Any]:
    """Return what a refused caller may do instead: its tools, and the rules that bind them."""
    try:
        rules = policy_of(caller.policy).model_dump(mode="json", exclude_defaults=True)
    except ForbiddenError:  # a policy that cannot be read allows nothing
        return {"tools": []}
    tools = [one.name for one in offered_actions(caller, connection)]
    return {"tools": tools, **({"policy": rules} if rules else {})}


def _is_offered(action: Action[Any, Any], caller: Caller, connection: Connection) -> bool:
    """Whether a call could be let through; recipients and the day's cap are judged with it."""
    if not action.for_agents:
        return False
    if action.agents_need and not implied_scopes(connection.scopes) & {*action.agents_need}:
        return False
    try:
        require_permission(action, caller)
        action.require_scope(connection)
        verdict = judge(policy_of(caller.policy), ProposedCall(action.doing))
    except (ForbiddenError, MissingScopeError):
        return False
    return not isinstance(verdict, Refused)


DESTRUCTIVE = frozenset({Does.SEND, Does.DELETE, Does.UNKNOWN})
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
