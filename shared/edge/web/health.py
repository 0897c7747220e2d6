"""GET /health: the process answers, whether the store does or not."""

from datetime import datetime
from typing import Literal

from shared.actions.faults import known_faults, known_left_out
from shared.domain.google.trouble import REMEDIES
from shared.domain.troubles import docs_of
from shared.edge.web.call import Call
from shared.edge.web.deployment import Deployment
from shared.edge.web.routes import Access, ResponseModel, Route
from shared.usecases.troubles import ReportTroubles


class OwnFault(ResponseModel):
    """A module of the deployment's own that is not served; what it says stays out of this."""

    file: str
    line: int
    error: str


class SyncLeftOut(ResponseModel):
    """A sync that was written or named, and never runs."""

    name: str
    reason: str


class OpenTrouble(ResponseModel):
    """What keeps every connection from working until an operator acts."""

    code: str
    since: datetime
    remedy: str
    docs: str


class Health(ResponseModel):
    """The process is up.

    `degraded` where some of the deployment's own code or syncs is left out, or trouble concerns all
    of it.
    """

    status: Literal["ok", "degraded"] = "ok"
    environment: str
    faults: list[OwnFault]
    left_out: list[SyncLeftOut]
    troubles: list[OpenTrouble]


async def check_health(call: Call) -> Health:
    """Return that this function is up, which own code is not served, and what troubles all.

    Own code is known where the function loads it: `api` does.
    """
    found = [OwnFault(file=one.file, line=one.line, error=one.error) for one in known_faults()]
    ready = call.use(Deployment).ready_syncs
    left = [SyncLeftOut(name=one.name, reason=one.reason) for one in known_left_out(ready)]
    report = call.use(ReportTroubles)
    open_now = (await report.board()).lasting(report.clock.now())
    troubles = [
        OpenTrouble(code=code, since=one.since, remedy=REMEDIES[code], docs=docs_of(code) or "")
        for code, one in sorted(open_now.items())
        if code in REMEDIES
    ]
    return Health(
        status="degraded" if found or left or troubles else "ok",
        environment=call.use(Deployment).environment,
        faults=found,
        left_out=left,
        troubles=troubles,
    )


ROUTES = (Route("GET", "/health", Access.PUBLIC, check_health, "Whether the service is up"),)
