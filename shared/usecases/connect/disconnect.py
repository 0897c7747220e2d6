"""Really disconnect: nothing of the mailbox stays, here or at Google (DESIGN 5.6).

Every step finds out by itself whether it was done, so the whole runs again after a crash at any
point. The sync document goes last: while it says `stopped`, no late writer gets through.
"""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from secrets import token_hex
from typing import TypeVar

from shared.domain.connect.connection import Connection, ConnectionStatus
from shared.domain.connect.receipt import KEPT, DeletionReceipt
from shared.domain.events.event import Event
from shared.domain.ids import CommitId, ConnectionId
from shared.domain.sync.mailbox import GoogleUser, Mailbox
from shared.domain.sync.state import SyncState, SyncStatus
from shared.errors import (
    AlreadyExistsError,
    ConflictError,
    CorruptStateError,
    GmailRefusedError,
    MissingScopeError,
    ReauthRequiredError,
    UnknownConnectionError,
)
from shared.ports.clock import Clock
from shared.ports.connections import Connections, GoogleUsers, Grants, Mailboxes, Receipts
from shared.ports.documents import Versioned
from shared.ports.events import Operations, Outbox
from shared.ports.gmail import GmailMailboxes
from shared.ports.oauth import GoogleOAuth, Sealer
from shared.ports.queue import Queue, Task
from shared.ports.retention import Retention
from shared.ports.sync_store import Batch, Records, SyncStates
from shared.usecases.connect.access_tokens import AccessTokens
from shared.usecases.connect.auth_record import AuthOperation, auth_event, auth_operation
from shared.usecases.connect.membership import leave
from shared.usecases.connect.settings import ConnectSettings
from shared.usecases.connect.token_seal import opened_refresh_token


@dataclass(frozen=True, slots=True)
class DeletionReceipts:
    """Receipts by connection id; running a disconnect again goes on with the same one.

    An id that was connected again since has a new receipt: `accepted_at` tells them apart. It is
    None where the connection has gone and only the rest is left to do.
    """

    receipts: Receipts
    clock: Clock

    async def note(
        self,
        connection_id: ConnectionId,
        accepted_at: datetime | None,
        *,
        steps: Mapping[str, str] | None = None,
        deleted: int = 0,
        finished: bool = False,
    ) -> None:
        """Write outcomes of steps, add to the count, mark it finished. Raises TransientError."""
        while True:
            was = await self._open(connection_id, accepted_at or self.clock.now())
            now = was.value
            if accepted_at is not None and _of_a_former_life(now, accepted_at):
                now = self._new(connection_id, accepted_at)
            for name, outcome in (steps or {}).items():
                now = now.with_step(name, outcome)
            ended = now.finished_at or (self.clock.now() if finished else None)
            now = replace(now, records_deleted=now.records_deleted + deleted, finished_at=ended)
            try:
                await self.receipts.swap(was, now)
            except ConflictError:
                continue
            return

    async def _open(
        self, connection_id: ConnectionId, accepted_at: datetime
    ) -> Versioned[DeletionReceipt]:
        while (found := await self.receipts.get(connection_id)) is None:
            try:
                return await self.receipts.create(self._new(connection_id, accepted_at))
            except AlreadyExistsError:
                continue
        return found

    def _new(self, connection_id: ConnectionId, accepted_at: datetime) -> DeletionReceipt:
        return DeletionReceipt(connection_id, accepted_at, self.clock.now() + KEPT)


def _of_a_former_life(receipt: DeletionReceipt, accepted_at: datetime) -> bool:
    return receipt.finished_at is not None and receipt.accepted_at < accepted_at


DISCONNECT_TASK = "/tasks/disconnect"


@dataclass(frozen=True)
class AcceptDisconnect:
    """Enqueue the work, then mark the connection so that nothing else uses it."""

    connections: Connections
    queue: Queue
    clock: Clock

    async def __call__(self, connection_id: ConnectionId) -> None:
        """Raise UnknownConnectionError, or QueueUnavailableError with nothing changed.

        The task comes first: once accepted, a crash leaves nothing half done for ever.
        """
        if await self.connections.get(connection_id) is None:
            raise UnknownConnectionError("No such connection.")
        await self.queue.enqueue(Task(DISCONNECT_TASK, {"connection_id": connection_id}))
        await self._mark(connection_id)

    async def _mark(self, id: ConnectionId) -> None:
        while found := await self.connections.get(id):
            if found.value.status is ConnectionStatus.DISCONNECTING:
                return
            marked = replace(
                found.value, status=ConnectionStatus.DISCONNECTING, updated_at=self.clock.now()
            )
            try:
                await self.connections.swap(found, marked)
            except ConflictError:
                continue
            return


T = TypeVar("T")
DEAD_GRANT = (ReauthRequiredError, MissingScopeError, GmailRefusedError, CorruptStateError)
"""A grant that answers so has no watch to stop and nothing to revoke."""
ENDED, REVOKED, SHARED, DEAD = "ended", "revoked", "kept_for_others", "was_dead"
"""How a shared thing was left, as the receipt says it."""
PURGE_CHUNK = 400
CHUNKS_A_RUN = 250


@dataclass(frozen=True, slots=True)
class Disconnected:
    """Nothing of the connection is left."""


@dataclass(frozen=True, slots=True)
class MoreToPurge:
    """Many records: a further task goes on."""


@dataclass(frozen=True)
class Disconnect:
    """Fence, leave, stop, revoke, shred, purge, erase, tell, forget."""

    connections: Connections
    grants: Grants
    google_users: GoogleUsers
    mailboxes: Mailboxes
    sync_states: SyncStates
    records: Records
    outbox: Outbox
    operations: Operations
    receipts: Receipts
    retention: Retention
    gmail: GmailMailboxes
    oauth: GoogleOAuth
    sealer: Sealer
    queue: Queue
    clock: Clock
    settings: ConnectSettings
    access_tokens: AccessTokens

    async def __call__(self, connection_id: ConnectionId) -> Disconnected | MoreToPurge:
        """Raise TransientError where Google or the store must be asked again later."""
        connection = await self._marked(connection_id)
        if connection is None and await self.sync_states.get(connection_id) is None:
            return Disconnected()
        await self._stop_sync(connection_id)
        steps = {} if connection is None else await self._left(connection.value)
        await self._shred(connection_id)
        accepted_at = connection.value.updated_at if connection else None
        book = DeletionReceipts(self.receipts, self.clock)
        await book.note(connection_id, accepted_at, steps={**steps, "tokens": "shredded"})
        farewell = None if connection is None else self._farewell(connection.value)
        deleted, all_gone = await self._purged(connection_id)
        if not all_gone or not await self._erased(connection_id, farewell):
            await book.note(connection_id, accepted_at, deleted=deleted)
            await self.queue.enqueue(Task(DISCONNECT_TASK, {"connection_id": connection_id}))
            return MoreToPurge()
        if connection is not None and farewell is not None:
            await self._tell(connection.value, farewell)
        purged = {"records": "deleted"}
        await book.note(connection_id, accepted_at, steps=purged, deleted=deleted, finished=True)
        await _delete(lambda: self.connections.get(connection_id), self.connections.delete)
        await _delete(lambda: self.sync_states.get(connection_id), self.sync_states.delete)
        await self.retention.sweep(PURGE_CHUNK)
        return Disconnected()

    async def _marked(self, id: ConnectionId) -> Versioned[Connection] | None:
        while found := await self.connections.get(id):
            if found.value.status is ConnectionStatus.DISCONNECTING:
                return found
            marked = replace(
                found.value, status=ConnectionStatus.DISCONNECTING, updated_at=self.clock.now()
            )
            try:
                return await self.connections.swap(found, marked)
            except ConflictError:
                continue
        return None

    async def _stop_sync(self, id: ConnectionId) -> None:
        """Fence everyone out, whoever holds the lease: a stopped state takes no commit."""
        while True:
            was = await self.sync_states.get(id)
            try:
                if was is None:
                    await self.sync_states.create(SyncState(id, status=SyncStatus.STOPPED))
                elif was.value.status is not SyncStatus.STOPPED:
                    await self.sync_states.swap(was, _stopped(was.value))
            except (AlreadyExistsError, ConflictError):
                continue
            return

    async def _left(self, connection: Connection) -> dict[str, str]:
        return {
            "watch": await self._leave_mailbox(connection),
            "grant": await self._leave_user(connection),
        }

    async def _leave_mailbox(self, connection: Connection) -> str:
        def left() -> Awaitable[Versioned[Mailbox] | None]:
            return leave(self.mailboxes, connection.email_key, connection.id)

        if await left() is None:
            return SHARED if await self.mailboxes.get(connection.email_key) else ENDED
        with suppress(*DEAD_GRANT):
            await self.gmail.of(connection.id).stop()
        await _delete(left, self.mailboxes.delete)
        return ENDED

    async def _leave_user(self, connection: Connection) -> str:
        def left() -> Awaitable[Versioned[GoogleUser] | None]:
            return leave(self.google_users, connection.sub, connection.id)

        if await left() is None:
            return SHARED if await self.google_users.get(connection.sub) else REVOKED
        outcome = DEAD
        if grant := await self.grants.get(connection.id):
            with suppress(*DEAD_GRANT):
                token = await opened_refresh_token(self.sealer, grant.value)
                await self.oauth.revoke(token)
                outcome = REVOKED
        await _delete(left, self.google_users.delete)
        return outcome

    async def _shred(self, id: ConnectionId) -> None:
        """Delete the grant and with it the wrapped data key: no copy of it opens again."""
        await _delete(lambda: self.grants.get(id), self.grants.delete)
        self.access_tokens.forget(id)

    async def _purged(self, id: ConnectionId) -> tuple[int, bool]:
        """Return how many records and quarantine entries went, and whether none is left."""
        deleted = 0
        for _ in range(CHUNKS_A_RUN):
            count = await self.records.purge(id, PURGE_CHUNK)
            if count == 0:
                return deleted, True
            deleted += count
        return deleted, False

    async def _erased(self, id: ConnectionId, farewell: Event | None) -> bool:
        """Erase what other use cases wrote of it; False where a further task has to go on.

        Without a connection there is nothing: it was deleted after all of this.
        """
        if farewell is None:
            return True
        for _ in range(CHUNKS_A_RUN):
            if not await self.retention.erase(id, PURGE_CHUNK):
                return True
        return False

    def _farewell(self, connection: Connection) -> Event:
        """Return the event that reports the deletion: the same at every try, by its id."""
        return auth_event(
            connection,
            AuthOperation.DELETION,
            occasion="disconnect",
            environment=self.settings.environment,
            now=self.clock.now(),
        )

    async def _tell(self, connection: Connection, event: Event) -> None:
        """Store the deletion event with the sync state, once, and the log entry."""
        now = event.created_at
        while await self.outbox.get(event.id) is None:
            was = await self.sync_states.get(connection.id)
            if was is None:
                return
            try:
                await self.sync_states.commit(was, _stopped(was.value), Batch(event=event))
            except ConflictError:
                continue
        began = connection.updated_at
        await self.operations.append(auth_operation("disconnect", connection.id, began, now))


def _stopped(state: SyncState) -> SyncState:
    """Return the state that nobody can commit to; the new commit id fences a holder out."""
    return replace(
        state,
        status=SyncStatus.STOPPED,
        lease=None,
        hint=None,
        next_due_at=None,
        commit_id=CommitId(token_hex(8)),
    )


async def _delete(
    read: Callable[[], Awaitable[Versioned[T] | None]],
    delete: Callable[[Versioned[T]], Awaitable[bool]],
) -> None:
    """Delete whatever `read` answers, however often it changes meanwhile."""
    while found := await read():
        try:
            await delete(found)
        except ConflictError:
            continue
        return
