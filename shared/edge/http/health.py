"""GET /health: the process answers. It asks nothing of the store, so it never flaps with it."""

from shared.edge.http.call import Call
from shared.edge.http.routes import Access, Answer, Route


class Health(Answer):
    """The process is up."""

    status: str = "ok"
    environment: str


async def check_health(call: Call) -> Health:
    """Answer that this function is up."""
    return Health(environment=call.wiring.settings.environment)


ROUTES = (
    Route(
        "GET", "/health", Access.PUBLIC, check_health, "Whether the service is up", output=Health
    ),
)
