"""A ledger entry in hand: claimed by one worker, every change by compare-and-set."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from shared.domain.connection import INTEGRATION
from shared.domain.event import Event, EventType
from shared.domain.ids import EventId
from shared.domain.send import KEY_LIFETIME, DeliveryMode, SendEntry, SendState
from shared.errors import GmailRefusedError
from shared.ports.clock import Clock
from shared.ports.gmail import Sent
from shared.ports.sends import Sends
from shared.ports.versioned import Versioned

CLAIM = timedelta(seconds=90)
"""Longer than any one request to Gmail may take, so that two workers never send at once."""


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
        """Persist a step and keep the claim. Raises ConflictError."""
        now = self.clock.now()
        changed = replace(
            self.value,
            **changes,
            updated_at=now,
            claimed_until=now + CLAIM,
            next_due_at=now + CLAIM,
        )
        self.current = await self.sends.swap(self.current, changed)

    async def later(self, wait: timedelta, **changes: Any) -> None:
        """Give the claim back, to be looked at again after `wait`."""
        now = self.clock.now()
        changed = replace(
            self.value, **changes, updated_at=now, claimed_until=None, next_due_at=now + wait
        )
        self.current = await self.sends.swap(self.current, changed)

    async def submitted(self, sent: Sent, rfc822_message_id: str | None) -> None:
        """Record Gmail's yes. Submitted is not delivered (FACTS 1.11)."""
        await self._conclude(
            SendState.SUBMITTED,
            submitted_at=self.clock.now(),
            message_id=sent.id,
            thread_id=sent.thread_id,
            rfc822_message_id=rfc822_message_id,
        )

    async def failed(self, code: str, message: str) -> None:
        """Record that nothing was sent."""
        await self._conclude(SendState.FAILED, error=code, error_message=message)

    async def refused(self, error: GmailRefusedError) -> None:
        """Record Gmail's no."""
        await self.failed("upstream_error", f"Gmail refused with {error.status} {error.reason}.")

    async def unknown(self, message: str) -> None:
        """Record that nobody can tell; never a guess."""
        await self._conclude(SendState.UNKNOWN, error="unknown_outcome", error_message=message)

    async def _conclude(self, state: SendState, **changes: Any) -> None:
        now = self.clock.now()
        final = replace(
            self.value,
            **changes,
            state=state,
            updated_at=now,
            claimed_until=None,
            next_due_at=None,
            request=b"",
            expires_at=now + KEY_LIFETIME,
        )
        self.current = await self.sends.conclude(self.current, final, self._event(final))

    def _event(self, entry: SendEntry) -> Event:
        now = self.clock.now()
        payload = {
            "from": "postroom",
            "type": "send",
            "operation": entry.state.value,
            "connectionId": entry.connection_id,
            "providerConfigKey": INTEGRATION,
            "success": entry.state is SendState.SUBMITTED,
            "send": {"id": entry.id, "messageId": entry.message_id, "threadId": entry.thread_id},
        }
        if entry.error is not None:
            payload["error"] = {"type": entry.error, "description": entry.error_message}
        event_id = EventId(f"evt_send_{entry.id}")
        return Event(event_id, entry.connection_id, EventType.SEND, payload, now, now)
