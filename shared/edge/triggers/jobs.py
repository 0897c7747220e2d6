"""POST /jobs/*: what Cloud Scheduler starts."""

import asyncio

from shared.edge.triggers.gauges import MeasureBacklog
from shared.edge.web.call import Call
from shared.edge.web.logs import log
from shared.edge.web.routes import Access, Route
from shared.ports.telemetry import Telemetry
from shared.usecases.connect.maintain_grants import MaintainGrants
from shared.usecases.keys.rotate_keys import RotateKeys
from shared.usecases.reconcile import Reconcile, ResumeDisconnects, WakeApprovals, WakeDeliveries
from shared.usecases.sync.prune_tombstones import PruneDeleted
from shared.usecases.sync.watch import RenewWatches


async def renew_watches(call: Call) -> None:
    """Renew every watch that expires soon."""
    renewed = await call.use(RenewWatches)()
    log("job", task="renew-watches", count=renewed.armed, outcome=f"{renewed.failed} failed")
    call.use(Telemetry).count_renewals(armed=renewed.armed, failed=renewed.failed)


async def reconcile(call: Call) -> None:
    """Wake what is due and has not been woken."""
    found, events = await asyncio.gather(call.use(Reconcile)(), call.use(WakeDeliveries)())
    log("job", task="reconcile", count=found.syncs, outcome=f"{found.sends} sends, {events} events")
    if waiting := await call.use(WakeApprovals)():
        log("job", task="wake-approvals", count=waiting)
    if woken := await call.use(ResumeDisconnects)():
        log("job", task="resume-disconnects", count=woken)
    await call.use(MeasureBacklog)()


async def maintain_grants(call: Call) -> None:
    """Announce grants that end soon and use those that are idle."""
    done = await call.use(MaintainGrants)()
    log("job", task="tend-grants", count=done.used, outcome=f"{done.warned} warned")


async def rotate_keys(call: Call) -> None:
    """Bring data keys under the current key-encryption key."""
    done = await call.use(RotateKeys)()
    log("job", task="rotate-keys", count=done.rewrapped, outcome=f"{done.unreadable} unreadable")


async def prune_deleted(call: Call) -> None:
    """Empty tombstones whose retention is over."""
    done = await call.use(PruneDeleted)()
    log("job", task="prune-deleted", count=done.emptied)


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
    *(
        Route(
            "POST",
            path,
            Access.SCHEDULER,
            function,
            summary,
            raw_body=True,
            documented=False,
        )
        for path, function, summary in (
            ("/jobs/tend-grants", maintain_grants, "Tend grants"),
            ("/jobs/rotate-keys", rotate_keys, "Rotate key-encryption keys"),
            ("/jobs/prune-deleted", prune_deleted, "Empty old tombstones"),
        )
    ),
)
"""Jobs that need Google or walk everything: the function of the watches has both rights."""
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
