"""Sends: the ledger, what nobody can tell first, and calling off what is still to come."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from starlette.responses import Response

from shared.domain.ids import ConnectionId
from shared.domain.send.entry import SendEntry, SendState
from shared.edge.console.addresses import addresses_of, id_named
from shared.edge.console.pages import Visit, change, page
from shared.edge.console.paging import turned
from shared.ports.sends import Sends
from shared.usecases.send.rules import CancelSend

PATH: Final = "/console/sends"
STATES: Final = {one.value: one for one in SendState}
MOST_UNKNOWN: Final = 20
"""Unknown sends shown above the ledger's first page; their own filter shows them all."""


async def show_sends(visit: Visit) -> Response:
    """Return sends newest first, by state and connection; unknown ones stand above them."""
    state = STATES.get(visit.asked("state"))
    connection = await id_named(visit, visit.asked("connection"))

    async def listed(until: datetime | None, limit: int) -> Sequence[SendEntry]:
        return await visit.use(Sends).list(connection, limit, state=state, until=until)

    found = await turned(listed, visit.asked("before"))
    first = state is None and not visit.asked("before")
    unknown = await _unknown(visit, connection) if first else ()
    return visit.page(
        "sends.html",
        title="Sends",
        nav="sends",
        unknown=unknown,
        most_unknown=MOST_UNKNOWN,
        sends=found.entries,
        addresses=await addresses_of(
            visit, (one.connection_id for one in (*unknown, *found.entries))
        ),
        older=found.older,
        choices=[("", "All"), *((name, name.capitalize()) for name in STATES)],
        state=state.value if state else "",
        connection=visit.asked("connection"),
        before=visit.asked("before"),
        notices={"cancelled": "The send is called off. Nothing of it was sent."},
    )


async def _unknown(visit: Visit, connection: ConnectionId | None) -> Sequence[SendEntry]:
    return await visit.use(Sends).list(connection, MOST_UNKNOWN, state=SendState.UNKNOWN)


async def cancel(visit: Visit) -> Response:
    """Call off a send that has not begun."""
    await visit.use(CancelSend)(ConnectionId(visit.path("connection_id")), visit.field("key"))
    kept = {name: visit.field(name)[:200] for name in ("state", "connection", "before")}
    return visit.go(PATH, done="cancelled", **{name: one for name, one in kept.items() if one})


ROUTES = (
    page(PATH, show_sends, "Sends"),
    change(f"{PATH}/{{connection_id}}/cancel", cancel, "cancel send"),
)
