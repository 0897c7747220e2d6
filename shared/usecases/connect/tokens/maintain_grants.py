"""Grants that need a person before anything fails: those about to end, and those long unused.

Google ends a grant of an app in testing after seven days and any grant after six months without
use (FACTS 6.6). The first is announced while there is time to connect again; the second is used.
"""

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

from shared.domain.connect.connection import Connection, ConnectionStatus
from shared.domain.connect.grant import Grant
from shared.errors import AlreadyExistsError, PostroomError, TransientError
from shared.ports.clock import Clock
from shared.ports.connections import Connections, Grants
from shared.ports.documents import Versioned, walk_until
from shared.ports.events import Outbox
from shared.usecases.connect.auth_record import AuthOperation, auth_event
from shared.usecases.connect.settings import ConnectSettings
from shared.usecases.connect.tokens.access_tokens import AccessTokens

log = logging.getLogger(__name__)
WARN_BEFORE = timedelta(days=2)
USE_AFTER = timedelta(days=60)
"""Three runs' worth of bad luck, and then some, below Google's six months."""
BUDGET = timedelta(minutes=4)
WARNING = "The consent was given for a limited time. The end user must connect again before it."


@dataclass(frozen=True, slots=True)
class Tended:
    """How many grants were announced, used, and could not be used.

    `complete` False means that time ran out: run again.
    """

    warned: int = 0
    used: int = 0
    failed: int = 0
    complete: bool = True


@dataclass(frozen=True, slots=True)
class MaintainGrants:
    """Walk all grants page by page; most need nothing and cost one read."""

    grants: Grants
    connections: Connections
    outbox: Outbox
    clock: Clock
    settings: ConnectSettings
    access_tokens: AccessTokens

    async def __call__(self, budget: timedelta = BUDGET) -> Tended:
        """Raise StoreUnavailableError: what was done stays done."""
        deadline = self.clock.now() + budget
        total, complete = await walk_until(deadline, self.clock, self.grants, self._one, Tended())
        return replace(total, complete=complete)

    async def _one(self, page: Sequence[Versioned[Grant]], total: Tended) -> Tended:
        grant = page[0].value
        ending, idle = self._ends_soon(grant), self._idle(grant)
        if not (ending or idle):
            return total
        found = await self.connections.get(grant.connection_id)
        if found is None or found.value.status not in _ALIVE:
            return total
        if ending and await self._warn(found.value, grant):
            total = replace(total, warned=total.warned + 1)
        if not idle:
            return total
        if await self._use(grant):
            return replace(total, used=total.used + 1)
        return replace(total, failed=total.failed + 1)

    def _ends_soon(self, grant: Grant) -> bool:
        ends_at = grant.ends_at(testing=self.settings.testing)
        return ends_at is not None and ends_at - self.clock.now() <= WARN_BEFORE

    def _idle(self, grant: Grant) -> bool:
        used_at = grant.refreshed_at or grant.issued_at
        return used_at is not None and self.clock.now() - used_at >= USE_AFTER

    async def _warn(self, connection: Connection, grant: Grant) -> bool:
        """Tell the product once for each consent; True where this call did it."""
        ends_at = grant.ends_at(testing=self.settings.testing)
        event = auth_event(
            connection,
            AuthOperation.REFRESH,
            occasion=f"ending-{grant.generation}",
            generation=grant.generation,
            environment=self.settings.environment,
            now=self.clock.now(),
            warning={
                "type": "grant_ends",
                "description": WARNING,
                "endsAt": ends_at.isoformat() if ends_at else "",
            },
        )
        if await self.outbox.get(event.id) is not None:
            return False
        with suppress(AlreadyExistsError):  # another run was faster
            await self.outbox.create(event)
            return True
        return False

    async def _use(self, grant: Grant) -> bool:
        """Refresh: the access token of an idle grant ended long ago, so asking for one does."""
        try:
            await self.access_tokens(grant.connection_id)
        except TransientError:
            return False
        except PostroomError as error:
            extra = {"connection": grant.connection_id, "code": error.code}
            log.warning("idle grant is dead", extra=extra)
            return False
        return True


_ALIVE = frozenset({ConnectionStatus.ACTIVE, ConnectionStatus.PAUSED})
