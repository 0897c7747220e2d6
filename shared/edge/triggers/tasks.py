"""POST /tasks/*: what all work that Cloud Tasks brings back to us has in common."""

from collections.abc import Awaitable

from shared.edge.web.logs import log, log_failure
from shared.edge.web.status import unreadable
from shared.errors import FencedOutError, PermanentError


async def finish_task(task: str, work: Awaitable[object]) -> None:
    """Do the work; what a retry cannot improve is logged and not asked for again."""
    try:
        outcome = await work
    except (PermanentError, FencedOutError) as error:
        log_failure("task dropped", error, task=task, **unreadable(error))
        return
    log("task", task=task, outcome=type(outcome).__name__)
