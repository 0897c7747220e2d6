"""POST /jobs/reconcile: what Cloud Scheduler starts every minute."""

import asyncio

from shared.edge.triggers.gauges import MeasureBacklog
from shared.edge.web.call import Call
from shared.edge.web.logs import log
from shared.edge.web.routes import Access, Route
from shared.usecases.end_troubles import EndTroubles
from shared.usecases.reconcile import (
    Reconcile,
    ResumeDisconnects,
    WakeApprovals,
    WakeDeliveries,
    WakeModels,
)


async def reconcile(call: Call) -> None:
    """Wake what is due and was not woken."""
    found, events = await asyncio.gather(call.use(Reconcile)(), call.use(WakeDeliveries)())
    log("job", task="reconcile", count=found.syncs, outcome=f"{found.sends} sends, {events} events")
    if waiting := await call.use(WakeApprovals)():
        log("job", task="wake-approvals", count=waiting)
    if due := await call.use(WakeModels)():
        log("job", task="wake-models", count=due)
    if woken := await call.use(ResumeDisconnects)():
        log("job", task="resume-disconnects", count=woken)
    if freed := await call.use(EndTroubles)():
        log("job", task="end-troubles", count=freed)
    await call.use(MeasureBacklog)()


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
