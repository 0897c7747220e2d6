"""What a caller is told of a call that waits for a person."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.domain.approval import ApprovalState


@dataclass(frozen=True, slots=True)
class Waiting:
    """The call is kept until a person decides or `expires_at` passes.

    `state` is `approved` for the moment between a person's yes and the call's end.
    """

    approval_id: str
    action: str
    expires_at: datetime
    state: ApprovalState = ApprovalState.PENDING

    def shown(self) -> Mapping[str, Any]:
        """Answer what the caller is told."""
        pending = self.state is ApprovalState.PENDING
        return {
            "status": "waiting_for_approval" if pending else "running",
            "approval_id": self.approval_id,
            "action": self.action,
            "expires_at": self.expires_at,
        }
