"""Why a message is here, or is not, and the button that repairs it."""

from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from shared.domain.connect.connection import Connection, ConnectionStatus
from shared.domain.connect.scopes import reads
from shared.domain.ids import MessageId
from shared.domain.sync.state import SyncStatus
from shared.edge.console.connections.one import NOTICES, path_connection
from shared.edge.console.connections.records import record_json
from shared.edge.console.layout.pages import ConsoleRequest, page
from shared.ports.sync_store import Records
from shared.usecases.sync.explain import Explain, Explanation, MessagesMeant, Verdict


@dataclass(frozen=True, slots=True)
class Notice:
    """How a verdict is put to a person; `fix` names the button that repairs it."""

    title: str
    tone: str
    text: str
    fix: str | None = None


VERDICT_NOTICES: Final = {
    Verdict.STORED: Notice("It is here", "good", "The message is stored as a record."),
    Verdict.DELETED: Notice(
        "It was deleted", "calm", "It was deleted for good at Gmail; the record is a tombstone."
    ),
    Verdict.LEFT_SELECTION: Notice(
        "It left the selection",
        "calm",
        "It was here until it left the labels or senders that this connection keeps. It is still "
        "at Gmail; the record is a tombstone.",
    ),
    Verdict.EMPTIED: Notice(
        "Its record was emptied",
        "calm",
        "All records were deleted at your product's wish. It comes back as the window is read "
        "again, unless it is gone at Gmail.",
    ),
    Verdict.QUARANTINED: Notice(
        "It is in quarantine",
        "warm",
        "Fetching it failed. It is retried by itself, or at once by the button.",
        "retry",
    ),
    Verdict.OUTSIDE_WINDOW: Notice(
        "It is older than the window",
        "warm",
        "Only mail inside the window is kept. Widen the window to have it.",
        "window",
    ),
    Verdict.NOT_SELECTED: Notice(
        "It is not selected",
        "calm",
        "This connection does not keep messages under these labels, or from this sender.",
    ),
    Verdict.NOT_GRANTED: Notice(
        "Its mail is not read",
        "calm",
        "The connection was made for sending only, so none of its mail is here.",
    ),
    Verdict.CHAT: Notice("It is a chat", "calm", "Chats are no mail and are never stored."),
    Verdict.NOT_IN_GMAIL: Notice(
        "Gmail does not know it",
        "calm",
        "No such message is in this mailbox: deleted for good, or another mailbox's.",
    ),
    Verdict.NOT_YET_READ: Notice(
        "It was not read yet", "calm", "The window is still being read and has not come to it."
    ),
    Verdict.WAITING: Notice(
        "It is on its way",
        "calm",
        "Changes are waiting to be read, this one among them.",
        "trigger",
    ),
    Verdict.SYNC_STOPPED: Notice(
        "The sync does not run",
        "bad",
        "The sync is paused or failing, so what came since is not read.",
        "trigger",
    ),
    Verdict.MISSING: Notice(
        "It is missing",
        "bad",
        "It should be here and is not. An audit compares the mailbox with the records and stores "
        "it.",
        "audit",
    ),
    Verdict.GMAIL_UNREACHABLE: Notice(
        "Gmail could not be asked", "warm", "It is not stored, and Gmail did not answer about it."
    ),
}


@dataclass(frozen=True, slots=True)
class ExplainedMessage:
    """One message, what is the case, and what to do."""

    message_id: str
    found: Explanation
    notice: Notice
    subject: str | None

    @property
    def is_final(self) -> bool:
        """Whether looking again would show the same."""
        return self.found.verdict in {Verdict.STORED, Verdict.DELETED}

    @property
    def fix(self) -> str | None:
        """The button: a paused sync is started, a dead grant needs its end user."""
        if self.found.verdict is Verdict.SYNC_STOPPED:
            return "start" if self.found.state.status is SyncStatus.PAUSED else "trigger"
        return self.notice.fix


async def show_explanation(console: ConsoleRequest) -> Response:
    """Return about one message by its id, or about what a search at Gmail finds.

    It is looked at again by itself only after a repair, and until that has worked: what is absent
    costs quota units every time.
    """
    connection, words = await path_connection(console), console.query("message")
    ids = await console.use(MessagesMeant)(connection.id, words) if words else []
    explained = [await _explain(console, connection, id) for id in ids]
    return console.page(
        "explain.html",
        title="Why is this message (not) here?",
        nav="connections",
        notices=NOTICES,
        connection=connection,
        consent=connection.status is ConnectionStatus.REAUTH_REQUIRED,
        words=words,
        explained=explained,
        watching=bool(console.query("done")) and any(not one.is_final for one in explained),
        window=connection.sync.window,
    )


async def _explain(
    console: ConsoleRequest, connection: Connection, id: MessageId
) -> ExplainedMessage:
    found = await console.use(Explain)(connection.id, id, granted=reads(connection.scopes))
    subject = found.subject
    if found.head is not None:
        record = await console.use(Records).get(connection.id, found.head.message_id)
        subject = record_json(record, connection.id).get("subject") if record else None
    return ExplainedMessage(id, found, VERDICT_NOTICES[found.verdict], subject)


ROUTES = (
    page(
        "/console/connections/{connection_id}/explain",
        show_explanation,
        "Why a message is here, or is not",
    ),
)
