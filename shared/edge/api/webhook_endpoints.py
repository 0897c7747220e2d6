"""/webhook-endpoints and redelivery: who is told of events, and telling again (API 7.3, 7.4)."""

from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field

from shared.domain.events.endpoint import Content, WebhookEndpoint
from shared.domain.events.event import EventState, EventType
from shared.domain.events.flavour import Flavour
from shared.domain.ids import ConnectionId, EventId
from shared.domain.validation import Instant
from shared.edge.web.call import Call
from shared.edge.web.routes import Permission, RequestModel, ResponseModel, Route, Success, Tenant
from shared.errors import ForbiddenError, NotFoundError
from shared.ports.clock import Clock
from shared.ports.events import Outbox, WebhookEndpoints
from shared.usecases.events.manage_endpoints import ManageEndpoints, Registration, WithSecret
from shared.usecases.events.redeliver import Redeliver

DAY_S = 86_400
Url = Field(min_length=1, max_length=2048)
Ids = Field(None, min_length=1, max_length=1000)
FLAVOUR = (
    "`nango`: the webhooks that receivers written for Nango verify and read: `from: nango`, both of"
    " its signatures under any `secret` of yours, and its types of event unless you name some."
)
CONTENT = (
    "Of the messages that a `sync` event reports: `none`, `summary` (who, what about, when; not"
    " their words), or `full` (as GET /records has them). At most 50, of 256 KiB together, as"
    " `messages`; `messagesComplete` says whether there are no more. Needs `records:read`."
)


class NewEndpoint(RequestModel):
    """A receiver: an https address, or a sink that the operator allows."""

    url: str = Url
    types: frozenset[EventType] = frozenset()
    connection_ids: frozenset[str] | None = Ids
    description: str = Field("", max_length=255)
    secret: str | None = Field(None, max_length=128)
    flavour: Flavour = Field(Flavour.POSTROOM, description=FLAVOUR)
    content: Content = Field(Content.NONE, description=CONTENT)

    @property
    def registration(self) -> Registration:
        """What is registered."""
        return Registration(
            self.url,
            self.types,
            _ids(self.connection_ids),
            self.description,
            self.secret,
            self.flavour,
            self.content,
        )


class EndpointChange(RequestModel):
    """What shall be different; `enabled` true takes back what a 410 did."""

    url: str | None = Field(None, min_length=1, max_length=2048)
    types: frozenset[EventType] | None = None
    description: str | None = Field(None, max_length=255)
    content: Content | None = Field(None, description=CONTENT)
    enabled: bool | None = None


class Rotation(RequestModel):
    """A secret of your own, or one is made; the last one signs too for `overlap_s` seconds."""

    secret: str | None = Field(None, max_length=128)
    overlap_s: int = Field(DAY_S, ge=0, le=30 * DAY_S)


class EndpointView(ResponseModel):
    """One receiver of events."""

    id: str
    url: str
    types: list[EventType]
    connection_ids: list[str] | None
    description: str
    flavour: Flavour = Field(description=FLAVOUR)
    content: Content = Field(description=CONTENT)
    enabled: bool
    disabled_at: datetime | None
    disabled_reason: str | None
    failing_since: datetime | None
    last_success_at: datetime | None
    live_secrets: int
    created_at: datetime
    updated_at: datetime


class EndpointWithSecret(EndpointView):
    """The same with its signing secret, which is shown this once; null for a sink."""

    secret: str | None


class EndpointsPage(ResponseModel):
    """Receivers, oldest first."""

    webhook_endpoints: list[EndpointView]


class RedeliverySince(RequestModel):
    """Which events: those created from `since` to `until` that are in `state`."""

    since: Instant
    until: Instant | None = None
    state: Literal["dead", "delivered", "pending"] = "dead"


class Redelivery(ResponseModel):
    """How many were made due, newest first; `has_more` says to call again for the rest."""

    redelivered: int
    has_more: bool


class RedeliveredEvent(ResponseModel):
    """The event is due now."""

    id: str
    state: EventState


async def create_endpoint(call: Call) -> EndpointWithSecret:
    """Register a receiver; its secret is shown in this answer only."""
    asked = call.body(NewEndpoint)
    mine = call.caller.connections
    ids = _ids(asked.connection_ids)
    _require_reading(call, asked.content)
    if mine is not None and (ids is None or not ids <= mine):
        raise ForbiddenError("This API key may only register endpoints for its own connections.")
    made = await call.use(ManageEndpoints).create(asked.registration)
    return _with_secret(made, call)


async def list_endpoints(call: Call) -> EndpointsPage:
    """Return the receivers, without their secrets."""
    found = await call.use(WebhookEndpoints).list()
    seen = [one.value for one in found if _visible(call, one.value)]
    return EndpointsPage(webhook_endpoints=[_view(one, call) for one in seen])


async def get_endpoint(call: Call) -> EndpointView:
    """Return one receiver."""
    return _view(await _mine(call), call)


async def change_endpoint(call: Call) -> EndpointView:
    """Change a receiver, or enable it again after its 410."""
    was = await _mine(call)
    changes = {
        name: value for name, value in dict(call.body(EndpointChange)).items() if value is not None
    }
    _require_reading(call, changes.get("content", was.content))
    return _view(await call.use(ManageEndpoints).change(call.path("id"), changes), call)


async def rotate_secret(call: Call) -> EndpointWithSecret:
    """Sign with a new secret and, for a while, with the last one too."""
    await _mine(call)
    asked = call.body(Rotation)
    overlap = timedelta(seconds=asked.overlap_s)
    made = await call.use(ManageEndpoints).rotate(call.path("id"), asked.secret, overlap)
    return _with_secret(made, call)


async def delete_endpoint(call: Call) -> Success:
    """Remove a receiver; what was on its way to it is not sent any more."""
    await _mine(call)
    await call.use(ManageEndpoints).delete(call.path("id"))
    return Success()


async def redeliver_event(call: Call) -> RedeliveredEvent:
    """Send one event again: to the receivers that lack it, or to all where all have it."""
    id = EventId(call.path("id"))
    found = await call.use(Outbox).get(id)
    if found is None or not call.caller.sees(found.value.connection_id):
        raise NotFoundError("No such event. GET /events lists yours.")
    event = await call.use(Redeliver)(id)
    return RedeliveredEvent(id=event.id, state=event.state)


async def redeliver_since(call: Call) -> Redelivery:
    """Send again what died, or whatever was created in a span of time."""
    asked = call.body(RedeliverySince)
    made = await call.use(Redeliver).since(
        asked.since,
        until=asked.until,
        state=EventState(asked.state),
        connection_id=call.connection_id,
        seen=call.caller.connections,
    )
    return Redelivery(redelivered=made.count, has_more=made.more)


def _require_reading(call: Call, content: Content) -> None:
    """Raise ForbiddenError for a key that would be sent what it may not read."""
    if content is not Content.NONE:
        call.caller.require(Permission.RECORDS_READ)


async def _mine(call: Call) -> WebhookEndpoint:
    found = await call.use(ManageEndpoints).find(call.path("id"))
    if not _visible(call, found.value):
        raise NotFoundError("No such endpoint. GET /webhook-endpoints lists yours.")
    return found.value


def _visible(call: Call, endpoint: WebhookEndpoint) -> bool:
    mine, its = call.caller.connections, endpoint.connection_ids
    return mine is None or (its is not None and its <= mine)


def _ids(given: frozenset[str] | None) -> frozenset[ConnectionId] | None:
    return None if given is None else frozenset(ConnectionId(one) for one in given)


def _view(one: WebhookEndpoint, call: Call) -> EndpointView:
    now = call.use(Clock).now()
    return EndpointView(
        id=one.id,
        url=one.url,
        types=sorted(one.types),
        connection_ids=None if one.connection_ids is None else sorted(one.connection_ids),
        description=one.description,
        flavour=one.flavour,
        content=one.content,
        enabled=one.disabled_at is None,
        disabled_at=one.disabled_at,
        disabled_reason=one.disabled_reason,
        failing_since=one.failing_since,
        last_success_at=one.last_success_at,
        live_secrets=sum(secret.live(now) for secret in one.secrets),
        created_at=one.created_at,
        updated_at=one.updated_at,
    )


def _with_secret(made: WithSecret, call: Call) -> EndpointWithSecret:
    return EndpointWithSecret(**dict(_view(made.endpoint, call)), secret=made.secret)


ROUTES = (
    Route(
        "POST",
        "/webhook-endpoints",
        Permission.EVENTS_WRITE,
        create_endpoint,
        "Register a receiver of events",
        body=NewEndpoint,
        status=201,
    ),
    Route(
        "GET",
        "/webhook-endpoints",
        Permission.EVENTS_READ,
        list_endpoints,
        "The receivers of events",
    ),
    Route(
        "GET",
        "/webhook-endpoints/{id}",
        Permission.EVENTS_READ,
        get_endpoint,
        "One receiver of events",
    ),
    Route(
        "PATCH",
        "/webhook-endpoints/{id}",
        Permission.EVENTS_WRITE,
        change_endpoint,
        "Change or enable a receiver",
        body=EndpointChange,
    ),
    Route(
        "POST",
        "/webhook-endpoints/{id}/rotate-secret",
        Permission.EVENTS_WRITE,
        rotate_secret,
        "Give a receiver a new signing secret",
        body=Rotation,
    ),
    Route(
        "DELETE",
        "/webhook-endpoints/{id}",
        Permission.EVENTS_WRITE,
        delete_endpoint,
        "Remove a receiver",
    ),
    Route(
        "POST",
        "/events/redeliver",
        Permission.EVENTS_WRITE,
        redeliver_since,
        "Send events of a span of time again",
        body=RedeliverySince,
        tenant=Tenant.OPTIONAL,
    ),
    Route(
        "POST",
        "/events/{id}/redeliver",
        Permission.EVENTS_WRITE,
        redeliver_event,
        "Send one event again",
    ),
)
