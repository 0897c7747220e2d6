"""Work for later: the queues dispatch, and what is due gets run."""

import asyncio
from datetime import timedelta
from typing import Final

from shared.commands.checks.context import Ground, require_file
from shared.commands.checks.finding import Finding, counted, failed, ok
from shared.domain.ids import SHARDS
from shared.errors import CorruptStoreError, QueueUnavailableError
from shared.ports.clock import Clock
from shared.ports.queue import QueueName

OVERDUE: Final = timedelta(minutes=5)
SYNC_OVERDUE: Final = timedelta(minutes=15)
"""Reconcile looks every minute; a long backfill's lease is renewed well within this."""


async def tasks_are_dispatched(ground: Ground) -> Finding:
    """Look at each queue: on a laptop for tasks left lying, in the cloud at its state."""
    return await (_file(ground) if ground.local else _cloud_tasks(ground))


async def _file(ground: Ground) -> Finding:
    from shared.adapters.sqlite.queue import SqliteQueue  # noqa: PLC0415  only on a laptop

    path = ground.settings.queue_path
    require_file(path)
    try:
        queue = SqliteQueue(path, ground.container.use(Clock))
        try:
            waiting = queue.waiting()
        finally:
            queue.close()
    except (QueueUnavailableError, CorruptStoreError) as error:
        return failed(
            f"{path}: {error}",
            "Is the disk full, or another program holding the file? Without it tasks are found "
            "again by reconcile: stop Postroom, remove the file, start it again.",
        )
    late = [task for task in waiting if task.not_before and task.not_before < ground.now - OVERDUE]
    if late:
        return failed(
            f"{counted(len(late), 'task')} due for more than five minutes; the oldest: "
            f"{late[0].path}.",
            "Nobody dispatches: start Postroom (`make demo`), or look in .local/logs/postroom.log "
            "for what that path answers.",
        )
    return ok(f"{path}, {counted(len(waiting), 'task')} waiting")


async def _cloud_tasks(ground: Ground) -> Finding:
    location = ground.settings.queue.removeprefix("cloud-tasks:")
    _, project, _, region = location.split("/")
    for name in QueueName:
        path = f"v2/{location}/queues/{name}"
        found = await ground.resource("cloudtasks", path, needs="cloudtasks.queues.get")
        flags = f"{name} --location={region} --project={project}"
        if found is None:
            return failed(
                f"There is no queue {location}/queues/{name}.",
                f"make deploy   (or: gcloud tasks queues create {flags})",
            )
        if found.get("state", "RUNNING") != "RUNNING":
            return failed(
                f"The queue {name} is {found['state']}: its tasks wait.",
                f"gcloud tasks queues resume {flags}",
            )
    return ok(f"{', '.join(QueueName)} run in {location}")


async def due_syncs_are_run(ground: Ground) -> Finding:
    """Whether any connection waits long past the time it was due: reconcile would have found it."""
    before = ground.now - SYNC_OVERDUE
    due = ground.store.sync_states.due
    shards = await asyncio.gather(*(due(shard, before, 1) for shard in range(SHARDS)))
    late = [id for shard in shards for id in shard]
    if not late:
        return ok("none is overdue")
    return failed(
        f"{'At least ' if len(late) > 1 else ''}{counted(len(late), 'connection')} due for more "
        f"than a quarter of an hour; one is {late[0]}.",
        "Start Postroom (`make demo`): its scheduler finds them within a minute."
        if ground.local
        else "gcloud scheduler jobs run postroom-reconcile --location=REGION, and read what "
        "reconcile and sync_mailbox log; a paused job is resumed by gcloud scheduler jobs resume.",
    )
