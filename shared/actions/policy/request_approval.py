"""A call that a person has to say yes to: kept, sealed, until one does (API 8.4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from shared.actions.policy.preview import preview_of
from shared.actions.policy.recipients import MessageRecipients, effect_of
from shared.actions.policy.seal import ApprovalSeal
from shared.actions.registry import Action, ActionContext
from shared.actions.run import ActionAnswer, request_hash
from shared.domain.keys.approval import (
    KEPT,
    WAITS,
    Approval,
    ApprovalState,
    ApprovedCallFailedError,
    approval_event,
    approval_id,
)
from shared.domain.keys.policy import Actor
from shared.domain.keys.rule import Rule
from shared.errors import (
    AlreadyExistsError,
    IdempotencyConflictError,
    PolicyRefusedError,
)
from shared.ports.access import Approvals
from shared.ports.clock import Clock


@dataclass(frozen=True, slots=True)
class Waiting:
    """The call is kept until a person decides or `expires_at` passes.

    `state` is `approved` for the moment between a person's yes and the call's end.
    """

    approval_id: str
    action: str
    expires_at: datetime
    state: ApprovalState = ApprovalState.PENDING

    def as_json(self) -> Mapping[str, Any]:
        """Return what the caller is told."""
        pending = self.state is ApprovalState.PENDING
        return {
            "status": "waiting_for_approval" if pending else "running",
            "approval_id": self.approval_id,
            "action": self.action,
            "expires_at": self.expires_at,
        }


@dataclass(frozen=True, slots=True)
class AskApproval:
    """Keeps calls, and tells those who ask again what became of them."""

    approvals: Approvals
    seal: ApprovalSeal
    clock: Clock

    async def __call__(
        self,
        actor: Actor,
        context: ActionContext,
        row: Action[Any, Any],
        asked: BaseModel,
        recipients: MessageRecipients | None,
    ) -> ActionAnswer | Waiting:
        """Keep the call and tell that it waits; the event is written in the same commit.

        Raises TooLargeError, UnknownConnectionError, StoreUnavailableError, and what `earlier`
        raises.
        """
        id = approval_id(actor.key, context.connection.id, context.idempotency_key)
        sealed = await self.seal.request(
            id, context.connection.id, await _content(context, row, asked, recipients)
        )
        approval = self._approval(id, actor, context, row, asked, sealed)
        event = approval_event(approval, "requested", approval.created_at)
        try:
            await self.approvals.open(approval, event)
        except AlreadyExistsError:
            return await self.earlier(actor, context, row, asked) or _waiting(approval)
        return _waiting(approval)

    async def earlier(
        self, actor: Actor, context: ActionContext, row: Action[Any, Any], asked: BaseModel
    ) -> ActionAnswer | Waiting | None:
        """Return what became of the same call; None where it was not kept yet.

        Raises IdempotencyConflictError, PolicyRefusedError where a person said no or none
        decided in time, ApprovedCallFailedError.
        """
        if context.idempotency_key is None:
            return None
        id = approval_id(actor.key, context.connection.id, context.idempotency_key)
        found = await self.approvals.get(id)
        if found is None:
            return None
        if found.value.request_hash != _hash(row, asked):
            raise IdempotencyConflictError("This Idempotency-Key was used with another body.")
        return await self._outcome_of(found.value)

    async def _outcome_of(self, approval: Approval) -> ActionAnswer | Waiting:
        state = approval.state
        if state is ApprovalState.EXPIRED or approval.has_lapsed(self.clock.now()):
            raise _refusal("Nobody decided about this call in time: ask again with another key.")
        if state is ApprovalState.REJECTED:
            raise _refusal(
                f"A person refused this call: {approval.reason or 'no reason was given'}."
            )
        if approval.finished_at is None:
            return _waiting(approval)
        if not approval.succeeded:
            code = approval.error or ApprovedCallFailedError.code
            raise ApprovedCallFailedError("A person approved this call, and it failed.", code=code)
        return ActionAnswer(await self.seal.open_answer(approval), replayed=True)

    def _approval(
        self,
        id: str,
        actor: Actor,
        context: ActionContext,
        row: Action[Any, Any],
        asked: BaseModel,
        sealed: bytes,
    ) -> Approval:
        now = self.clock.now()
        until = min(now + WAITS, getattr(asked, "send_at", None) or now + WAITS)
        return Approval(
            id=id,
            connection_id=context.connection.id,
            key=actor.key,
            action=row.name,
            does=effect_of(row, asked).value,
            request_hash=_hash(row, asked),
            state=ApprovalState.PENDING,
            created_at=now,
            waits_until=until,
            expires_at=until + KEPT,
            next_due_at=until,
            request=sealed,
            trace_id=context.trace_id,
        )


async def _content(
    context: ActionContext,
    row: Action[Any, Any],
    asked: BaseModel,
    recipients: MessageRecipients | None,
) -> dict[str, Any]:
    """Return what is sealed: what will run is what is shown.

    What another message would decide is written down, a draft is kept whole, and of what else is
    named only by its id there is a pin.
    """
    arguments = asked.model_dump(mode="json", by_alias=True, exclude_unset=True)
    pin = None if row.pin is None else await row.pin(context, asked)
    if recipients is None:
        return {"arguments": arguments, "pin": pin}
    preview = await preview_of(recipients, context.connection.email)
    if recipients.recipients_derived:
        people = {name: preview[name] for name in ("to", "cc", "bcc")}
        arguments |= {**people, "reply_all": False}
    if recipients.names_subject:
        arguments |= {"subject": preview["subject"]}
    if recipients.sender is not None:
        arguments |= {"from": recipients.sender}
    if recipients.request.signature is True and recipients.signature is not None:
        arguments |= {"signature": recipients.signature.as_given()}
    draft = None if recipients.draft is None else recipients.draft.freeze()
    return {"arguments": arguments, "preview": preview, "draft": draft, "pin": pin}


def _hash(row: Action[Any, Any], asked: BaseModel) -> str:
    return request_hash(row.name, asked.model_dump(mode="json"))


def _waiting(approval: Approval) -> Waiting:
    return Waiting(approval.id, approval.action, approval.waits_until, approval.state)


def _refusal(message: str) -> PolicyRefusedError:
    return PolicyRefusedError(message, rule=Rule.APPROVAL_REQUIRED)
