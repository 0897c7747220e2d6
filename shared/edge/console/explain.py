"""Why a message is here, or is not, and the button that repairs it."""

import re
from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import Response

from shared.actions.run import RunAction
from shared.domain.connect.connection import Connection, ConnectionStatus
from shared.domain.ids import MessageId
from shared.domain.sync.state import SyncStatus
from shared.edge.console.connection import NOTICES, named
from shared.edge.console.pages import Visit, page
from shared.edge.console.records import rendered
from shared.ports.sync_store import Records
from shared.usecases.sync.explain import Explain, Explanation, Verdict

MESSAGE_ID: Final = re.compile(r"[0-9A-Fa-f]{10,20}")
RFC822_ID: Final = re.compile(r"<?[^\s<>:@\"]+@[^\s<>:@\"]+>?")
MOST: Final = 10
"""Messages explained at once: each that is absent costs 20 quota units."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a person is told of a verdict; `fix` names the button that repairs it."""

    title: str
    tone: str
    text: str
    fix: str | None = None


TOLD: Final = {
    Verdict.STORED: Told("It is here", "good", "The message is stored as a record."),
    Verdict.DELETED: Told(
        "It was deleted", "calm", "It was deleted for good at Gmail; the record is a tombstone."
    ),
    Verdict.QUARANTINED: Told(
        "It is in quarantine",
        "warm",
        "Fetching it failed. It is retried by itself, or at once by the button.",
        "retry",
    ),
    Verdict.OUTSIDE_WINDOW: Told(
        "It is older than the window",
        "warm",
        "Only mail inside the window is kept. Widen the window to have it.",
        "window",
    ),
    Verdict.CHAT: Told("It is a chat", "calm", "Chats are no mail and are never stored."),
    Verdict.NOT_IN_GMAIL: Told(
        "Gmail does not know it",
        "calm",
        "No such message is in this mailbox: deleted for good, or another mailbox's.",
    ),
    Verdict.NOT_YET_READ: Told(
        "It was not read yet", "calm", "The window is still being read and has not come to it."
    ),
    Verdict.WAITING: Told(
        "It is on its way",
        "calm",
        "Changes are waiting to be read, this one among them.",
        "trigger",
    ),
    Verdict.SYNC_STOPPED: Told(
        "The sync does not run",
        "bad",
        "The sync is paused or failing, so what came since is not read.",
        "trigger",
    ),
    Verdict.MISSING: Told(
        "It is missing",
        "bad",
        "It should be here and is not. An audit compares the mailbox with the records and stores "
        "it.",
        "audit",
    ),
    Verdict.GMAIL_UNREACHABLE: Told(
        "Gmail could not be asked", "warm", "It is not stored, and Gmail did not answer about it."
    ),
}


@dataclass(frozen=True, slots=True)
class Explained:
    """One message, what is the case, and what to do."""

    message_id: str
    found: Explanation
    told: Told
    subject: str | None

    @property
    def settled(self) -> bool:
        """Whether looking again would show the same."""
        return self.found.verdict in {Verdict.STORED, Verdict.DELETED}

    @property
    def fix(self) -> str | None:
        """The button: a paused sync is started, a dead grant needs its end user."""
        if self.found.verdict is Verdict.SYNC_STOPPED:
            return "start" if self.found.state.status is SyncStatus.PAUSED else "trigger"
        return self.told.fix


async def show_explanation(visit: Visit) -> Response:
    """Return about one message by its id, or about what a search at Gmail finds.

    It is looked at again by itself only after a repair, and until that has worked: what is absent
    costs quota units every time.
    """
    connection, words = await named(visit), visit.asked("message")
    ids = await _ids(visit, connection, words) if words else []
    explained = [await _explained(visit, connection, id) for id in ids]
    return visit.page(
        "explain.html",
        title="Why is this message (not) here?",
        nav="connections",
        notices=NOTICES,
        connection=connection,
        consent=connection.status is ConnectionStatus.REAUTH_REQUIRED,
        words=words,
        explained=explained,
        watching=bool(visit.asked("done")) and any(not one.settled for one in explained),
        window=connection.sync.window,
    )


async def _explained(visit: Visit, connection: Connection, id: str) -> Explained:
    found = await visit.use(Explain)(connection.id, MessageId(id))
    subject = found.subject
    if found.head is not None:
        record = await visit.use(Records).get(connection.id, found.head.message_id)
        subject = rendered(record, connection.id).get("subject") if record else None
    return Explained(id, found, TOLD[found.verdict], subject)


async def _ids(visit: Visit, connection: Connection, words: str) -> list[str]:
    """Return the message ids that are meant: one given, or those Gmail finds, newest first."""
    if MESSAGE_ID.fullmatch(words):
        return [words.lower()]
    asked: dict[str, Any] = {
        "q": f"rfc822msgid:{words}" if RFC822_ID.fullmatch(words) else words,
        "maxResults": MOST,
        "includeSpamTrash": True,
    }
    run = visit.use(RunAction)
    answer = await run(connection, "list-messages", asked, trace_id=visit.call.trace_id)
    return [str(one["id"]) for one in (answer.output.get("messages") or [])[:MOST]]


ROUTES = (
    page(
        "/console/connections/{connection_id}/explain",
        show_explanation,
        "Why a message is here, or is not",
    ),
)
