"""Bring grants and webhook endpoints under the current key-encryption key as everything runs.

Only the wrapping of a data key changes, so tokens sealed before go on opening and no reader
notices. A grant that is there already is recognised by its key id: a run that was cut short is
resumed by the next one, which passes over what was done.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from shared.domain.connect.grant import Grant
from shared.domain.events.endpoint import SigningSecret, WebhookEndpoint
from shared.errors import CorruptStateError
from shared.ports.clock import Clock
from shared.ports.connections import Grants
from shared.ports.documents import Versioned, update_by, walk_until
from shared.ports.events import WebhookEndpoints
from shared.ports.google.oauth import Sealer
from shared.usecases.connect.tokens.token_seal import key_of_alone, rewrap_alone

log = logging.getLogger(__name__)


async def rewrapped_endpoint(
    endpoints: WebhookEndpoints,
    sealer: Sealer,
    read: Versioned[WebhookEndpoint],
    key: str,
) -> bool | None:
    """Return True where it was brought over, None where all was current, False if unreadable."""
    id = read.value.id

    async def brought_over(was: WebhookEndpoint) -> WebhookEndpoint | None:
        secrets = tuple([await _brought_over(sealer, id, one, key) for one in was.secrets])
        return None if secrets == was.secrets else replace(was, secrets=secrets)

    try:
        return True if await update_by(endpoints, id, brought_over, read) else None
    except CorruptStateError:
        log.warning("signing secret cannot be unwrapped", extra={"endpoint": id})
        return False


async def _brought_over(sealer: Sealer, id: str, secret: SigningSecret, key: str) -> SigningSecret:
    if key_of_alone(sealer, secret.sealed) == key:
        return secret
    return replace(secret, sealed=await rewrap_alone(sealer, secret.sealed, owner=id))


AT_ONCE = 10
BUDGET = timedelta(minutes=4)


@dataclass(frozen=True, slots=True)
class Rotated:
    """How many documents were brought over, were there already, and could not be unwrapped.

    `complete` False means that time ran out: run again.
    """

    rewrapped: int = 0
    current: int = 0
    unreadable: int = 0
    complete: bool = True


@dataclass(frozen=True, slots=True)
class RotateKeys:
    """Walk all grants page by page, then the few endpoints."""

    grants: Grants
    endpoints: WebhookEndpoints
    sealer: Sealer
    clock: Clock

    async def __call__(self, budget: timedelta = BUDGET) -> Rotated:
        """Raise KeysUnavailableError, StoreUnavailableError: what was done stays done."""
        deadline = self.clock.now() + budget
        key = await self.sealer.current_key()

        async def visit(found: Sequence[Versioned[Grant]], total: Rotated) -> Rotated:
            old = [one for one in found if self._key_of(one.value) != key]
            done = await asyncio.gather(*(self._one(grant, key) for grant in old))
            return replace(
                total,
                current=total.current + len(found) - len(old),
                rewrapped=total.rewrapped + done.count(True),
                unreadable=total.unreadable + done.count(False),
            )

        total, complete = await walk_until(
            deadline, self.clock, self.grants, visit, Rotated(), AT_ONCE
        )
        return await self._endpoints(key, total) if complete else replace(total, complete=False)

    async def _endpoints(self, key: str, total: Rotated) -> Rotated:
        """Bring the signing secrets over; each carries a data key of its own."""
        done = [
            await rewrapped_endpoint(self.endpoints, self.sealer, one, key)
            for one in await self.endpoints.list()
        ]
        return replace(
            total,
            rewrapped=total.rewrapped + done.count(True),
            current=total.current + done.count(None),
            unreadable=total.unreadable + done.count(False),
        )

    async def _one(self, read: Versioned[Grant], key: str) -> bool | None:
        """Return True where it was brought over, None where that was not needed after all."""
        id = read.value.connection_id

        async def brought_over(was: Grant) -> Grant | None:
            if self._key_of(was) == key:
                return None
            wrapped = await self.sealer.rewrap(was.data_key, connection_id=id)
            return replace(was, data_key=wrapped)

        try:
            return True if await update_by(self.grants, id, brought_over, read) else None
        except CorruptStateError:
            log.warning("data key cannot be unwrapped", extra={"connection": id})
            return False

    def _key_of(self, grant: Grant) -> str | None:
        try:
            return self.sealer.key_of(grant.data_key)
        except CorruptStateError:
            return None
