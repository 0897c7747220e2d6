"""/action/*: run a typed action on a connection, now or in the background (API 6.1)."""

from typing import Any, Literal

from pydantic import Field
from starlette.responses import Response

from shared.actions.catalogue import as_integration, as_tools
from shared.actions.loading import get_action
from shared.actions.policy.guard import GuardedActions
from shared.domain.models.sync import OwnSyncs
from shared.edge.api.mail.record_models import EmailMessage
from shared.edge.web.answers import json_response
from shared.edge.web.call import Call
from shared.edge.web.effects import EFFECT_HEADERS, KEY_HEADER, LARGEST_BODY, action_response
from shared.edge.web.routes import (
    Permission,
    RequestModel,
    ResponseModel,
    Route,
    Tenant,
)
from shared.errors import NotFoundError
from shared.ports.sends import ActionResults


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
    the same Idempotency-Key to learn what became of it.
    A replay of the same Idempotency-Key carries `Idempotent-Response: true`.
    """
    connection = (await call.connection()).value
    body = call.body(TriggerAction)
    if needed := get_action(body.action_name).permission:
        call.require(needed)
    key = call.request.headers.get(KEY_HEADER)
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
    return action_response(call, answer)


async def action_result(call: Call) -> Response:
    """Return what an asynchronous action came to: 404 while it runs, then output or error."""
    found = await call.use(ActionResults).get(call.path("id"))
    if found is None or not call.caller.sees(found.value.connection_id):
        raise NotFoundError("No such action, or its result has expired.")
    if found.value.finished_at is None:
        raise NotFoundError("This action is still running: ask again.")
    if found.value.error is not None:
        return json_response({"error": found.value.error["error"]}, found.value.error["status"])
    return json_response(found.value.output)


async def scripts_config(call: Call) -> list[Integration] | Tools:
    """Return what this deployment can do, with JSON schemas."""
    if call.query(ScriptsQuery).format == "openai":
        return Tools(data=as_tools())
    return [Integration.model_validate(as_integration(EmailMessage, call.use(OwnSyncs)))]


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
