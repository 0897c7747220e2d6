"""One tool call: checked, run on the headers' mailbox, answered as a result."""

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

import orjson
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, CallToolRequestParams, CallToolResult

from shared.actions.loading import READ_RECORDS
from shared.actions.policy.guard import GuardedActions, Waiting
from shared.actions.registry import Action
from shared.actions.run import ActionAnswer
from shared.domain.connect.connection import Connection
from shared.domain.models.sync import OwnSyncs
from shared.edge.mcp.arguments import Arguments, has_effect, read_arguments
from shared.edge.mcp.continuing import FIELD as CONTINUATION
from shared.edge.mcp.continuing import NAME as CONTINUE
from shared.edge.mcp.continuing import Place, Reading, read_continuation
from shared.edge.mcp.offer import allowed_for, get_tool, require_permission
from shared.edge.mcp.own_records import read_records
from shared.edge.mcp.results.compact import compact, readable, weight_of, without_image
from shared.edge.mcp.results.envelope import Frame, done_result, error_result, waiting_result
from shared.edge.mcp.results.repeats import RepeatedCalls
from shared.edge.mcp.schemas import without_empty
from shared.edge.mcp.trail import UNKNOWN_TOOL, VIA, log_refusal
from shared.edge.web import logs
from shared.edge.web.call import Call
from shared.edge.web.deployment import Deployment
from shared.edge.web.status import answer_to
from shared.errors import (
    ForbiddenError,
    InvalidRequestError,
    PostroomError,
    UnknownActionError,
)
from shared.usecases.off_loop import off_loop

INTERNAL = 500
UNKNOWN = "No such tool. tools/list names them."


async def run_tool(
    call: Call, connection: Connection, asked: CallToolRequestParams
) -> CallToolResult:
    """Return the tool's result; whatever it refuses is a result too, which the model can read.

    Raises MCPError, code -32602, for a tool that does not exist.
    """
    given, place = asked.arguments or {}, Place()
    try:
        name = asked.name
        if name == CONTINUE:
            reading, place = read_continuation(without_empty(given).get(CONTINUATION))
            name, given = reading.name, reading.arguments
        if name == READ_RECORDS and call.use(OwnSyncs).rows:
            reads = read_records(call, connection, given, place)
            return await _result_of(call, connection, reads)
        action = get_tool(name)
    except UnknownActionError as unknown:
        await log_refusal(call, connection, UNKNOWN_TOOL, unknown)
        raise MCPError(INVALID_PARAMS, UNKNOWN, {"code": unknown.code}) from None
    except InvalidRequestError as wrong:
        await log_refusal(call, connection, CONTINUE, wrong)
        return refusal(wrong, call, connection)
    return await _result_of(call, connection, _run(call, connection, action, given, place))


async def _result_of(
    call: Call, connection: Connection, running: Awaitable[CallToolResult]
) -> CallToolResult:
    try:
        return await running
    except Exception as error:  # noqa: BLE001  whatever it is, its words may be mail
        return refusal(error, call, connection)


async def _run(
    call: Call,
    connection: Connection,
    action: Action[Any, Any],
    given: Mapping[str, Any],
    place: Place,
) -> CallToolResult:
    arguments = await _checked_arguments(call, connection, action, given, place)
    answer = await call.use(GuardedActions)(
        replace(call.caller.actor, via=VIA),
        connection,
        action.name,
        dict(arguments.input),
        idempotency_key=arguments.idempotency_key,
        trace_id=call.trace_id,
    )
    if isinstance(answer, Waiting):
        return waiting_result(answer, connection.email)
    reading = None if has_effect(action) else Reading(action.name, dict(arguments.input))
    frame = Frame(connection.email, reading, answer.replayed)
    heard = Heard(call.use(RepeatedCalls), _call_digest(call, connection, action, given, place))
    limit = call.use(Deployment).mcp_result_bytes
    weight = weight_of(answer.output)
    return await off_loop(weight, _result, action.name, answer, place, limit, frame, heard)


@dataclass(frozen=True, slots=True)
class Heard:
    """A call by its digest, and what counts it."""

    calls: RepeatedCalls
    digest: str

    def hint(self, output: Any) -> str | None:
        """Count the call's answer; return what to tell the model of it."""
        answer = sha256(orjson.dumps(output)).hexdigest()
        return self.calls.hint(self.digest, answer)


def _result(
    name: str, answer: ActionAnswer, place: Place, limit: int, frame: Frame, heard: Heard
) -> CallToolResult:
    output = compact(name, readable(answer.output), frame.mailbox)
    framed = replace(frame, hint=heard.hint(output))
    shown, image = without_image(name, output)
    result = done_result(shown, place, limit, framed)
    return result.model_copy(update={"content": [*result.content, image]}) if image else result


def _call_digest(
    call: Call,
    connection: Connection,
    action: Action[Any, Any],
    given: Mapping[str, Any],
    place: Place,
) -> str:
    said = [call.caller.name, connection.id, action.name, {**given}, place.start]
    return sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()


async def _checked_arguments(
    call: Call,
    connection: Connection,
    action: Action[Any, Any],
    given: Mapping[str, Any],
    place: Place,
) -> Arguments:
    try:
        require_permission(action, call.caller)
        if place.digest is not None and has_effect(action):
            raise InvalidRequestError("A continuation reads: it changes and sends nothing.")
        return read_arguments(action, given)
    except PostroomError as error:
        await log_refusal(call, connection, action.name, error)
        raise


def refusal(error: BaseException, call: Call, connection: Connection) -> CallToolResult:
    """Return an error as API 1.3 does; an unexpected one is logged, and told as nothing.

    Of one that the key's rules make it says what they allow.
    """
    answer = answer_to(error, call.trace_id)
    if answer.status >= INTERNAL:
        logs.log_failure("tool failed", error, status=answer.status)
    inner = dict(answer.body["error"])
    if wait := answer.headers.get("Retry-After"):
        inner["retry_after_s"] = int(wait)
    if isinstance(error, ForbiddenError):
        inner["allowed"] = allowed_for(call.caller, connection)
    return error_result({"error": inner, "mailbox": connection.email})
