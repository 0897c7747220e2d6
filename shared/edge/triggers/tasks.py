"""POST /tasks/*: what all work that Cloud Tasks brings back to us has in common."""

from collections.abc import Awaitable
from typing import Any, TypeVar

from shared.edge.web.logs import log, log_failure
from shared.edge.web.status import unreadable
from shared.errors import FencedOutError, PermanentError
from shared.usecases.sync.outcomes import Synced

T = TypeVar("T")


async def finish_task(task: str, work: Awaitable[T]) -> T | None:
    """Do the work; what a retry cannot improve is logged, not asked for again, and None."""
    try:
        outcome = await work
    except (PermanentError, FencedOutError) as error:
        log_failure("task dropped", error, task=task, **unreadable(error))
        return None
    log("task", task=task, outcome=type(outcome).__name__, **stopped_by(outcome))
    return outcome


def stopped_by(*outcomes: object) -> dict[str, Any]:
    """Return what stopped a sync early as a field of its line: alerts count codes of refusals."""
    codes = [one.error for one in outcomes if isinstance(one, Synced) and one.error]
    return {"code": codes[0]} if codes else {}
