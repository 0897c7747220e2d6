"""The live copy of a mailbox: what changed, screens, single messages, their files (API 4)."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, NotRequired, Required, TypedDict

import httpx

from .syncs import MODEL
from .transport import Query, Request, ResponseModel, Transport, at, query_of

LONGEST_LINK: Final = timedelta(minutes=15)
ROOT: Final = "root"
"""What the part of a message that is one single file is called; Gmail gives it no number."""
LastAction = Literal["added", "updated", "deleted"]


class Participant(TypedDict):
    """One address of a message."""

    name: str
    email: str


class Attachment(TypedDict):
    """A file of a message, addressed by message id and part id."""

    partId: str
    filename: str
    mimeType: str
    size: int
    contentId: str | None
    inline: bool
    parts: "NotRequired[list[Attachment]]"


class RecordMetadata(TypedDict):
    """How a record got here; times are ISO 8601."""

    first_seen_at: str
    last_modified_at: str
    last_action: Literal["ADDED", "UPDATED", "DELETED"]
    deleted_at: str | None
    pruned_at: str | None
    cursor: str
    reason: 'NotRequired[Literal["deleted", "emptied", "pruned"]]'


EmailMessage = TypedDict(
    "EmailMessage",
    {
        "id": Required[str],
        "threadId": Required[str],
        "historyId": Required[str],
        "labelIds": Required[list[str]],
        "isUnread": Required[bool],
        "isDraft": Required[bool],
        "isSent": Required[bool],
        "origin": Required[str],
        "reason": Literal["deleted", "left_selection", "emptied", "pruned"],
        "_nango_metadata": Required[RecordMetadata],
        "date": str | None,
        "internalDate": str | None,
        "body_truncated": bool,
        "from": Participant | None,
        "to": list[Participant],
        "cc": list[Participant],
        "bcc": list[Participant],
        "replyTo": list[Participant],
        "subject": str | None,
        "snippet": str | None,
        "text": str | None,
        "replyText": str,
        "html": str | None,
        "attachments": list[Attachment],
        "messageId": str | None,
        "inReplyTo": str | None,
        "references": list[str],
        "headers": dict[str, Any],
        "sizeEstimate": int | None,
        "cause": Literal["api"] | None,
    },
    total=False,
)
"""A record as it comes: of one deleted or emptied only ids, labels and metadata remain."""


@dataclass(frozen=True, slots=True)
class RecordsPage:
    """Records in commit order. Store `cursor` to continue after them, `more` or not."""

    records: Sequence[EmailMessage]
    cursor: str | None
    more: bool


@dataclass(frozen=True, slots=True)
class Screen:
    """Records newest first; `before` asks for the next screen, None at the end."""

    records: Sequence[EmailMessage]
    before: str | None


Row = TypedDict(
    "Row",
    {
        "id": str,
        "threadId": str,
        "from": Participant | None,
        "to": list[Participant],
        "subject": str,
        "date": str | None,
        "snippet": str,
        "labelIds": list[str],
        "isUnread": bool,
        "attachments": int,
    },
)
"""What a search says of a message; of one that is not stored only its ids tell something."""


@dataclass(frozen=True, slots=True)
class Search:
    """Rows, newest first; `next_page` asks for the next page, None at the end.

    Where it is not `complete` the page ended before it was full.
    """

    records: Sequence[Row]
    next_page: str | None
    complete: bool
    units: int


class _Searched(ResponseModel):
    """A page of a search."""

    records: Sequence[Any]
    next_page: str | None
    complete: bool
    units: int


class _Found(ResponseModel):
    """Records are taken as they come: there may be thousands."""

    records: Sequence[Any]
    next_cursor: str | None
    next_before: str | None = None


class Pruned(ResponseModel):
    """How many payloads were emptied, and whether more remain."""

    count: int
    has_more: bool


class LabelCount(ResponseModel):
    """How many stored messages have a label, and how many of them are unread."""

    id: str
    total: int
    unread: int


class LabelCounts(ResponseModel):
    """Counts by label; not `complete` where only the newest messages were counted."""

    labels: Sequence[LabelCount]
    messages: int
    unread: int
    complete: bool


class Link(ResponseModel):
    """An address that opens one attachment without an API key."""

    url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Records:
    """`postroom.records`. `model` may be a projection of the deployment's own."""

    transport: Transport

    async def page(
        self,
        connection_id: str,
        cursor: str | None,
        *,
        limit: int = 100,
        only: Sequence[LastAction] = (),
        modified_after: datetime | None = None,
        model: str = MODEL,
    ) -> RecordsPage:
        """Return what changed after `cursor`, each record once, at its latest; None: all."""
        query = query_of(
            model=model,
            cursor=cursor,
            limit=limit,
            filter=",".join(only) or None,
            modified_after=modified_after.isoformat() if modified_after else None,
        )
        found = await self._read(connection_id, query)
        last = found.records[-1]["_nango_metadata"]["cursor"] if found.records else cursor
        return RecordsPage(found.records, found.next_cursor or last, found.next_cursor is not None)

    async def pages(
        self,
        connection_id: str,
        cursor: str | None,
        *,
        limit: int = 100,
        only: Sequence[LastAction] = (),
        model: str = MODEL,
    ) -> AsyncIterator[RecordsPage]:
        """Yield pages after `cursor` until there is nothing newer.

        Work through a page, store its cursor, take the next: a run that stops begins there again.
        """
        more = True
        while more:
            page = await self.page(connection_id, cursor, limit=limit, only=only, model=model)
            yield page
            cursor, more = page.cursor, page.more

    async def screen(
        self,
        connection_id: str,
        *,
        label: str | Sequence[str] | None = None,
        thread_id: str | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> Screen:
        """Return records newest first: those that have a label or all of several, or all."""
        query: Query = query_of(order="date_desc", thread_id=thread_id, before=before, limit=limit)
        if label:
            query = {**query, "label": [label] if isinstance(label, str) else [*label]}
        found = await self._read(connection_id, query)
        return Screen(found.records, found.next_before)

    async def search(
        self,
        connection_id: str,
        *,
        sender: str | None = None,
        to: str | None = None,
        subject: str | None = None,
        labels: Sequence[str] = (),
        thread_id: str | None = None,
        with_attachment: bool = False,
        unread: bool = False,
        after: datetime | None = None,
        before: datetime | None = None,
        q: str | None = None,
        limit: int = 50,
        page: str | None = None,
    ) -> Search:
        """Return rows of the messages that fit everything given.

        Only `q`, Gmail's own operators, costs quota units (5).
        """
        query: Query = query_of(
            **{"from": sender, "to": to, "subject": subject, "thread_id": thread_id, "q": q},
            has="attachment" if with_attachment else None,
            unread=unread or None,
            after=after.isoformat() if after else None,
            before=before.isoformat() if before else None,
            limit=limit,
            page=page,
        )
        if labels:
            query = {**query, "label": list(labels)}
        request = Request("GET", "/records/search", connection_id, query=query, repeatable=True)
        found = await self.transport.read(request, _Searched)
        return Search(found.records, found.next_page, found.complete, found.units)

    async def labels(self, connection_id: str) -> LabelCounts:
        """Return how many stored messages each label has, at no quota units."""
        request = Request("GET", "/labels", connection_id, repeatable=True)
        return await self.transport.read(request, LabelCounts)

    async def get(self, connection_id: str, *message_ids: str) -> Sequence[EmailMessage]:
        """Return the records of up to 100 messages; one that is not there is left out."""
        return (await self._read(connection_id, {"ids": list(message_ids)})).records

    async def prune(self, connection_id: str, until_cursor: str, *, limit: int = 1000) -> Pruned:
        """Empty the payloads of records that were read up to a cursor; the records stay."""
        body = {"model": MODEL, "until_cursor": until_cursor, "limit": limit}
        request = Request("PATCH", "/records/prune", connection_id, body=body, repeatable=True)
        return await self.transport.read(request, Pruned)

    @asynccontextmanager
    async def attachment(
        self, connection_id: str, message_id: str, part_id: str, *, from_byte: int = 0
    ) -> AsyncIterator[httpx.Response]:
        """Open an attachment: read it in the block with `aiter_bytes`, as it arrives.

        `from_byte` goes on where an earlier reading broke off.
        """
        path = at("attachments", message_id, part_id or ROOT)
        headers = {"Range": f"bytes={from_byte}-"} if from_byte else {}
        async with self.transport.stream(
            Request("GET", path, connection_id, headers=headers)
        ) as answer:
            yield answer

    async def attachment_link(
        self, connection_id: str, message_id: str, part_id: str, lifetime: timedelta = LONGEST_LINK
    ) -> Link:
        """Return an address that a browser may open, for at most 15 minutes."""
        path = at("attachments", message_id, part_id or ROOT, "link")
        body = {"expires_in_s": round(lifetime.total_seconds())}
        request = Request("POST", path, connection_id, body=body, repeatable=True)
        return await self.transport.read(request, Link)

    async def _read(self, connection_id: str, query: Query) -> "_Found":
        return await self.transport.read(
            Request("GET", "/records", connection_id, query=query), _Found
        )
