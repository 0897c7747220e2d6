"""Approvals: what agents asked for, shown as it would happen, and a person's yes or no."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import orjson
from starlette.responses import Response

from shared.actions.policy.decide_approval import DecideApproval
from shared.actions.policy.seal import ApprovalSeal
from shared.domain.keys.approval import MAX_REASON, Approval, ApprovalState
from shared.edge.api.approvals import Preview
from shared.edge.console.addresses import addresses_of, id_named
from shared.edge.console.pages import Visit, change, page
from shared.edge.console.paging import turned
from shared.errors import NotFoundError, PermanentError
from shared.ports.access import Approvals

PATH: Final = "/console/approvals"
ALL: Final = "all"
STATES: Final = {one.value: one for one in ApprovalState}
NOTICES: Final = {
    "approved": "Approved. What came of it stands below.",
    "rejected": "Rejected. Whoever asked is told.",
}


async def show_approvals(visit: Visit) -> Response:
    """Return the calls that wait, or those in another state, newest first."""
    asked = visit.asked("state") or ApprovalState.PENDING.value
    connection = await id_named(visit, visit.asked("connection"))

    async def listed(until: datetime | None, limit: int) -> Sequence[Approval]:
        return await visit.use(Approvals).list(
            connection_id=connection, state=STATES.get(asked), limit=limit, until=until
        )

    found = await turned(listed, visit.asked("before"))
    return visit.page(
        "approvals.html",
        title="Approvals",
        nav="approvals",
        approvals=found.entries,
        addresses=await addresses_of(visit, (one.connection_id for one in found.entries)),
        older=found.older,
        choices=[*((name, name.capitalize()) for name in STATES), (ALL, "All")],
        state=asked if asked in STATES else ALL,
        connection=visit.asked("connection"),
        before=visit.asked("before"),
    )


async def show_approval(visit: Visit) -> Response:
    """Return one call as readable as can be: to whom, what, and what came of it."""
    found = await visit.use(Approvals).get(visit.path("id"))
    if found is None:
        raise NotFoundError("No such approval, or it is over for more than 15 days.")
    approval = found.value
    request, answer = await _opened(visit, approval)
    told = request.get("preview") if request else None
    return visit.page(
        "approval.html",
        title="Approval",
        nav="approvals",
        approval=approval,
        addresses=await addresses_of(visit, (approval.connection_id,)),
        readable=request is not None,
        preview=Preview(**told) if told else None,
        arguments=_shown(request["arguments"]) if request and not told else None,
        answer=_shown(answer),
        most_reason=MAX_REASON,
        notices=NOTICES,
    )


async def approve(visit: Visit) -> Response:
    """Say yes: the call runs now, once."""
    id = visit.path("id")
    await visit.use(DecideApproval).approve(id, visit.session.name)
    return visit.go(f"{PATH}/{id}", done="approved")


async def reject(visit: Visit) -> Response:
    """Say no, with a reason that whoever asked is told."""
    id, reason = visit.path("id"), visit.field("reason").strip()[:MAX_REASON]
    await visit.use(DecideApproval).reject(id, visit.session.name, reason or None)
    return visit.go(f"{PATH}/{id}", done="rejected")


async def _opened(visit: Visit, approval: Approval) -> tuple[Mapping[str, Any] | None, Any]:
    """Return what was asked and what was answered; None once the connection is gone."""
    seal = visit.use(ApprovalSeal)
    try:
        request = await seal.open_request(approval)
        return request, await seal.open_answer(approval)
    except PermanentError:
        return None, None


def _shown(value: Any) -> str | None:
    return None if value is None else orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


ROUTES = (
    page(PATH, show_approvals, "Approvals"),
    page(f"{PATH}/{{id}}", show_approval, "One approval"),
    change(f"{PATH}/{{id}}/approve", approve, "approve call"),
    change(f"{PATH}/{{id}}/reject", reject, "reject call"),
)
