"""Deliveries: what the product was told, what it was not, and telling it again."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import orjson
from starlette.responses import Response

from shared.domain.events.delivery import SCHEDULE, shown_payload
from shared.domain.events.event import Event, EventState
from shared.domain.ids import EventId
from shared.domain.validation import in_utc
from shared.edge.console.layout.pages import ConsoleRequest, change, page
from shared.edge.console.layout.paging import (
    addresses_of,
    find_connection_id,
    offered_connections,
    paginate,
)
from shared.errors import InvalidRequestError
from shared.ports.events import Outbox
from shared.usecases.events.redeliver import Redeliver

PATH: Final = "/console/deliveries"
STATES: Final = {one.value: one for one in EventState}


async def show_deliveries(console: ConsoleRequest) -> Response:
    """Return events newest first, by state and connection."""
    state = STATES.get(console.query("state"))
    connection = await find_connection_id(console, console.query("connection"))

    async def fetch(until: datetime | None, limit: int) -> Sequence[Event]:
        return await console.use(Outbox).list(
            state=state, connection_id=connection, limit=limit, until=until
        )

    found = await paginate(fetch, console.query("before"))
    counted = console.query("count")
    return console.page(
        "deliveries.html",
        title="Deliveries",
        nav="deliveries",
        events=[(event, _payload(event)) for event in found.entries],
        addresses=await addresses_of(console, (one.connection_id for one in found.entries)),
        older=found.older,
        state=state.value if state else "",
        connection=console.query("connection"),
        offered=await offered_connections(console),
        before=console.query("before"),
        attempts=len(SCHEDULE),
        notices={
            "redelivered": "The event is on its way again.",
            "redelivered-many": f"{counted if counted.isdecimal() else 0} events are on their way.",
        },
    )


async def redeliver(console: ConsoleRequest) -> Response:
    """Send one event again."""
    await console.use(Redeliver)(EventId(console.path("id")))
    return console.go(PATH, done="redelivered", **_filter(console))


async def redeliver_since(console: ConsoleRequest) -> Response:
    """Send again every event in a state that was created since a moment; the newest 1,000."""
    state = STATES.get(console.field("which"))
    if state is None:
        raise InvalidRequestError("Choose which events to send again.")
    made = await console.use(Redeliver).since(
        _moment(console.field("since")),
        until=None,
        state=state,
        connection_id=await find_connection_id(console, console.field("connection")[:200].strip()),
    )
    return console.go(PATH, done="redelivered-many", count=str(made.count), **_filter(console))


def _filter(console: ConsoleRequest) -> dict[str, str]:
    """Return the filter to go back to."""
    kept = {name: console.field(name)[:200] for name in ("state", "connection", "before")}
    return {name: value for name, value in kept.items() if value}


def _moment(text: str) -> datetime:
    """Read what a browser sends of a date and time; the form says that it is UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidRequestError("Say since when, as a date and a time.") from None
    return in_utc(moment)


def _payload(event: Event) -> str:
    return orjson.dumps(shown_payload(event), option=orjson.OPT_INDENT_2).decode()


ROUTES = (
    page(PATH, show_deliveries, "Deliveries"),
    change(f"{PATH}/redeliver", redeliver_since, "redeliver events"),
    change(f"{PATH}/{{id}}/redeliver", redeliver, "redeliver event"),
)
