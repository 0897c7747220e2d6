"""The holder of a session token looks at the session, or ends it."""

from dataclasses import dataclass, replace

from shared.domain.connect import ConnectSession, token_hash
from shared.errors import ConflictError, UnauthenticatedError
from shared.ports.clock import Clock
from shared.ports.connect_store import ConnectSessions
from shared.ports.versioned import Versioned


@dataclass(frozen=True)
class OpenConnectSession:
    """Answer the session of a token."""

    sessions: ConnectSessions
    clock: Clock

    async def __call__(self, token: str) -> Versioned[ConnectSession]:
        """Raise UnauthenticatedError where the token is unknown, expired or withdrawn."""
        found = await self.sessions.get(token_hash(token))
        if found is None or found.value.deleted or found.value.expires_at <= self.clock.now():
            raise UnauthenticatedError(
                "This connect session is unknown or has expired: create a new one."
            )
        return found


@dataclass(frozen=True)
class WithdrawConnectSession:
    """End a session early: its token opens nothing any more."""

    sessions: ConnectSessions

    async def __call__(self, session_id: str) -> None:
        """Do nothing where it has gone already."""
        while (found := await self.sessions.get(session_id)) and not found.value.deleted:
            try:
                await self.sessions.swap(found, replace(found.value, deleted=True))
            except ConflictError:
                continue
            return
