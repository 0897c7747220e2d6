"""Work for later: the queues dispatch, and what is due gets run."""

from datetime import timedelta
from typing import Final

from shared.commands.checks.context import CheckContext, require_file
from shared.commands.checks.finding import Finding, count_of, failure, ok
from shared.errors import CorruptStoreError, QueueUnavailableError
from shared.ports.clock import Clock
from shared.ports.queue import QueueName

OVERDUE: Final = timedelta(minutes=5)
SYNC_OVERDUE: Final = timedelta(minutes=15)
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
    late = await context.store.sync_states.due(context.now - SYNC_OVERDUE, MOST_COUNTED)
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
