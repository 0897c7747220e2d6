"""POST /docs/mcp: the documentation as tools for coding agents, without a key or a mailbox.

The SDK and the pages load at the first call, as they do for `/mcp`.
"""

from starlette.responses import Response

from shared.edge.docs.routes import Table, site_of
from shared.edge.mcp.origins import require_known_origin
from shared.edge.mcp.route import require_json
from shared.edge.web.call import Call
from shared.edge.web.deployment import Deployment
from shared.edge.web.routes import Access, Route


def tools_of(table: Table) -> Route:
    """Return the route of the documentation's tools."""

    async def docs_mcp(call: Call) -> Response:
        """Return one message of the Model Context Protocol, of either era (FACTS 11.1, 11.3)."""
        from shared.edge.docs.tools import exchange  # noqa: PLC0415  loads the SDK

        require_known_origin(call)
        require_json(call)
        return await exchange(call, site_of(table, call.use(Deployment).public_url))

    return Route(
        "POST",
        "/docs/mcp",
        Access.PUBLIC,
        docs_mcp,
        "The documentation as tools for a coding agent",
        raw_body=True,
        documented=False,  # the protocol describes itself, by tools/list
    )
