"""Events on their way to the product."""

from datetime import timedelta
from typing import Final

from shared.commands.checks.context import CheckContext
from shared.commands.checks.finding import Finding, count_of, failure, ok, warning
from shared.domain.events.event import EventState

OVERDUE: Final = timedelta(minutes=15)
MOST: Final = 100


async def events_arrive(context: CheckContext) -> Finding:
    """Look for dead letters, for attempts long overdue, and for any receiver at all."""
    outbox = context.store.outbox
    dead = await outbox.list(state=EventState.DEAD, connection_id=None, limit=MOST)
    if dead:
        most = "at least " if len(dead) == MOST else ""
        return failure(
            f"{most}{count_of(len(dead), 'event')} given up after every attempt; the newest: "
            f"{dead[0].id}, {dead[0].last_error or 'no answer'}.",
            "Mend the receiver, then POST /events/redeliver with since "
            f"{dead[-1].created_at:%Y-%m-%dT%H:%M:%SZ}. Records were not lost: they are read by "
            "cursor.",
        )
    before = context.now - OVERDUE
    if late := await outbox.due(before, MOST):
        return failure(
            f"{count_of(len(late), 'event')} due for more than a quarter of an hour; the first: "
            f"{late[0].id}.",
            "Start Postroom (`make demo`)."
            if context.local
            else "Look at the queue `events` and at deliver_event's log; gcloud scheduler jobs run "
            "postroom-reconcile --location=REGION wakes them.",
        )
    return await _last(context)


async def _last(context: CheckContext) -> Finding:
    delivered = await context.store.outbox.list(
        state=EventState.DELIVERED, connection_id=None, limit=1
    )
    if delivered and delivered[0].delivered_at:
        return ok(f"the last at {delivered[0].delivered_at:%Y-%m-%d %H:%M} UTC, none is dead")
    if not context.settings.events.sinks and not await context.store.webhook_endpoints.list():
        return warning(
            "Nobody is told of events: there is no webhook endpoint and no sink.",
            "POST /webhook-endpoints registers one (API 7.4), or set POSTROOM_EVENT_SINKS; fine if "
            "the product only polls.",
        )
    return ok("nothing was to be delivered yet")
