"""Whether a mailbox is current, and if not, why and what to do: the sentence operators read."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.connect.connection import Connection, ConnectionStatus
from shared.domain.connect.scopes import reads
from shared.domain.google.trouble import REMEDIES
from shared.domain.sync.mailbox import Mailbox
from shared.domain.sync.state import SyncState, SyncStatus

BEHIND_AFTER = timedelta(minutes=1)
OVERDUE_AFTER = timedelta(minutes=10)
CONSENT = {
    "revoked": "The end user withdrew the consent, or changed the password.",
    "session_policy": "A Workspace policy asks the end user to sign in again.",
    "account_deleted": "The Google account was deleted: there is nothing to reconnect.",
    "policy_enforced": "The account's protection or its organisation does not admit this app.",
    "org_internal": "The OAuth client admits accounts of its own organisation only.",
    "client_changed": "The grant was given to an OAuth client that this deployment left behind.",
    "refused": "Google has refused the grant for a day without a known reason.",
}


@dataclass(frozen=True, slots=True)
class ConnectionHealth:
    """`tone` is good, calm, warm or bad; `fix` names the button that helps, if one does."""

    label: str
    tone: str
    why: str
    fix: str | None = None


def health_of(
    connection: Connection, state: SyncState | None, mailbox: Mailbox | None, now: datetime
) -> ConnectionHealth:
    """Return the worst that is the case, else that it is current."""
    found = _of_consent(connection)
    if found is None and (state is None or not reads(connection.scopes)):
        return _without_sync(connection)
    if found is None and state is not None:
        found = _of_control(state, now) or _of_watch(mailbox, now) or _of_work(state, mailbox, now)
    return found or ConnectionHealth("Current", "good", "Everything that Gmail announced is here.")


def lag(state: SyncState | None, mailbox: Mailbox | None, now: datetime) -> timedelta | None:
    """Return how long an announced change has been waiting; None where nothing is waiting."""
    if state is None or state.unmet_hint is None:
        return None
    # The last push is noted once an hour: a look since then is nearer to what is waited for.
    known = (mailbox.last_push_at if mailbox else None, state.last_delta_at)
    since = max((one for one in known if one is not None), default=now)
    return max(timedelta(), now - since)


def _of_consent(connection: Connection) -> ConnectionHealth | None:
    if connection.status is ConnectionStatus.DISCONNECTING:
        return ConnectionHealth("Disconnecting", "calm", "Its mail is being deleted.")
    if connection.status is ConnectionStatus.REAUTH_REQUIRED:
        known = CONSENT.get(connection.error or "", f"Google answered {connection.error}.")
        why = f"{known} Nothing is read until the end user connects again."
        return ConnectionHealth("Needs consent", "bad", why, "reconnect")
    return None


def _without_sync(connection: Connection) -> ConnectionHealth:
    if reads(connection.scopes):
        why = "Its first sync has not begun: it begins by itself within a minute."
        return ConnectionHealth("Starting", "calm", why)
    return ConnectionHealth("Sends only", "plain", "No mail is read, which is all right.")


def _of_control(state: SyncState, now: datetime) -> ConnectionHealth | None:
    if state.status is SyncStatus.PAUSED:
        why = "Somebody paused it. Hints are kept; it goes on from where it was."
        return ConnectionHealth("Paused", "warm", why, "start")
    if state.status is SyncStatus.STOPPED:
        return ConnectionHealth("Stopped", "plain", "It was disconnected and never syncs again.")
    if state.is_limited(now):
        why = "Google asked to slow down; it goes on by itself when the pause is over."
        return ConnectionHealth("Waiting for Google", "warm", why)
    if state.last_error is not None:
        times = f" {state.failures} runs in a row" if state.failures > 1 else ""
        helps = REMEDIES.get(state.last_error, "It is tried again by itself.")
        why = f"The last run ended with {state.last_error}{times}. {helps}"
        return ConnectionHealth("Failing", "bad", why, "trigger")
    return None


def _of_watch(mailbox: Mailbox | None, now: datetime) -> ConnectionHealth | None:
    if mailbox is None:
        return None
    if mailbox.stopped_at is not None:
        why = (
            "The watch was stopped by hand (stop-watch): mail is found by asking only. It is armed"
        )
        return ConnectionHealth("Push stopped", "warm", f"{why} again within an hour.")
    if mailbox.silent_since is not None:
        why = "The watch was armed anew twice and announces nothing: mail is found by asking only."
        return ConnectionHealth("No push", "warm", why)
    if mailbox.watch_error is not None:
        why = f"Gmail refused the watch ({mailbox.watch_error}): mail is found by asking only."
        return ConnectionHealth("No push", "warm", why)
    if mailbox.watch_expires_at is not None and mailbox.watch_expires_at <= now:
        why = "The watch has expired: mail is found by asking only. It is armed in ten minutes"
        return ConnectionHealth("Watch expired", "bad", f"{why}, if the scheduler runs.")
    return None


def _of_work(state: SyncState, mailbox: Mailbox | None, now: datetime) -> ConnectionHealth | None:
    if state.recovering_since is not None:
        why = "Gmail no longer kept the history: the window is compared with the records."
        return ConnectionHealth("Recovering", "calm", why)
    if state.backfilling:
        return ConnectionHealth("Reading", "calm", "The window is being read, newest first.")
    waiting = lag(state, mailbox, now)
    if waiting is not None and waiting > BEHIND_AFTER:
        why = "Gmail announced changes that have not been read yet."
        return ConnectionHealth("Behind", "warm", why, "trigger")
    if state.next_due_at is not None and now - state.next_due_at > OVERDUE_AFTER:
        why = "Work has been due for a while and nobody took it: is the scheduler running?"
        return ConnectionHealth("Overdue", "warm", why, "trigger")
    if state.quarantine_due_at is not None:
        why = "Some messages could not be stored yet: they wait in quarantine and are retried."
        return ConnectionHealth("Some set aside", "warm", why, "quarantine")
    return None
