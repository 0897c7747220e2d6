"""Follow a Google account to the address that it has now, and tell the product of it."""

import logging
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256

from shared.domain.connect.connection import INTEGRATION, Connection, ConnectionStatus
from shared.domain.events.event import Event, EventType
from shared.domain.ids import (
    ConnectionId,
    EventId,
    GoogleSub,
    MailboxId,
    email_key,
    sub_by_address,
)
from shared.domain.sync.mailbox import Mailbox
from shared.errors import AlreadyExistsError, CorruptStateError
from shared.ports.clock import Clock
from shared.ports.connections import Connections
from shared.ports.documents import update, update_by
from shared.ports.events import Outbox
from shared.usecases.mailboxes import MailboxDirectory
from shared.usecases.membership import leave_mailbox

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FollowAddress:
    """Keeps the look-ups, the connections and the product in step with Google."""

    directory: MailboxDirectory
    connections: Connections
    outbox: Outbox
    clock: Clock

    async def __call__(self, mailbox: Mailbox, email: str, sub: GoogleSub | None) -> Mailbox | None:
        """Return the mailbox under this address, for the caller to write.

        None where the account has another mailbox here: its connections have moved there.
        """
        if mailbox.is_at(email, sub):
            return mailbox
        account = sub or sub_by_address(email)
        found = await self.directory.of_account(account, email)
        if found is not None and found.value.key != mailbox.key and not found.value.closing:
            await self._move(mailbox, found.value, email)
            return None
        await self.directory.claim(mailbox.key, email, account)
        await self.tell_all(mailbox, email)
        return mailbox.at(email, sub)

    async def tell_all(self, mailbox: Mailbox, email: str) -> None:
        """Let every connection on the mailbox know its address, whatever becomes of another."""
        for id in sorted(mailbox.connections):
            try:
                await self.tell(id, email)
            except CorruptStateError:
                log.warning("connection does not read", extra={"connection": id})

    async def tell(self, id: ConnectionId, email: str) -> None:
        """Write a connection's new address and store the event, unless it has that address."""

        async def move(was: Connection) -> Connection | None:
            leaving = was.status is ConnectionStatus.DISCONNECTING
            if leaving or was.email_key == email_key(email):
                return None
            now = replace(
                was,
                email=email,
                mailbox=was.mailbox_id,
                address_changes=was.address_changes + 1,
                updated_at=self.clock.now(),
            )
            with suppress(AlreadyExistsError):  # an earlier try broke off after it
                await self.outbox.create(self._event(was, now))
            return now

        await update_by(self.connections, id, move)

    def _event(self, was: Connection, now: Connection) -> Event:
        version = now.version(now.address_changes)
        digest = sha256(f"{now.id}:{version}".encode()).hexdigest()
        payload = {
            "from": "postroom",
            "type": EventType.CONNECTION.value,
            "operation": "address_changed",
            "connectionId": now.id,
            "providerConfigKey": INTEGRATION,
            "success": True,
            "email": now.email,
            "formerEmail": was.email,
        }
        return Event(
            id=EventId(f"address-{digest[:32]}"),
            connection_id=now.id,
            type=EventType.CONNECTION,
            payload=payload,
            created_at=now.updated_at,
            next_attempt_at=now.updated_at,
            webhook_url_override=now.webhook_url_override,
            version=version,
        )

    async def _move(self, former: Mailbox, to: Mailbox, email: str) -> None:
        """Move the connections of one Google account to the mailbox that is known to be its own.

        Where this breaks off, the former mailbox is due again and the rest is done then.
        """
        mailboxes, names = self.directory.mailboxes, self.directory.names
        await self.tell_all(former, email)
        for id in sorted(former.connections):
            if await self._join_other(id, to.key):
                await leave_mailbox(mailboxes, names, former.key, id)

    async def _join_other(self, id: ConnectionId, to: MailboxId) -> bool:
        """Join the other mailbox; False where the connection is being removed, or does not read."""

        def move(was: Connection) -> Connection | None:
            leaving = was.status is ConnectionStatus.DISCONNECTING
            return None if leaving else replace(was, mailbox=to)

        await update(self.directory.mailboxes, to, lambda it: _with(it, id))
        with suppress(CorruptStateError):
            if await update(self.connections, id, move) is not None:
                return True
        await update(self.directory.mailboxes, to, lambda it: _without(it, id))
        return False


def _with(mailbox: Mailbox, id: ConnectionId) -> Mailbox:
    return replace(mailbox, connections=mailbox.connections | {id})


def _without(mailbox: Mailbox, id: ConnectionId) -> Mailbox:
    return replace(mailbox, connections=mailbox.connections - {id})
