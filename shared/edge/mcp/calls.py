"""One tool call: checked, run on the headers' mailbox, answered as a result."""

from collections.abc import Awaitable, Mapping
from typing import Any

from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, CallToolRequestParams, CallToolResult

from shared.actions.loading import READ_RECORDS
from shared.actions.policy.guard import GuardedActions, Waiting
from shared.actions.registry import Action
from shared.actions.run import ActionAnswer
from shared.domain.connect.connection import Connection
from shared.domain.models.sync import OwnSyncs
from shared.edge.mcp.arguments import Arguments, Place, read_arguments
from shared.edge.mcp.offer import get_tool, require_permission
from shared.edge.mcp.own_records import read_records
from shared.edge.mcp.readable import readable, weight_of
from shared.edge.mcp.results import done_result, error_result, waiting_result
from shared.edge.mcp.trail import UNKNOWN_TOOL, log_refusal
from shared.edge.web import logs
from shared.edge.web.call import Call
from shared.edge.web.deployment import Deployment
from shared.edge.web.status import answer_to
from shared.errors import PostroomError, UnknownActionError
from shared.usecases.sync.work.reading import off_loop

INTERNAL = 500
UNKNOWN = "No such tool. tools/list names them."


async def run_tool(
    call: Call, connection: Connection, asked: CallToolRequestParams
) -> CallToolResult:
    """Return the tool's result; whatever it refuses is a result too, which the model can read.

    Raises MCPError, code -32602, for a tool that does not exist.
    """
    if asked.name == READ_RECORDS and call.use(OwnSyncs).rows:
        return await _result_of(call, read_records(call, connection, asked.arguments or {}))
    try:
        action = get_tool(asked.name)
    except UnknownActionError as unknown:
        await log_refusal(call, connection, UNKNOWN_TOOL, unknown)
        raise MCPError(INVALID_PARAMS, UNKNOWN, {"code": unknown.code}) from None
    return await _result_of(call, _run(call, connection, action, asked.arguments or {}))


async def _result_of(call: Call, running: Awaitable[CallToolResult]) -> CallToolResult:
    try:
        return await running
    except Exception as error:  # noqa: BLE001  whatever it is, its words may be mail
        return refusal(error, call.trace_id)


async def _run(
    call: Call, connection: Connection, action: Action[Any, Any], given: Mapping[str, Any]
) -> CallToolResult:
    arguments = await _checked_arguments(call, connection, action, given)
    answer = await call.use(GuardedActions)(
        call.caller.actor,
        connection,
        action.name,
        dict(arguments.input),
        idempotency_key=arguments.idempotency_key,
        trace_id=call.trace_id,
    )
    if isinstance(answer, Waiting):
        return waiting_result(answer)
    limit = call.use(Deployment).mcp_result_bytes
    return await off_loop(
        weight_of(answer.output), _result, action.name, answer, arguments.place, limit
    )


def _result(name: str, answer: ActionAnswer, place: Place, limit: int) -> CallToolResult:
    return done_result(name, readable(answer.output), place, limit, replayed=answer.replayed)


async def _checked_arguments(
    call: Call, connection: Connection, action: Action[Any, Any], given: Mapping[str, Any]
) -> Arguments:
    try:
        require_permission(action, call.caller)
        return read_arguments(action, given)
    except PostroomError as error:
        await log_refusal(call, connection, action.name, error)
        raise


def refusal(error: BaseException, trace_id: str) -> CallToolResult:
    """Return an error as API 1.3 does; an unexpected one is logged, and told as nothing."""
    answer = answer_to(error, trace_id)
    if answer.status >= INTERNAL:
        logs.log_failure("tool failed", error, status=answer.status)
    inner = dict(answer.body["error"])
    if wait := answer.headers.get("Retry-After"):
        inner["retry_after_s"] = int(wait)
    return error_result({"error": inner})
