"""The owner of the mailbox, at work in Gmail: everything a person can do to mail."""

import random
from datetime import datetime, timedelta

from infra.local.google.mail import drafts
from infra.local.google.mail.message import Message
from infra.local.google.mail.sending import send
from infra.local.google.mail.store import MailStore
from infra.local.google.mail.writer import Relabel
from shared.ports.clock import Clock

NOBODY = "nobody@bounce.example"
"""Mail to it comes back."""


def letter(subject: str, to: str, *, size: int = 0, reply_to: str | None = None) -> bytes:
    """Return a raw message; `size` is that of its text, in bytes."""
    headers = {
        "From": "bob@x.example",
        "To": to,
        "Subject": subject,
        "Message-ID": f"<{subject}@x.example>",
        "Content-Type": 'text/plain; charset="utf-8"',
    }
    if reply_to:
        headers |= dict.fromkeys(("In-Reply-To", "References"), f"<{reply_to}@x.example>")
    head = "".join(f"{name}: {value}\n" for name, value in headers.items())
    line = "The quick brown fox jumps over the lazy dog, again and again.\n"
    return f"{head}\nThis is {subject}.\n{line * (size // len(line))}".encode()


def noise(size: int) -> str:
    """Return text that hardly compresses."""
    text = random.Random(size).randbytes(size // 2).hex()
    return "\n".join(text[start : start + 70] for start in range(0, size, 70))


class Owner:
    """Acts on the store directly: no fault of the API stops a person at the keyboard."""

    def __init__(self, store: MailStore, email: str, clock: Clock) -> None:
        self.store, self.email, self.clock = store, email, clock

    def ids(self) -> list[str]:
        """Return the ids of all mail, oldest first."""
        found = sorted(self.store.messages(self.email), key=lambda m: str(m["id"]))
        return [str(message["id"]) for message in found]

    def receive(
        self,
        subject: str,
        *,
        size: int = 0,
        age: timedelta = timedelta(),
        thread_id: str | None = None,
        labels: tuple[str, ...] = ("INBOX", "UNREAD"),
    ) -> str:
        """Get mail; answer its id."""
        raw = letter(subject, self.email, size=size)
        moment: datetime = self.clock.now() - age
        return self.store.deliver(
            self.email, raw, internal_date=moment, label_ids=labels, thread_id=thread_id
        ).id

    def receive_noise(self, subject: str, size: int) -> str:
        """Get mail whose text is that large and does not compress; answer its id."""
        raw = letter(subject, self.email) + noise(size).encode()
        return self.store.deliver(self.email, raw, internal_date=self.clock.now()).id

    def thread_of(self, id: str) -> str:
        """Return the thread of a message."""
        return f"{self._message(id).thread:016x}"

    def relabel(
        self, ids: list[str], add: tuple[str, ...] = (), drop: tuple[str, ...] = ()
    ) -> None:
        """Put labels on and take some off, all in one history record."""
        changes = [Relabel(self._message(id), add, drop) for id in ids]
        with self.store.writing() as writer:
            writer.relabel(self.store.mailbox(self.email), changes)

    def trash(self, id: str) -> None:
        """Put in the bin."""
        self.relabel([id], add=("TRASH",))

    def untrash(self, id: str) -> None:
        """Take out of the bin."""
        self.relabel([id], drop=("TRASH",))

    def delete(self, ids: list[str]) -> None:
        """Delete for good."""
        messages = [self._message(id) for id in ids]
        with self.store.writing() as writer:
            writer.delete(self.store.mailbox(self.email), messages)

    def drafts(self) -> list[str]:
        """Return the ids of the drafts that were not sent."""
        return sorted(drafts.draft_ids(self.store, self.email).values())

    def write_draft(self, subject: str) -> str:
        """Begin a draft."""
        return drafts.create_draft(self.store, self.email, letter(subject, "bob@x.example"))[0]

    def save_draft(self, draft_id: str, subject: str) -> None:
        """Save it again: its message is replaced (FACTS 3.8)."""
        raw = letter(subject, "bob@x.example")
        drafts.update_draft(self.store, self.email, draft_id, raw, None)

    def send_draft(self, draft_id: str) -> None:
        """Send it: one message goes, another comes."""
        drafts.send_draft(self.store, self.email, draft_id)

    def discard_draft(self, draft_id: str) -> None:
        """Throw it away."""
        drafts.delete_draft(self.store, self.email, draft_id)

    def send(self, subject: str, to: str = "bob@x.example") -> None:
        """Send a message."""
        with self.store.writing() as writer:
            mailbox = self.store.mailbox(self.email)
            send(self.store, writer, mailbox, letter(subject, to), None)

    def _message(self, id: str) -> Message:
        found = self.store.message(self.email, int(id, 16))
        assert found is not None
        return found
