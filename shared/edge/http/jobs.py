"""POST /jobs/*: what Cloud Scheduler starts."""

from shared.edge.http.call import Call
from shared.edge.http.routes import Access, Route
from shared.edge.logs import log


async def renew_watches(call: Call) -> None:
    """Renew every watch that expires soon."""
    renewed = await call.wiring.renew_watches()
    log("job", task="renew-watches", count=renewed.armed, outcome=f"{renewed.failed} failed")


async def reconcile(call: Call) -> None:
    """Wake what is due and nobody woke."""
    found = await call.wiring.reconcile()
    log("job", task="reconcile", count=found.syncs, outcome=f"{found.sends} sends")


RENEW_ROUTES = (
    Route(
        "POST",
        "/jobs/renew-watches",
        Access.SCHEDULER,
        renew_watches,
        "Renew watches",
        raw_body=True,
        documented=False,
    ),
)
RECONCILE_ROUTES = (
    Route(
        "POST",
        "/jobs/reconcile",
        Access.SCHEDULER,
        reconcile,
        "Wake what is due",
        raw_body=True,
        documented=False,
    ),
)
