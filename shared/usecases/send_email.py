"""Send one message once: a ledger entry, then the draft protocol (DESIGN 6)."""

from base64 import b64decode, b64encode
from dataclasses import dataclass, replace
from datetime import timedelta
from json import dumps, loads
from secrets import token_urlsafe
from uuid import uuid4

from shared.domain.connection import Connection, ConnectionStatus
from shared.domain.ids import ConnectionId
from shared.domain.scopes import COMPOSE, READONLY, SEND, allowed
from shared.domain.send import DeliveryMode, SendEntry, SendState, send_id
from shared.errors import (
    AlreadyExistsError,
    ConflictError,
    IdempotencyConflictError,
    IdempotencyInProgressError,
    InvalidRequestError,
    MissingScopeError,
    PermanentError,
    TransientError,
    UnknownConnectionError,
)
from shared.ports.clock import Clock
from shared.ports.connections import Connections, Grants
from shared.ports.gmail import GmailMailboxes
from shared.ports.oauth import Sealer
from shared.ports.sends import Sends
from shared.ports.versioned import Versioned
from shared.usecases.send.compose import Compose, Composed
from shared.usecases.send.ledger import CLAIM, LedgerEntry
from shared.usecases.send.protocol import Protocol
from shared.usecases.send.request import SendRequest

MAX_KEY = 256
MAX_KEPT_REQUEST = 600_000
"""Bytes of a sealed request that fit a document beside the rest (FACTS 9.3)."""
PURPOSE = "send-request"
RETRY_AFTER = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Sending:
    """The ledger entry after this call; `replayed` where an earlier call had done the work."""

    entry: SendEntry
    replayed: bool


@dataclass(frozen=True, slots=True)
class SendEmail:
    """Accepts, submits and records; the same key never sends twice."""

    connections: Connections
    grants: Grants
    sends: Sends
    gmail: GmailMailboxes
    sealer: Sealer
    clock: Clock

    async def __call__(
        self, connection_id: ConnectionId, request: SendRequest, idempotency_key: str | None
    ) -> Sending:
        """Send the message, or answer what the first request with this key did.

        Raises UnknownConnectionError, InvalidRequestError, MissingScopeError,
        IdempotencyConflictError, IdempotencyInProgressError, and what Gmail raises where nothing
        was submitted: then the same key may be tried again.
        """
        id = send_id(connection_id, checked_key(idempotency_key))
        earlier = await self.sends.get(id)
        if earlier is not None and earlier.value.state.final:
            return Sending(_same(earlier.value, request), replayed=True)
        connection = await self._connection(connection_id)
        entry, composed = await self._claimed(id, earlier, connection, request)
        await self._advance(entry, connection, composed)
        return Sending(entry.value, replayed=False)

    async def preview(self, connection: Connection, request: SendRequest) -> Composed:
        """Answer the exact message and its thread, sending and storing nothing.

        Raises InvalidRequestError and its kinds, MissingScopeError.
        """
        delivery_mode(connection, request)
        return await Compose(self.gmail.of(connection.id), connection, self.clock)(request, None)

    async def finish(self, id: str) -> SendEntry | None:
        """Go on with an entry that a crash or an unclear answer left; None if somebody is at it.

        Raises what Gmail raises in passing, StoreUnavailableError.
        """
        found = await self.sends.get(id)
        if found is None or found.value.state.final or self._busy(found.value):
            return found.value if found and found.value.state.final else None
        try:
            entry = await self._claim(found)
        except ConflictError:
            return None
        try:
            connection = await self._connection(entry.value.connection_id)
            composed = await self._kept(entry.value)
            await self._advance(entry, connection, composed)
        except PermanentError as error:
            await self._given_up(entry, error)
        except TransientError:
            await entry.later(RETRY_AFTER * 2 ** min(entry.value.attempts, 8))
            raise
        return entry.value

    async def _given_up(self, entry: LedgerEntry, error: PermanentError) -> None:
        """Conclude an entry that cannot go on: failed where nothing left, else unknown."""
        if entry.state is SendState.SUBMITTING:
            await entry.unknown("The outcome could not be read.")
        else:
            await entry.failed(error.code, str(error))

    async def _connection(self, connection_id: ConnectionId) -> Connection:
        found = await self.connections.get(connection_id)
        if found is None or found.value.status is ConnectionStatus.DISCONNECTING:
            raise UnknownConnectionError(f"There is no connection {connection_id!r}.")
        return found.value

    async def _claimed(
        self,
        id: str,
        earlier: Versioned[SendEntry] | None,
        connection: Connection,
        request: SendRequest,
    ) -> tuple[LedgerEntry, Composed]:
        """Answer the entry, claimed, and the message; nothing is stored of a bad request."""
        if earlier is not None:
            _same(earlier.value, request)
            if self._busy(earlier.value):
                raise IdempotencyInProgressError(
                    "The first request with this Idempotency-Key is still running: ask again."
                )
        marker = earlier.value.marker if earlier else token_urlsafe(18)
        mode = earlier.value.mode if earlier else delivery_mode(connection, request)
        compose = Compose(self.gmail.of(connection.id), connection, self.clock)
        composed = await compose(request, marker if mode is DeliveryMode.EXACTLY_ONCE else None)
        try:
            if earlier is not None:
                return await self._claim(earlier), composed
            entry = self._entry(id, connection.id, request, marker, mode, composed)
            entry = replace(entry, request=await self._sealed(entry, composed))
            created = await self.sends.create(entry)
        except (AlreadyExistsError, ConflictError) as error:
            raise IdempotencyInProgressError(
                "Another request with this Idempotency-Key is running: ask again."
            ) from error
        return LedgerEntry(self.sends, self.clock, created), composed

    def _entry(
        self,
        id: str,
        connection_id: ConnectionId,
        request: SendRequest,
        marker: str,
        mode: DeliveryMode,
        composed: Composed,
    ) -> SendEntry:
        now = self.clock.now()
        return SendEntry(
            id=id,
            connection_id=connection_id,
            request_hash=request.fingerprint(),
            marker=marker,
            mode=mode,
            state=SendState.ACCEPTED,
            created_at=now,
            updated_at=now,
            next_due_at=now + CLAIM,
            claimed_until=now + CLAIM,
            attempts=1,
            thread_id=composed.thread_id,
        )

    def _busy(self, entry: SendEntry) -> bool:
        return entry.claimed_until is not None and self.clock.now() < entry.claimed_until

    async def _claim(self, found: Versioned[SendEntry]) -> LedgerEntry:
        entry = LedgerEntry(self.sends, self.clock, found)
        await entry.write(attempts=found.value.attempts + 1)
        return entry

    async def _advance(
        self, entry: LedgerEntry, connection: Connection, composed: Composed
    ) -> None:
        try:
            await Protocol(self.gmail.of(connection.id), self.clock).advance(entry, composed.raw)
        except TransientError:
            if not entry.state.final and entry.value.claimed_until is not None:
                await self._released(entry)
            raise

    async def _released(self, entry: LedgerEntry) -> None:
        """Let the next attempt begin at once; a lost claim is somebody else's already."""
        try:
            await entry.later(RETRY_AFTER)
        except TransientError:
            return

    async def _sealed(self, entry: SendEntry, composed: Composed) -> bytes:
        """Keep the message, sealed, until the send is final, so that a crash can be finished."""
        if len(composed.raw) > MAX_KEPT_REQUEST:
            return b""
        kept = {"raw": b64encode(composed.raw).decode(), "thread_id": composed.thread_id}
        grant = await self._data_key(entry.connection_id)
        return await self.sealer.seal(
            dumps(kept),
            data_key=grant,
            connection_id=entry.connection_id,
            purpose=f"{PURPOSE}:{entry.id}",
        )

    async def _kept(self, entry: SendEntry) -> Composed:
        """Answer the kept message. Raises InvalidRequestError where it was too large to keep."""
        if entry.state is not SendState.ACCEPTED:
            return Composed(b"", entry.thread_id)
        if not entry.request:
            raise InvalidRequestError(
                "The send was interrupted before anything was submitted: send it again.",
                code="interrupted",
            )
        opened = await self.sealer.open(
            entry.request,
            data_key=await self._data_key(entry.connection_id),
            connection_id=entry.connection_id,
            purpose=f"{PURPOSE}:{entry.id}",
        )
        kept = loads(opened)
        return Composed(b64decode(kept["raw"]), kept["thread_id"])

    async def _data_key(self, connection_id: ConnectionId) -> bytes:
        grant = await self.grants.get(connection_id)
        if grant is None:
            raise UnknownConnectionError(f"There is no connection {connection_id!r}.")
        return grant.value.data_key


def checked_key(idempotency_key: str | None) -> str:
    """Answer the key, or a fresh one where none was given. Raises InvalidRequestError."""
    if idempotency_key is None:
        return uuid4().hex
    if not 0 < len(idempotency_key) <= MAX_KEY:
        raise InvalidRequestError(
            f"Idempotency-Key must have 1 to {MAX_KEY} characters.", code="invalid_headers"
        )
    return idempotency_key


def delivery_mode(connection: Connection, request: SendRequest) -> DeliveryMode:
    """Answer how to submit: by draft where the grant allows drafts and reading (DESIGN 6).

    Raises MissingScopeError.
    """
    granted = allowed(connection.scopes)
    by_draft = COMPOSE in granted and READONLY in granted
    if SEND not in granted:
        raise MissingScopeError(
            "This connection may not send: its end user has to connect again and allow it.",
            scope=SEND,
        )
    if request.delivery is DeliveryMode.EXACTLY_ONCE and not by_draft:
        raise MissingScopeError(
            "delivery 'exactly_once' needs the right to keep drafts and to read.", scope=COMPOSE
        )
    if request.raw is not None:
        return DeliveryMode.DIRECT
    return request.delivery or (DeliveryMode.EXACTLY_ONCE if by_draft else DeliveryMode.DIRECT)


def _same(entry: SendEntry, request: SendRequest) -> SendEntry:
    if entry.request_hash != request.fingerprint():
        raise IdempotencyConflictError(
            "This Idempotency-Key was used with another body: use a new key for a new message."
        )
    return entry
