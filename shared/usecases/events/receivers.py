"""Who is to be told of an event: endpoints, the connection's own address, the operator's sinks."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.domain.connect.connection import Connection, Deferral
from shared.domain.events.endpoint import SigningSecret, WebhookEndpoint
from shared.domain.events.event import Event
from shared.ports.clock import Clock
from shared.ports.connections import Connections
from shared.ports.documents import Versioned
from shared.ports.events import WebhookEndpoints
from shared.ports.google.oauth import Sealer
from shared.ports.sinks import EventSettings, Receiver
from shared.usecases.connect.tokens.token_seal import open_alone, seal_alone

PURPOSE = "webhook-secret"
OVERRIDE = "override"
"""The receiver's id where the connection names its own address."""
REMEMBERED = timedelta(seconds=10)
"""How late another instance learns of a new, changed or deleted endpoint."""


@dataclass(frozen=True, slots=True)
class Present:
    """One receiver that wants the event, with the endpoint or connection that names it."""

    receiver: Receiver
    endpoint: Versioned[WebhookEndpoint] | None = None
    connection: Versioned[Connection] | None = None

    @property
    def disabled(self) -> bool:
        """Whether the endpoint was disabled, by its 410 or by hand."""
        return self.endpoint is not None and self.endpoint.value.disabled_at is not None

    def deferred_until(self, now: datetime) -> datetime | None:
        """Return until when the receiver is left alone, as stored."""
        until = self.endpoint.value.deferred_until if self.endpoint else None
        deferral = self.connection.value.webhook_deferral if self.connection else None
        if deferral is not None and deferral.address == self.receiver.address:
            until = deferral.until
        return until if until is not None and until > now else None


@dataclass
class KnownEndpoints:
    """The endpoints' port; `list` is read at most every REMEMBERED, and after a change here."""

    stored: WebhookEndpoints
    clock: Clock
    _found: tuple[datetime, Sequence[Versioned[WebhookEndpoint]]] | None = None
    _changes: int = 0

    async def list(self) -> Sequence[Versioned[WebhookEndpoint]]:
        """Return all of them, oldest first. Raises StoreUnavailableError."""
        now, changes = self.clock.now(), self._changes
        if self._found is not None and abs(now - self._found[0]) < REMEMBERED:
            return self._found[1]
        found = await self.stored.list()
        if changes == self._changes:
            self._found = (now, found)
        return found

    async def get(self, id: str) -> Versioned[WebhookEndpoint] | None:
        """Read one from the store."""
        return await self.stored.get(id)

    async def create(self, value: WebhookEndpoint) -> Versioned[WebhookEndpoint]:
        """Write a new one. Raises AlreadyExistsError."""
        with self._changing():
            return await self.stored.create(value)

    async def swap(
        self, was: Versioned[WebhookEndpoint], now: WebhookEndpoint
    ) -> Versioned[WebhookEndpoint]:
        """Replace the version read. Raises ConflictError: the list was older than that."""
        with self._changing():
            return await self.stored.swap(was, now)

    async def delete(self, was: Versioned[WebhookEndpoint]) -> bool:
        """Delete the version read. Raises ConflictError."""
        with self._changing():
            return await self.stored.delete(was)

    @contextmanager
    def _changing(self) -> Iterator[None]:
        try:
            yield
        finally:
            self._found, self._changes = None, self._changes + 1


@dataclass(frozen=True)
class Receivers:
    """Finds them; secrets are opened only for those about to be told."""

    endpoints: KnownEndpoints
    connections: Connections
    sealer: Sealer
    settings: EventSettings

    async def of(
        self, event: Event, connection: Versioned[Connection] | None = None
    ) -> Mapping[str, Present]:
        """Return who wants the event, by id; `connection` is its own, where that was just read.

        Raises StoreUnavailableError, CorruptStateError.
        """
        found = [Present(Receiver(sink, sink)) for sink in self.settings.sinks]
        own, connection = await self._own_address(event, connection)
        if own is not None:
            receiver = Receiver(OVERRIDE, own, self.settings.secrets, self.settings.flavour)
            found.append(Present(receiver, connection=connection))
        for endpoint in await self.endpoints.list():
            of_connection = endpoint.value.connection_ids is not None
            if endpoint.value.wants(event) and (own is None or of_connection):
                found.append(Present(receiver_of(endpoint.value), endpoint))
        return {one.receiver.id: one for one in found}

    async def open(self, present: Present, now: datetime) -> Receiver:
        """Return the receiver with the secrets its webhooks are signed with."""
        if present.endpoint is None:
            return present.receiver
        endpoint = present.endpoint.value
        live = [secret for secret in endpoint.secrets if secret.live(now)]
        opened = [await opened_secret(self.sealer, endpoint.id, secret) for secret in live]
        return receiver_of(endpoint, tuple(opened))

    async def disable(self, one: Present, reason: str, now: datetime) -> None:
        """Disable the endpoint, if it is one. Raises ConflictError."""
        if (was := one.endpoint) is not None:
            disabled = replace(was.value, disabled_at=now, disabled_reason=reason, updated_at=now)
            await self.endpoints.swap(was, disabled)

    async def note(self, one: Present, seen: WebhookEndpoint, until: datetime | None) -> None:
        """Store since when the endpoint fails, or that it took an event. Raises ConflictError."""
        if one.endpoint is not None:
            deferred = until if until is not None else seen.deferred_until
            await self.endpoints.swap(one.endpoint, replace(seen, deferred_until=deferred))

    async def defer(self, one: Present, until: datetime) -> None:
        """Store until when the receiver is left alone, where it is named. Raises ConflictError."""
        if one.endpoint is not None:
            await self.endpoints.swap(
                one.endpoint, replace(one.endpoint.value, deferred_until=until)
            )
        elif (was := one.connection) is not None:
            deferral = Deferral(one.receiver.address, until)
            await self.connections.swap(was, replace(was.value, webhook_deferral=deferral))

    async def _own_address(
        self, event: Event, known: Versioned[Connection] | None
    ) -> tuple[str | None, Versioned[Connection] | None]:
        if event.webhook_url_override is not None:
            return event.webhook_url_override, None
        found = known or await self.connections.get(event.connection_id)
        return (found.value.webhook_url_override, found) if found is not None else (None, None)


def receiver_of(endpoint: WebhookEndpoint, secrets: tuple[str, ...] = ()) -> Receiver:
    """Return the endpoint as a place to send to, with the opened secrets given."""
    return Receiver(endpoint.id, endpoint.url, secrets, endpoint.flavour, endpoint.content)


async def sealed_secret(
    sealer: Sealer, endpoint_id: str, secret: str, now: datetime
) -> SigningSecret:
    """Return a secret as an endpoint keeps it."""
    sealed = await seal_alone(sealer, secret, owner=endpoint_id, purpose=PURPOSE)
    return SigningSecret(sealed, now)


async def opened_secret(sealer: Sealer, endpoint_id: str, secret: SigningSecret) -> str:
    """Return the secret. Raises CorruptStateError where it was sealed for something else."""
    return await open_alone(sealer, secret.sealed, owner=endpoint_id, purpose=PURPOSE)


def secrets_after(
    newest: SigningSecret, older: Sequence[SigningSecret], until: datetime
) -> tuple[SigningSecret, ...]:
    """Return two live secrets: the new one, and the last one until `until`."""
    if not older:
        return (newest,)
    last = older[0]
    expiry = until if last.expires_at is None else min(last.expires_at, until)
    return (newest, SigningSecret(last.sealed, last.created_at, expiry))
