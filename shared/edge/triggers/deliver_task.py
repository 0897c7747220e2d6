"""POST /tasks/deliver: one attempt to deliver one event."""

import logging

from pydantic import Field

from shared.domain.events.event import EventState
from shared.domain.ids import EventId
from shared.edge.web.call import Call
from shared.edge.web.logs import log, log_failure
from shared.edge.web.routes import Access, RequestModel, Route
from shared.errors import PermanentError
from shared.usecases.events.deliver_event import Delivered, DeliverEvent

GIVEN_UP = "event given up"
"""A deployment counts these lines, and alerts."""


class DeliverTask(RequestModel):
    """Which event."""

    event_id: str = Field(min_length=1, max_length=128)


async def deliver_task(call: Call) -> None:
    """Make one attempt; what a retry of the task cannot improve is left to the schedule."""
    id = EventId(call.body(DeliverTask).event_id)
    try:
        outcome = await call.use(DeliverEvent)(id)
    except PermanentError as error:
        log_failure("task dropped", error, task="deliver")
        return
    log("task", task="deliver", outcome=type(outcome).__name__)
    if isinstance(outcome, Delivered) and outcome.state is EventState.DEAD:
        log(GIVEN_UP, level=logging.WARNING, event=id)


DELIVER_ROUTES = (
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
