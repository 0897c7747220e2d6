"""`approvals.py` without asyncio, made by `python -m infra.blocking_client`."""

from dataclasses import dataclass

from ..approvals import ApprovalsPage, OpenedApproval
from ..wire import Ask, at, given, present
from .wire import Wire


@dataclass(frozen=True, slots=True)
class Approvals:
    """`postroom.approvals`; needs a key with the permission `approvals`, never the agent's own."""

    wire: Wire

    def page(
        self,
        *,
        connection_id: str | None = None,
        state: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> ApprovalsPage:
        """Return calls that wait for a person, or did."""
        query = given(state=state, cursor=cursor, limit=limit)
        ask = Ask("GET", "/approvals", connection_id, query=query)
        return self.wire.read(ask, ApprovalsPage)

    def get(self, id: str) -> OpenedApproval:
        """Return one, opened."""
        return self.wire.read(Ask("GET", at("approvals", id)), OpenedApproval)

    def approve(self, id: str) -> OpenedApproval:
        """Say yes: the call runs, once, however often yes is said."""
        ask = Ask("POST", at("approvals", id, "approve"), repeatable=True)
        return self.wire.read(ask, OpenedApproval)

    def reject(self, id: str, reason: str | None = None) -> OpenedApproval:
        """Say no; the agent is told the reason."""
        path = at("approvals", id, "reject")
        ask = Ask("POST", path, body=present(reason=reason), repeatable=True)
        return self.wire.read(ask, OpenedApproval)
