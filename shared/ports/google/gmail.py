"""Gmail as the use cases need it; each operation names its quota units (FACTS 1.3).

Every method may raise RateLimitedError, TooManyConcurrentError, GmailUnavailableError,
ReauthRequiredError, MissingScopeError, GmailRefusedError (GmailNotFoundError for a 404).
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NewType, Protocol

from shared.domain.ids import ConnectionId, HistoryId, LabelId, MessageId, PageToken, ThreadId
from shared.domain.sync.history import HistoryRecord


@dataclass(frozen=True, slots=True)
class Profile:
    """users.getProfile: the address and the mailbox's current history ID."""

    email: str
    history_id: HistoryId
    messages_total: int


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """history.list: `history_id` is the mailbox's current one on every page (FACTS 3.3)."""

    records: Sequence[HistoryRecord]
    history_id: HistoryId
    next_page: PageToken | None


@dataclass(frozen=True, slots=True)
class MessageRef:
    """What a listing says of a message."""

    id: MessageId
    thread_id: ThreadId


@dataclass(frozen=True, slots=True)
class IdPage:
    """messages.list; `estimate` is Gmail's guess of the total (FACTS 4.1)."""

    refs: Sequence[MessageRef]
    next_page: PageToken | None
    estimate: int


@dataclass(frozen=True, slots=True)
class Watched:
    """users.watch."""

    history_id: HistoryId
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Sent:
    """messages.send or drafts.send."""

    id: MessageId
    thread_id: ThreadId


@dataclass(frozen=True, slots=True)
class Draft:
    """drafts.create or drafts.get: the draft's id and its current message."""

    id: str
    message_id: MessageId
    thread_id: ThreadId


GmailTopic = NewType("GmailTopic", str)
"""The Pub/Sub topic that Gmail publishes to: projects/P/topics/T; empty where there is none."""
GmailObject = Mapping[str, Any]
"""A JSON object exactly as Gmail answered it (format=full unless said otherwise)."""


class GmailTurns(Protocol):
    """How many calls of one mailbox are under way at once (FACTS 1.8)."""

    def at_once(self, most: int) -> AbstractAsyncContextManager[None]:
        """Return a block in which so many calls may be under way, unless Gmail minded fewer."""
        ...


class GmailSync(Protocol):
    """Reading a mailbox. Listings always include spam and trash (DESIGN 4.4)."""

    async def profile(self) -> Profile:
        """1 unit."""
        ...

    async def history(self, start: HistoryId, page: PageToken | None) -> HistoryPage:
        """2 units; up to 500 records. Raises HistoryExpiredError on 404 (FACTS 3.2)."""
        ...

    async def message_ids(
        self,
        *,
        since: datetime | None,
        label_id: LabelId | None = None,
        page: PageToken | None = None,
    ) -> IdPage:
        """5 units; up to 500 ids, newest first, `after:<epoch>` where `since` is given."""
        ...

    async def message(self, id: MessageId) -> GmailObject:
        """20 units, format=full."""
        ...

    async def thread(self, id: ThreadId) -> Sequence[GmailObject]:
        """40 units: all messages of the thread, format=full."""
        ...

    async def label_ids(self) -> Sequence[LabelId]:
        """1 unit: every label of the mailbox."""
        ...

    async def watch(self, topic: str) -> Watched:
        """100 units; unfiltered (FACTS 2.7). Raises GmailRefusedError (FACTS 2.6: stop first)."""
        ...

    async def stop(self) -> None:
        """50 units."""
        ...


class GmailSend(Protocol):
    """Submitting mail. Nothing here is ever retried by the adapter (FACTS 5.6)."""

    async def send(self, raw: bytes, thread_id: ThreadId | None) -> Sent:
        """100 units. GmailUnavailableError.sent says whether the request may have arrived."""
        ...

    async def create_draft(self, raw: bytes, thread_id: ThreadId | None) -> Draft:
        """10 units."""
        ...

    async def update_draft(self, id: str, raw: bytes, thread_id: ThreadId | None) -> Draft:
        """15 units: replaces the draft's message, whose id changes (FACTS 3.8).

        GmailNotFoundError where the draft is gone (404, or 400 "Message not a draft").
        """
        ...

    async def get_draft(self, id: str) -> Draft | None:
        """20 units; None where the draft is gone (404, or 400 "Message not a draft")."""
        ...

    async def recent_drafts(self, since: datetime) -> Sequence[Draft]:
        """5 units a page; newest first, drafts whose message is not older than `since`."""
        ...

    async def send_draft(self, id: str) -> Sent:
        """100 units. GmailNotFoundError where the draft was consumed (FACTS 5.8)."""
        ...

    async def headers(self, id: MessageId, names: Sequence[str]) -> GmailObject:
        """20 units, format=metadata with these headers."""
        ...

    async def thread_headers(
        self,
        id: ThreadId,
        names: Sequence[str],
    ) -> Sequence[GmailObject]:
        """40 units, format=metadata of every message of the thread."""
        ...

    async def sent_since(self, since: datetime) -> Sequence[MessageRef]:
        """5 units: `in:sent after:<epoch>`."""
        ...

    async def aliases(self, *, fresh: bool = False) -> Sequence[GmailObject]:
        """1 unit: settings.sendAs.list; without `fresh` a list of the last minutes will do."""
        ...

    async def attachment(self, message_id: MessageId, part_id: str) -> bytes:
        """20-40 units: the decoded bytes of a part, addressed stably (FACTS 4.5)."""
        ...


class GmailCalls(Protocol):
    """Any other Gmail method, for typed actions and the proxy."""

    async def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | Sequence[str]] | None = None,
        body: Any = None,
    ) -> Any:
        """Send JSON, answer JSON; `path` begins below `/gmail/v1/users/me`.

        GET is retried by reason; nothing else is.
        """
        ...


@dataclass(frozen=True, slots=True)
class MessagePart:
    """A part of a message, found by its stable id (FACTS 4.5).

    Small ones come `inline`; of others only Gmail's short-lived `attachment_id` is known.
    """

    message_id: MessageId
    part_id: str
    filename: str
    mime_type: str
    size: int
    """Decoded bytes."""
    attachment_id: str | None = None
    inline: bytes = field(default=b"", repr=False)
    charset: str = ""
    """What its header claims of text."""


class ByteStream(Protocol):
    """Bytes as they arrive; read once, and closed whether read to the end or not."""

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    async def aclose(self) -> None:
        """Give the connection back."""
        ...


@dataclass(frozen=True, slots=True)
class ProxyResponse:
    """Gmail's answer as it is; header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: ByteStream


class GmailStreams(Protocol):
    """What is passed on without being held in memory."""

    async def part(self, message_id: MessageId, part_id: str) -> MessagePart:
        """20 units: the part's name, type and size. Raises GmailNotFoundError."""
        ...

    async def head(self, message_id: MessageId) -> bytes:
        """20 units: the header lines as they travelled, the rest of the message unread.

        Raises GmailNotFoundError, and what any read raises.
        """
        ...

    async def content(self, part: MessagePart) -> ByteStream:
        """20 units unless the part came inline: the decoded bytes.

        Raises before the first byte what any read raises; GmailUnavailableError while reading,
        where the answer ends too early.
        """
        ...

    async def pass_on(
        self,
        method: str,
        path: str,
        *,
        query: Sequence[tuple[str, str]],
        headers: Mapping[str, str],
        content: bytes | None,
        upload: bool,
    ) -> ProxyResponse:
        """Make any call and answer whatever Gmail does; `path` begins below the mailbox.

        GET is retried by reason; nothing else is. Raises MissingScopeError, ReauthRequiredError,
        GmailUnavailableError; every other refusal is a ProxyResponse.
        """
        ...


class Gmail(GmailTurns, GmailSync, GmailSend, GmailCalls, GmailStreams, Protocol):
    """Everything, for one connection."""


class GmailMailboxes(Protocol):
    """Where a use case gets the Gmail of a connection: connection pools stay warm inside."""

    def of(self, connection_id: ConnectionId) -> Gmail:
        """Return the mailbox; no request is made."""
        ...
