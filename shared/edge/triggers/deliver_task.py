"""POST /tasks/deliver: one attempt to deliver one event."""

import logging

from pydantic import Field

from shared.domain.events.event import EventState
from shared.domain.ids import EventId
from shared.edge.triggers.tasks import finish_task
from shared.edge.web.call import Call
from shared.edge.web.logs import log
from shared.edge.web.routes import Access, RequestModel, Route
from shared.usecases.events.deliver_event import Delivered, DeliverEvent

GIVEN_UP = "event given up"
"""A deployment counts these lines, and alerts."""


class DeliverTask(RequestModel):
    """Which event."""

    event_id: str = Field(min_length=1, max_length=128)


async def deliver_task(call: Call) -> None:
    """Make one attempt; what a retry of the task cannot improve is left to the schedule."""
    id = EventId(call.body(DeliverTask).event_id)
    outcome = await finish_task("deliver", call.use(DeliverEvent)(id))
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
