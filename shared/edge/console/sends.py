"""Sends: the ledger, the unknown ones first, and calling off what is still to come."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from starlette.responses import Response

from shared.domain.ids import ConnectionId
from shared.domain.send.entry import SendEntry, SendState
from shared.edge.console.layout.pages import ConsoleRequest, change, page
from shared.edge.console.layout.paging import (
    addresses_of,
    find_connection_id,
    offered_connections,
    paginate,
)
from shared.ports.sends import Sends
from shared.usecases.send.rules import CancelSend

PATH: Final = "/console/sends"
STATES: Final = {one.value: one for one in SendState}
MOST_UNKNOWN: Final = 20
"""Unknown sends shown above the ledger's first page; their own filter shows them all."""


async def show_sends(console: ConsoleRequest) -> Response:
    """Return sends newest first, by state and connection; unknown ones stand above them."""
    state = STATES.get(console.query("state"))
    connection = await find_connection_id(console, console.query("connection"))

    async def fetch(until: datetime | None, limit: int) -> Sequence[SendEntry]:
        return await console.use(Sends).list(connection, limit, state=state, until=until)

    found = await paginate(fetch, console.query("before"))
    first = state is None and not console.query("before")
    unknown = await _unknown_sends(console, connection) if first else ()
    return console.page(
        "sends.html",
        title="Sends",
        nav="sends",
        unknown=unknown,
        most_unknown=MOST_UNKNOWN,
        sends=found.entries,
        addresses=await addresses_of(
            console, (one.connection_id for one in (*unknown, *found.entries))
        ),
        older=found.older,
        choices=[("", "All"), *((name, name.capitalize()) for name in STATES)],
        state=state.value if state else "",
        connection=console.query("connection"),
        offered=await offered_connections(console),
        before=console.query("before"),
        notices={"cancelled": "The send is called off. Nothing of it was sent."},
    )


async def _unknown_sends(
    console: ConsoleRequest, connection: ConnectionId | None
) -> Sequence[SendEntry]:
    return await console.use(Sends).list(connection, MOST_UNKNOWN, state=SendState.UNKNOWN)


async def cancel(console: ConsoleRequest) -> Response:
    """Call off a send that has not begun."""
    await console.use(CancelSend)(ConnectionId(console.path("connection_id")), console.field("key"))
    kept = {name: console.field(name)[:200] for name in ("state", "connection", "before")}
    return console.go(PATH, done="cancelled", **{name: one for name, one in kept.items() if one})


ROUTES = (
    page(PATH, show_sends, "Sends"),
    change(f"{PATH}/{{connection_id}}/cancel", cancel, "cancel send"),
)
