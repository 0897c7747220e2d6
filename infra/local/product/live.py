"""Live pages: while a page is open, changes are followed by cursor and pushed to the page."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from infra.local.product.mail_view import row
from infra.local.product.settings import Person
from infra.local.product.state import ProductState
from shared.client import (
    Connection,
    EmailMessage,
    Postroom,
    PostroomApiError,
    PostroomUnreachableError,
    SyncStatus,
)

Event = dict[str, Any]

ROWS_AT_ONCE = 25
"""More changes than this are told as one: look again."""
CHECK_EVERY = 8
"""Looks after which the connection itself is looked at, too."""
GONE = frozenset({"unknown_connection", "not_found"})


@dataclass(eq=False)
class Follower:
    """One person's open pages and what they are told; follows only while there are any."""

    person: Person
    postroom: Postroom
    state: ProductState
    every_s: float
    _pages: set["asyncio.Queue[Event | None]"] = field(default_factory=set)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _task: asyncio.Task[None] | None = None
    _looks: int = 0
    _reading: bool = True
    """Whether the first reading of the mailbox may still be under way."""
    _trouble: bool = False

    @asynccontextmanager
    async def page(self) -> AsyncIterator["asyncio.Queue[Event | None]"]:
        """Open a queue of events for the block's length; None in it ends the page."""
        queue: asyncio.Queue[Event | None] = asyncio.Queue()
        self._pages.add(queue)
        self._looks, self._reading = 0, True
        if self._task is None:
            self._task = asyncio.create_task(self._follow())
        self.nudge()
        try:
            yield queue
        finally:
            self._pages.discard(queue)
            if not self._pages:
                await self._stop()

    def nudge(self, *, connected: bool = False) -> None:
        """Something may have changed: look now; `connected` looks at the connection, too."""
        if connected:
            self._looks, self._reading = 0, True
        self._wake.set()

    def tell(self, event: Event) -> None:
        """Push an event to every open page."""
        for queue in self._pages:
            queue.put_nowait(event)

    def close(self) -> None:
        """End every open page."""
        for queue in self._pages:
            queue.put_nowait(None)

    async def connection(self) -> Connection | None:
        """Ask Postroom who is connected, and remember it. Raises what the client raises."""
        found = await self.postroom.connections.of_end_user(self.person.email)
        alive = [one for one in found if one.status != "disconnecting"]
        if not alive:
            self.state.forget(self.person.email)
            return None
        self.state.follow(self.person.email, alive[0].id)
        return alive[0]

    async def _stop(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _follow(self) -> None:
        while True:
            self._wake.clear()
            try:
                await self._look()
                self._well()
            except PostroomApiError as error:
                self._unwell(str(error), gone=error.code in GONE)
            except PostroomUnreachableError as error:
                self._unwell(str(error))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), self.every_s)

    def _well(self) -> None:
        if self._trouble:
            self.tell({"type": "well"})
        self._trouble = False

    def _unwell(self, message: str, *, gone: bool = False) -> None:
        self._looks = 0
        if gone:
            self.state.forget(self.person.email)
        elif not self._trouble:
            self._trouble = True
            self.tell({"type": "trouble", "message": message})

    async def _look(self) -> None:
        if self._looks % CHECK_EVERY == 0:
            self.tell(
                {"type": "connection", "connection": connection_fields(await self.connection())}
            )
        self._looks += 1
        id = self.state.connection_of(self.person.email)
        if id is None:
            return
        await self._changes(id)
        if self._reading:
            await self._progress(id)

    async def _changes(self, id: str) -> None:
        """Read everything after the stored cursor; the cursor moves once the page was told."""
        before = self.state.cursor_of(self.person.email)
        async for found in self.postroom.records.pages(id, before):
            if found.records:
                self._tell_of(found.records, first=before is None)
            if found.cursor is not None and found.cursor != before:
                self.state.advance(self.person.email, id, found.cursor)
            before = found.cursor

    def _tell_of(self, records: Sequence[EmailMessage], *, first: bool) -> None:
        if first or len(records) > ROWS_AT_ONCE:
            self.tell({"type": "reload"})
            return
        deleted = {one["id"] for one in records if one["_nango_metadata"]["deleted_at"]}
        there = [one for one in records if one["id"] not in deleted]
        rows = [row(one) for one in there]
        self.tell({"type": "changes", "rows": rows, "deleted": sorted(deleted)})

    async def _progress(self, id: str) -> None:
        status = await self.postroom.syncs.status(id)
        if status is None:
            return
        self._reading = status.backfilling
        self.tell({"type": "progress", "progress": progress_fields(status)})


def connection_fields(connection: Connection | None) -> dict[str, Any] | None:
    """Return what the page knows of a connection."""
    if connection is None:
        return None
    return {
        "email": connection.email,
        "status": connection.status,
        "needsConsent": connection.needs_consent,
    }


def progress_fields(status: SyncStatus) -> dict[str, Any]:
    """Return the first reading's progress for the page."""
    numbers = status.progress
    return {
        "reading": status.backfilling,
        "failing": status.status == "ERROR",
        "listed": numbers.listed if numbers else 0,
        "stored": numbers.stored if numbers else 0,
        "total": numbers.estimated_total if numbers else None,
        "etaS": numbers.eta_s if numbers else None,
        "records": status.messages,
    }
