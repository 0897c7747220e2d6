"""Who shares a Google user and a Gmail address: joining and leaving by compare-and-set.

Google revokes per user and whole project (FACTS 6.9) and one watch serves an address (FACTS 2.8),
so only the last connection to leave may revoke and stop. It marks the document `closing` first:
from then on nobody joins until it has gone.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from shared.domain.ids import ConnectionId, EmailKey, GoogleSub
from shared.domain.sync.mailbox import GoogleUser, Mailbox
from shared.errors import ConnectRefusedError
from shared.ports.clock import Clock
from shared.ports.connections import GoogleUsers, Mailboxes
from shared.ports.documents import Documents, Versioned, until_written

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
    mailboxes: Mailboxes, clock: Clock, key: EmailKey, connection_id: ConnectionId
) -> None:
    """Join; a mailbox without a watch is due for one at once.

    Raises ConnectRefusedError("closing") where the watch is being stopped and does not end.
    """

    async def attempt() -> None:
        was = await mailboxes.get(key)
        if was is not None and was.value.closing:
            await _until_closed(lambda: mailboxes.get(key), clock)
            await attempt()  # it may be closing once more
            return
        if was is None:
            await mailboxes.create(Mailbox(key, frozenset({connection_id}), renew_at=clock.now()))
            return
        joined = _joined(was.value, connection_id, clock.now())
        if joined != was.value:
            await mailboxes.swap(was, joined)

    await until_written(attempt)


def _joined(mailbox: Mailbox, id: ConnectionId, now: datetime) -> Mailbox:
    renew_at = now if mailbox.watch_expires_at is None else mailbox.renew_at
    return replace(mailbox, connections=mailbox.connections | {id}, renew_at=renew_at)


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
