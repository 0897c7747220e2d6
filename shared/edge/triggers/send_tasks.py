"""POST /tasks/send and /tasks/send/bulk: sends that go on in the background."""

from datetime import timedelta

from pydantic import Field

from shared.edge.triggers.tasks import finish_task
from shared.edge.web.call import Call
from shared.edge.web.routes import Access, RequestModel, Route
from shared.usecases.send.process_bulk import DrainBulk
from shared.usecases.send.resume_send import FinishSend

BULK_BUDGET = timedelta(minutes=4)


class SendTask(RequestModel):
    """Which ledger entry, or which bulk."""

    id: str = Field(min_length=1, max_length=128)


async def send_task(call: Call) -> None:
    """Finish a send that a crash or an unclear answer left."""
    await finish_task("send", call.use(FinishSend)(call.body(SendTask).id))


async def bulk_task(call: Call) -> None:
    """Submit more of a bulk for as long as the budget lasts."""
    await finish_task("send-bulk", call.use(DrainBulk)(call.body(SendTask).id, budget=BULK_BUDGET))


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
