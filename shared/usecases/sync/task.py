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
