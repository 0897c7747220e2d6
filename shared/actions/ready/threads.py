"""Threads: one record a conversation, kept current from the stored messages without any call."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.actions.syncs import Derived
from shared.domain.mail.reading.email_message import EmailMessage


@dataclass(frozen=True)
class GmailThread:
    """A conversation, of its live messages."""

    id: str
    subject: str
    snippet: str
    messages: int
    unread: int
    participants: tuple[str, ...]
    first_at: str
    last_at: str
    labels: tuple[str, ...]
    message_ids: tuple[str, ...]


def thread_of(messages: Sequence[EmailMessage]) -> list[GmailThread]:
    """Return the thread's record; the messages are all that are live, oldest first."""
    first, last = messages[0], messages[-1]
    return [
        GmailThread(
            id=last["threadId"],
            subject=first["subject"] or "",
            snippet=last["snippet"] or "",
            messages=len(messages),
            unread=sum(one["isUnread"] for one in messages),
            participants=tuple(sorted({one["from"]["email"] for one in messages if one["from"]})),
            first_at=first["date"] or "",
            last_at=last["date"] or "",
            labels=tuple(sorted({label for one in messages for label in one["labelIds"]})),
            message_ids=tuple(one["id"] for one in messages),
        )
    ]


SYNC = Derived(
    name="sync-threads",
    summary="One record a conversation: subject, participants, counts and labels.",
    model=GmailThread,
    by="thread",
    rows=thread_of,
)
