"""Work for later: each task is a POST of a small JSON body to one of our own paths."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol


class QueueName(StrEnum):
    """`live` work waits for nothing; `bulk` caps simultaneous backfills (FACTS 1.4).

    `events` are first tries, `retries` whatever comes again: first tries never wait for those.
    `models` are a deployment's own syncs, whose code neither waits for other work nor holds it up.
    """

    LIVE = "live"
    BULK = "bulk"
    EVENTS = "events"
    RETRIES = "retries"
    MODELS = "models"


@dataclass(frozen=True, slots=True)
class Task:
    """One request to ourselves.

    `name` is given only where it contains the state it waits for: a second task of that name is
    dropped, and the name stays unusable for a day (FACTS 8.11).
    """

    path: str
    body: Mapping[str, Any]
    queue: QueueName = QueueName.LIVE
    not_before: datetime | None = None
    name: str | None = None
    trace_id: str | None = None


class Queue(Protocol):
    """At-least-once, unordered, delayed."""

    async def enqueue(self, task: Task) -> None:
        """Accept the task durably. Raises QueueUnavailableError. A known name is no error."""
        ...
