"""Webhook endpoints: add one and show its secret once, try it, disable it, give it a new secret."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from starlette.responses import Response

from shared.domain.events.delivery import Attempted
from shared.domain.events.endpoint import Content, WebhookEndpoint
from shared.domain.events.event import EventType
from shared.domain.events.flavour import Flavour
from shared.domain.validation import validate
from shared.edge.api.webhook_endpoints import NewEndpoint
from shared.edge.console.layout.pages import ConsoleRequest, change, page
from shared.edge.console.layout.paging import (
    OFFERED,
    addresses_of,
    offered_connections,
    picked_connections,
)
from shared.errors import InvalidRequestError
from shared.pages.console.form_values import FormValues
from shared.pages.console.signature_help import SNIPPETS
from shared.ports.events import WebhookEndpoints
from shared.usecases.events.manage_endpoints import ManageEndpoints, Registration, WithSecret
from shared.usecases.events.try_endpoint import TryEndpoint

PATH: Final = "/console/endpoints"
OVERLAPS: Final = {"0": "at once", "1": "in an hour", "24": "in a day", "168": "in a week"}
NOTICES: Final = {
    "enabled": "The endpoint is told of events again. What died meanwhile is sent when you ask.",
    "disabled": "The endpoint is told of nothing until you enable it.",
    "deleted": "The endpoint and its secrets are gone.",
}
REASONS: Final = {
    "by_request": "by request",
    "gone": "it answered 410",
    "failing": "five days without a success",
}


@dataclass(frozen=True, slots=True)
class EndpointRow:
    """An endpoint, in a word how it stands, the word's tone, and since when or until when."""

    endpoint: WebhookEndpoint
    word: str
    tone: str
    moment: datetime | None = None

    @property
    def is_sink(self) -> bool:
        """Whether it is a topic or a queue, which has an identity of its own and no secret."""
        return not self.endpoint.secrets


def row_of(endpoint: WebhookEndpoint, now: datetime) -> EndpointRow:
    """Return the worst that is the case, else that it is live."""
    if endpoint.disabled_at is not None:
        return EndpointRow(endpoint, "disabled", "plain", endpoint.disabled_at)
    if endpoint.deferred_until is not None and endpoint.deferred_until > now:
        return EndpointRow(endpoint, "asked to wait", "warm", endpoint.deferred_until)
    if endpoint.failing_since is not None:
        return EndpointRow(endpoint, "failing", "bad", endpoint.failing_since)
    return EndpointRow(endpoint, "live", "good")


async def show_endpoints(console: ConsoleRequest) -> Response:
    """Return the receivers, oldest first, without their secrets."""
    return await _list(console)


async def show_form(console: ConsoleRequest) -> Response:
    """Return the form that registers a receiver."""
    return await _form(console, FormValues({}))


async def create(console: ConsoleRequest) -> Response:
    """Register a receiver and show its secret, this once; a wrong form comes back as it was."""
    form = FormValues(console.form)
    try:
        made = await console.use(ManageEndpoints).create(_registration(console, form))
    except InvalidRequestError as error:
        return await _form(console, form, error)
    return _secret_page(console, made)


async def rotate(console: ConsoleRequest) -> Response:
    """Give a receiver a new secret and show it, this once; the one before signs on for a while."""
    hours = console.field("overlap")
    if hours not in OVERLAPS:
        raise InvalidRequestError("Choose until when the present secret signs.")
    overlap = timedelta(hours=int(hours))
    return _secret_page(
        console, await console.use(ManageEndpoints).rotate(console.path("id"), None, overlap)
    )


async def try_out(console: ConsoleRequest) -> Response:
    """Send a test event and show what came back."""
    id = console.path("id")
    return await _list(console, tried=(id, await console.use(TryEndpoint)(id)))


async def enable(console: ConsoleRequest) -> Response:
    """Let it be told of events again."""
    await console.use(ManageEndpoints).change(console.path("id"), {"enabled": True})
    return console.go(PATH, done="enabled")


async def disable(console: ConsoleRequest) -> Response:
    """Let it be told of nothing."""
    await console.use(ManageEndpoints).change(console.path("id"), {"enabled": False})
    return console.go(PATH, done="disabled")


async def delete(console: ConsoleRequest) -> Response:
    """Remove it and its secrets."""
    await console.use(ManageEndpoints).delete(console.path("id"))
    return console.go(PATH, done="deleted")


def _registration(console: ConsoleRequest, form: FormValues) -> Registration:
    """Return what the form asks for. Raises InvalidRequestError."""
    given: Mapping[str, Any] = {
        "url": form.text("url").strip(),
        "types": list(form.given.get("type", ())),
        "connection_ids": picked_connections(console) or None,
        "description": form.text("description").strip(),
        "secret": form.text("secret").strip() or None,
        "flavour": form.text("flavour") or Flavour.POSTROOM,
        "content": form.text("content") or Content.NONE,
    }
    return validate(NewEndpoint, given, code="invalid_body").registration


async def _list(console: ConsoleRequest, tried: tuple[str, Attempted] | None = None) -> Response:
    found = [one.value for one in await console.use(WebhookEndpoints).list()]
    named = [id for one in found for id in sorted(one.connection_ids or ())[:3]]
    return console.page(
        "endpoints.html",
        title="Webhook endpoints",
        nav="endpoints",
        rows=[row_of(one, console.now) for one in found],
        addresses=await addresses_of(console, named),
        tried=tried,
        reasons=REASONS,
        overlaps=OVERLAPS,
        snippets=SNIPPETS,
        notices=NOTICES,
    )


async def _form(
    console: ConsoleRequest, form: FormValues, error: InvalidRequestError | None = None
) -> Response:
    problems = error.problems if error else ()
    return console.page(
        "endpoint_form.html",
        title="New webhook endpoint",
        nav="endpoints",
        status=400 if error else 200,
        form=form,
        types=[one.value for one in EventType],
        offered=await offered_connections(console),
        offered_most=OFFERED,
        wrong=str(error) if error else None,
        problems=[(".".join(map(str, one.path)), one.message) for one in problems],
    )


def _secret_page(console: ConsoleRequest, made: WithSecret) -> Response:
    return console.page(
        "endpoint_shown.html",
        title="Your endpoint",
        nav="endpoints",
        endpoint=made.endpoint,
        secret=made.secret,
        snippets=SNIPPETS,
    )


ROUTES = (
    page(PATH, show_endpoints, "Webhook endpoints"),
    page(f"{PATH}/new", show_form, "New webhook endpoint"),
    change(PATH, create, "register endpoint"),
    change(f"{PATH}/{{id}}/test", try_out, "test endpoint"),
    change(f"{PATH}/{{id}}/enable", enable, "enable endpoint"),
    change(f"{PATH}/{{id}}/disable", disable, "disable endpoint"),
    change(f"{PATH}/{{id}}/rotate", rotate, "rotate endpoint secret"),
    change(f"{PATH}/{{id}}/delete", delete, "delete endpoint"),
)
