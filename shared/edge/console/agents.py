"""What agents called through MCP: the tool, by which key, on whose mailbox, and how it ended."""

from collections.abc import Mapping
from typing import Final

from starlette.responses import Response

from shared.domain.keys.api_key import ApiKey
from shared.domain.operation import Operation, OperationType
from shared.edge.console.layout.pages import ConsoleRequest, page
from shared.edge.console.layout.paging import addresses_of, find_connection_id, offered_connections
from shared.edge.mcp.trail import VIA
from shared.ports.access import ApiKeys
from shared.ports.events import Operations

PATH: Final = "/console/agents"
READ: Final = 500
"""Actions of the log among which the calls of agents are looked for, newest first."""
MOST_KEYS: Final = 200


async def show_agents(console: ConsoleRequest) -> Response:
    """Return the calls, newest first, of one key or mailbox or all."""
    named, chosen = console.query("connection"), console.query("key")
    found = await console.use(Operations).list(
        connection_id=await find_connection_id(console, named),
        type=OperationType.ACTION,
        state=None,
        limit=READ,
    )
    keys = {_name(one): one for one in await console.use(ApiKeys).list(MOST_KEYS)}
    calls = [one for one in found if one.detail.get("via") == VIA]
    return console.page(
        "agents.html",
        title="Agents",
        nav="agents",
        calls=[one for one in calls if chosen in ("", one.detail.get("key"))],
        callers=_callers(calls, keys),
        addresses=await addresses_of(
            console, (one.connection_id for one in calls if one.connection_id)
        ),
        offered=await offered_connections(console),
        asked={"connection": named, "key": chosen},
        read=READ,
        whole=len(found) < READ,
    )


def _name(key: ApiKey) -> str:
    """Return a key as the operations log names it."""
    return f"key-{key.id}"


def _callers(calls: list[Operation], keys: Mapping[str, ApiKey]) -> Mapping[str, str]:
    """Return what each key that called is named; one that is not stored goes by its log name."""
    names = {str(one.detail.get("key")) for one in calls}
    return {name: keys[name].name if name in keys else name for name in sorted(names)}


ROUTES = (page(PATH, show_agents, "Agents"),)
