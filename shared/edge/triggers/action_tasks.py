"""POST /tasks/action and /tasks/approval: actions that go on in the background."""

from typing import Any

from shared.actions.background import ACTION_TASK, RunAccepted
from shared.actions.policy.decide_approval import DecideApproval
from shared.edge.web.call import Call
from shared.edge.web.routes import Access, RequestModel, Route
from shared.usecases.reconcile import APPROVAL_TASK


class ActionTask(RequestModel):
    """An accepted action, as the queue brings it back."""

    id: str
    key: str
    input: Any = None
    request_hash: str | None = None


class ApprovalTask(RequestModel):
    """An approval that is due."""

    id: str


async def run_accepted(call: Call) -> None:
    """Run an action that was accepted for the background."""
    task = call.body(ActionTask)
    await call.use(RunAccepted)(
        task.id,
        task.input,
        key=task.key,
        trace_id=call.trace_id,
        accepted_hash=task.request_hash,
    )


async def attend(call: Call) -> None:
    """Do what an approval is due for."""
    await call.use(DecideApproval).attend(call.body(ApprovalTask).id)


ACTION_ROUTES = (
    Route(
        "POST",
        ACTION_TASK,
        Access.TASKS,
        run_accepted,
        "Run an accepted action",
        body=ActionTask,
        documented=False,
    ),
    Route(
        "POST",
        APPROVAL_TASK,
        Access.TASKS,
        attend,
        "Attend to an approval that is due",
        body=ApprovalTask,
        documented=False,
    ),
)
