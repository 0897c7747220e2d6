"""POST /tasks/sync and /tasks/disconnect: work on one mailbox, by connection id only."""

from datetime import timedelta

from pydantic import AwareDatetime, Field

from shared.domain.ids import ConnectionId
from shared.edge.triggers.tasks import finish_task
from shared.edge.web.call import Call
from shared.edge.web.logs import note
from shared.edge.web.routes import Access, RequestModel, Route
from shared.usecases.connect.disconnect import Disconnect
from shared.usecases.sync.sync_mailbox import SyncMailbox

SYNC_BUDGET = timedelta(minutes=4)
"""Well below a task's deadline of ten minutes (FACTS 8.10); the rest becomes a task."""


class ConnectionTask(RequestModel):
    """Which connection."""

    connection_id: str = Field(min_length=1, max_length=128)


class DisconnectTask(ConnectionTask):
    """Which connection, and when it was created: its id may name another one by now."""

    created_at: AwareDatetime


async def sync_task(call: Call) -> None:
    """Drain one mailbox for as long as the budget lasts."""
    id = ConnectionId(call.body(ConnectionTask).connection_id)
    note(connection=id)
    await finish_task("sync", call.use(SyncMailbox)(id, budget=SYNC_BUDGET, trace_id=call.trace_id))


async def disconnect_task(call: Call) -> None:
    """Take the next steps of a disconnect."""
    named = call.body(DisconnectTask)
    id = ConnectionId(named.connection_id)
    note(connection=id)
    await finish_task("disconnect", call.use(Disconnect)(id, named.created_at))


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
