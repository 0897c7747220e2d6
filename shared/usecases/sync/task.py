"""The task that wakes a mailbox's sync."""

from datetime import datetime, timedelta
from typing import Final

from shared.domain.ids import ConnectionId
from shared.ports.queue import QueueName, Task

SYNC_TASK: Final = "/tasks/sync"
EARLY: Final = timedelta(milliseconds=500)
"""How far a clock may be behind the queue's."""


def sync_task(
    connection_id: ConnectionId,
    queue: QueueName = QueueName.LIVE,
    *,
    not_before: datetime | None = None,
    name: str | None = None,
) -> Task:
    """Return it; what there is to do stands in the state, not in the task."""
    return Task(SYNC_TASK, {"connection_id": connection_id}, queue, not_before, name)


def due_task(connection_id: ConnectionId, queue: QueueName, due: datetime, now: datetime) -> Task:
    """Return the task that wakes it at `due`: one for all the pushes of a burst that ask for it.

    Its name is spent only by a run that does what is due then; what is due almost now has none,
    for a run whose clock is behind would ask again for the task that woke it.
    """
    if due <= now:
        return sync_task(connection_id, queue)
    name = f"{connection_id}-{int(due.timestamp() * 1_000_000)}" if due > now + EARLY else None
    return sync_task(connection_id, queue, not_before=due, name=name)


MODELS_TASK: Final = "/tasks/models"


def models_task(
    connection_id: ConnectionId,
    sync: str | None = None,
    *,
    every: bool = False,
    wake: bool = False,
    not_before: datetime | None = None,
    task_name: str | None = None,
) -> Task:
    """Return the task that runs own syncs: one by name, `every` one, or those that follow mail.

    `wake` wants a run of each, whatever its schedule says.
    """
    body = {"connection_id": connection_id, "every": every, "wake": wake}
    body |= {"sync": sync} if sync else {}
    return Task(MODELS_TASK, body, QueueName.MODELS, not_before=not_before, name=task_name)


def adopt_task() -> Task:
    """Return the task that looks whether every connection has the states of the own syncs."""
    return Task(MODELS_TASK, {}, QueueName.MODELS)
