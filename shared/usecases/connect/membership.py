"""Who shares a Google user and a Gmail address: joining and leaving by compare-and-set.

Google revokes per user and whole project (FACTS 6.9) and one watch serves an address (FACTS 2.8),
so only the last connection to leave may revoke and stop. It marks the document `closing` first:
from then on nobody joins until it has gone.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

from shared.domain.ids import ConnectionId, EmailKey, GoogleSub
from shared.domain.sync.mailbox import GoogleUser, Mailbox
from shared.errors import ConflictError, ConnectRefusedError
from shared.ports.clock import Clock
from shared.ports.connections import GoogleUsers, Mailboxes
from shared.ports.documents import Documents, Versioned

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
    while True:
        was = await users.get(sub)
        if was is not None and was.value.closing:
            await _until_closed(lambda: users.get(sub), clock)
            raise ConnectRefusedError("Another connection was being removed.", code="closing")
        try:
            return await _join_user_once(users, was, sub, connection_id)
        except ConflictError:
            continue


async def _join_user_once(
    users: GoogleUsers, was: Versioned[GoogleUser] | None, sub: GoogleSub, id: ConnectionId
) -> bool:
    if was is None:
        await users.create(GoogleUser(sub, frozenset({id})))
        return True
    if id not in was.value.connections:
        await users.swap(was, replace(was.value, connections=was.value.connections | {id}))
    return False


async def join_mailbox(
    mailboxes: Mailboxes, clock: Clock, key: EmailKey, connection_id: ConnectionId
) -> None:
    """Join; a mailbox without a watch is due for one at once.

    Raises ConnectRefusedError("closing") where the watch is being stopped and does not end.
    """
    while True:
        was = await mailboxes.get(key)
        if was is not None and was.value.closing:
            await _until_closed(lambda: mailboxes.get(key), clock)
            continue
        try:
            await _join_mailbox_once(mailboxes, was, clock, key, connection_id)
        except ConflictError:
            continue
        return


async def _join_mailbox_once(
    mailboxes: Mailboxes,
    was: Versioned[Mailbox] | None,
    clock: Clock,
    key: EmailKey,
    id: ConnectionId,
) -> None:
    if was is None:
        await mailboxes.create(Mailbox(key, frozenset({id}), renew_at=clock.now()))
        return
    mailbox = was.value
    renew_at = clock.now() if mailbox.watch_expires_at is None else mailbox.renew_at
    joined = replace(mailbox, connections=mailbox.connections | {id}, renew_at=renew_at)
    if joined != mailbox:
        await mailboxes.swap(was, joined)


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
    """Leave; answer the document marked `closing` where nobody else is left.

    Whoever gets it stops the watch or revokes, then deletes it; called again after a crash, it
    answers the same. `confirm` may raise once the document is read, which is then left as it is.
    """
    while True:
        was = await documents.get(id)
        await confirm()
        if was is None or connection_id not in was.value.connections:
            return None
        if was.value.closing:
            return was
        others = was.value.connections - {connection_id}
        gone = replace(was.value, connections=others) if others else None
        try:
            swapped = await documents.swap(was, gone or replace(was.value, closing=True))
        except ConflictError:
            continue
        return None if gone else swapped
