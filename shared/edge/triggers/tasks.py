"""POST /tasks/*: work that Cloud Tasks brings back to us, by connection id only."""

import logging
from collections.abc import Awaitable
from datetime import timedelta

from pydantic import Field

from shared.domain.events.event import EventState
from shared.domain.ids import ConnectionId, EventId
from shared.edge.web.call import Call
from shared.edge.web.logs import log, log_failure, note
from shared.edge.web.routes import Access, RequestModel, Route
from shared.edge.web.status import unreadable
from shared.errors import FencedOutError, PermanentError
from shared.usecases.connect.disconnect import Disconnect
from shared.usecases.events.deliver_event import Delivered, DeliverEvent
from shared.usecases.send.process_bulk import DrainBulk
from shared.usecases.send.resume_send import FinishSend
from shared.usecases.sync.sync_mailbox import SyncMailbox

SYNC_BUDGET = timedelta(minutes=4)
"""Well below a task's deadline of ten minutes (FACTS 8.10); the rest becomes a task."""
BULK_BUDGET = timedelta(minutes=4)


class ConnectionTask(RequestModel):
    """Which connection."""

    connection_id: str = Field(min_length=1, max_length=128)


class SendTask(RequestModel):
    """Which ledger entry, or which bulk."""

    id: str = Field(min_length=1, max_length=128)


async def sync_task(call: Call) -> None:
    """Drain one mailbox for as long as the budget lasts."""
    id = _connection(call)
    await _run_task("sync", call.use(SyncMailbox)(id, budget=SYNC_BUDGET, trace_id=call.trace_id))


async def disconnect_task(call: Call) -> None:
    """Take the next steps of a disconnect."""
    await _run_task("disconnect", call.use(Disconnect)(_connection(call)))


async def send_task(call: Call) -> None:
    """Finish a send that a crash or an unclear answer left."""
    await _run_task("send", call.use(FinishSend)(call.body(SendTask).id))


async def bulk_task(call: Call) -> None:
    """Submit more of a bulk for as long as the budget lasts."""
    await _run_task("send-bulk", call.use(DrainBulk)(call.body(SendTask).id, budget=BULK_BUDGET))


async def _run_task(task: str, work: Awaitable[object]) -> None:
    """Do the work; what a retry cannot improve is logged and not asked for again."""
    try:
        outcome = await work
    except (PermanentError, FencedOutError) as error:
        log_failure("task dropped", error, task=task, **unreadable(error))
        return
    log("task", task=task, outcome=type(outcome).__name__)


def _connection(call: Call) -> ConnectionId:
    id = ConnectionId(call.body(ConnectionTask).connection_id)
    note(connection=id)
    return id


SYNC_ROUTES = (
    Route(
        "POST",
        "/tasks/sync",
        Access.TASKS,
        sync_task,
        "Sync a mailbox",
        body=ConnectionTask,
        documented=False,
    ),
    Route(
        "POST",
        "/tasks/disconnect",
        Access.TASKS,
        disconnect_task,
        "Disconnect a mailbox",
        body=ConnectionTask,
        documented=False,
    ),
)
SEND_ROUTES = (
    Route(
        "POST",
        "/tasks/send",
        Access.TASKS,
        send_task,
        "Finish a send",
        body=SendTask,
        documented=False,
    ),
    Route(
        "POST",
        "/tasks/send/bulk",
        Access.TASKS,
        bulk_task,
        "Submit more of a bulk",
        body=SendTask,
        documented=False,
    ),
)

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
