"""`records.py` without asyncio, made by `python -m infra.blocking_client`."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx

from ..records import (
    LONGEST_LINK,
    ROOT,
    EmailMessage,
    LabelCounts,
    LastAction,
    Link,
    Pruned,
    RecordsPage,
    Screen,
    Search,
    _Found,
    _Searched,
)
from ..syncs import MODEL
from ..transport import Query, Request, at, query_of
from .transport import Transport


@dataclass(frozen=True, slots=True)
class Records:
    """`postroom.records`. `model` may be a projection of the deployment's own."""

    transport: Transport

    def page(
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
        found = self._read(connection_id, query)
        last = found.records[-1]["_nango_metadata"]["cursor"] if found.records else cursor
        return RecordsPage(found.records, found.next_cursor or last, found.next_cursor is not None)

    def pages(
        self,
        connection_id: str,
        cursor: str | None,
        *,
        limit: int = 100,
        only: Sequence[LastAction] = (),
        model: str = MODEL,
    ) -> Iterator[RecordsPage]:
        """Yield pages after `cursor` until there is nothing newer.

        Work through a page, store its cursor, take the next: a run that stops begins there again.
        """
        more = True
        while more:
            page = self.page(connection_id, cursor, limit=limit, only=only, model=model)
            yield page
            cursor, more = page.cursor, page.more

    def screen(
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
        found = self._read(connection_id, query)
        return Screen(found.records, found.next_before)

    def search(
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
        found = self.transport.read(request, _Searched)
        return Search(found.records, found.next_page, found.complete, found.units)

    def labels(self, connection_id: str) -> LabelCounts:
        """Return how many stored messages each label has, at no quota units."""
        request = Request("GET", "/labels", connection_id, repeatable=True)
        return self.transport.read(request, LabelCounts)

    def get(self, connection_id: str, *message_ids: str) -> Sequence[EmailMessage]:
        """Return the records of up to 100 messages; one that is not there is left out."""
        return (self._read(connection_id, {"ids": list(message_ids)})).records

    def prune(self, connection_id: str, until_cursor: str, *, limit: int = 1000) -> Pruned:
        """Empty the payloads of records that were read up to a cursor; the records stay."""
        body = {"model": MODEL, "until_cursor": until_cursor, "limit": limit}
        request = Request("PATCH", "/records/prune", connection_id, body=body, repeatable=True)
        return self.transport.read(request, Pruned)

    @contextmanager
    def attachment(
        self, connection_id: str, message_id: str, part_id: str, *, from_byte: int = 0
    ) -> Iterator[httpx.Response]:
        """Open an attachment: read it in the block with `iter_bytes`, as it arrives.

        `from_byte` goes on where an earlier reading broke off.
        """
        path = at("attachments", message_id, part_id or ROOT)
        headers = {"Range": f"bytes={from_byte}-"} if from_byte else {}
        with self.transport.stream(Request("GET", path, connection_id, headers=headers)) as answer:
            yield answer

    def attachment_link(
        self, connection_id: str, message_id: str, part_id: str, lifetime: timedelta = LONGEST_LINK
    ) -> Link:
        """Return an address that a browser may open, for at most 15 minutes."""
        path = at("attachments", message_id, part_id or ROOT, "link")
        body = {"expires_in_s": round(lifetime.total_seconds())}
        request = Request("POST", path, connection_id, body=body, repeatable=True)
        return self.transport.read(request, Link)

    def _read(self, connection_id: str, query: Query) -> "_Found":
        return self.transport.read(Request("GET", "/records", connection_id, query=query), _Found)
