"""API keys: make one and show it once, rotate, revoke."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from starlette.responses import Response

from shared.domain.keys.api_key import ALL_PERMISSIONS, ApiKey
from shared.domain.keys.policy import Does, Policy
from shared.domain.validation import in_utc, validate
from shared.edge.api.api_keys import NewKeyBody
from shared.edge.console.layout.pages import ConsoleRequest, change, page
from shared.edge.console.layout.paging import (
    OFFERED,
    addresses_of,
    offered_connections,
    picked_connections,
)
from shared.edge.web.callers.api_key_cache import ApiKeyCache
from shared.edge.web.routes import Permission
from shared.errors import InvalidRequestError
from shared.pages.console.form_values import FormValues
from shared.pages.console.schema_form import Field, Kind, fields_of
from shared.ports.access import ApiKeys
from shared.usecases.keys.api_keys import (
    CreateApiKey,
    IssuedKey,
    KeyRequest,
    RevokeApiKey,
    RotateApiKey,
)

PATH: Final = "/console/api-keys"
MOST: Final = 200
SHOWN: Final = 3
"""Connections of a key that the list names."""
OVERLAPS: Final = {"0": "at once", "1": "in an hour", "24": "in a day", "168": "in a week"}
WAITING: Final = "What waits for a person's word before it happens."
MEANINGS: Final[Mapping[str, str]] = {
    ALL_PERMISSIONS: "All of the below, and what later versions add.",
    Permission.CONNECT: "Open connect sessions, by which end users connect their mailboxes.",
    Permission.CONNECTIONS_READ: "List connections, with their end users, tags and state.",
    Permission.CONNECTIONS_WRITE: "Import, change and disconnect connections.",
    Permission.CONNECTIONS_CREDENTIALS: "Read the tokens that open a mailbox at Google.",
    Permission.RECORDS_READ: "Read stored mail and its attachments.",
    Permission.RECORDS_WRITE: "Empty what stored mail says.",
    Permission.SYNCS_READ: "See how a sync stands, what is set aside, and why.",
    Permission.SYNCS_WRITE: "Trigger, pause and audit a sync, and arm its watch.",
    Permission.ACTIONS: "Run every action on a mailbox, deleting included.",
    Permission.SEND: "Send mail, and see and call off what is to be sent.",
    Permission.OPERATIONS_READ: "Read the operations log.",
    Permission.EVENTS_READ: "List events and the endpoints that are told of them.",
    Permission.EVENTS_WRITE: "Register endpoints, and send events again.",
    Permission.PROXY: "Call Gmail itself with a connection's token.",
    Permission.MCP: "Offer an agent the tools that read; with send or actions more of them.",
    Permission.KEYS: "Make keys that may do no more than this one.",
    Permission.APPROVALS: "Decide what waits for a person; never for a key under a policy.",
}
"""What each permission opens, as the contract has it (API 1.1), in a line for the form."""
WAITS: Final = (Does.DRAFT, Does.SEND, Does.CHANGE, Does.DELETE)


async def show_keys(console: ConsoleRequest) -> Response:
    """Return the keys, newest first, without their secrets."""
    keys = await console.use(ApiKeys).list(MOST)
    now = console.now
    named = [id for key in keys for id in sorted(key.connections or ())[:SHOWN]]
    return console.page(
        "api_keys.html",
        title="API keys",
        nav="api-keys",
        keys=[(key, state_of(key, now)) for key in keys],
        meanings=MEANINGS,
        shown=SHOWN,
        addresses=await addresses_of(console, named),
        most=MOST,
        overlaps=OVERLAPS,
        notices={"revoked": "The key is revoked. Other instances take it for 30 seconds at most."},
    )


async def show_form(console: ConsoleRequest) -> Response:
    """Return the form that makes a key."""
    return await _form(console, FormValues({}))


async def create(console: ConsoleRequest) -> Response:
    """Make a key and show it, this once; a wrong form comes back as it was."""
    form = FormValues(console.form)
    try:
        request = _request(console, form)
    except InvalidRequestError as error:
        return await _form(console, form, error)
    return _issued_page(console, await console.use(CreateApiKey)(request))


async def rotate(console: ConsoleRequest) -> Response:
    """Give a key a new secret and show it, this once; the one before works on for a while."""
    hours = console.field("overlap")
    if hours not in OVERLAPS:
        raise InvalidRequestError("Choose when the present secret ends.")
    id = console.path("id")
    issued = await console.use(RotateApiKey)(id, timedelta(hours=int(hours)))
    console.use(ApiKeyCache).forget(id)
    return _issued_page(console, issued)


async def revoke(console: ConsoleRequest) -> Response:
    """Make a key worthless."""
    id = console.path("id")
    await console.use(RevokeApiKey)(id)
    console.use(ApiKeyCache).forget(id)
    return console.go(PATH, done="revoked")


def state_of(key: ApiKey, now: datetime) -> tuple[str, str]:
    """Return in a word whether a key works, and the word's tone."""
    if key.revoked_at is not None:
        return "revoked", "plain"
    if not key.alive(now):
        return "expired", "plain"
    if key.previous_until is not None and now < key.previous_until:
        return "rotating", "calm"
    return "live", "good"


@cache
def policy_fields() -> tuple[Field, ...]:
    """Return the fields of a policy; what waits for approval is chosen, not typed."""
    choices = tuple((one.value, one.value) for one in WAITS)
    fields = (
        replace(one, kind=Kind.CHOICES, options=choices, default=None, help=WAITING)
        if one.kind is Kind.JSON
        else one
        for one in fields_of(Policy.model_json_schema())
    )
    return tuple(sorted(fields, key=lambda one: one.kind is not Kind.SWITCH))


def _request(console: ConsoleRequest, form: FormValues) -> KeyRequest:
    """Return the key that the form asks for. Raises InvalidRequestError."""
    body = {**_body(form), "connections": picked_connections(console) or None}
    request = validate(NewKeyBody, body, code="invalid_body").request()
    if request.expires_at is not None and request.expires_at <= console.now:
        raise InvalidRequestError("The expiry has passed already.")
    return request


def _body(form: FormValues) -> Mapping[str, Any]:
    """Return the body that POST /api-keys would take, but for its connections."""
    given = {
        "name": form.text("name").strip(),
        "permissions": list(form.given.get("permission", ())),
        "policy": form.read(policy_fields()),
        "expires_at": _utc(form.text("expires_at")),
        "requests_per_minute": form.text("requests_per_minute").strip() or None,
        "tools": form.text("tools"),
    }
    if form.problems:
        raise InvalidRequestError(next(iter(form.problems.values())))
    return given


def _utc(text: str) -> datetime | str | None:
    """Return the moment a browser's date and time stand for; the form says that it is UTC."""
    try:
        return in_utc(datetime.fromisoformat(text.strip()))
    except ValueError:
        return text.strip() or None


async def _form(
    console: ConsoleRequest, form: FormValues, error: InvalidRequestError | None = None
) -> Response:
    problems = error.problems if error else ()
    return console.page(
        "api_key_form.html",
        title="New API key",
        nav="api-keys",
        status=400 if error else 200,
        form=form,
        policy=policy_fields(),
        permissions=MEANINGS,
        offered=await offered_connections(console),
        offered_most=OFFERED,
        wrong=str(error) if error else None,
        problems=[(".".join(map(str, one.path)), one.message) for one in problems],
    )


def _issued_page(console: ConsoleRequest, issued: IssuedKey) -> Response:
    return console.page(
        "api_key_shown.html",
        title="Your API key",
        nav="api-keys",
        key=issued.key,
        token=issued.token,
    )


ROUTES = (
    page(PATH, show_keys, "API keys"),
    page(f"{PATH}/new", show_form, "New API key"),
    change(PATH, create, "create API key"),
    change(f"{PATH}/{{id}}/rotate", rotate, "rotate API key"),
    change(f"{PATH}/{{id}}/revoke", revoke, "revoke API key"),
)
