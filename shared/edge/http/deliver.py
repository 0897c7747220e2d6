"""POST /tasks/deliver: one delivery attempt, brought back to us by Cloud Tasks."""

from pydantic import Field

from shared.domain.ids import EventId
from shared.edge.http.call import Call
from shared.edge.http.routes import Access, Route, Strict
from shared.edge.logs import log, log_failure
from shared.errors import PermanentError


class DeliverTask(Strict):
    """Which event."""

    event_id: str = Field(min_length=1, max_length=128)


async def deliver_task(call: Call) -> None:
    """Make one attempt; what a retry of the task cannot improve is left to the schedule."""
    id = EventId(call.body(DeliverTask).event_id)
    try:
        outcome = await call.wiring.deliver_event(id)
    except PermanentError as error:
        log_failure("task dropped", error, task="deliver")
        return
    log("task", task="deliver", outcome=type(outcome).__name__)


ROUTES = (
    Route(
        "POST",
        "/tasks/deliver",
        Access.TASKS,
        deliver_task,
        "Deliver an event",
        body=DeliverTask,
        documented=False,
    ),
)
