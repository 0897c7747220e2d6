"""Work for later: the queues dispatch, what is due gets run, and events reach the product."""

from datetime import timedelta
from typing import Final

from shared.commands.checks.context import CheckContext, require_file
from shared.commands.checks.finding import Finding, count_of, failure, ok, warning
from shared.domain.events.event import EventState
from shared.errors import CorruptStoreError, QueueUnavailableError
from shared.ports.clock import Clock
from shared.ports.queue import QueueName

OVERDUE: Final = timedelta(minutes=5)
LONG_OVERDUE: Final = timedelta(minutes=15)
"""Reconcile looks every minute; a long backfill's lease is renewed well within this."""
MOST_COUNTED: Final = 100


async def tasks_are_dispatched(context: CheckContext) -> Finding:
    """Look at each queue: on a laptop for tasks left lying, in the cloud at its state."""
    return await (_file(context) if context.local else _cloud_tasks(context))


async def _file(context: CheckContext) -> Finding:
    from shared.adapters.sqlite.queue import SqliteQueue  # noqa: PLC0415  only on a laptop

    path = context.settings.queue_path
    require_file(path)
    try:
        queue = SqliteQueue(path, context.container.use(Clock))
        try:
            waiting = queue.waiting()
        finally:
            queue.close()
    except (QueueUnavailableError, CorruptStoreError) as error:
        return failure(
            f"{path}: {error}",
            "Is the disk full, or another program holding the file? Without it tasks are found "
            "again by reconcile: stop Postroom, remove the file, start it again.",
        )
    late = [task for task in waiting if task.not_before and task.not_before < context.now - OVERDUE]
    if late:
        return failure(
            f"{count_of(len(late), 'task')} due for more than five minutes; the oldest: "
            f"{late[0].path}.",
            "Nobody dispatches: start Postroom (`make demo`), or look in .local/logs/postroom.log "
            "for what that path answers.",
        )
    return ok(f"{path}, {count_of(len(waiting), 'task')} waiting")


async def _cloud_tasks(context: CheckContext) -> Finding:
    location = context.settings.queue.removeprefix("cloud-tasks:")
    _, project, _, region = location.split("/")
    for name in QueueName:
        path = f"v2/{location}/queues/{name}"
        found = await context.resource("cloudtasks", path, needs="cloudtasks.queues.get")
        flags = f"{name} --location={region} --project={project}"
        if found is None:
            return failure(
                f"There is no queue {location}/queues/{name}.",
                f"make deploy   (or: gcloud tasks queues create {flags})",
            )
        if found.get("state", "RUNNING") != "RUNNING":
            return failure(
                f"The queue {name} is {found['state']}: its tasks wait.",
                f"gcloud tasks queues resume {flags}",
            )
    return ok(f"{', '.join(QueueName)} run in {location}")


async def due_syncs_are_run(context: CheckContext) -> Finding:
    """Whether any connection waits long past the time it was due: reconcile would have found it."""
    late = await context.store.sync_states.due(context.now - LONG_OVERDUE, MOST_COUNTED)
    if not late:
        return ok("none is overdue")
    most = "At least " if len(late) == MOST_COUNTED else ""
    return failure(
        f"{most}{count_of(len(late), 'connection')} due for more than a quarter of an hour; one is "
        f"{late[0]}.",
        "Start Postroom (`make demo`): its scheduler finds them within a minute."
        if context.local
        else "gcloud scheduler jobs run postroom-reconcile --location=REGION, and read what "
        "reconcile and sync_mailbox log; a paused job is resumed by gcloud scheduler jobs resume.",
    )


async def events_arrive(context: CheckContext) -> Finding:
    """Look for dead letters, for attempts long overdue, and for any receiver at all."""
    outbox = context.store.outbox
    dead = await outbox.list(state=EventState.DEAD, connection_id=None, limit=MOST_COUNTED)
    if dead:
        most = "at least " if len(dead) == MOST_COUNTED else ""
        return failure(
            f"{most}{count_of(len(dead), 'event')} given up after every attempt; the newest: "
            f"{dead[0].id}, {dead[0].last_error or 'no answer'}.",
            "Mend the receiver, then POST /events/redeliver with since "
            f"{dead[-1].created_at:%Y-%m-%dT%H:%M:%SZ}. Records were not lost: they are read by "
            "cursor.",
        )
    before = context.now - LONG_OVERDUE
    if late := await outbox.due(before, MOST_COUNTED):
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
