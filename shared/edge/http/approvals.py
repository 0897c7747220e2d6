"""/approvals: what agents asked for that a person has to decide (API 8)."""

from collections.abc import Sequence

from shared.domain.approval import Approval
from shared.edge.http.approval_models import (
    ApprovalDetail,
    ApprovalsPage,
    ApprovalsQuery,
    ApprovalView,
    Preview,
    RejectBody,
    cursor_of,
    place_of,
    view_of,
)
from shared.edge.http.call import Call
from shared.edge.http.routes import Access, Permission, Route, Strict, Tenant
from shared.errors import NotFoundError, PermanentError
from shared.usecases.approval_seal import ApprovalSeal
from shared.usecases.wake_approvals import APPROVAL_TASK

TWINS = 20
"""Approvals of the very same microsecond that a page still tells apart."""
UNKNOWN = "No such approval. GET /approvals lists them."


class ApprovalTask(Strict):
    """An approval that is due."""

    id: str


async def list_approvals(call: Call) -> ApprovalsPage:
    """List calls that wait for a person, or did, newest first."""
    asked = call.asked(ApprovalsQuery)
    until, last = place_of(asked.cursor) if asked.cursor else (None, None)
    found = await call.wiring.approvals.list(
        connection_id=call.connection_id,
        state=asked.state,
        limit=asked.limit + (TWINS if last else 0),
        until=until,
        among=call.caller.connections,
    )
    fresh = [one for one in found if until is None or (one.created_at, one.id) < (until, last)]
    page = fresh[: asked.limit]
    return ApprovalsPage(
        approvals=[_view(one) for one in page],
        next_cursor=cursor_of(page[-1]) if _more(page, found, asked.limit) else None,
    )


def _more(page: Sequence[Approval], found: Sequence[Approval], limit: int) -> bool:
    return bool(page) and (len(page) == limit or len(found) > len(page) + TWINS)


async def one_approval(call: Call) -> ApprovalDetail:
    """Look at one: to whom it writes, what it says, and what became of it."""
    return await _opened(call, await _seen(call))


async def approve(call: Call) -> ApprovalDetail:
    """Say yes: the call runs now, once.

    Where `finished_at` is null it goes on in the background, and the event `approval` tells its
    end. Saying yes again changes nothing.
    """
    seen = await _seen(call)
    return await _opened(call, await call.wiring.decide_approval.approve(seen.id, call.caller.name))


async def reject(call: Call) -> ApprovalDetail:
    """Say no: the call never runs, and whoever asked is told the reason."""
    seen = await _seen(call)
    reason = call.body(RejectBody).reason
    decided = await call.wiring.decide_approval.reject(seen.id, call.caller.name, reason)
    return await _opened(call, decided)


async def attend(call: Call) -> None:
    """Do what an approval is due for."""
    await call.wiring.decide_approval.attend(call.body(ApprovalTask).id)


async def _seen(call: Call) -> Approval:
    found = await call.wiring.approvals.get(call.path("id"))
    if found is None or not call.caller.sees(found.value.connection_id):
        raise NotFoundError(UNKNOWN)
    return found.value


async def _opened(call: Call, approval: Approval) -> ApprovalDetail:
    seal = ApprovalSeal(call.wiring.grants, call.wiring.sealer)
    try:
        request = await seal.opened(approval, "request") or {}
        output = await seal.opened(approval, "answer")
    except PermanentError:
        return ApprovalDetail(**view_of(approval), preview=None)
    preview = request.get("preview")
    return ApprovalDetail(
        **view_of(approval),
        preview=None if preview is None else Preview(**preview),
        arguments=request.get("arguments") if preview is None else None,
        output=output,
    )


def _view(approval: Approval) -> ApprovalView:
    return ApprovalView(**view_of(approval))


ROUTES = (
    Route(
        "GET",
        "/approvals",
        Permission.APPROVALS,
        list_approvals,
        "Calls that wait for a person",
        query=ApprovalsQuery,
        output=ApprovalsPage,
        tenant=Tenant.OPTIONAL,
    ),
    Route(
        "GET",
        "/approvals/{id}",
        Permission.APPROVALS,
        one_approval,
        "Look at a waiting call",
        output=ApprovalDetail,
    ),
    Route(
        "POST",
        "/approvals/{id}/approve",
        Permission.APPROVALS,
        approve,
        "Approve a call and run it",
        output=ApprovalDetail,
    ),
    Route(
        "POST",
        "/approvals/{id}/reject",
        Permission.APPROVALS,
        reject,
        "Reject a call",
        body=RejectBody,
        output=ApprovalDetail,
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
