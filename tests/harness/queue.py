"""Queues for tests."""

from dataclasses import dataclass, field

from shared.ports.queue import Task


@dataclass
class HeldTasks:
    """A queue that only keeps what it is given."""

    tasks: list[Task] = field(default_factory=list)

    async def enqueue(self, task: Task) -> None:
        """Keep the task."""
        self.tasks.append(task)
