"""Google will refuse this connection until its end user connects again: say so once."""

from contextlib import suppress
from dataclasses import dataclass, replace

from shared.domain.connect.connection import Connection, ConnectionStatus
from shared.domain.troubles import error_object
from shared.errors import AlreadyExistsError, ConflictError
from shared.ports.clock import Clock
from shared.ports.connections import Connections
from shared.ports.documents import Versioned
from shared.ports.events import Operations, Outbox
from shared.usecases.connect.auth_record import AuthOperation, auth_event, auth_operation
from shared.usecases.connect.settings import ConnectSettings


@dataclass(frozen=True)
class RequireReauth:
    """Mark the connection and tell the product, unless it changed since it was read."""

    connections: Connections
    outbox: Outbox
    operations: Operations
    clock: Clock
    settings: ConnectSettings

    async def __call__(self, was: Versioned[Connection], code: str, *, generation: int) -> bool:
        """Return False where the connection was changed meanwhile, by reconnecting say.

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
            error=error_object(code),
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
