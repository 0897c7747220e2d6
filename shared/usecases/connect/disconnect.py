"""Really disconnect: nothing of the mailbox stays, here or at Google (DESIGN 5.6).

Every step finds out by itself whether it was done, so the whole runs again after a crash at any
point. The sync document goes last: while it says `stopped`, no late writer gets through.

A queue may bring a task twice, the second time after the id was connected again. A task therefore
names the connection by its id and the time of its creation, and each step makes sure that this is
the connection that is still there: what it deletes was read before that.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from secrets import token_hex
from typing import TypeVar

from shared.domain.connect.connection import Connection, ConnectionStatus
from shared.domain.events.event import Event
from shared.domain.google.trouble import DeploymentError, MailboxClosedError
from shared.domain.ids import CommitId, ConnectionId
from shared.domain.sync.mailbox import GoogleUser, Mailbox
from shared.domain.sync.state import SyncState, SyncStatus
from shared.errors import (
    CorruptStateError,
    GmailRefusedError,
    MissingScopeError,
    ReauthRequiredError,
    UnknownConnectionError,
)
from shared.ports.clock import Clock
from shared.ports.connections import (
    Connections,
    GoogleUsers,
    Grants,
    Mailboxes,
    MailboxNames,
    Receipts,
)
from shared.ports.documents import Versioned, until_written, update
from shared.ports.events import Operations, Outbox
from shared.ports.google.gmail import GmailMailboxes
from shared.ports.google.oauth import GoogleOAuth, Sealer
from shared.ports.queue import Queue, Task
from shared.ports.store import Retention
from shared.ports.sync_store import Batch, SyncStates
from shared.usecases.connect.auth_record import AuthOperation, auth_event, auth_operation
from shared.usecases.connect.deletion_receipts import DeletionReceipts
from shared.usecases.connect.settings import ConnectSettings
from shared.usecases.connect.stored_records import StoredRecords
from shared.usecases.connect.tokens.access_tokens import AccessTokens
from shared.usecases.connect.tokens.token_seal import opened_refresh_token
from shared.usecases.mailboxes import release_names
from shared.usecases.membership import leave

DISCONNECT_TASK = "/tasks/disconnect"


def disconnect_task(connection_id: ConnectionId, created_at: datetime) -> Task:
    """Return the task that removes this connection, and none that gets its id later."""
    body = {"connection_id": connection_id, "created_at": created_at.isoformat()}
    return Task(DISCONNECT_TASK, body)


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
        found = await self.connections.get(connection_id)
        if found is None:
            raise UnknownConnectionError("No such connection.")
        await self.queue.enqueue(disconnect_task(connection_id, found.value.created_at))
        with suppress(_ReplacedError):
            await _mark(self.connections, connection_id, found.value.created_at, self.clock.now())


async def _mark(
    connections: Connections, id: ConnectionId, created_at: datetime | None, now: datetime
) -> Connection | None:
    """Return the connection, marked; None where there is none. Raises _ReplacedError."""

    def mark(was: Connection) -> Connection:
        if created_at not in {None, was.created_at}:
            raise _ReplacedError
        if was.status is ConnectionStatus.DISCONNECTING:
            return was
        return replace(was, status=ConnectionStatus.DISCONNECTING, updated_at=now)

    return await update(connections, id, mark)


T = TypeVar("T")
DEAD_GRANT = (
    ReauthRequiredError, MissingScopeError, GmailRefusedError, MailboxClosedError, DeploymentError,
    CorruptStateError,
)  # fmt: skip
"""What answers so has no watch that we could stop, and nothing to revoke: an erasure goes on."""
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
    mailbox_names: MailboxNames
    sync_states: SyncStates
    records: StoredRecords
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

    async def __call__(
        self, connection_id: ConnectionId, created_at: datetime | None = None
    ) -> Disconnected | MoreToPurge:
        """Remove the connection that was created then; None is whichever is there.

        Raises TransientError where Google or the store must be asked again later.
        """
        try:
            now = self.clock.now()
            connection = await _mark(self.connections, connection_id, created_at, now)
            return await self._remove(_Removal(connection_id, connection), created_at)
        except _ReplacedError:
            return Disconnected()

    async def _remove(
        self, removal: "_Removal", created_at: datetime | None
    ) -> Disconnected | MoreToPurge:
        id, connection = removal.id, removal.connection
        if connection is None and await self.sync_states.get(id) is None:
            return Disconnected()
        await self._stop_sync(removal)
        await self.records.fence(id)
        steps = {} if connection is None else await self._leave_both(connection, removal)
        await self._shred(removal)
        accepted_at = connection.updated_at if connection else None
        book = DeletionReceipts(self.receipts, self.clock)
        await book.note(id, accepted_at, steps={**steps, "tokens": "shredded"})
        farewell = None if connection is None else self._farewell(connection)
        deleted, all_gone = await self._purge(removal)
        if not all_gone or not await self._erase_rest(removal, farewell):
            await book.note(id, accepted_at, deleted=deleted)
            if (named := removal.created_at or created_at) is not None:
                await self.queue.enqueue(disconnect_task(id, named))
            return MoreToPurge()
        if connection is not None and farewell is not None:
            await self._notify(connection, farewell, removal)
        purged = {"records": "deleted"}
        await book.note(id, accepted_at, steps=purged, deleted=deleted, finished=True)
        await self._delete(lambda: self.connections.get(id), self.connections.delete, removal)
        gone = _Removal(id, None)
        await self._delete(lambda: self.sync_states.get(id), self.sync_states.delete, gone)
        await self.retention.sweep(PURGE_CHUNK)
        return Disconnected()

    async def _confirm(self, removal: "_Removal") -> None:
        """Raise _ReplacedError where the id names another connection by now, or none any more."""
        found = await self.connections.get(removal.id)
        if (found.value.created_at if found else None) != removal.created_at:
            raise _ReplacedError

    async def _stop_sync(self, removal: "_Removal") -> None:
        """Fence every worker out, its lease alive or not: a stopped state takes no commit."""

        async def attempt() -> None:
            was = await self.sync_states.get(removal.id)
            await self._confirm(removal)
            if was is None:
                stopped = SyncState(removal.id, status=SyncStatus.STOPPED)
                await self.sync_states.create(stopped)
            elif was.value.status is not SyncStatus.STOPPED:
                await self.sync_states.swap(was, _as_stopped(was.value))

        await until_written(attempt)

    async def _leave_both(self, connection: Connection, removal: "_Removal") -> dict[str, str]:
        return {
            "watch": await self._leave_mailbox(connection, removal),
            "grant": await self._leave_user(connection, removal),
        }

    async def _leave_mailbox(self, connection: Connection, removal: "_Removal") -> str:
        def attempt() -> Awaitable[Versioned[Mailbox] | None]:
            return leave(
                self.mailboxes, connection.mailbox_id, connection.id, lambda: self._confirm(removal)
            )

        box = await attempt()
        if box is None:
            return SHARED if await self.mailboxes.get(connection.mailbox_id) else ENDED
        with suppress(*DEAD_GRANT):
            await self.gmail.of(connection.id).stop()
        await release_names(self.mailbox_names, box.value)
        await self._delete(attempt, self.mailboxes.delete, removal)
        return ENDED

    async def _leave_user(self, connection: Connection, removal: "_Removal") -> str:
        def attempt() -> Awaitable[Versioned[GoogleUser] | None]:
            return leave(
                self.google_users, connection.sub, connection.id, lambda: self._confirm(removal)
            )

        if await attempt() is None:
            return SHARED if await self.google_users.get(connection.sub) else REVOKED
        outcome = DEAD
        if grant := await self.grants.get(connection.id):
            await self._confirm(removal)
            with suppress(*DEAD_GRANT):
                token = await opened_refresh_token(self.sealer, grant.value)
                await self.oauth.revoke(token)
                outcome = REVOKED
        await self._delete(attempt, self.google_users.delete, removal)
        return outcome

    async def _shred(self, removal: "_Removal") -> None:
        """Delete the grant and with it the wrapped data key: no copy of it opens again."""
        await self._delete(lambda: self.grants.get(removal.id), self.grants.delete, removal)
        self.access_tokens.forget(removal.id)

    async def _purge(self, removal: "_Removal") -> tuple[int, bool]:
        """Return how many records and quarantine entries went, and whether none is left."""
        deleted = 0
        for _ in range(CHUNKS_A_RUN):
            await self._confirm(removal)
            count = await self.records.purge(removal.id, PURGE_CHUNK)
            if count == 0:
                return deleted, True
            deleted += count
        return deleted, False

    async def _erase_rest(self, removal: "_Removal", farewell: Event | None) -> bool:
        """Erase what other use cases wrote of it; False where a further task has to go on.

        Without a connection there is nothing: it was deleted after all of this.
        """
        if farewell is None:
            return True
        for _ in range(CHUNKS_A_RUN):
            await self._confirm(removal)
            if not await self.retention.erase(removal.id, PURGE_CHUNK):
                return True
        return False

    def _farewell(self, connection: Connection) -> Event:
        """Return the event that reports the deletion: the same at every try, by its id."""
        return auth_event(
            connection,
            AuthOperation.DELETION,
            occasion="disconnect",
            generation=None,
            environment=self.settings.environment,
            now=self.clock.now(),
        )

    async def _notify(self, connection: Connection, event: Event, removal: "_Removal") -> None:
        """Store the deletion event with the sync state, once, and the log entry."""

        async def attempt() -> bool:
            if await self.outbox.get(event.id) is not None:
                return True
            was = await self.sync_states.get(connection.id)
            await self._confirm(removal)
            if was is not None:
                await self.sync_states.commit(was, _as_stopped(was.value), Batch(event=event))
            return was is not None

        if not await until_written(attempt):
            return
        began, now = connection.updated_at, event.created_at
        await self.operations.append(auth_operation("disconnect", connection.id, began, now))

    async def _delete(
        self,
        read: Callable[[], Awaitable[Versioned[T] | None]],
        delete: Callable[[Versioned[T]], Awaitable[bool]],
        removal: "_Removal",
    ) -> None:
        """Delete whatever `read` answers, however often it changes meanwhile."""

        async def attempt() -> None:
            if found := await read():
                await self._confirm(removal)
                await delete(found)

        await until_written(attempt)


class _ReplacedError(Exception):
    """The id names another connection than the one that is being removed."""


@dataclass(frozen=True, slots=True)
class _Removal:
    """What is being removed; without a connection only what a crash left of it."""

    id: ConnectionId
    connection: Connection | None

    @property
    def created_at(self) -> datetime | None:
        return self.connection.created_at if self.connection else None


def _as_stopped(state: SyncState) -> SyncState:
    """Return the state that no worker can commit to; the new commit id fences a holder out."""
    return replace(
        state,
        status=SyncStatus.STOPPED,
        lease=None,
        hint=None,
        next_due_at=None,
        commit_id=CommitId(token_hex(8)),
    )
