"""The one place where an action runs by a key: policy, approval, audit, then the action.

REST, bulk, background and MCP all come through here:

    outcome = await call.use(GuardedActions)(
        actor, connection, action_name, arguments,
        idempotency_key=..., trace_id=...,
    )                                      # -> ActionAnswer | Waiting

`actor` is `call.caller.actor`: the key and its policy. An `ActionAnswer` has `.output` and
`.replayed`; `Waiting` says that a person has to say yes first: `.approval_id`, `.action`,
`.expires_at`, `.as_json()`. The same call again with the same idempotency key answers `Waiting`
until a person decides, then what the action came to.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from secrets import token_hex
from typing import Any

from pydantic import BaseModel

from shared.actions.background import AcceptAction
from shared.actions.gmail.gmail_fields import ById
from shared.actions.loading import get_action
from shared.actions.policy.count_sends import CountSends
from shared.actions.policy.recipients import (
    SEND_DRAFT,
    MessageRecipients,
    can_inspect,
    effect_of,
    message_recipients,
    recipients_derived,
    writes_message,
)
from shared.actions.policy.request_approval import AskApproval, Waiting
from shared.actions.registry import Action, ActionContext, Shown
from shared.actions.run import ActionAnswer, RunAction, check_input, log_action
from shared.domain.connect.connection import Connection
from shared.domain.keys.policy import (
    Actor,
    Allowed,
    Does,
    NeedsApproval,
    ProposedCall,
    Refused,
    Verdict,
    judge,
)
from shared.domain.keys.rule import Rule
from shared.domain.send.entry import send_id
from shared.errors import PolicyRefusedError, PostroomError
from shared.ports.clock import Clock
from shared.ports.container import Container
from shared.usecases.send.send_bulk import BulkMessage

__all__ = ["GuardedActions", "Waiting"]
BULK = "send-bulk"


@dataclass(frozen=True, slots=True)
class GuardedActions:
    """Runs actions as far as the actor's policy goes."""

    container: Container
    run: RunAction
    accepting: AcceptAction
    asking: AskApproval
    counting: CountSends
    clock: Clock

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
        """Return the action's output, or that it waits.

        Raises PolicyRefusedError, ApprovedCallFailedError, and what `RunAction` raises.
        """
        context = ActionContext(connection, self.container, idempotency_key, trace_id)
        outcome = await self._judge_and_log(actor, context, action, arguments)
        if not isinstance(outcome, Shown):
            return outcome
        return await self.run(
            connection,
            action,
            arguments,
            idempotency_key=idempotency_key,
            trace_id=trace_id,
            detail={"verdict": "allowed", **actor.detail},
            shown=outcome,
        )

    async def accept(
        self,
        actor: Actor,
        connection: Connection,
        action: str,
        arguments: Any,
        *,
        idempotency_key: str | None = None,
        trace_id: str | None = None,
    ) -> str | ActionAnswer | Waiting:
        """Have the action run later and answer the id of its result, or what `__call__` would.

        Raises what `__call__` raises, and what `AcceptAction` raises.
        """
        context = ActionContext(connection, self.container, idempotency_key, trace_id)
        started_at = self.clock.now()
        outcome = await self._judge_and_log(actor, context, action, arguments)
        if not isinstance(outcome, Shown):
            return outcome
        if outcome.draft is not None:
            text = "This key's drafts are sent as they were judged, at once: leave X-Async out."
            raise PolicyRefusedError(text, rule=Rule.ROUTE)
        id = await self.accepting(
            connection, action, arguments, idempotency_key=idempotency_key, trace_id=trace_id
        )
        if actor.policy.restricting:
            detail = {"verdict": "allowed", **actor.detail, "accepted": id}
            await log_action(context, action, started_at, None, detail)
        return id

    async def permit_bulk(
        self,
        actor: Actor,
        connection: Connection,
        messages: Sequence[BulkMessage],
        trace_id: str | None = None,
    ) -> None:
        """Let all the messages of a bulk go, and count them, or none.

        Nothing is looked up for so many: each has to name its recipients where they are
        restricted, and none can wait for approval. Raises PolicyRefusedError.
        """
        if not actor.policy.restricting:
            return
        context = ActionContext(connection, self.container, None, trace_id)
        started_at = self.clock.now()
        try:
            for message in messages:
                _require_allowed(_bulk_verdict(actor, message))
            ids = [send_id(connection.id, message.idempotency_key) for message in messages]
            await self._count(actor, ids)
        except PolicyRefusedError as refused:
            await self._log_refusal(actor, context, BULK, started_at, refused)
            raise
        detail = {"verdict": "allowed", **actor.detail, "messages": len(messages)}
        await log_action(context, BULK, started_at, None, detail)

    async def permit(
        self, actor: Actor, connection: Connection, name: str, does: Does, trace_id: str | None
    ) -> None:
        """Let something happen that is no action, such as calling off a send.

        Raises PolicyRefusedError, also where a person would have to say yes.
        """
        if not actor.policy.restricting:
            return
        context = ActionContext(connection, self.container, None, trace_id)
        started_at = self.clock.now()
        try:
            _require_allowed(judge(actor.policy, ProposedCall(does)))
        except PolicyRefusedError as refused:
            await self._log_refusal(actor, context, name, started_at, refused)
            raise
        detail = {"verdict": "allowed", **actor.detail}
        await log_action(context, name, started_at, None, detail)

    async def _judge_and_log(
        self, actor: Actor, context: ActionContext, action: str, arguments: Any
    ) -> ActionAnswer | Waiting | Shown:
        """Return what was judged where the action may run now; the log tells everything else."""
        if not actor.policy.restricting:
            return Shown()
        row = get_action(action)
        started_at = self.clock.now()
        try:
            asked = check_input(row, context.connection, arguments, context.idempotency_key)
        except PostroomError as wrong:
            await log_action(context, action, started_at, wrong, {**actor.detail})
            raise
        try:
            outcome = await self._judge(actor, context, row, asked)
        except PolicyRefusedError as refused:
            await self._log_refusal(actor, context, action, started_at, refused)
            raise
        if not isinstance(outcome, Shown):
            detail = {"verdict": _verdict_name(outcome), **actor.detail}
            if isinstance(outcome, Waiting):
                detail["approval_id"] = outcome.approval_id
            await log_action(context, action, started_at, None, detail)
        return outcome

    async def _judge(
        self, actor: Actor, context: ActionContext, row: Action[Any, Any], asked: BaseModel
    ) -> ActionAnswer | Waiting | Shown:
        does, ask = effect_of(row, asked), self.asking
        if actor.policy.asks_for(does):
            earlier = await ask.earlier(actor, context, row, asked)
            if earlier is not None:
                return earlier
        verdict, recipients = await self._verdict(actor, context, row, asked)
        if isinstance(verdict, Refused):
            raise verdict.error()
        if does is Does.SEND:
            await self._count(actor, [_send_id(context, row, asked, recipients)])
        if isinstance(verdict, NeedsApproval):
            return await ask(actor, context, row, asked, recipients)
        return Shown(None if recipients is None else recipients.draft)

    async def _verdict(
        self, actor: Actor, context: ActionContext, row: Action[Any, Any], asked: BaseModel
    ) -> tuple[Verdict, MessageRecipients | None]:
        """Judge by kind first: what is refused anyhow costs no look into the mailbox."""
        policy, does = actor.policy, effect_of(row, asked)
        verdict = judge(policy, ProposedCall(does))
        matters = policy.restricts_recipients or (
            isinstance(verdict, NeedsApproval) and can_inspect(row)
        )
        if (
            isinstance(verdict, Refused)
            or does is Does.READ
            or not (matters and writes_message(row))
        ):
            return verdict, None
        recipients = await message_recipients(context, row, asked)
        if (
            isinstance(verdict, Allowed)
            and policy.allowed_domains
            and not recipients.recipients_fixed
        ):
            return _recipients_unnamed(), recipients
        envelope = recipients.envelope
        proposed = ProposedCall(does, envelope.recipients, bool(envelope.bcc), envelope.headers)
        return judge(policy, proposed), recipients

    async def _count(self, actor: Actor, ids: Sequence[str]) -> None:
        await self.counting(actor, ids)

    async def _log_refusal(
        self,
        actor: Actor,
        context: ActionContext,
        name: str,
        started_at: datetime,
        error: PolicyRefusedError,
    ) -> None:
        detail = {"verdict": "refused", **actor.detail, "rule": str(error.rule)}
        await log_action(context, name, started_at, error, detail)


def _bulk_verdict(actor: Actor, message: BulkMessage) -> Verdict:
    policy, request = actor.policy, message.request
    if policy.restricts_recipients and (request.raw is not None or recipients_derived(request)):
        return _recipients_unnamed()
    people = (*request.to, *request.cc, *request.bcc)
    addresses = [one.address for one in people]
    proposed = ProposedCall(Does.SEND, addresses, bool(request.bcc), tuple(request.headers))
    return judge(policy, proposed)


def _require_allowed(verdict: Verdict) -> None:
    """Raise PolicyRefusedError unless it may happen at once."""
    if isinstance(verdict, NeedsApproval):
        text = "This key's policy wants a person's approval for each: do it one by one."
        raise PolicyRefusedError(text, rule=Rule.APPROVAL_REQUIRED)
    if isinstance(verdict, Refused):
        raise verdict.error()


def _recipients_unnamed() -> Refused:
    return Refused(Rule.ALLOWED_DOMAINS, "Name the recipients, so that this policy can be kept.")


def _send_id(
    context: ActionContext,
    row: Action[Any, Any],
    asked: BaseModel,
    recipients: MessageRecipients | None,
) -> str:
    """Return what names the send, so that a retry of it counts once."""
    if recipients is not None and recipients.draft is not None:
        return send_id(context.connection.id, recipients.draft.name)
    if row.name == SEND_DRAFT and isinstance(asked, ById):
        return send_id(context.connection.id, f"{SEND_DRAFT}:{asked.id}")
    return send_id(context.connection.id, context.idempotency_key or token_hex(16))


def _verdict_name(outcome: ActionAnswer | Waiting) -> str:
    return "waiting" if isinstance(outcome, Waiting) else "approved"
