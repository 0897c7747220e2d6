"""`approvals.py` without asyncio, made by `python -m infra.blocking_client`."""

from dataclasses import dataclass

from ..approvals import ApprovalsPage, OpenedApproval
from ..transport import Request, at, present, query_of
from .transport import Transport


@dataclass(frozen=True, slots=True)
class Approvals:
    """`postroom.approvals`; needs a key with the permission `approvals`, never the agent's own."""

    transport: Transport

    def page(
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
        return self.transport.read(request, ApprovalsPage)

    def get(self, id: str) -> OpenedApproval:
        """Return one, opened."""
        return self.transport.read(Request("GET", at("approvals", id)), OpenedApproval)

    def approve(self, id: str) -> OpenedApproval:
        """Say yes: the call runs, once, however often yes is said."""
        request = Request("POST", at("approvals", id, "approve"), repeatable=True)
        return self.transport.read(request, OpenedApproval)

    def reject(self, id: str, reason: str | None = None) -> OpenedApproval:
        """Say no; the agent is told the reason."""
        path = at("approvals", id, "reject")
        request = Request("POST", path, body=present(reason=reason), repeatable=True)
        return self.transport.read(request, OpenedApproval)
