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
from shared.edge.console.layout.pages import ConsoleRequest, change, page
from shared.edge.console.layout.paging import (
    addresses_of,
    find_connection_id,
    offered_connections,
    paginate,
)
from shared.errors import NotFoundError, PermanentError
from shared.ports.access import Approvals

PATH: Final = "/console/approvals"
ALL: Final = "all"
STATES: Final = {one.value: one for one in ApprovalState}
NOTICES: Final = {
    "approved": "Approved. What came of it stands below.",
    "rejected": "Rejected. Whoever asked is told.",
}


async def show_approvals(console: ConsoleRequest) -> Response:
    """Return the calls that wait, or those in another state, newest first."""
    asked = console.query("state") or ApprovalState.PENDING.value
    connection = await find_connection_id(console, console.query("connection"))

    async def fetch(until: datetime | None, limit: int) -> Sequence[Approval]:
        return await console.use(Approvals).list(
            connection_id=connection, state=STATES.get(asked), limit=limit, until=until
        )

    found = await paginate(fetch, console.query("before"))
    return console.page(
        "approvals.html",
        title="Approvals",
        nav="approvals",
        approvals=found.entries,
        addresses=await addresses_of(console, (one.connection_id for one in found.entries)),
        older=found.older,
        choices=[*((name, name.capitalize()) for name in STATES), (ALL, "All")],
        state=asked if asked in STATES else ALL,
        connection=console.query("connection"),
        offered=await offered_connections(console),
        before=console.query("before"),
    )


async def show_approval(console: ConsoleRequest) -> Response:
    """Return one call as readable as can be: to whom, what, and what came of it."""
    found = await console.use(Approvals).get(console.path("id"))
    if found is None:
        raise NotFoundError("No such approval, or it is over for more than 15 days.")
    approval = found.value
    request, answer = await _open(console, approval)
    shown = request.get("preview") if request else None
    return console.page(
        "approval.html",
        title="Approval",
        nav="approvals",
        approval=approval,
        addresses=await addresses_of(console, (approval.connection_id,)),
        readable=request is not None,
        preview=Preview(**shown) if shown else None,
        arguments=_as_text(request["arguments"]) if request and not shown else None,
        answer=_as_text(answer),
        most_reason=MAX_REASON,
        notices=NOTICES,
    )


async def approve(console: ConsoleRequest) -> Response:
    """Say yes: the call runs now, once."""
    id = console.path("id")
    await console.use(DecideApproval).approve(id, console.session.name)
    return console.go(f"{PATH}/{id}", done="approved")


async def reject(console: ConsoleRequest) -> Response:
    """Say no, with a reason that the asking agent is given."""
    id, reason = console.path("id"), console.field("reason").strip()[:MAX_REASON]
    await console.use(DecideApproval).reject(id, console.session.name, reason or None)
    return console.go(f"{PATH}/{id}", done="rejected")


async def _open(
    console: ConsoleRequest, approval: Approval
) -> tuple[Mapping[str, Any] | None, Any]:
    """Return what was asked and what was answered; None once the connection is gone."""
    seal = console.use(ApprovalSeal)
    try:
        request = await seal.open_request(approval)
        return request, await seal.open_answer(approval)
    except PermanentError:
        return None, None


def _as_text(value: Any) -> str | None:
    return None if value is None else orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


ROUTES = (
    page(PATH, show_approvals, "Approvals"),
    page(f"{PATH}/{{id}}", show_approval, "One approval"),
    change(f"{PATH}/{{id}}/approve", approve, "approve call"),
    change(f"{PATH}/{{id}}/reject", reject, "reject call"),
)
