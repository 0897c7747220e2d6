"""Conversations of the stored records: the newest ones, and one of them in order."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from shared.domain.cursor import page_token_of, place_of
from shared.domain.ids import ConnectionId, MessageId, ThreadId
from shared.domain.mail.message_fields import iso
from shared.domain.sync.records.record import Record
from shared.ports.sync_store import NewestQuery, Records, SearchQuery
from shared.usecases.mail.search import MailFilter, search_query
from shared.usecases.mail.stored import message_of

LONGEST_THREAD: Final = 200
"""Newest messages that are read of one conversation."""
STEP: Final = 100
Place = tuple[datetime, MessageId]


@dataclass(frozen=True, slots=True)
class FoundConversations:
    """Conversations by their newest message that fits, newest first, and where to go on."""

    conversations: Sequence[Mapping[str, Any]]
    next_page: str | None
    complete: bool = True


@dataclass(frozen=True, slots=True)
class ListConversations:
    """Lists the newest conversations of one connection, without any call to Gmail."""

    records: Records

    async def __call__(
        self, connection_id: ConnectionId, asked: MailFilter, *, limit: int = 20, page: str = ""
    ) -> FoundConversations:
        """Return a page. Raises InvalidRequestError."""
        query = search_query(connection_id, asked, STEP, page)
        shown_until = place_of(connection_id, page, "page") if page else None
        rows: list[Mapping[str, Any]] = []
        seen: set[ThreadId] = set()
        while True:
            found = await self.records.search(connection_id, query)
            fresh = _first_of_each(found.records, seen)
            for start in range(0, len(fresh), limit):
                part = fresh[start : start + limit]
                for lead, thread in await self._threads(connection_id, part):
                    if _was_shown(thread, query, shown_until):
                        continue
                    rows.append(_row(thread))
                    if len(rows) == limit:
                        place = lead.head.internal_date, lead.head.message_id
                        return FoundConversations(rows, page_token_of(connection_id, *place))
            if found.before is None:
                return FoundConversations(rows, None)
            if not found.complete:
                token = page_token_of(connection_id, *found.before)
                return FoundConversations(rows, token, complete=False)
            query = replace(query, before=found.before)

    async def _threads(
        self, connection_id: ConnectionId, leads: Sequence[Record]
    ) -> list[tuple[Record, Sequence[Record]]]:
        threads = await asyncio.gather(
            *(read_thread(self.records, connection_id, one.head.thread_id) for one in leads)
        )
        return [(lead, thread) for lead, thread in zip(leads, threads, strict=True) if thread]


async def read_thread(
    records: Records, connection_id: ConnectionId, thread_id: ThreadId
) -> list[Record]:
    """Return the newest live messages of a conversation, oldest first; none from spam or trash."""
    newest = await records.newest(connection_id, NewestQuery(LONGEST_THREAD, thread_id=thread_id))
    kept = [one for one in newest if not one.head.label_ids & {"SPAM", "TRASH"}] or newest
    return [*kept][::-1]


def _first_of_each(records: Sequence[Record], seen: set[ThreadId]) -> list[Record]:
    fresh = []
    for one in records:
        if one.head.thread_id not in seen:
            seen.add(one.head.thread_id)
            fresh.append(one)
    return fresh


def _was_shown(thread: Sequence[Record], query: SearchQuery, until: Place | None) -> bool:
    """Whether an earlier page has it: by a message above this page that fits its labels."""
    if until is None:
        return False
    return any(
        (one.head.internal_date, one.head.message_id) >= until and query.fits(one.head, one.terms)
        for one in thread
    )


def _row(thread: Sequence[Record]) -> dict[str, Any]:
    messages = [message_of(one) for one in thread]
    last = messages[-1]
    people = {one["from"]["email"]: one["from"] for one in messages if one.get("from")}
    return {
        "threadId": last["threadId"],
        "subject": next((one["subject"] for one in messages if one.get("subject")), ""),
        "participants": [*people.values()],
        "messages": len(messages),
        "unread": sum(one["isUnread"] for one in messages),
        "last": last.get("date") or iso(thread[-1].head.internal_date),
        "snippet": last.get("snippet") or "",
    }
