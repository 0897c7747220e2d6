"""POST /tasks/deliver: one delivery attempt, brought back to us by Cloud Tasks."""

import logging

from pydantic import Field

from shared.domain.event import EventState
from shared.domain.ids import EventId
from shared.edge.http.call import Call
from shared.edge.http.routes import Access, Route, Strict
from shared.edge.logs import log, log_failure
from shared.errors import PermanentError
from shared.usecases.deliver_event import Delivered

GIVEN_UP = "event given up"
"""A deployment counts these lines, and alerts."""


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
    if isinstance(outcome, Delivered) and outcome.state is EventState.DEAD:
        log(GIVEN_UP, level=logging.WARNING, event=id)


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
