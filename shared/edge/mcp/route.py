"""POST /mcp: one JSON-RPC message in, one answer out, on the mailbox that the headers name.

The SDK loads in most of a second (FACTS 13.6), so it is imported at the first call and this
module without it: a reader of the route table pays nothing.
"""

from pydantic import Field
from starlette.responses import Response

from shared.domain.connect.connection import Connection
from shared.domain.connect.integration_names import IntegrationNames
from shared.edge.mcp.origins import require_known_origin
from shared.edge.mcp.trail import NO_MAILBOX, log_refusal
from shared.edge.web.call import Call
from shared.edge.web.reading import connection_id
from shared.edge.web.routes import Permission, RequestModel, Route
from shared.errors import InvalidRequestError, UnknownConnectionError

CONNECTION_HEADER = "connection-id"
INTEGRATION_HEADER = "provider-config-key"
JSON = "application/json"


class ToolsQuery(RequestModel):
    """Which tools are listed: read, triage, write, all, and names, joined by commas."""

    tools: str = Field("", max_length=2_000)


async def mcp(call: Call) -> Response:
    """Return one message of the Model Context Protocol, of either era (FACTS 11.1, 11.3).

    400 invalid_headers where a tenant header is missing or given twice, 400 unknown_connection
    where the pair does not exist, 403 for a foreign Origin; what a tool refuses is its result.
    """
    from shared.edge.mcp.exchange import exchange  # noqa: PLC0415  loads the SDK

    require_known_origin(call)
    require_json(call)
    try:
        connection = await named_connection(call)
    except InvalidRequestError as refused:
        await log_refusal(call, None, NO_MAILBOX, refused)
        raise
    own = call.caller.key.tools if call.caller.key else ""
    return await exchange(call, connection, call.query(ToolsQuery).tools or own)


async def named_connection(call: Call) -> Connection:
    """Return the connection of both tenant headers, and of nothing but these headers.

    Raises InvalidRequestError, with status 400 for a pair that is unknown too (API 8.1).
    """
    integration = _one(call, INTEGRATION_HEADER)
    wanted = _one(call, CONNECTION_HEADER)
    if integration not in (names := call.use(IntegrationNames)):
        raise InvalidRequestError(names.unknown, code=UnknownConnectionError.code)
    try:
        return (await call.connection(connection_id(wanted))).value
    except UnknownConnectionError as unknown:
        raise InvalidRequestError(str(unknown), code=unknown.code) from None


def _one(call: Call, name: str) -> str:
    """Return a header's one value: two of them would leave open whose mailbox is meant."""
    given = {value.strip() for value in call.request.headers.getlist(name)} - {""}
    if not given:
        raise InvalidRequestError(f"Send the header {name}.", code="invalid_headers")
    if len(given) > 1 or "," in next(iter(given)):
        raise InvalidRequestError(f"Send the header {name} once.", code="invalid_headers")
    return given.pop()


def require_json(call: Call) -> None:
    """Raise InvalidRequestError unless the body is said to be JSON."""
    kind = call.request.headers.get("content-type", "").partition(";")[0]
    if kind.strip().lower() != JSON:
        raise InvalidRequestError(f"Send Content-Type: {JSON}.", code="invalid_headers")


ROUTES = (
    Route(
        "POST",
        "/mcp",
        Permission.MCP,
        mcp,
        "The mailbox as tools for an agent",
        query=ToolsQuery,
        raw_body=True,
        documented=False,  # the protocol describes itself, by tools/list
    ),
)
