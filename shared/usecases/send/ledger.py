"""A ledger entry in hand: claimed by one worker, every change by compare-and-set."""

from dataclasses import dataclass, replace
from datetime import timedelta
from secrets import token_hex
from typing import Any, Final

from shared.domain.send.entry import KEY_LIFETIME, DeliveryMode, Hold, SendEntry, SendState
from shared.domain.send.event import send_event
from shared.domain.troubles import concern_of
from shared.errors import (
    ConflictError,
    GmailRefusedError,
    PostroomError,
    StoreUnavailableError,
)
from shared.ports.clock import Clock
from shared.ports.documents import Versioned
from shared.ports.google.gmail import Sent
from shared.ports.sends import Sends

CLAIM: Final = timedelta(seconds=90)
"""Longer than a request to Gmail may take, so that two workers rarely meet; where they do, the
compare-and-set and Gmail's consumption of the draft keep it at one delivery."""
WRITE_TRIES: Final = 3


@dataclass(slots=True)
class LedgerEntry:
    """The current version of a claimed entry; a lost compare-and-set raises ConflictError."""

    sends: Sends
    clock: Clock
    current: Versioned[SendEntry]

    @property
    def value(self) -> SendEntry:
        """The entry as last written."""
        return self.current.value

    @property
    def state(self) -> SendState:
        """Where the send is."""
        return self.value.state

    @property
    def mode(self) -> DeliveryMode:
        """How it is sent."""
        return self.value.mode

    async def write(self, **changes: Any) -> None:
        """Persist a step and keep the claim. Raises ConflictError, StoreUnavailableError."""
        until = self.clock.now() + CLAIM
        await self._write(changes, claimed_until=until, next_due_at=until)

    async def later(self, wait: timedelta, **changes: Any) -> None:
        """Give the claim back, to be looked at again after `wait`."""
        due = self.clock.now() + wait
        await self._write(changes, claimed_until=None, next_due_at=due)

    async def record_trouble(self, wait: timedelta, error: PostroomError) -> None:
        """Give the claim back after trouble that may pass, noting what it was."""
        await self.later(wait, error=error.code, error_message=str(error))

    async def hold(self, wait: timedelta, error: PostroomError) -> None:
        """Give the claim back with nothing sent, until the trouble passes or a day is over."""
        now, concern = self.clock.now(), concern_of(error)
        since = self.value.hold.since if self.value.hold else now
        await self.later(
            min(wait, max(self.value.held_until - now, timedelta(0))),
            state=SendState.HELD,
            hold=Hold(concern, since),
            error=error.code,
            error_message=str(error),
        )

    async def record_submission(self, sent: Sent) -> None:
        """Record Gmail's yes. Submitted is not delivered (FACTS 1.11)."""
        await self._conclude(
            SendState.SUBMITTED,
            submitted_at=self.clock.now(),
            message_id=sent.id,
            thread_id=sent.thread_id,
            error=None,
            error_message=None,
        )

    async def record_message_id(self, rfc822_message_id: str) -> None:
        """Add the Message-ID that Gmail gave it, to an entry that is final already."""
        await self._write({"rfc822_message_id": rfc822_message_id})

    async def record_failure(self, code: str, message: str, **upstream: Any) -> None:
        """Record that nothing was sent and nothing will be."""
        await self._conclude(SendState.FAILED, error=code, error_message=message, upstream=upstream)

    async def record_refusal(self, error: GmailRefusedError) -> None:
        """Record Gmail's no."""
        await self.record_failure(error.code, str(error), status=error.status, body=error.body)

    async def record_unknown(self, message: str) -> None:
        """Record that the outcome cannot be known; never a guess."""
        await self._conclude(SendState.UNKNOWN, error="unknown_outcome", error_message=message)

    async def _conclude(self, state: SendState, **changes: Any) -> None:
        expires_at = self.clock.now() + KEY_LIFETIME
        await self._write(
            changes,
            state=state,
            claimed_until=None,
            next_due_at=None,
            request=b"",
            expires_at=expires_at,
        )

    async def _write(self, changes: dict[str, Any], **more: Any) -> None:
        """Write, and where the store does not say what happened, read it back."""
        now = self.clock.now()
        changed = replace(self.value, **{**more, **changes}, updated_at=now, claim=token_hex(8))
        for tries_left in reversed(range(WRITE_TRIES)):
            try:
                self.current = await self._put(changed)
            except ConflictError:
                if not await self._is_there(changed):
                    raise
            except StoreUnavailableError:
                # Not there yet: the same write once more can do no harm, its version is the same.
                if not await self._is_there(changed) and not tries_left:
                    raise
            if self.value.claim == changed.claim:
                return

    async def _put(self, changed: SendEntry) -> Versioned[SendEntry]:
        concludes = changed.state.final and not self.state.final
        if not concludes:
            return await self.sends.swap(self.current, changed)
        event = send_event(changed, changed.state.value, self.clock.now())
        return await self.sends.conclude(self.current, changed, event)

    async def _is_there(self, changed: SendEntry) -> bool:
        """Whether our own write is what the store holds; `claim` tells it from any other's."""
        fresh = await self.sends.get(changed.id)
        if fresh is None or fresh.value.claim != changed.claim:
            return False
        self.current = fresh
        return True
