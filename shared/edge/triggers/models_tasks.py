"""POST /tasks/models: own syncs of one connection, or a look whether every connection has them."""

from datetime import timedelta

from pydantic import Field

from shared.domain.ids import ConnectionId
from shared.edge.triggers.tasks import finish_task
from shared.edge.web.call import Call
from shared.edge.web.logs import note
from shared.edge.web.routes import Access, RequestModel, Route
from shared.usecases.sync.models.adopt import AdoptSyncs
from shared.usecases.sync.models.wake import RunSyncs

BUDGET = timedelta(minutes=4)
"""Well below a task's deadline of ten minutes (FACTS 8.10); the rest becomes a task."""


class ModelsTask(RequestModel):
    """Which syncs: one by name, every one, or those that follow mail; without any, the look."""

    connection_id: str | None = Field(None, min_length=1, max_length=128)
    sync: str | None = Field(None, max_length=64)
    every: bool = False
    wake: bool = False


async def models_task(call: Call) -> None:
    """Run own syncs for as long as the budget lasts."""
    asked = call.body(ModelsTask)
    if asked.connection_id is None:
        await finish_task("adopt-syncs", call.use(AdoptSyncs)())
        return
    id = ConnectionId(asked.connection_id)
    note(connection=id)
    work = call.use(RunSyncs)(
        id,
        asked.sync,
        every=asked.every,
        wake=asked.wake,
        budget=BUDGET,
        trace_id=call.trace_id,
    )
    await finish_task("models", work)


MODELS_ROUTES = (
    Route(
        "POST",
        "/tasks/models",
        Access.TASKS,
        models_task,
        "Run own syncs",
        body=ModelsTask,
        documented=False,
    ),
)
