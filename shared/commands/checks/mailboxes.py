"""Watches and the notifications that they bring."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from shared.commands.checks.context import CheckContext
from shared.commands.checks.finding import Finding, NotCheckedError, count_of, failure, ok, warning
from shared.domain.connect.connection import Connection
from shared.domain.connect.scopes import reads
from shared.domain.ids import MailboxId
from shared.domain.sync.mailbox import WATCH_LIFETIME, Mailbox

LATE: Final = timedelta(hours=6)
"""How long after its time a renewal may come: renewals are spread and tried again."""
SETTLED: Final = timedelta(hours=1)


async def watches_live(context: CheckContext) -> Finding:
    """Look at the watches of the newest connections, and at those longest overdue."""
    context.require_topic()
    found = await _mailboxes(context)
    if refused := [m for m in found.values() if m.watch_error and not m.silent_since]:
        return failure(
            f"{count_of(len(refused), 'watch', 'watches')} cannot be renewed; Gmail's reason for "
            f"the first: {refused[0].watch_error}.",
            "See the checks `topic` and `scopes`; once mended, renew-watches arms it in minutes.",
        )
    if silent := [m for m in found.values() if m.silent_since]:
        return failure(
            f"{count_of(len(silent), 'watch', 'watches')} of {len(found)} announced nothing of "
            "mail that came, though armed anew twice: it is found once an hour only.",
            "Several mean that pushes do not arrive: see the checks `topic` and `subscription`. "
            "One alone: the actions stop-watch and watch-mailbox begin a new one.",
        )
    if dead := [m for m in found.values() if not _lives(m, context.now) and not m.stopped_at]:
        return failure(
            f"{count_of(len(dead), 'watch', 'watches')} of {len(found)} expired: mail is found "
            "once an hour only.",
            _scheduler_fix(context, "renew-watches"),
        )
    overdue = await context.store.mailboxes.renewable(context.now - LATE, 1)
    if overdue:
        return failure(
            "A watch is overdue for renewal since "
            f"{overdue[0].value.renew_at:%Y-%m-%d %H:%M} UTC; after seven days it lapses silently.",
            _scheduler_fix(context, "renew-watches"),
        )
    if stopped := [m for m in found.values() if m.stopped_at]:
        return warning(
            f"{count_of(len(stopped), 'watch was', 'watches were')} stopped by hand (stop-watch).",
            "renew-watches arms it again an hour after; watch-mailbox does at once.",
        )
    soonest = min(m.watch_expires_at for m in found.values() if m.watch_expires_at)
    return ok(
        f"{count_of(len(found), 'watch', 'watches')}, the first ends {soonest:%Y-%m-%d %H:%M}"
    )


def _lives(mailbox: Mailbox, now: datetime) -> bool:
    return mailbox.watch_expires_at is not None and now < mailbox.watch_expires_at


async def pushes_arrive(context: CheckContext) -> Finding:
    """Whether notifications come: each arming sends one (FACTS 2.2), so silence is a fault."""
    context.require_topic()
    found = await _mailboxes(context)
    if unannounced := await _without_push(context):
        return failure(
            f"Mail came to {count_of(len(unannounced), 'connection')} that no push announced; the "
            f"first: {unannounced[0].id}.",
            "The watch is silent or pushes are refused: see the checks `topic`, `subscription` and "
            "`push authentication`, and gmail_push's log for 401.",
        )
    pushed = [m.last_push_at for m in found.values() if m.last_push_at]
    armed = [m for m in found.values() if m.watch_expires_at]
    if armed and not pushed:
        old = any(context.now - _watch_started_at(m) > SETTLED for m in armed)
        seen = f"{count_of(len(armed), 'watch', 'watches')} armed, and no push ever came."
        fix = (
            "See the checks `topic`, `subscription` and `push authentication`; until it is mended "
            "mail is found once an hour."
        )
        return failure(seen, fix) if old else warning(seen, f"Armed within the hour. {fix}")
    return ok(f"the last at {max(pushed):%Y-%m-%d %H:%M} UTC" if pushed else "no watch is armed")


def _watch_started_at(mailbox: Mailbox) -> datetime:
    assert mailbox.watch_expires_at is not None  # noqa: S101  only armed ones are asked
    return mailbox.watch_expires_at - WATCH_LIFETIME


async def _without_push(context: CheckContext) -> list[Connection]:
    """Return connections where changes were found that no push announced, in the last day."""
    found = []
    for connection in await context.active():
        state = await context.store.sync_states.get(connection.id)
        since = state.value.unannounced_at if state else None
        mailbox = await context.store.mailboxes.get(connection.mailbox_id)
        if mailbox is not None and mailbox.value.stopped_at is not None:
            continue
        if since is not None and context.now - since < timedelta(days=1):
            found.append(connection)
    return found


async def _mailboxes(context: CheckContext) -> Mapping[MailboxId, Mailbox]:
    """Return the mailboxes of the newest connections that read mail."""
    found = {}
    for connection in await context.active():
        if not reads(connection.scopes):
            continue
        mailbox = await context.store.mailboxes.get(connection.mailbox_id)
        if mailbox is not None:
            found[mailbox.value.key] = mailbox.value
    if not found:
        raise NotCheckedError("No connected mailbox is read.")
    return found


def _scheduler_fix(context: CheckContext, job: str) -> str:
    if context.local:
        return "Start Postroom (`make demo`): its scheduler renews what is due within ten minutes."
    return (
        f"gcloud scheduler jobs run postroom-{job} --location=REGION, and read its log: a missing "
        "right of the topic, a paused job, or grants revoked."
    )
