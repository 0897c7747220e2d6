"""The connections: who is connected, and whether each mailbox is current."""

from starlette.responses import Response

from shared.edge.http.console.frame import Visit, page


async def show_connections(visit: Visit) -> Response:
    """Answer the list."""
    return visit.page("connections.html", title="Connections", nav="connections")


ROUTES = (page("/console/connections", show_connections, "Connections"),)
