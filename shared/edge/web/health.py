"""GET /health: the process answers. It asks nothing of the store, so it never flaps with it."""

from typing import Literal

from shared.actions.faults import known_faults
from shared.edge.web.call import Call
from shared.edge.web.deployment import Deployment
from shared.edge.web.routes import Access, ResponseModel, Route


class OwnFault(ResponseModel):
    """A module of the deployment's own that is not served; what it says stays out of this."""

    file: str
    line: int
    error: str


class Health(ResponseModel):
    """The process is up; `degraded` where some of the deployment's own code is left out."""

    status: Literal["ok", "degraded"] = "ok"
    environment: str
    faults: list[OwnFault]


async def check_health(call: Call) -> Health:
    """Return that this function is up, and which of the deployment's own modules are not served."""
    found = [OwnFault(file=one.file, line=one.line, error=one.error) for one in known_faults()]
    return Health(
        status="degraded" if found else "ok",
        environment=call.use(Deployment).environment,
        faults=found,
    )


ROUTES = (Route("GET", "/health", Access.PUBLIC, check_health, "Whether the service is up"),)
