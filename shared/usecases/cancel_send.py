"""Call off a send that has not begun."""

from dataclasses import dataclass, replace

from shared.domain.ids import ConnectionId
from shared.domain.send import KEY_LIFETIME, SendEntry, SendState, send_id
from shared.errors import ConflictError, NotFoundError, SendUnderWayError
from shared.ports.clock import Clock
from shared.ports.sends import Sends
from shared.ports.versioned import Versioned


@dataclass(frozen=True, slots=True)
class CancelSend:
    """Wins or loses against the worker by compare-and-set."""

    sends: Sends
    clock: Clock

    async def __call__(self, connection_id: ConnectionId, idempotency_key: str) -> SendEntry:
        """Answer the cancelled entry; cancelling twice is no error.

        Raises NotFoundError, SendUnderWayError, StoreUnavailableError.
        """
        while True:
            found = await self.sends.get(send_id(connection_id, idempotency_key))
            if found is None:
                raise NotFoundError("No send with this idempotency key on this connection.")
            if found.value.state is SendState.CANCELLED:
                return found.value
            try:
                return (await self._cancelled(found)).value
            except ConflictError:
                continue  # a worker took it up or put it down: look again

    async def _cancelled(self, found: Versioned[SendEntry]) -> Versioned[SendEntry]:
        entry, now = found.value, self.clock.now()
        if entry.state is not SendState.ACCEPTED or entry.busy(now):
            raise SendUnderWayError(
                f"This send is {entry.state.value} and can no longer be cancelled."
            )
        cancelled = replace(
            entry,
            state=SendState.CANCELLED,
            updated_at=now,
            claimed_until=None,
            next_due_at=None,
            request=b"",
            expires_at=now + KEY_LIFETIME,
        )
        return await self.sends.swap(found, cancelled)
