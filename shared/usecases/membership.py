"""Who shares a Google user and a mailbox: joining and leaving by compare-and-set.

Google revokes per user and whole project (FACTS 6.9) and one watch serves a mailbox (FACTS 2.8),
so only the last connection to leave may revoke and stop. It marks the document `closing` first:
from then on no connection joins until it has gone.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from shared.domain.ids import ConnectionId, GoogleSub, MailboxId, told_sub
from shared.domain.sync.mailbox import GoogleUser, Mailbox
from shared.errors import ConnectRefusedError
from shared.ports.clock import Clock
from shared.ports.connections import GoogleUsers, Mailboxes, MailboxNames
from shared.ports.documents import Documents, Versioned, until_written
from shared.ports.google.oauth import Identity
from shared.usecases.mailboxes import MailboxDirectory, release_names

Shared = TypeVar("Shared", GoogleUser, Mailbox)
CLOSING_WAIT = timedelta(seconds=10)
CLOSING_POLL = timedelta(milliseconds=250)


async def join_user(
    users: GoogleUsers, clock: Clock, sub: GoogleSub, connection_id: ConnectionId
) -> bool:
    """Join; True where the document had to be made.

    Raises ConnectRefusedError("closing"), after waiting, where the last connection was leaving:
    the revocation takes the consent just given with it, so it must be given again.
    """

    async def attempt() -> bool:
        was = await users.get(sub)
        if was is None:
            await users.create(GoogleUser(sub, frozenset({connection_id})))
            return True
        if was.value.closing:
            await _until_closed(lambda: users.get(sub), clock)
            raise ConnectRefusedError("Another connection was being removed.", code="closing")
        members = was.value.connections | {connection_id}
        if members != was.value.connections:
            await users.swap(was, replace(was.value, connections=members))
        return False

    return await until_written(attempt)


async def join_mailbox(
    directory: MailboxDirectory,
    clock: Clock,
    id: MailboxId,
    identity: Identity,
    connection_id: ConnectionId,
) -> Mailbox:
    """Join; a mailbox without a watch is due for one at once. Return it as it is now.

    Raises ConnectRefusedError("closing") where the watch is being stopped and does not end.
    """
    mailboxes = directory.mailboxes

    async def attempt() -> Mailbox:
        was = await mailboxes.get(id)
        if was is not None and was.value.closing:
            await _until_closed(lambda: mailboxes.get(id), clock)
            return await attempt()  # it may be closing once more
        before = was.value if was else Mailbox(id, frozenset())
        joined = _join(before, identity, connection_id, clock.now())
        if was is not None and joined == was.value:
            return joined
        await directory.claim(id, identity.email, identity.sub)
        written = await (mailboxes.swap(was, joined) if was else mailboxes.create(joined))
        return written.value

    return await until_written(attempt)


def _join(mailbox: Mailbox, identity: Identity, id: ConnectionId, now: datetime) -> Mailbox:
    renew_at = now if mailbox.watch_expires_at is None else mailbox.renew_at
    joined = replace(mailbox, connections=mailbox.connections | {id}, renew_at=renew_at)
    return joined.at(identity.email, told_sub(identity.sub))


async def _until_closed(
    read: Callable[[], Awaitable[Versioned[GoogleUser] | Versioned[Mailbox] | None]], clock: Clock
) -> None:
    ends_at = clock.now() + CLOSING_WAIT
    while clock.now() < ends_at:
        found = await read()
        if found is None or not found.value.closing:
            return
        await clock.sleep(CLOSING_POLL)
    raise ConnectRefusedError("Another connection is still being removed.", code="closing")


async def _nothing() -> None:
    """Confirm nothing."""


async def leave(
    documents: Documents[Shared],
    id: str,
    connection_id: ConnectionId,
    confirm: Callable[[], Awaitable[None]] = _nothing,
) -> Versioned[Shared] | None:
    """Leave; return the document marked `closing` where no other member is left.

    The caller that gets it stops the watch or revokes, then deletes it; called again after a
    crash, it returns the same. `confirm` may raise once the document is read, which is then left
    as it is.
    """

    async def attempt() -> Versioned[Shared] | None:
        was = await documents.get(id)
        await confirm()
        if was is None or connection_id not in was.value.connections:
            return None
        if was.value.closing:
            return was
        others = was.value.connections - {connection_id}
        gone = replace(was.value, connections=others) if others else None
        swapped = await documents.swap(was, gone or replace(was.value, closing=True))
        return None if gone else swapped

    return await until_written(attempt)


async def leave_mailbox(
    mailboxes: Mailboxes, names: MailboxNames, id: MailboxId, connection_id: ConnectionId
) -> None:
    """Leave; the last to do so deletes the mailbox and its names."""
    if box := await leave(mailboxes, id, connection_id):
        await release_names(names, box.value)
        await mailboxes.delete(box)
