"""/approvals: what agents asked for that a person has to decide (API 8.4)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import Field

from shared.actions.policy.decide_approval import DecideApproval
from shared.actions.policy.seal import ApprovalSeal
from shared.domain.cursor import page_token_of, place_of
from shared.domain.ids import ConnectionId, MessageId
from shared.domain.keys.approval import MAX_REASON, Approval, ApprovalState
from shared.edge.web.call import Call
from shared.edge.web.routes import Permission, RequestModel, ResponseModel, Route, Tenant
from shared.errors import NotFoundError, PermanentError
from shared.ports.access import Approvals

LIST = ConnectionId("approvals")
"""What the cursors of this listing are bound to."""


class ApprovalsQuery(RequestModel):
    """Filters; every one given must hold."""

    state: ApprovalState | None = None
    cursor: str | None = Field(
        None, min_length=1, max_length=200, description="`next_cursor` of a page."
    )
    limit: int = Field(50, ge=1, le=200)


class RejectBody(RequestModel):
    """Why, in words that the agent is told."""

    reason: str | None = Field(None, max_length=MAX_REASON)


class ApprovalView(ResponseModel):
    """A call that waits for a person, or did; `finished_at` null while approved is running."""

    id: str
    connection_id: str
    key: str = Field(description="The API key that asked.")
    action: str
    effect: str = Field(description="draft, send, change, delete or untold.")
    state: ApprovalState
    created_at: datetime
    waits_until: datetime
    decided_by: str | None
    decided_at: datetime | None
    reason: str | None
    finished_at: datetime | None
    succeeded: bool | None
    error: str | None


class PreviewedFile(ResponseModel):
    """A file that would go along; `size` in bytes where it is known."""

    filename: str
    mime_type: str
    size: int | None


class PreviewedHeader(ResponseModel):
    """A further header of the message, decoded."""

    name: str
    value: str


class Preview(ResponseModel):
    """All that readers of the message will get; `text` and what its HTML says may differ."""

    sender: str | None = Field(None, alias="from", description="`Name <address>`, or the address.")
    to: list[str]
    cc: list[str]
    bcc: list[str]
    subject: str
    text: str | None
    html_as_text: str | None
    truncated: bool
    attachments: list[PreviewedFile]
    reply_to: list[str] = Field(default_factory=list)
    headers: list[PreviewedHeader] = Field(default_factory=list)
    answers_message_id: str | None = None
    forwards_message_id: str | None = None
    send_at: str | None = None


class ApprovalDetail(ApprovalView):
    """One of them, opened; content is null once its connection is gone."""

    preview: Preview | None = Field(description="Of a call that writes a message.")
    arguments: Any = Field(None, description="Of any other call.")
    output: Any = Field(None, description="What the call answered, or its error.")


class ApprovalsPage(ResponseModel):
    """Newest first, without their content."""

    approvals: list[ApprovalView]
    next_cursor: str | None


def _fields(approval: Approval) -> dict[str, Any]:
    """Return what may be seen of an approval without opening it."""
    names = ("id", "connection_id", "key", "action", "state", "created_at", "waits_until")
    decided = ("decided_by", "decided_at", "reason", "finished_at", "succeeded", "error")
    shown = {name: getattr(approval, name) for name in (*names, *decided)}
    return {**shown, "effect": approval.does}


def _cursor(last: Approval) -> str:
    return page_token_of(LIST, last.created_at, MessageId(last.id))


TWINS = 20
"""Approvals of the very same microsecond that a page still tells apart."""
UNKNOWN = "No such approval. GET /approvals lists them."


async def list_approvals(call: Call) -> ApprovalsPage:
    """List calls that wait for a person, or did, newest first."""
    asked = call.query(ApprovalsQuery)
    place = place_of(LIST, asked.cursor, "cursor") if asked.cursor else None
    found = await call.use(Approvals).list(
        connection_id=call.connection_id,
        state=asked.state,
        limit=asked.limit + (TWINS if place else 0),
        until=place[0] if place else None,
        among=call.caller.connections,
    )
    fresh = [one for one in found if place is None or (one.created_at, one.id) < place]
    page = fresh[: asked.limit]
    return ApprovalsPage(
        approvals=[_view(one) for one in page],
        next_cursor=_cursor(page[-1]) if _more(page, found, asked.limit) else None,
    )


def _more(page: Sequence[Approval], found: Sequence[Approval], limit: int) -> bool:
    return bool(page) and (len(page) == limit or len(found) > len(page) + TWINS)


async def one_approval(call: Call) -> ApprovalDetail:
    """Look at one: to whom it writes, what it says, and what became of it."""
    return await _detail(call, await _visible(call))


async def approve(call: Call) -> ApprovalDetail:
    """Say yes: the call runs now, once.

    Where `finished_at` is null it goes on in the background, and the event `approval` tells its
    end. Saying yes again changes nothing.
    """
    seen = await _visible(call)
    return await _detail(call, await call.use(DecideApproval).approve(seen.id, call.caller.name))


async def reject(call: Call) -> ApprovalDetail:
    """Say no: the call never runs, and the asking agent is told the reason."""
    seen = await _visible(call)
    reason = call.body(RejectBody).reason
    decided = await call.use(DecideApproval).reject(seen.id, call.caller.name, reason)
    return await _detail(call, decided)


async def _visible(call: Call) -> Approval:
    found = await call.use(Approvals).get(call.path("id"))
    if found is None or not call.caller.sees(found.value.connection_id):
        raise NotFoundError(UNKNOWN)
    return found.value


async def _detail(call: Call, approval: Approval) -> ApprovalDetail:
    seal = call.use(ApprovalSeal)
    try:
        request = await seal.open_request(approval)
        output = await seal.open_answer(approval)
    except PermanentError:
        return ApprovalDetail(**_fields(approval), preview=None)
    preview = request.get("preview")
    return ApprovalDetail(
        **_fields(approval),
        preview=None if preview is None else Preview(**preview),
        arguments=request.get("arguments") if preview is None else None,
        output=output,
    )


def _view(approval: Approval) -> ApprovalView:
    return ApprovalView(**_fields(approval))


ROUTES = (
    Route(
        "GET",
        "/approvals",
        Permission.APPROVALS,
        list_approvals,
        "Calls that wait for a person",
        query=ApprovalsQuery,
        tenant=Tenant.OPTIONAL,
    ),
    Route(
        "GET",
        "/approvals/{id}",
        Permission.APPROVALS,
        one_approval,
        "Look at a waiting call",
    ),
    Route(
        "POST",
        "/approvals/{id}/approve",
        Permission.APPROVALS,
        approve,
        "Approve a call and run it",
    ),
    Route(
        "POST",
        "/approvals/{id}/reject",
        Permission.APPROVALS,
        reject,
        "Reject a call",
        body=RejectBody,
    ),
)
