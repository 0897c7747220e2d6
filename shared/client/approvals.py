"""What agents asked for that a person has to decide (API 8.4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .transport import Request, ResponseModel, Transport, at, present, query_of


class Approval(ResponseModel):
    """A call that waits for a person, or did; `finished_at` None while approved is running."""

    id: str
    connection_id: str
    key: str
    """The API key that asked."""
    action: str
    effect: str
    state: str
    """`pending`, `approved`, `rejected` or `expired`."""
    created_at: datetime
    waits_until: datetime
    decided_by: str | None
    decided_at: datetime | None
    reason: str | None
    finished_at: datetime | None
    succeeded: bool | None
    error: str | None


class OpenedApproval(Approval):
    """One with its content: the message as its readers will get it, or the call's arguments."""

    preview: Mapping[str, Any] | None
    arguments: Any = None
    output: Any = None


class ApprovalsPage(ResponseModel):
    """Approvals, newest first; `next_cursor` asks for older ones."""

    approvals: Sequence[Approval]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Approvals:
    """`postroom.approvals`; needs a key with the permission `approvals`, never the agent's own."""

    transport: Transport

    async def page(
        self,
        *,
        connection_id: str | None = None,
        state: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> ApprovalsPage:
        """Return calls that wait for a person, or did."""
        query = query_of(state=state, cursor=cursor, limit=limit)
        request = Request("GET", "/approvals", connection_id, query=query)
        return await self.transport.read(request, ApprovalsPage)

    async def get(self, id: str) -> OpenedApproval:
        """Return one, opened."""
        return await self.transport.read(Request("GET", at("approvals", id)), OpenedApproval)

    async def approve(self, id: str) -> OpenedApproval:
        """Say yes: the call runs, once, however often yes is said."""
        request = Request("POST", at("approvals", id, "approve"), repeatable=True)
        return await self.transport.read(request, OpenedApproval)

    async def reject(self, id: str, reason: str | None = None) -> OpenedApproval:
        """Say no; the agent is told the reason."""
        path = at("approvals", id, "reject")
        request = Request("POST", path, body=present(reason=reason), repeatable=True)
        return await self.transport.read(request, OpenedApproval)
