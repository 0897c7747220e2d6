"""Deliveries: what the product was told, what it was not, and telling it again."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import orjson
from starlette.responses import Response

from shared.domain.events.delivery import SCHEDULE, shown_payload
from shared.domain.events.event import Event, EventState
from shared.domain.ids import EventId
from shared.edge.console.addresses import addresses_of, id_named
from shared.edge.console.pages import Visit, change, page
from shared.edge.console.paging import turned
from shared.errors import InvalidRequestError
from shared.ports.events import Outbox
from shared.usecases.events.redeliver import Redeliver

PATH: Final = "/console/deliveries"
STATES: Final = {one.value: one for one in EventState}


async def show_deliveries(visit: Visit) -> Response:
    """Return events newest first, by state and connection."""
    state = STATES.get(visit.asked("state"))
    connection = await id_named(visit, visit.asked("connection"))

    async def listed(until: datetime | None, limit: int) -> Sequence[Event]:
        return await visit.use(Outbox).list(
            state=state, connection_id=connection, limit=limit, until=until
        )

    found = await turned(listed, visit.asked("before"))
    counted = visit.asked("count")
    return visit.page(
        "deliveries.html",
        title="Deliveries",
        nav="deliveries",
        events=[(event, _payload(event)) for event in found.entries],
        addresses=await addresses_of(visit, (one.connection_id for one in found.entries)),
        older=found.older,
        state=state.value if state else "",
        connection=visit.asked("connection"),
        before=visit.asked("before"),
        attempts=len(SCHEDULE),
        notices={
            "redelivered": "The event is on its way again.",
            "redelivered-many": f"{counted if counted.isdecimal() else 0} events are on their way.",
        },
    )


async def redeliver(visit: Visit) -> Response:
    """Send one event again."""
    await visit.use(Redeliver)(EventId(visit.path("id")))
    return visit.go(PATH, done="redelivered", **_kept(visit))


async def redeliver_since(visit: Visit) -> Response:
    """Send again every event in a state that was created since a moment; the newest 1,000."""
    state = STATES.get(visit.field("which"))
    if state is None:
        raise InvalidRequestError("Choose which events to send again.")
    made = await visit.use(Redeliver).since(
        _moment(visit.field("since")),
        until=None,
        state=state,
        connection_id=await id_named(visit, visit.field("connection")[:200].strip()),
    )
    return visit.go(PATH, done="redelivered-many", count=str(made.count), **_kept(visit))


def _kept(visit: Visit) -> dict[str, str]:
    """Return the filter to go back to."""
    kept = {name: visit.field(name)[:200] for name in ("state", "connection", "before")}
    return {name: value for name, value in kept.items() if value}


def _moment(text: str) -> datetime:
    """Read what a browser sends of a date and time; the form says that it is UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidRequestError("Say since when, as a date and a time.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _payload(event: Event) -> str:
    return orjson.dumps(shown_payload(event), option=orjson.OPT_INDENT_2).decode()


ROUTES = (
    page(PATH, show_deliveries, "Deliveries"),
    change(f"{PATH}/redeliver", redeliver_since, "redeliver events"),
    change(f"{PATH}/{{id}}/redeliver", redeliver, "redeliver event"),
)
