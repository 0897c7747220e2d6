"""Threads: one record a conversation, kept current from the stored messages without any call."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shared.actions.syncs import Derived
from shared.domain.mail.reading.address_list import format_addresses
from shared.domain.mail.reading.email_message import EmailMessage


@dataclass(frozen=True)
class MessageHeader:
    """A header of a message."""

    name: str
    value: str


@dataclass(frozen=True)
class MessagePayload:
    """Headers as they are kept: addresses and dates as they were read, not as they were written."""

    headers: tuple[MessageHeader, ...]


@dataclass(frozen=True)
class ThreadMessage:
    """A message of a conversation, without its text: `GET /records` has that under its id."""

    id: str
    threadId: str  # noqa: N815  Gmail's spelling
    historyId: str  # noqa: N815
    labelIds: tuple[str, ...]  # noqa: N815
    snippet: str
    internalDate: str  # noqa: N815
    sizeEstimate: int  # noqa: N815
    payload: MessagePayload


@dataclass(frozen=True)
class GmailThread:
    """A conversation, of its live messages."""

    id: str
    historyId: str  # noqa: N815  Gmail's spelling
    subject: str
    snippet: str
    count: int
    unread: int
    participants: tuple[str, ...]
    first_at: str
    last_at: str
    labels: tuple[str, ...]
    messages: tuple[ThreadMessage, ...]


def thread_of(messages: Sequence[EmailMessage]) -> list[GmailThread]:
    """Return the thread's record; the messages are all that are live, oldest first."""
    first, last = messages[0], messages[-1]
    return [
        GmailThread(
            id=last["threadId"],
            historyId=max((one["historyId"] for one in messages), key=int),
            subject=first["subject"],
            snippet=last["snippet"],
            count=len(messages),
            unread=sum(one["isUnread"] for one in messages),
            participants=tuple(sorted({one["from"]["email"] for one in messages if one["from"]})),
            first_at=first["date"],
            last_at=last["date"],
            labels=tuple(sorted({label for one in messages for label in one["labelIds"]})),
            messages=tuple(map(message_of, messages)),
        )
    ]


def message_of(message: EmailMessage) -> ThreadMessage:
    """Return a message without its text."""
    return ThreadMessage(
        id=message["id"],
        threadId=message["threadId"],
        historyId=message["historyId"],
        labelIds=tuple(message["labelIds"]),
        snippet=message["snippet"],
        internalDate=message["internalDate"],
        sizeEstimate=message["sizeEstimate"],
        payload=MessagePayload(tuple(headers_of(message))),
    )


def headers_of(message: EmailMessage) -> Iterator[MessageHeader]:
    """Yield the headers that are kept, those that are empty left out."""
    sender = [message["from"]] if message["from"] else []
    found = {
        "From": format_addresses(sender),
        "To": format_addresses(message["to"]),
        "Cc": format_addresses(message["cc"]),
        "Reply-To": format_addresses(message["replyTo"]),
        "Subject": message["subject"],
        "Date": message["date"],
        "Message-ID": message["messageId"],
        "In-Reply-To": message["inReplyTo"],
        "References": " ".join(message["references"]),
        **message["headers"],
    }
    yield from (MessageHeader(name, value) for name, value in found.items() if value)


SYNC = Derived(
    name="sync-threads",
    summary="One record a conversation: subject, participants, counts and labels.",
    model=GmailThread,
    by="thread",
    rows=thread_of,
    version=2,
)
