"""POST /jobs/*: what Cloud Scheduler starts that needs Google or walks everything.

They share a function, the one of the watches, which has both rights.
"""

from shared.edge.web.call import Call
from shared.edge.web.logs import log
from shared.edge.web.routes import Access, Route
from shared.ports.telemetry import Telemetry
from shared.usecases.connect.tokens.maintain_grants import MaintainGrants
from shared.usecases.keys.rotate_keys import RotateKeys
from shared.usecases.sync.prune_tombstones import PruneDeleted
from shared.usecases.sync.watch.renew import RenewWatches


async def renew_watches(call: Call) -> None:
    """Renew every watch that expires soon."""
    renewed = await call.use(RenewWatches)()
    log("job", task="renew-watches", count=renewed.armed, outcome=f"{renewed.failed} failed")
    call.use(Telemetry).count_renewals(armed=renewed.armed, failed=renewed.failed)


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
