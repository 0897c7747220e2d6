"""The one place where an action runs by a key: policy, approval, audit, then the action.

REST, bulk, background and MCP all come through here:

    outcome = await wiring.guarded_actions(
        actor, connection, action_name, arguments,
        idempotency_key=..., trace_id=...,
    )                                      # -> ActionAnswer | Waiting

`actor` is `call.caller.actor`: the key and its policy. An `ActionAnswer` has `.output` and
`.replayed`; `Waiting` says that a person has to say yes first: `.approval_id`, `.action`,
`.expires_at`. The same call again with the same idempotency key answers `Waiting` until somebody
decides, then what the action came to.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from shared.actions.letters import doing, letter_of, writes
from shared.actions.registry import Action, ActionContext, ActionPorts, action_named
from shared.actions.run import ActionAnswer, RunAction, checked
from shared.domain.connection import Connection
from shared.domain.policy import Actor, Deed, NeedsApproval, Refused, Rule, Verdict, judge
from shared.errors import PolicyRefusedError


@dataclass(frozen=True, slots=True)
class Waiting:
    """The call is kept until a person approves it or `expires_at` passes."""

    approval_id: str
    action: str
    expires_at: datetime

    def shown(self) -> Mapping[str, Any]:
        """Answer what the caller is told."""
        return {
            "status": "waiting_for_approval",
            "approval_id": self.approval_id,
            "action": self.action,
            "expires_at": self.expires_at,
        }


@dataclass(frozen=True, slots=True)
class GuardedActions:
    """Runs actions as far as the actor's policy goes."""

    ports: ActionPorts

    async def __call__(
        self,
        actor: Actor,
        connection: Connection,
        action: str,
        arguments: Any,
        *,
        idempotency_key: str | None = None,
        trace_id: str | None = None,
    ) -> ActionAnswer | Waiting:
        """Answer the action's output, or that it waits.

        Raises PolicyRefusedError, and what `RunAction` raises.
        """
        if actor.policy.restricting:
            row = action_named(action)
            asked = checked(row, connection, arguments, idempotency_key)
            context = ActionContext(connection, self.ports, idempotency_key, trace_id)
            await self._permit(actor, row, context, asked)
        return await RunAction(self.ports)(
            connection, action, arguments, idempotency_key=idempotency_key, trace_id=trace_id
        )

    async def _permit(
        self, actor: Actor, row: Action[Any, Any], context: ActionContext, asked: BaseModel
    ) -> None:
        verdict = await self._verdict(actor, row, context, asked)
        if isinstance(verdict, Refused):
            raise verdict.error()
        if isinstance(verdict, NeedsApproval) or actor.policy.daily_sends is not None:
            raise PolicyRefusedError("This rule cannot be kept here.", rule=Rule.APPROVAL_REQUIRED)

    async def _verdict(
        self, actor: Actor, row: Action[Any, Any], context: ActionContext, asked: BaseModel
    ) -> Verdict:
        policy, does = actor.policy, doing(row, asked)
        verdict = judge(policy, Deed(does))
        if isinstance(verdict, Refused) or not policy.restricts_recipients or not writes(row):
            return verdict
        letter = await letter_of(context, row, asked)
        if policy.allowed_domains is not None and not letter.settled:
            text = "Name the recipients: those of a thread may be others when the message leaves."
            return Refused(Rule.ALLOWED_DOMAINS, text)
        envelope = letter.envelope
        return judge(policy, Deed(does, envelope.recipients, blind=bool(envelope.bcc)))
