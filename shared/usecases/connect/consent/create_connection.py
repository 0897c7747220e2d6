"""Turn a checked consent into a connection that syncs (DESIGN 5.3).

The order makes every crash visible and repairable: the connection exists before anything refers
to it, tokens are stored only for a member of `google_users`, and the sync begins in the same
commit that stores the event. Until then the connection says that it must be connected again.
"""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import uuid4

from shared.domain.connect.connect_session import ConnectSession, ConnectStatus
from shared.domain.connect.connection import Connection, ConnectionStatus
from shared.domain.connect.grant import Grant
from shared.domain.connect.scopes import reads
from shared.domain.ids import ConnectionId, MailboxId
from shared.errors import (
    AlreadyExistsError,
    ConnectRefusedError,
    GrantRevokedError,
    ReauthRequiredError,
    TransientError,
)
from shared.ports.clock import Clock
from shared.ports.connections import Connections, ConnectSessions, GoogleUsers, Grants
from shared.ports.documents import Versioned, until_written, update
from shared.ports.events import Operations
from shared.ports.google.oauth import GoogleOAuth, Identity, Sealer, Tokens
from shared.ports.queue import Queue
from shared.ports.sends import HeldSends, wake_no_send
from shared.usecases.connect.auth_record import AuthOperation, auth_operation
from shared.usecases.connect.begin_sync import BeginSync
from shared.usecases.connect.consent.outcomes import Connected
from shared.usecases.connect.tokens.access_tokens import AccessTokens
from shared.usecases.connect.tokens.token_seal import new_grant
from shared.usecases.follow_address import FollowAddress
from shared.usecases.mailboxes import MailboxDirectory
from shared.usecases.membership import join_mailbox, join_user, leave, leave_mailbox
from shared.usecases.sync.task import sync_task
from shared.usecases.sync.watch.start import StartWatch

UNFINISHED = "connecting"


@dataclass(frozen=True, slots=True)
class _Consent:
    """A checked consent, and the mailbox of its Google account."""

    session: ConnectSession
    identity: Identity
    tokens: Tokens
    mailbox: MailboxId


@dataclass(frozen=True)
class CreateConnection:
    """Store a connection, its membership, its grant, its sync state and its event."""

    connections: Connections
    grants: Grants
    google_users: GoogleUsers
    directory: MailboxDirectory
    follow: FollowAddress
    sessions: ConnectSessions
    operations: Operations
    queue: Queue
    sealer: Sealer
    oauth: GoogleOAuth
    clock: Clock
    begin_sync: BeginSync
    start_watch: StartWatch
    access_tokens: AccessTokens
    wake_held: HeldSends = wake_no_send

    async def __call__(
        self, session: ConnectSession, identity: Identity, tokens: Tokens, started_at: datetime
    ) -> Connected:
        """Raise ConnectRefusedError: "closing", "disconnecting"; TransientError of the stores."""
        session = await self._renewing(session, identity)
        mailbox = await self.directory.id_for(identity.sub, identity.email)
        given = _Consent(session, identity, tokens, mailbox)
        connection = await self._connection(given)
        given = replace(given, tokens=await self._join_and_prove(connection, given))
        grant = await self._store_grant(connection, given.tokens)
        self.access_tokens.forget(connection.id)
        operation = AuthOperation.OVERRIDE if session.reconnect else AuthOperation.CREATION
        active = await self._activate(connection.id, given)
        await self._leave_former(connection, active)
        await self.begin_sync(active, operation, occasion=session.id, generation=grant.generation)
        if session.reconnect is not None and reads(active.scopes):
            # A first sync arms the watch as it sets its anchor; this one has an anchor already.
            await self.start_watch(active.id)
        await self._mark_connected(session.id, active.id)
        if session.reconnect is not None:
            await self.wake_held(active.id)
        await self._wake(session, active, started_at)
        again = session.reconnect is not None
        return Connected(active.id, active.email, again, session.return_url)

    async def _renewing(self, session: ConnectSession, identity: Identity) -> ConnectSession:
        """Return the session as the reconnect of the same end user's lost connection, if any.

        A second connection to the same mailbox beside a dead one is what no end user means.
        """
        user = session.end_user.get("id") if session.end_user else None
        if session.reconnect is not None or not user:
            return session
        joined = await self.google_users.get(identity.sub)
        # Of a grant that never told its `sub` the mailbox alone is known.
        box = await self.directory.of_account(identity.sub, identity.email)
        members = [one.value.connections for one in (joined, box) if one is not None]
        for id in sorted(frozenset[ConnectionId]().union(*members)):
            found = await self.connections.get(id)
            if found is not None and _is_lost(found.value, user):
                return replace(session, reconnect=id, connection_id=id)
        return session

    async def _wake(
        self, session: ConnectSession, connection: Connection, started_at: datetime
    ) -> None:
        """Wake the sync and log; without either it is connected all the same.

        The sync is due, so a lost task costs at most the minute until reconcile comes by.
        """
        with suppress(TransientError):
            await self.queue.enqueue(sync_task(connection.id))
        name = "reconnect" if session.reconnect else "connect"
        entry = auth_operation(name, connection.id, started_at, self.clock.now())
        with suppress(TransientError):
            await self.operations.append(entry)

    async def join(self, connection: Connection) -> bool:
        """Join the connection's Google user; True where the document had to be made."""
        return await join_user(self.google_users, self.clock, connection.sub, connection.id)

    async def _connection(self, given: _Consent) -> Connection:
        """Return the connection to bind to, created where there is none.

        A session whose first try broke off comes back to the same id, unless the end user has
        chosen another Google account since.
        """
        session, identity = given.session, given.identity
        id = session.connection_id or ConnectionId(str(uuid4()))
        found = await self.connections.get(id)
        if found is not None and found.value.is_of(identity.sub, identity.email):
            return found.value
        if session.reconnect is not None:
            raise ConnectRefusedError("The connection was removed.", code="disconnecting")
        id = ConnectionId(str(uuid4())) if found is not None else id
        new = _unfinished_connection(id, given, self.clock.now())
        try:
            return (await self.connections.create(new)).value
        except AlreadyExistsError:
            return await self._connection(given)

    async def _join_and_prove(self, connection: Connection, given: _Consent) -> Tokens:
        """Join and return tokens known to have been alive afterwards.

        Between Google's answer and the join, the last other connection may have left and
        revoked. Where the document had to be made, only a refresh can tell.
        """
        identity, tokens = given.identity, given.tokens
        made = await self.join(replace(connection, sub=identity.sub))
        if reads(tokens.scopes):
            box = await join_mailbox(
                self.directory, self.clock, given.mailbox, identity, connection.id
            )
            await self.follow.tell_all(box, identity.email)
        else:
            await self.follow.tell(connection.id, identity.email)
        return await self._prove(connection, tokens) if made else tokens

    async def _prove(self, connection: Connection, tokens: Tokens) -> Tokens:
        try:
            proof = await self.oauth.refresh(tokens.refresh_token or "")
        except ReauthRequiredError as ended:
            await self._withdraw(connection)
            if not isinstance(ended, GrantRevokedError):
                raise
            raise ConnectRefusedError(
                "The consent was revoked meanwhile.", code="closing"
            ) from None
        except TransientError:
            return tokens
        return replace(tokens, access_token=proof.access_token, expires_at=proof.expires_at)

    async def _store_grant(self, connection: Connection, tokens: Tokens) -> Grant:
        async def attempt() -> Grant:
            was = await self.grants.get(connection.id)
            grant = await self._seal_grant(connection.id, tokens, was)
            await (self.grants.swap(was, grant) if was else self.grants.create(grant))
            return grant

        return await until_written(attempt)

    async def _seal_grant(
        self, id: ConnectionId, tokens: Tokens, was: Versioned[Grant] | None
    ) -> Grant:
        refresh_token = tokens.refresh_token or ""
        before = was.value if was else None
        now = self.clock.now()
        grant = await new_grant(self.sealer, id, tokens, refresh_token, before, now)
        return replace(grant, client_id=self.begin_sync.settings.oauth_client_id)

    async def _activate(self, id: ConnectionId, given: _Consent) -> Connection:
        """Write who connected and what was granted; a disconnect that came first wins."""

        def active(was: Connection) -> Connection | None:
            if was.status is ConnectionStatus.DISCONNECTING:
                return None
            return _active(was, given, self.clock.now())

        activated = await update(self.connections, id, active)
        if activated is None:
            await self._withdraw(_unfinished_connection(id, given, self.clock.now()))
            raise ConnectRefusedError("The connection was removed.", code="disconnecting")
        return activated

    async def _leave_former(self, before: Connection, now: Connection) -> None:
        """Leave the Google user and the mailbox that were not known to be this account's."""
        if before.sub != now.sub and (user := await leave(self.google_users, before.sub, now.id)):
            await self.google_users.delete(user)
        if before.mailbox_id != now.mailbox_id:
            await self._leave_mailbox(before)

    async def _withdraw(self, connection: Connection) -> None:
        """Take back membership and tokens of a connection that did not come about."""
        if user := await leave(self.google_users, connection.sub, connection.id):
            await self.google_users.delete(user)
        await self._leave_mailbox(connection)
        if grant := await self.grants.get(connection.id):
            await self.grants.delete(grant)
        found = await self.connections.get(connection.id)
        if found is not None and found.value.error == UNFINISHED:
            await self.connections.delete(found)

    async def _leave_mailbox(self, connection: Connection) -> None:
        mailboxes, names = self.directory.mailboxes, self.directory.names
        await leave_mailbox(mailboxes, names, connection.mailbox_id, connection.id)

    async def _mark_connected(self, session_id: str, id: ConnectionId) -> None:
        def as_connected(was: ConnectSession) -> ConnectSession:
            return replace(was, status=ConnectStatus.CONNECTED, connection_id=id, error=None)

        await update(self.sessions, session_id, as_connected)


def _unfinished_connection(id: ConnectionId, given: _Consent, now: datetime) -> Connection:
    session, identity = given.session, given.identity
    return Connection(
        id=id,
        email=identity.email,
        sub=identity.sub,
        scopes=given.tokens.scopes,
        status=ConnectionStatus.REAUTH_REQUIRED,
        created_at=now,
        updated_at=now,
        tags=session.tags,
        end_user=session.end_user,
        webhook_url_override=session.webhook_url_override,
        error=UNFINISHED,
        mailbox=given.mailbox,
    )


def _is_lost(connection: Connection, user: str) -> bool:
    """Whether the end user's connection waits to be connected again."""
    theirs = (connection.end_user or {}).get("id") == user
    lost = connection.status is ConnectionStatus.REAUTH_REQUIRED
    return theirs and lost and connection.error != UNFINISHED


def _active(was: Connection, given: _Consent, now: datetime) -> Connection:
    paused = was.status is ConnectionStatus.PAUSED
    session = given.session
    return replace(
        was,
        email=given.identity.email,
        sub=given.identity.sub,
        scopes=given.tokens.scopes,
        status=ConnectionStatus.PAUSED if paused else ConnectionStatus.ACTIVE,
        error=None,
        updated_at=now,
        tags=session.tags,
        end_user=session.end_user,
        webhook_url_override=session.webhook_url_override or was.webhook_url_override,
        mailbox=given.mailbox,
    )
