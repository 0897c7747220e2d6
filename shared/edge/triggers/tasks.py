"""POST /tasks/*: work that Cloud Tasks brings back to us, by connection id only."""

import logging
from collections.abc import Awaitable
from datetime import timedelta

from pydantic import AwareDatetime, Field

from shared.domain.events.event import EventState
from shared.domain.ids import ConnectionId, EventId
from shared.edge.web.call import Call
from shared.edge.web.logs import log, log_failure, note
from shared.edge.web.routes import Access, Route, Strict
from shared.edge.web.status import unreadable
from shared.errors import FencedOutError, PermanentError
from shared.usecases.events.deliver_event import Delivered

SYNC_BUDGET = timedelta(minutes=4)
"""Well below a task's deadline of ten minutes (FACTS 8.10); the rest becomes a task."""
BULK_BUDGET = timedelta(minutes=4)


class ConnectionTask(Strict):
    """Which connection."""

    connection_id: str = Field(min_length=1, max_length=128)


class DisconnectTask(ConnectionTask):
    """Which connection, and when it was created: its id may name another one by now."""

    created_at: AwareDatetime


class SendTask(Strict):
    """Which ledger entry, or which bulk."""

    id: str = Field(min_length=1, max_length=128)


async def sync_task(call: Call) -> None:
    """Drain one mailbox for as long as the budget lasts."""
    id = ConnectionId(call.body(ConnectionTask).connection_id)
    note(connection=id)
    await _done("sync", call.wiring.sync_mailbox(id, budget=SYNC_BUDGET, trace_id=call.trace_id))


async def disconnect_task(call: Call) -> None:
    """Take the next steps of a disconnect."""
    named = call.body(DisconnectTask)
    id = ConnectionId(named.connection_id)
    note(connection=id)
    await _done("disconnect", call.wiring.disconnect(id, named.created_at))


async def send_task(call: Call) -> None:
    """Finish a send that a crash or an unclear answer left."""
    await _done("send", call.wiring.finish_send(call.body(SendTask).id))


async def bulk_task(call: Call) -> None:
    """Submit more of a bulk for as long as the budget lasts."""
    await _done("send-bulk", call.wiring.drain_bulk(call.body(SendTask).id, budget=BULK_BUDGET))


async def _done(task: str, work: Awaitable[object]) -> None:
    """Do the work; what a retry cannot improve is logged and not asked for again."""
    try:
        outcome = await work
    except (PermanentError, FencedOutError) as error:
        log_failure("task dropped", error, task=task, **unreadable(error))
        return
    log("task", task=task, outcome=type(outcome).__name__)


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
        body=DisconnectTask,
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
