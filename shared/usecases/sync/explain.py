"""Which messages a person means, and why one is here, or exactly why it is not (API 5.3)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from shared.domain.google.refusals import BAD_ARGUMENT, NOT_FOUND
from shared.domain.ids import ConnectionId, MessageId
from shared.domain.mail.reading.email_message import received_at
from shared.domain.sync.records.record import CHAT, EndReason, QuarantineEntry, RecordHead
from shared.domain.sync.selection import Selection
from shared.domain.sync.state import SyncState, SyncStatus
from shared.errors import GmailRefusedError, PostroomError, UnknownConnectionError
from shared.ports.clock import Clock
from shared.ports.google.gmail import GmailMailboxes, GmailObject
from shared.ports.sync_store import Quarantine, Records, SyncStates
from shared.usecases.sync.work.reading import read


class Verdict(StrEnum):
    """What is the case; `advice` says what to do about it."""

    STORED = "stored"
    DELETED = "deleted"
    LEFT_SELECTION = "left_selection"
    EMPTIED = "emptied"
    QUARANTINED = "quarantined"
    OUTSIDE_WINDOW = "outside_window"
    NOT_SELECTED = "not_selected"
    NOT_GRANTED = "not_granted"
    CHAT = "chat"
    NOT_IN_GMAIL = "not_in_gmail"
    NOT_YET_READ = "not_yet_read"
    WAITING = "waiting"
    SYNC_STOPPED = "sync_stopped"
    MISSING = "missing"
    GMAIL_UNREACHABLE = "gmail_unreachable"


ADVICE = {
    Verdict.STORED: "The message is a record.",
    Verdict.DELETED: "The message was deleted for good at Gmail; the record is a tombstone.",
    Verdict.LEFT_SELECTION: "It was here until it left what the connection keeps (sync.labels, "
    "sync.senders): it is still at Gmail, and the record is a tombstone.",
    Verdict.EMPTIED: "Its record was ended by emptyCache: it comes back as the window is read "
    "again, unless it is gone at Gmail.",
    Verdict.QUARANTINED: "Fetching it failed; it is retried by itself. POST "
    "/quarantine/{message_id}/retry tries at once.",
    Verdict.OUTSIDE_WINDOW: "It is older than the connection's window: widen sync.window.",
    Verdict.NOT_SELECTED: "The connection keeps other labels or senders, or excludes a label it is "
    "under: change sync.labels, sync.senders or sync.exclude.",
    Verdict.NOT_GRANTED: "The connection was made for sending only: none of its mail is read.",
    Verdict.CHAT: "It is a chat, not mail: chats are never stored.",
    Verdict.NOT_IN_GMAIL: "Gmail does not know this id in this mailbox: deleted for good, or "
    "another mailbox's.",
    Verdict.NOT_YET_READ: "The backfill has not come to it yet: see GET /sync/status.",
    Verdict.WAITING: "Changes are waiting to be read: see deferred_until and next_due_at.",
    Verdict.SYNC_STOPPED: "The sync is paused, stopped or in error: see GET /sync/status.",
    Verdict.MISSING: "It should be here and is not: POST /sync/audit finds and stores it.",
    Verdict.GMAIL_UNREACHABLE: "It is not stored, and Gmail could not be asked about it now.",
}


_ENDED = {
    EndReason.DELETED: Verdict.DELETED,
    EndReason.LEFT_SELECTION: Verdict.LEFT_SELECTION,
    EndReason.EMPTIED: Verdict.EMPTIED,
}
NO_MESSAGE = frozenset({NOT_FOUND.about, BAD_ARGUMENT.about})
"""What Gmail calls an id it does not know, and one that could not be a message's."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """The verdict and what it rests on."""

    verdict: Verdict
    state: SyncState
    head: RecordHead | None = None
    quarantine: QuarantineEntry | None = None
    internal_date: datetime | None = None
    gmail_error: str | None = None
    subject: str | None = None
    """Of a message that only Gmail has."""

    @property
    def advice(self) -> str:
        """What to do about it."""
        return ADVICE[self.verdict]


@dataclass(frozen=True, slots=True)
class Explain:
    """Looks at the record, the quarantine, the sync state and, if need be, at Gmail."""

    states: SyncStates
    records: Records
    quarantine: Quarantine
    gmail: GmailMailboxes
    clock: Clock

    async def __call__(
        self, connection_id: ConnectionId, message_id: MessageId, *, granted: bool = True
    ) -> Explanation:
        """Return about one message; costs 20 units where it is not stored.

        `granted` False where the connection only sends. Raises UnknownConnectionError.
        """
        found = await self.states.get(connection_id)
        if found is None:
            raise UnknownConnectionError(f"There is no connection {connection_id!r}.")
        state = found.value
        head = (await self.records.heads(connection_id, [message_id])).get(message_id)
        entry = (await self.quarantine.get(connection_id, [message_id])).get(message_id)
        if head is not None:
            verdict = Verdict.STORED if head.live else _ENDED[head.reason or EndReason.DELETED]
            return Explanation(verdict, state, head, entry, head.internal_date)
        if entry is not None:
            return Explanation(Verdict.QUARANTINED, state, None, entry)
        if not granted:
            return Explanation(Verdict.NOT_GRANTED, state)
        return await self._absent(state, message_id)

    async def _absent(self, state: SyncState, message_id: MessageId) -> Explanation:
        try:
            message = await self.gmail.of(state.connection_id).message(message_id)
        except PostroomError as error:
            if isinstance(error, GmailRefusedError) and error.about in NO_MESSAGE:
                return Explanation(Verdict.NOT_IN_GMAIL, state)
            return Explanation(Verdict.GMAIL_UNREACHABLE, state, gmail_error=error.code)
        seen = await read(message)
        verdict = self._reason(state, message, seen["from"]["email"])
        at = received_at(message)
        return Explanation(verdict, state, internal_date=at, subject=seen["subject"])

    def _reason(self, state: SyncState, message: GmailObject, sender: str) -> Verdict:
        if CHAT in message.get("labelIds", ()):
            return Verdict.CHAT
        if not _is_selected(state.selection, message, sender):
            return Verdict.NOT_SELECTED
        if state.status is not SyncStatus.RUNNING or state.last_error is not None:
            return Verdict.SYNC_STOPPED
        outside = state.window_start is not None and received_at(message) < state.window_start
        if outside:
            return Verdict.OUTSIDE_WINDOW
        if state.backfilling or state.recovering_since is not None or state.checkpoint is None:
            return Verdict.NOT_YET_READ
        waiting = state.is_held(self.clock.now()) or state.unmet_hint is not None
        return Verdict.WAITING if waiting else Verdict.MISSING


def _is_selected(selection: Selection, message: GmailObject, sender: str) -> bool:
    return selection.fits_labels({*message.get("labelIds", ())}) and selection.fits_sender(sender)


LONGEST: Final = 200
"""Characters of what is meant; Gmail takes about 1,500 of a query."""
MOST: Final = 10
"""Messages at once: to explain one that is absent costs 20 quota units."""
_ID: Final = re.compile(r"[0-9A-Fa-f]{10,20}")
_RFC822_ID: Final = re.compile(r"<?[^\s<>:@\"]+@[^\s<>:@\"]+>?")


def is_message_id(words: str) -> bool:
    """Whether it is an id of Gmail's, of which Gmail need not be asked."""
    return _ID.fullmatch(words) is not None


@dataclass(frozen=True, slots=True)
class MessagesMeant:
    """Asks Gmail where it is not an id: 5 quota units."""

    gmail: GmailMailboxes

    async def __call__(self, connection_id: ConnectionId, words: str) -> Sequence[MessageId]:
        """Return at most ten, newest first, also of trash and spam. Raises what Gmail raises."""
        if is_message_id(words):
            return [MessageId(words.lower())]
        query = f"rfc822msgid:{words}" if _RFC822_ID.fullmatch(words) else words
        asked = {"q": query, "maxResults": str(MOST), "includeSpamTrash": "true"}
        answer = await self.gmail.of(connection_id).call("GET", "/messages", query=asked)
        return [MessageId(str(one["id"])) for one in answer.get("messages") or ()][:MOST]
