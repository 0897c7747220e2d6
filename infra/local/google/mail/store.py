"""`MailStore`: what others know of the mail room."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final, Literal, Protocol

from infra.local.google.mail.arrival import Arrivals
from infra.local.google.mail.attachment_ids import AttachmentIds
from infra.local.google.mail.database import Database
from infra.local.google.mail.ids import first_history_id, hexadecimal
from infra.local.google.mail.message import COLUMNS, Message, Stored
from infra.local.google.mail.mime import Part, read_part
from infra.local.google.mail.rendering import ADDRESS_HEADERS, RenderCache, Rendered, render
from infra.local.google.mail.writer import Mailbox, Writer

CACHE_BYTES: Final = 64 * 1024 * 1024


AddressWords = Literal["decoded", "encoded"]


class Clock(Protocol):
    """The emulator's time."""

    def now(self) -> datetime:
        """Return the time as an aware UTC datetime."""


class Arrive(Protocol):
    """How mail from outside gets into a mailbox."""

    def __call__(
        self,
        store: "MailStore",
        writer: Writer,
        email: str,
        raw: bytes,
        label_ids: Sequence[str] = ("UNREAD", "INBOX"),
        *,
        internal_ms: int | None = None,
        thread: int | None = None,
    ) -> Message:
        """Store the message inside the writer's transaction; return it as it then is."""


def put_in(
    store: "MailStore",
    writer: Writer,
    email: str,
    raw: bytes,
    label_ids: Sequence[str] = ("UNREAD", "INBOX"),
    *,
    internal_ms: int | None = None,
    thread: int | None = None,
) -> Message:
    """Store mail without a look at the account's settings."""
    mailbox = store.mailbox(email)
    return writer.add(mailbox, raw, label_ids, internal_ms=internal_ms, thread=thread)


class UnknownMailboxError(LookupError):
    """No mailbox has that address."""


def epoch_ms(moment: datetime) -> int:
    """Return the moment in milliseconds since 1970."""
    return int(moment.timestamp() * 1000)


class MailStore:
    """Mailboxes, messages, threads, labels, drafts and history on one SQLite file.

    Calls are synchronous and take microseconds to a few milliseconds. `":memory:"` forgets all at
    the end; a file survives restarts. Addresses are compared without regard to case. Listeners in
    `on_change` are called with (email, new history id) after every commit that changed a mailbox.
    Every method that takes an address raises `UnknownMailboxError` for one without a mailbox.
    """

    def __init__(
        self, path: str = ":memory:", clock: Clock | None = None, cache_bytes: int = CACHE_BYTES
    ) -> None:
        self.database = Database(path)
        self.attachment_ids = AttachmentIds(self.database.secret("attachments", os.urandom(32)))
        self.arrive: Arrive = put_in
        self.address = ""
        """Where the emulated Google is reached, for links in its own mail."""
        self.on_change: list[Callable[[str, int], None]] = []
        self._clock = clock
        self._arrivals = Arrivals()
        self._cache = RenderCache(cache_bytes)
        self._address_words: AddressWords = "decoded"
        self._numbers: dict[str, int] = {}
        self._writer: Writer | None = None
        self._last_id = 0

    def close(self) -> None:
        """Close the file."""
        self.database.close()

    @property
    def address_words(self) -> AddressWords:
        """How encoded words in address headers are handed out: no one has recorded it of Gmail."""
        return self._address_words

    @address_words.setter
    def address_words(self, value: AddressWords) -> None:
        self._address_words = value
        self._cache.clear()

    def now(self) -> datetime:
        """Return the emulator's time."""
        return self._clock.now() if self._clock else datetime.now(UTC)

    def now_ms(self) -> int:
        """Return the emulator's time in epoch milliseconds."""
        return epoch_ms(self.now())

    # Mailboxes

    def create_mailbox(self, email: str) -> None:
        """Create an empty mailbox; one that exists is left as it is."""
        start = first_history_id()
        self.database.rows(
            "INSERT OR IGNORE INTO mailboxes (email, history_id, history_floor) VALUES (?, ?, ?)",
            email.strip().lower(),
            start,
            start,
        )

    def rename_mailbox(self, email: str, to: str) -> None:
        """Give the mailbox another address. Raises ValueError where that one is taken."""
        number = self.number(email)
        if self.has_mailbox(to):
            msg = f"there is a mailbox {to}"
            raise ValueError(msg)
        self.database.rows("UPDATE mailboxes SET email = ? WHERE number = ?", to, number)
        self._numbers.clear()

    def has_mailbox(self, email: str) -> bool:
        """Whether the address has a mailbox."""
        return self._number(email) is not None

    def emails(self) -> list[str]:
        """Return the addresses of all mailboxes, oldest first."""
        return [row[0] for row in self.database.rows("SELECT email FROM mailboxes ORDER BY number")]

    def delete_all(self) -> None:
        """Delete every mailbox."""
        self.database.clear()
        self._arrivals = Arrivals()
        self._numbers.clear()
        self._cache.clear()

    def number(self, email: str) -> int:
        """Return the mailbox's number in the tables."""
        number = self._number(email)
        if number is None:
            raise UnknownMailboxError("No such mailbox.")
        return number

    def mailbox(self, email: str) -> Mailbox:
        """Return the mailbox as it is now; inside `writing`, as it has become there."""
        number = self.number(email)
        sql = "SELECT number, email, history_id FROM mailboxes WHERE number = ?"
        with self.database.alone():
            mailbox = Mailbox(*self.database.row(sql, number))
            loaded = self._writer.loaded if self._writer else {}
            return loaded.setdefault(mailbox.email, mailbox)

    def history_id(self, email: str) -> int:
        """Return the mailbox's current history id."""
        return self.mailbox(email).history_id

    def expire_history(self, email: str) -> None:
        """Drop all history records: every older startHistoryId is expired from now on."""
        number = self.number(email)
        with self.database.transaction():
            self.database.rows("DELETE FROM history WHERE mailbox = ?", number)
            self.database.rows(
                "UPDATE mailboxes SET history_floor = history_id WHERE number = ?", number
            )

    # Writing

    @contextmanager
    def writing(self) -> Iterator[Writer]:
        """Open a transaction; at its end it is committed and the listeners are told.

        An inner one joins the outer one.
        """
        with self.database.transaction():
            if self._writer:
                yield self._writer
                return
            self._writer = writer = Writer(self.database, self.now_ms(), self._last_id)
            try:
                yield writer
                writer.flush()
            finally:
                self._writer = None
                self._last_id = writer.last_id
        for mailbox in writer.changed.values():
            for listener in self.on_change:
                listener(mailbox.email, mailbox.history_id)

    def deliver(
        self,
        email: str,
        raw: bytes,
        *,
        label_ids: Sequence[str] = ("INBOX", "UNREAD"),
        internal_date: datetime | None = None,
        thread_id: str | None = None,
    ) -> Stored:
        """Put a message into a mailbox, in `thread_id` or in the thread its headers name.

        It arrives now; it was accepted at `internal_date`, or a little before.
        """
        with self.writing() as writer:
            accepted = writer.now_ms - self._arrivals.lateness_ms()
            message = self.arrive(
                self,
                writer,
                email,
                raw,
                label_ids,
                internal_ms=epoch_ms(internal_date) if internal_date else accepted,
                thread=int(thread_id, 16) if thread_id else None,
            )
        return Stored(hexadecimal(message.id), hexadecimal(message.thread), message.history_id)

    def deliver_many(
        self, email: str, items: Iterable[tuple[bytes, datetime, Sequence[str]]]
    ) -> int:
        """Put (raw, internal date, label ids) into a mailbox, all or nothing; return how many."""
        count = 0
        with self.writing() as writer:
            mailbox = self.mailbox(email)
            for raw, moment, label_ids in items:
                at = epoch_ms(moment)
                arrived = min(at + self._arrivals.lateness_ms(), max(at, writer.now_ms))
                writer.add(mailbox, raw, label_ids, internal_ms=at, id_ms=arrived)
                count += 1
        return count

    # Reading

    def messages(self, email: str) -> list[dict[str, Any]]:
        """Return id, threadId, labelIds, internalDate of all mail, hidden too, latest first."""
        sql = f"SELECT {COLUMNS} FROM messages m WHERE m.mailbox = ? ORDER BY id DESC"  # noqa: S608
        return [
            {
                "id": hexadecimal(message.id),
                "threadId": hexadecimal(message.thread),
                "labelIds": message.labels,
                "internalDate": str(message.internal_ms),
            }
            for message in (Message(*row) for row in self.database.rows(sql, self.number(email)))
        ]

    def message(self, email: str, id: int) -> Message | None:
        """Return one message's index entry, or None."""
        sql = f"SELECT {COLUMNS} FROM messages m WHERE m.mailbox = ? AND m.id = ?"  # noqa: S608
        row = self.database.row(sql, self.number(email), id)
        return Message(*row) if row else None

    def thread(self, email: str, thread: int) -> list[Message]:
        """Return a thread's messages, oldest first; none if there is no such thread."""
        sql = f"SELECT {COLUMNS} FROM messages m WHERE m.mailbox = ? AND m.thread = ? ORDER BY m.id"  # noqa: S608
        return [Message(*row) for row in self.database.rows(sql, self.number(email), thread)]

    def owns(self, email: str, row: int) -> bool:
        """Whether that row is still a message of this mailbox."""
        sql = "SELECT 1 FROM messages WHERE row = ? AND mailbox = ?"
        return self.database.row(sql, row, self.number(email)) is not None

    def raw(self, row: int) -> bytes:
        """Return a message as it was stored."""
        raw: bytes = self.database.row("SELECT raw FROM bodies WHERE row = ?", row)[0]
        return raw

    def tree(self, row: int) -> Part:
        """Return a message's MIME tree."""
        return read_part(self.raw(row))

    def render(self, row: int) -> Rendered:
        """Return a message's payload and snippet, rendered at the first call."""
        found = self._cache.get(row)
        if found is None:
            encoded = ADDRESS_HEADERS if self._address_words == "encoded" else ()
            found = render(self.tree(row), encoded)
            self._cache.put(row, found)
        return found

    def _number(self, email: str) -> int | None:
        number = self._numbers.get(email)
        if number is None:
            row = self.database.row(
                "SELECT number FROM mailboxes WHERE email = ?", email.strip().lower()
            )
            if row is None:
                return None
            number = self._numbers[email] = row[0]
        return number
