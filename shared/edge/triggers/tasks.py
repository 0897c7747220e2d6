"""POST /tasks/*: what all work that Cloud Tasks brings back to us has in common."""

from collections.abc import Awaitable
from typing import TypeVar

from shared.edge.web.logs import log, log_failure
from shared.edge.web.status import unreadable
from shared.errors import FencedOutError, PermanentError

T = TypeVar("T")


async def finish_task(task: str, work: Awaitable[T]) -> T | None:
    """Do the work; what a retry cannot improve is logged, not asked for again, and None."""
    try:
        outcome = await work
    except (PermanentError, FencedOutError) as error:
        log_failure("task dropped", error, task=task, **unreadable(error))
        return None
    log("task", task=task, outcome=type(outcome).__name__)
    return outcome
