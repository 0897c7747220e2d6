"""/action/*: run a typed action on a connection, now or in the background (API 6.1)."""

from dataclasses import replace
from typing import Any, Final, Literal

from pydantic import Field
from starlette.responses import Response

from shared.actions.catalogue import as_integration, as_tools
from shared.actions.gmail.send_email import SendEmailOutput, as_output, conclude
from shared.actions.loading import get_action
from shared.actions.policy.guard import GuardedActions
from shared.actions.run import ActionAnswer
from shared.domain.connect.integration_names import IntegrationNames
from shared.domain.ids import ConnectionId
from shared.domain.models.sync import OwnSyncs
from shared.domain.send.entry import SendState, send_id
from shared.domain.sync.alias import SyncAliases
from shared.edge.api.mail.record_models import EmailMessage
from shared.edge.web.answers import json_response
from shared.edge.web.call import Call
from shared.edge.web.effects import (
    EFFECT_HEADERS,
    KEY_HEADER,
    LARGEST_BODY,
    WAITS,
    action_response,
)
from shared.edge.web.reading import header
from shared.edge.web.routes import (
    Permission,
    RequestModel,
    ResponseModel,
    Route,
    Tenant,
)
from shared.errors import NotFoundError
from shared.ports.sends import ActionResults, Sends

MAIL: Final = "send-"
"""Before the ledger's id in that of an action whose mail is still going out."""


class TriggerAction(RequestModel):
    """An action by name, and its input."""

    action_name: str = Field(max_length=100)
    input: Any = None


class Accepted(ResponseModel):
    """Where the output will be."""

    id: str
    statusUrl: str  # noqa: N815  the client's spelling


class ScriptsQuery(RequestModel):
    """`openai` answers tool definitions."""

    format: Literal["nango", "openai"] = "nango"


class Tools(ResponseModel):
    """The actions as function tools of a language model."""

    data: list[dict[str, Any]]


class Integration(ResponseModel):
    """What the deployment can do; each sync and action comes with its JSON schemas."""

    providerConfigKey: str  # noqa: N815  the client's spelling
    provider: str
    syncs: list[dict[str, Any]]
    actions: list[dict[str, Any]]
    on_events: list[dict[str, Any]] = Field(alias="on-events")


async def trigger_action(call: Call) -> Response:
    """Return the action's output as it is.

    202 with `approval_id` where the key's policy wants a person's word first: repeat the call with
    the same Idempotency-Key to learn what became of it. 202 with `id` and `statusUrl` where a mail
    is still going out, as where it runs in the background: what it came to stands there.
    A replay of the same Idempotency-Key carries `Idempotent-Response: true`.
    """
    connection = (await call.connection()).value
    body = call.body(TriggerAction)
    if needed := get_action(body.action_name).permission:
        call.require(needed)
    key = header(call.request, KEY_HEADER)
    if call.request.headers.get("x-async", "").lower() == "true":
        accepted = await call.use(GuardedActions).accept(
            call.caller.actor,
            connection,
            body.action_name,
            body.input,
            idempotency_key=key,
            trace_id=call.trace_id,
        )
        if isinstance(accepted, str):
            return json_response(Accepted(id=accepted, statusUrl=f"/action/{accepted}"))
        return action_response(call, accepted)
    answer = await call.use(GuardedActions)(
        call.caller.actor,
        connection,
        body.action_name,
        body.input,
        idempotency_key=key,
        trace_id=call.trace_id,
    )
    name = body.action_name
    if isinstance(answer, ActionAnswer) and (
        going := _going_out(connection.id, name, answer.output)
    ):
        id = f"{MAIL}{going}"
        more = Accepted(id=id, statusUrl=f"/action/{id}").model_dump()
        return action_response(call, replace(answer, output={**answer.output, **more}), WAITS)
    return action_response(call, answer)


def _going_out(connection_id: ConnectionId, name: str, output: Any) -> str | None:
    """Return the ledger's id of the mail that the action began and that is not out yet."""
    if not issubclass(get_action(name).output, SendEmailOutput):
        return None
    told = SendEmailOutput.model_validate(output)
    if told.idempotency_key is None or told.status not in {*SendState}:
        return None
    ended = SendState(told.status).final
    return None if ended else send_id(connection_id, told.idempotency_key)


async def action_result(call: Call) -> Response:
    """Return what an asynchronous action came to: 404 while it runs, then output or error.

    A mail that was still going out when its action answered stands here too.
    """
    id = call.path("id")
    if id.startswith(MAIL):
        return await _mail_result(call, id.removeprefix(MAIL))
    found = await call.use(ActionResults).get(id)
    if found is None or not call.caller.sees(found.value.connection_id):
        raise _no_such_action()
    result = found.value
    if result.finished_at is None:
        raise _still_running()
    if result.error is not None:
        return json_response({"error": result.error["error"]}, result.error["status"])
    if going := _going_out(result.connection_id, result.action, result.output):
        return await _mail_result(call, going)
    return json_response(result.output)


async def _mail_result(call: Call, id: str) -> Response:
    """Return a mail's outcome. Raises NotFoundError while it goes out, SendFailedError."""
    found = await call.use(Sends).get(id)
    if found is None or not call.caller.sees(found.value.connection_id):
        raise _no_such_action()
    if not found.value.state.final:
        raise _still_running()
    return json_response(as_output(conclude(found.value)))


def _no_such_action() -> NotFoundError:
    return NotFoundError("No such action, or its result has expired.")


def _still_running() -> NotFoundError:
    return NotFoundError("This action is still running: ask again.")


async def scripts_config(call: Call) -> list[Integration] | Tools:
    """Return what this deployment can do, with JSON schemas, once for each name it goes by."""
    if call.query(ScriptsQuery).format == "openai":
        return Tools(data=as_tools())
    found = as_integration(EmailMessage, call.use(OwnSyncs), call.use(SyncAliases))
    names = call.use(IntegrationNames)
    keys = dict.fromkeys((names.first_alias, *names.all))
    return [Integration.model_validate({**found, "providerConfigKey": key}) for key in keys]


ROUTES = (
    Route(
        "POST",
        "/action/trigger",
        Permission.ACTIONS,
        trigger_action,
        "Run an action",
        body=TriggerAction,
        rendered=Any,
        tenant=Tenant.REQUIRED,
        max_body=LARGEST_BODY,
        request_headers=EFFECT_HEADERS,
        also={WAITS: "Waiting for a person, or a mail that is still going out: see `statusUrl`."},
    ),
    Route(
        "GET",
        "/action/{id}",
        Permission.ACTIONS,
        action_result,
        "What an asynchronous action came to",
        rendered=Any,
    ),
    Route(
        "GET",
        "/scripts/config",
        Permission.ACTIONS,
        scripts_config,
        "Actions and syncs, with their schemas",
        query=ScriptsQuery,
    ),
)
