"""Send one message once: a ledger entry, then the draft protocol (DESIGN 6.2)."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from secrets import token_hex, token_urlsafe

from shared.domain.connect.connection import Connection, ConnectionStatus
from shared.domain.connect.scopes import reads
from shared.domain.google.observations import Sightings
from shared.domain.ids import ConnectionId, ThreadId
from shared.domain.mail.writing.outgoing import LeftOut
from shared.domain.send.entry import DeliveryMode, SendEntry, SendState, send_id
from shared.domain.send.request import SendRequest
from shared.domain.troubles import Fate, treatment_of
from shared.errors import (
    AlreadyExistsError,
    ConflictError,
    IdempotencyInProgressError,
    RepeatNeededError,
    StoreUnavailableError,
    TooLargeError,
    TransientError,
    UnknownConnectionError,
)
from shared.ports.clock import Clock
from shared.ports.connections import Connections, Grants
from shared.ports.documents import Versioned
from shared.ports.google.gmail import GmailMailboxes
from shared.ports.google.oauth import Sealer
from shared.ports.queue import Queue
from shared.ports.sends import Sends
from shared.usecases.send.advance import Advance
from shared.usecases.send.compose import Compose, Composed
from shared.usecases.send.kept import SealedRequests
from shared.usecases.send.ledger import CLAIM, LedgerEntry
from shared.usecases.send.rules import checked_key, checked_time, delivery_mode, same


@dataclass(frozen=True, slots=True)
class Sending:
    """The ledger entry after this call; `replayed` where an earlier call had made it."""

    entry: SendEntry
    replayed: bool
    left_out: tuple[LeftOut, ...] = ()
    """Told once and stored nowhere."""


@dataclass(frozen=True, slots=True)
class SendEmail:
    """Accepts, submits and records; the same key never sends twice."""

    connections: Connections
    grants: Grants
    sends: Sends
    gmail: GmailMailboxes
    sealer: Sealer
    queue: Queue
    clock: Clock
    sightings: Sightings = field(default_factory=Sightings)

    async def __call__(
        self,
        connection_id: ConnectionId,
        request: SendRequest,
        idempotency_key: str | None,
        *,
        trace_id: str | None = None,
    ) -> Sending:
        """Send the message, or answer what the first request with this key came to.

        Raises UnknownConnectionError, InvalidRequestError and its kinds, MissingScopeError,
        IdempotencyConflictError, what Gmail raises where it was asked before anything was stored:
        then nothing was and nothing will be sent. IdempotencyInProgressError,
        StoreUnavailableError and RepeatNeededError: ask again with the same key.

        Once the entry is stored, trouble that may pass is no error: the entry comes back
        unfinished, and is finished in the background.
        """
        key = checked_key(idempotency_key)
        earlier = await self.sends.get(send_id(connection_id, key))
        if earlier is not None:
            return await self._again(earlier, request)
        connection = await found_connection(self.connections, connection_id)
        mode = delivery_mode(connection, request)
        due = checked_time(request.send_at, self.clock.now())
        blank = self._blank(connection, request, key, mode, due, trace_id)
        try:
            composed = await self._compose(connection, request, blank)
        except TransientError as error:
            return await self._unread(blank, request, error)
        entry = await self._accept(blank, request, composed.thread_id)
        if due is None:
            await self._advance(entry, connection, request, composed)
        else:
            await self._advancer.wake(entry)
        return Sending(entry.value, replayed=False, left_out=composed.left_out)

    async def _unread(
        self, blank: SendEntry, request: SendRequest, error: TransientError
    ) -> Sending:
        """Accept a message that could not be composed yet, where it can be held till it can.

        What is wrong with it is then told by its end. Raises the error where it cannot be held.
        """
        if treatment_of(error).send is not Fate.HELD:
            raise error
        entry = await self._accept(blank, request, request.thread_id, unread=error)
        if blank.send_at is None:
            await self._advancer.hold(entry, error)
        await self._advancer.wake(entry)
        return Sending(entry.value, replayed=False)

    async def preview(self, connection: Connection, request: SendRequest) -> Composed:
        """Return the exact message and its thread, sending and storing nothing.

        Raises InvalidRequestError and its kinds, MissingScopeError.
        """
        delivery_mode(connection, request)
        checked_time(request.send_at, self.clock.now())
        return await Compose(self.gmail.of(connection.id), connection, self.clock)(request, None)

    @property
    def _advancer(self) -> Advance:
        return Advance(self.gmail, self.queue, self.clock, self.sightings)

    @property
    def _kept(self) -> SealedRequests:
        return SealedRequests(self.grants, self.sealer)

    async def _again(self, earlier: Versioned[SendEntry], request: SendRequest) -> Sending:
        """Return an entry that is there; go on with one that no worker will go on with."""
        entry, now = earlier.value, self.clock.now()
        same(entry, request)
        if entry.state.final:
            return Sending(entry, replayed=True)
        if entry.busy(now):
            raise IdempotencyInProgressError(
                "The first request with this Idempotency-Key is still running: ask again."
            )
        if entry.request and entry.waiting(now):
            return Sending(entry, replayed=True)
        connection = await found_connection(self.connections, entry.connection_id)
        claimed = await self._claim(earlier)
        await self._advance(claimed, connection, request, None)
        return Sending(claimed.value, replayed=True)

    async def _claim(self, earlier: Versioned[SendEntry]) -> LedgerEntry:
        try:
            return await claim(self.sends, self.clock, earlier)
        except ConflictError as error:
            raise IdempotencyInProgressError(
                "Another request with this Idempotency-Key is running: ask again."
            ) from error

    async def _advance(
        self,
        entry: LedgerEntry,
        connection: Connection,
        request: SendRequest,
        composed: Composed | None,
    ) -> None:
        async def message() -> Composed:
            return composed or await self._compose(connection, request, entry.value)

        try:
            await self._advancer(entry, connection, message, identify=True)
        except ConflictError:
            # Our claim ran out and another worker has the entry: what it made of it is the answer.
            fresh = await self.sends.get(entry.value.id)
            if fresh is not None:
                entry.current = fresh
        if entry.state is SendState.ACCEPTED and not entry.value.request:
            raise RepeatNeededError(
                f"Nothing was sent ({entry.value.error_message}): this message is too large to be "
                "kept, so repeat the request with the same Idempotency-Key."
            )

    async def _compose(
        self, connection: Connection, request: SendRequest, entry: SendEntry
    ) -> Composed:
        compose = Compose(self.gmail.of(connection.id), connection, self.clock)
        return await compose(request, marker_of(entry, connection))

    def _blank(
        self,
        connection: Connection,
        request: SendRequest,
        key: str,
        mode: DeliveryMode,
        due: datetime | None,
        trace_id: str | None,
    ) -> SendEntry:
        entry = new_entry(connection.id, request, key, mode, self.clock.now())
        entry = replace(entry, trace_id=trace_id)
        if due is not None:
            return replace(entry, send_at=due, next_due_at=due)
        until = entry.created_at + CLAIM
        return replace(
            entry,
            next_due_at=until,
            claimed_until=until,
            attempts=1,
            started_at=entry.created_at,
        )

    async def _accept(
        self,
        blank: SendEntry,
        request: SendRequest,
        thread_id: ThreadId | None,
        unread: TransientError | None = None,
    ) -> LedgerEntry:
        sealed = await self._kept.seal(blank.id, blank.connection_id, request, None)
        if unread is not None and not sealed:
            raise unread
        if blank.send_at is not None and not sealed:
            raise TooLargeError(
                "A message for later may have about 400 kB with its attachments: send it now, or "
                "schedule it on your side."
            )
        entry = replace(blank, request=sealed, thread_id=thread_id)
        try:
            return LedgerEntry(self.sends, self.clock, await self._create(entry))
        except AlreadyExistsError as error:
            raise IdempotencyInProgressError(
                "Another request with this Idempotency-Key is running: ask again."
            ) from error

    async def _create(self, entry: SendEntry) -> Versioned[SendEntry]:
        """Create, and where the store does not say what happened, read it back."""
        try:
            return await self.sends.create(entry)
        except (AlreadyExistsError, StoreUnavailableError):
            found = await self.sends.get(entry.id)
            if found is None or found.value.claim != entry.claim:
                raise
            return found


def new_entry(
    connection_id: ConnectionId,
    request: SendRequest,
    key: str,
    mode: DeliveryMode,
    now: datetime,
) -> SendEntry:
    """Return an accepted entry that no worker has taken up."""
    return SendEntry(
        id=send_id(connection_id, key),
        connection_id=connection_id,
        request_hash=request.fingerprint(),
        marker=token_urlsafe(18),
        mode=mode,
        state=SendState.ACCEPTED,
        created_at=now,
        updated_at=now,
        idempotency_key=key,
        claim=token_hex(8),
        thread_id=request.thread_id,
    )


def marker_of(entry: SendEntry, connection: Connection) -> str | None:
    """Return the marker its message bears: none where it could never be read back."""
    findable = entry.mode is DeliveryMode.EXACTLY_ONCE or reads(connection.scopes)
    return entry.marker if findable else None


async def claim(sends: Sends, clock: Clock, found: Versioned[SendEntry]) -> LedgerEntry:
    """Claim an entry that no worker holds. Raises ConflictError, StoreUnavailableError."""
    entry = LedgerEntry(sends, clock, found)
    was = found.value
    state = was.unsent_state if was.state is SendState.HELD else was.state
    started_at = was.started_at or clock.now()
    await entry.write(state=state, attempts=was.attempts + 1, started_at=started_at)
    return entry


async def found_connection(connections: Connections, id: ConnectionId) -> Connection:
    """Return the connection. Raises UnknownConnectionError."""
    found = await connections.get(id)
    if found is None or found.value.status is ConnectionStatus.DISCONNECTING:
        raise UnknownConnectionError(f"There is no connection {id!r}.")
    return found.value
