"""A person's yes or no to a call that waits, and the running of what was approved (API 8.4).

A yes is stored before anything runs. The call then runs under an idempotency key made of the
approval, so that approving again, or the background, finishes what a crash left without doing it
twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from shared.actions.policy.seal import ApprovalSeal
from shared.actions.registry import ActionContext, Shown
from shared.actions.run import RunAction, log_action
from shared.domain.connect.connection import ConnectionStatus
from shared.domain.keys.approval import (
    GIVEN_UP,
    Approval,
    ApprovalDecidedError,
    ApprovalState,
    ApprovedCallFailedError,
    approval_event,
)
from shared.domain.send.draft_copy import thawed_copy
from shared.errors import (
    ConflictError,
    ForbiddenError,
    IdempotencyInProgressError,
    NotFoundError,
    PermanentError,
    TransientError,
    UnknownConnectionError,
)
from shared.ports.access import ApiKeys, Approvals, ErrorDescription
from shared.ports.clock import Clock
from shared.ports.connections import Connections
from shared.ports.container import Container
from shared.ports.documents import Versioned, until_written
from shared.usecases.keys.api_keys import is_revoked

KEY: Final = "key-"
GAVE_UP: Final = {"error": {"code": "gave_up", "message": "It met nothing but trouble for a day."}}


@dataclass(frozen=True, slots=True)
class DecideApproval:
    """`describe` returns an error as the data that the approval shows."""

    container: Container
    approvals: Approvals
    api_keys: ApiKeys
    connections: Connections
    run: RunAction
    seal: ApprovalSeal
    clock: Clock
    describe: ErrorDescription

    async def approve(self, id: str, by: str) -> Approval:
        """Say yes and run the call; saying it again goes on with a run that a crash left.

        Answers with `finished_at` None where the run goes on in the background. Raises
        NotFoundError, ApprovalDecidedError, ForbiddenError, StoreUnavailableError.
        """
        found, first = await until_written(lambda: self._approve(id, by))
        return await (self._finish(found) if first else self._resume(found))

    async def _approve(self, id: str, by: str) -> tuple[Versioned[Approval], bool]:
        """Return the approval, and whether this call said yes."""
        found = await self._load_undecided(id)
        if found.value.state is ApprovalState.APPROVED:
            return found, False
        _require_another(found.value, by)
        await self._require_unrevoked(found.value)
        yes = found.value.with_decision(ApprovalState.APPROVED, self.clock.now(), by)
        return await self._conclude(found, yes, "approved"), True

    async def reject(self, id: str, by: str, reason: str | None) -> Approval:
        """Say no; the caller is told the reason. Saying it again changes nothing.

        Raises NotFoundError, ApprovalDecidedError, ForbiddenError, StoreUnavailableError.
        """
        rejected, first = await until_written(lambda: self._reject(id, by, reason))
        if first:
            await self._log(rejected, "rejected")
        return rejected

    async def _reject(self, id: str, by: str, reason: str | None) -> tuple[Approval, bool]:
        """Return the approval, and whether this call said no."""
        found = await self._load(id)
        if found.value.state is ApprovalState.REJECTED:
            return found.value, False
        found = await self._load_undecided(id)
        if found.value.state is ApprovalState.APPROVED:
            raise _decided_error(found.value)
        _require_another(found.value, by)
        no = found.value.with_decision(ApprovalState.REJECTED, self.clock.now(), by, reason)
        return (await self._conclude(found, no, "rejected")).value, True

    async def attend(self, id: str) -> None:
        """Do what is due: expire what no person decided in time, run what was left.

        Raises StoreUnavailableError, ConflictError: come again.
        """
        found = await self.approvals.get(id)
        if found is None or found.value.final:
            return
        if found.value.state is ApprovalState.APPROVED:
            await self._resume(found)
        elif found.value.has_lapsed(self.clock.now()):
            await self._expire(found)

    async def _load_undecided(self, id: str) -> Versioned[Approval]:
        """Return one that is pending or approved. Raises ApprovalDecidedError, NotFoundError."""
        found = await self._load(id)
        if found.value.has_lapsed(self.clock.now()):
            found = await self._expire(found)
        if found.value.state in {ApprovalState.REJECTED, ApprovalState.EXPIRED}:
            raise _decided_error(found.value)
        return found

    async def _load(self, id: str) -> Versioned[Approval]:
        found = await self.approvals.get(id)
        if found is None:
            raise NotFoundError("No such approval. GET /approvals lists them.")
        return found

    async def _expire(self, found: Versioned[Approval]) -> Versioned[Approval]:
        late = found.value.with_decision(ApprovalState.EXPIRED, self.clock.now(), None)
        try:
            expired = await self._conclude(found, late, "expired")
        except ConflictError:
            return await self._load(found.value.id)
        await self._log(expired.value, "expired")
        return expired

    async def _require_unrevoked(self, approval: Approval) -> None:
        """Raise ForbiddenError where the key that asked was revoked: it may be a thief's."""
        if await is_revoked(self.api_keys, approval.key.removeprefix(KEY)):
            raise ForbiddenError("The key that asked for this was revoked: nothing of it may run.")

    async def _resume(self, found: Versioned[Approval]) -> Approval:
        """Go on with a run that no worker is at."""
        now, approval = self.clock.now(), found.value
        if approval.final or approval.is_claimed(now):
            return approval
        if approval.decided_at is not None and now - approval.decided_at > GIVEN_UP:
            return await self._end(found, GAVE_UP, "gave_up")
        try:
            claimed = await self.approvals.swap(found, approval.with_attempt(now))
        except ConflictError:
            return (await self._load(approval.id)).value
        return await self._finish(claimed)

    async def _finish(self, claimed: Versioned[Approval]) -> Approval:
        """Run the call and write down what it came to, trouble that may pass for later."""
        try:
            output = await self._run_call(claimed.value)
        except (TransientError, IdempotencyInProgressError) as trouble:
            return await self._postpone(claimed, trouble.code)
        except PermanentError as refused:
            return await self._end(claimed, dict(self.describe(refused)), refused.code)
        return await self._end(claimed, output, None)

    async def _run_call(self, approval: Approval) -> object:
        found = await self.connections.get(approval.connection_id)
        if found is None or found.value.status is ConnectionStatus.DISCONNECTING:
            raise UnknownConnectionError("The connection was removed meanwhile.")
        content = await self.seal.open_request(approval)
        answer = await self.run(
            found.value,
            approval.action,
            content["arguments"],
            idempotency_key=approval.run_key,
            trace_id=approval.trace_id,
            detail=_detail(approval, "approved"),
            shown=_shown_to_person(content),
        )
        return answer.output

    async def _postpone(self, claimed: Versioned[Approval], error: str) -> Approval:
        try:
            later = claimed.value.with_attempt(self.clock.now(), error)
            return (await self.approvals.swap(claimed, later)).value
        except ConflictError:
            return (await self._load(claimed.value.id)).value

    async def _end(self, claimed: Versioned[Approval], content: Any, error: str | None) -> Approval:
        try:
            answer = await self.seal.answer(claimed.value, content)
        except PermanentError:
            answer = b""  # the connection is gone, and its content must not be kept
        ended = claimed.value.with_outcome(self.clock.now(), answer, error)
        try:
            return (await self._conclude(claimed, ended, "finished")).value
        except ConflictError:
            return (await self._load(ended.id)).value

    async def _conclude(
        self, was: Versioned[Approval], now: Approval, operation: str
    ) -> Versioned[Approval]:
        event = approval_event(now, operation, self.clock.now())
        return await self.approvals.conclude(was, now, event)

    async def _log(self, approval: Approval, verdict: str) -> None:
        found = await self.connections.get(approval.connection_id)
        if found is not None:
            context = ActionContext(found.value, self.container, None, approval.trace_id)
            now = self.clock.now()
            await log_action(context, approval.action, now, None, _detail(approval, verdict))


def _require_another(approval: Approval, by: str) -> None:
    if approval.key == by:
        raise ForbiddenError("A key cannot decide about its own calls.")


def _shown_to_person(content: Mapping[str, Any]) -> Shown:
    """Return what the person saw. Raises ApprovedCallFailedError where it was not all kept."""
    if content.get("draft_message_id") is not None:  # of an earlier version: without its bytes
        text = "This was asked before drafts were kept whole: ask again."
        raise ApprovedCallFailedError(text, code="changed_meanwhile")
    draft = content.get("draft")
    return Shown(None if draft is None else thawed_copy(draft), content.get("pin"))


def _detail(approval: Approval, verdict: str) -> dict[str, Any]:
    return {
        "verdict": verdict,
        "key": approval.key,
        "approval_id": approval.id,
        "decided_by": approval.decided_by,
    }


def _decided_error(approval: Approval) -> ApprovalDecidedError:
    return ApprovalDecidedError(f"This call is {approval.state.value} already: it stays so.")
