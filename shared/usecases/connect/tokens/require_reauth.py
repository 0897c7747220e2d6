"""Google will refuse this connection until its end user connects again: say so once."""

from contextlib import suppress
from dataclasses import dataclass, replace

from shared.domain.connect.connection import Connection, ConnectionStatus
from shared.errors import AlreadyExistsError, ConflictError
from shared.ports.clock import Clock
from shared.ports.connections import Connections
from shared.ports.documents import Versioned
from shared.ports.events import Operations, Outbox
from shared.usecases.connect.auth_record import AuthOperation, auth_event, auth_operation
from shared.usecases.connect.settings import ConnectSettings

DESCRIPTIONS = {
    "revoked": "Google no longer accepts the grant: withdrawn, or the password was changed.",
    "expired": "The consent was given for a limited time, which is over.",
    "unused": "Nobody used the grant for six months, and Google ended it.",
    "session_policy": "A policy of the end user's organisation asks for a new sign-in.",
    "account_deleted": "The Google account was deleted.",
    "policy_enforced": "The account's protection or its organisation does not admit this app.",
    "org_internal": "The OAuth client admits accounts of its own organisation only.",
    "client_changed": "The grant was given to an OAuth client that this deployment no longer has.",
    "refused": "Google has refused the grant for a day without a known reason.",
}


@dataclass(frozen=True)
class RequireReauth:
    """Mark the connection and tell the product, unless it changed since it was read."""

    connections: Connections
    outbox: Outbox
    operations: Operations
    clock: Clock
    settings: ConnectSettings

    async def __call__(self, was: Versioned[Connection], code: str, *, generation: int) -> bool:
        """Return False where somebody changed the connection meanwhile, by reconnecting say.

        The event comes first: a crash in between repeats it under the same id, never loses it.
        """
        if was.value.status is ConnectionStatus.DISCONNECTING:
            return True
        now = self.clock.now()
        found = await self.connections.get(was.value.id)
        if found is None or found.version != was.version:
            return found is None
        event = auth_event(
            was.value,
            AuthOperation.REFRESH,
            occasion=f"{generation}",
            generation=generation,
            environment=self.settings.environment,
            now=now,
            error={"type": code, "description": DESCRIPTIONS[code]},
        )
        with suppress(AlreadyExistsError):  # an earlier try stored it
            await self.outbox.create(event)
        marked = replace(
            was.value, status=ConnectionStatus.REAUTH_REQUIRED, error=code, updated_at=now
        )
        try:
            await self.connections.swap(was, marked)
        except ConflictError:
            return False
        operation = auth_operation("refresh", was.value.id, now, now, error=code)
        await self.operations.append(operation)
        return True
