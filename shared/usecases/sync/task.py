"""The task that wakes a mailbox's sync."""

from datetime import datetime
from typing import Final

from shared.domain.ids import ConnectionId
from shared.ports.queue import QueueName, Task

SYNC_TASK: Final = "/tasks/sync"


def sync_task(
    connection_id: ConnectionId,
    queue: QueueName = QueueName.LIVE,
    *,
    not_before: datetime | None = None,
    name: str | None = None,
) -> Task:
    """Return it; what there is to do stands in the state, not in the task."""
    return Task(SYNC_TASK, {"connection_id": connection_id}, queue, not_before, name)


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
