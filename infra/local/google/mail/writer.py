"""The one writer of the mail room: every change of a mailbox and its history record, together."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import IntEnum
from typing import Final

from infra.local.google.mail.arrival import whole_second
from infra.local.google.mail.database import Database
from infra.local.google.mail.headers import Envelope, read_envelope
from infra.local.google.mail.ids import first_id, history_gap, new_draft_id, new_message_id
from infra.local.google.mail.message import HIDING, Message, encode_labels, with_labels
from infra.local.google.mail.words import indexable

THREADING_LIMIT: Final = 50
"""How many references are looked up; the nearest come first."""

NEW_THREAD: Final = 0
"""For `Writer.add`: whatever the headers say, start a thread."""


class Kind(IntEnum):
    """The four change types of a history record (FACTS 3.5), and none at all, as stored."""

    MESSAGE_ADDED = 1
    MESSAGE_DELETED = 2
    LABEL_ADDED = 3
    LABEL_REMOVED = 4
    TOUCHED = 5
    """Gmail names the message and no change: so recorded in four of nine records."""


@dataclass(slots=True)
class Mailbox:
    """A mailbox's number, address and current history id."""

    number: int
    email: str
    history_id: int


@dataclass(frozen=True, slots=True)
class Relabel:
    """One message's wanted label change."""

    message: Message
    add: Sequence[str] = ()
    remove: Sequence[str] = ()

    @property
    def leaves_inbox(self) -> bool:
        """Whether the message becomes spam or trash, which the inbox does not show."""
        return bool(HIDING & set(self.add) - set(self.message.labels))


class Writer:
    """Writes inside one transaction of `Database`; built by `MailStore.writing`.

    `changed` lists the mailboxes whose history grew, `loaded` all that were looked at: there is one
    object of each, or two would count history ids past each other.
    """

    def __init__(self, database: Database, now_ms: int, last_id: int = 0) -> None:
        self.database = database
        self.now_ms = now_ms
        self.changed: dict[str, Mailbox] = {}
        self.loaded: dict[str, Mailbox] = {}
        self.last_id = last_id
        """The id given last, though its message may be gone: Gmail gives none twice."""

    @property
    def now(self) -> datetime:
        """The time of the transaction."""
        return datetime.fromtimestamp(self.now_ms / 1000, UTC)

    def next_record(self, mailbox: Mailbox) -> int:
        """Start a history record and return its id."""
        mailbox.history_id += history_gap()
        self.changed[mailbox.email] = mailbox
        return mailbox.history_id

    def flush(self) -> None:
        """Store the new current history ids."""
        for mailbox in self.changed.values():
            self.database.rows(
                "UPDATE mailboxes SET history_id = ? WHERE number = ?",
                mailbox.history_id,
                mailbox.number,
            )

    def add(
        self,
        mailbox: Mailbox,
        raw: bytes,
        label_ids: Iterable[str],
        *,
        internal_ms: int | None = None,
        id_ms: int | None = None,
        thread: int | None = None,
        draft_id: str | None = None,
        sort: Callable[[Message], list[str]] | None = None,
    ) -> Message:
        """Store a message and record it as added.

        It joins `thread`, starts its own for `NEW_THREAD`, or goes where its headers say for None.
        Its id says when it arrived: now, or `id_ms`; `internal_ms` is cut to its second.
        With label DRAFT it becomes the message of `draft_id`, or of a new draft. `sort` sees the
        stored message and says which labels it is recorded with.
        """
        envelope = read_envelope(raw)
        id = self._free_id(mailbox, self.now_ms if id_ms is None else id_ms)
        labels = list(dict.fromkeys(label_ids))
        if thread is None:
            thread = self.thread_of(mailbox, envelope)
        message = Message(
            row=0,
            id=id,
            thread=thread or id,
            internal_ms=whole_second(self.now_ms if internal_ms is None else internal_ms),
            history_id=self.next_record(mailbox),
            labels_json=encode_labels(labels),
            size=len(raw),
        )
        message = self._insert(mailbox, message, envelope, raw)
        self._set_labels(mailbox, message, labels)
        if sort is not None:
            message = self._store_labels(mailbox, message, sort(message))
        self._log(mailbox, message, Kind.MESSAGE_ADDED)
        if "DRAFT" in labels:
            self.database.rows(
                "INSERT OR REPLACE INTO drafts VALUES (?, ?, ?, 'draft')",
                mailbox.number,
                draft_id or new_draft_id(),
                message.id,
            )
        return message

    def relabel(self, mailbox: Mailbox, changes: Iterable[Relabel]) -> list[Message]:
        """Change labels in one history record; return the messages as they now are.

        What changes nothing leaves no record. Messages that become spam or trash lose INBOX in a
        second record (recorded).
        """
        changes = list(changes)
        after = self._relabel_all(mailbox, changes)
        leaving = {change.message.id for change in changes if change.leaves_inbox}
        out = [
            Relabel(message, remove=("INBOX",) if message.id in leaving else ())
            for message in after
        ]
        return self._relabel_all(mailbox, out)

    def touch(self, mailbox: Mailbox, message: Message, times: int) -> Message:
        """Leave history records that name the message and no change; return it as it then is."""
        for _ in range(times):
            message = replace(message, history_id=self.next_record(mailbox))
            self._log(mailbox, message, Kind.TOUCHED)
        self.database.rows(
            "UPDATE messages SET history_id = ? WHERE row = ?", message.history_id, message.row
        )
        return message

    def _relabel_all(self, mailbox: Mailbox, changes: Iterable[Relabel]) -> list[Message]:
        record = 0
        after: list[Message] = []
        for change in changes:
            old = change.message.labels
            new = with_labels(old, change.add, change.remove)
            if new == old:
                after.append(change.message)
                continue
            record = record or self.next_record(mailbox)
            after.append(self._relabel(mailbox, change, old, new, record))
        return after

    def delete(self, mailbox: Mailbox, messages: Iterable[Message]) -> None:
        """Delete for good, all in one history record."""
        record = 0
        for message in messages:
            record = record or self.next_record(mailbox)
            self._clear_labels(mailbox, message)
            self.database.rows("DELETE FROM messages WHERE row = ?", message.row)
            self.database.rows("DELETE FROM bodies WHERE row = ?", message.row)
            self.database.rows(
                "DELETE FROM drafts WHERE mailbox = ? AND message = ? AND state = 'draft'",
                mailbox.number,
                message.id,
            )
            self._log(mailbox, replace(message, history_id=record), Kind.MESSAGE_DELETED)

    def thread_of(self, mailbox: Mailbox, envelope: Envelope) -> int | None:
        """Return the thread holding a referenced message with the same subject, if any."""
        for reference in envelope.references[:THREADING_LIMIT]:
            found = self.database.row(
                "SELECT thread FROM messages"
                " WHERE mailbox = ? AND message_id = ? AND subject_key = ? LIMIT 1",
                mailbox.number,
                reference,
                envelope.subject_key,
            )
            if found:
                thread: int = found[0]
                return thread
        return None

    def _free_id(self, mailbox: Mailbox, milliseconds: int) -> int:
        """Return an id above every other of its millisecond: ids tell the order of arrival."""
        highest = "SELECT MAX(id) FROM messages WHERE mailbox = ? AND id < ?"
        end = first_id(milliseconds + 1)
        last = self.database.row(highest, mailbox.number, end)[0] or 0
        given = [one for one in (last, self.last_id) if first_id(milliseconds) <= one < end]
        self.last_id = new_message_id(milliseconds, max(given, default=0))
        while self.database.row(
            "SELECT 1 FROM messages WHERE mailbox = ? AND id = ?", mailbox.number, self.last_id
        ):
            self.last_id = new_message_id(milliseconds, self.last_id)
        return self.last_id

    def _insert(
        self, mailbox: Mailbox, message: Message, envelope: Envelope, raw: bytes
    ) -> Message:
        row = self.database.insert(
            "INSERT INTO messages (mailbox, id, thread, internal_ms, history_id, hidden, labels,"
            " size, message_id, subject_key) VALUES (?, ?, ?, ?, ?, 0, '[]', ?, ?, ?)",
            mailbox.number,
            message.id,
            message.thread,
            message.internal_ms,
            message.history_id,
            message.size,
            envelope.message_id,
            envelope.subject_key,
        )
        self.database.insert("INSERT INTO bodies VALUES (?, ?)", row, raw)
        self.database.insert(
            "INSERT INTO heads (rowid, subject, sender, recipient, copied, blind)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            row,
            indexable(envelope.subject),
            indexable(envelope.sender),
            indexable(envelope.to),
            indexable(envelope.cc),
            indexable(envelope.bcc),
        )
        return replace(message, row=row)

    def _store_labels(self, mailbox: Mailbox, message: Message, labels: list[str]) -> Message:
        if labels == message.labels:
            return message
        found = replace(message, labels_json=encode_labels(labels))
        self._clear_labels(mailbox, found)
        self._set_labels(mailbox, found, labels)
        return found

    def _relabel(
        self, mailbox: Mailbox, change: Relabel, old: list[str], new: list[str], record: int
    ) -> Message:
        message = replace(change.message, history_id=record, labels_json=encode_labels(new))
        self._clear_labels(mailbox, message)
        self._set_labels(mailbox, message, new)
        added = [label for label in new if label not in old]
        removed = [label for label in old if label not in new]
        if added:
            self._log(mailbox, message, Kind.LABEL_ADDED, added)
        if removed:
            self._log(mailbox, message, Kind.LABEL_REMOVED, removed)
        return message

    def _clear_labels(self, mailbox: Mailbox, message: Message) -> None:
        stored = self.database.row("SELECT labels FROM messages WHERE row = ?", message.row)
        self.database.many(
            "DELETE FROM message_labels WHERE mailbox = ? AND label = ? AND id = ?",
            [
                (mailbox.number, label, message.id)
                for label in replace(message, labels_json=stored[0]).labels
            ],
        )

    def _set_labels(self, mailbox: Mailbox, message: Message, labels: list[str]) -> None:
        self.database.rows(
            "UPDATE messages SET labels = ?, hidden = ?, history_id = ? WHERE row = ?",
            message.labels_json,
            bool(HIDING & set(labels)),
            message.history_id,
            message.row,
        )
        self.database.many(
            "INSERT INTO message_labels (mailbox, label, id, internal_ms, row)"
            " VALUES (?, ?, ?, ?, ?)",
            [
                (mailbox.number, label, message.id, message.internal_ms, message.row)
                for label in labels
            ],
        )

    def _log(
        self, mailbox: Mailbox, message: Message, kind: Kind, changed: Sequence[str] = ()
    ) -> None:
        self.database.insert(
            "INSERT INTO history VALUES (?, ?, ?, ?, ?, ?, ?)",
            mailbox.number,
            message.history_id,
            kind,
            message.id,
            message.thread,
            message.labels_json,
            encode_labels(changed),
        )
