"""Gmail over HTTP: the ports GmailMailboxes and Gmail.

Nothing but GETs is ever retried here, and those only after failures that may pass. Rate limits
surface at once: the caller paces.
"""

from collections import OrderedDict
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import quote

import httpx

from shared.adapters.gmail.answers import (
    read_call,
    read_history,
    read_ids,
    read_label_ids,
    read_message,
    read_profile,
    read_watched,
    read_whole_thread,
)
from shared.adapters.gmail.requests import GMAIL_URL, AccessTokens, GmailRequests
from shared.adapters.gmail.send import HttpGmailSend
from shared.adapters.gmail.streams import HttpGmailStreams
from shared.domain.google.observations import Sightings
from shared.domain.ids import ConnectionId, HistoryId, LabelId, MessageId, PageToken, ThreadId
from shared.domain.trouble_board import TroubleNotes
from shared.errors import GmailNotFoundError, HistoryExpiredError
from shared.ports.clock import Clock
from shared.ports.google.gmail import GmailObject, HistoryPage, IdPage, Profile, Watched

PAGE: Final = ("maxResults", "500")  # the most that both lists allow (FACTS 3.1, 4.1)
EVERYWHERE: Final = ("includeSpamTrash", "true")
FULL: Final = ("format", "full")
HISTORY_FIELDS: Final = (
    "history(id,messagesAdded,messagesDeleted,labelsAdded,labelsRemoved),historyId,nextPageToken"
)
"""Leaves out `messages`, which repeats what the specific fields say (FACTS 3.5)."""


@dataclass(frozen=True)
class HttpGmailSync:
    """GmailSync over HTTP."""

    requests: GmailRequests

    async def profile(self) -> Profile:
        """users.getProfile."""
        return await self.requests.get("/profile", read_profile)

    async def history(self, start: HistoryId, page: PageToken | None) -> HistoryPage:
        """history.list, every type of change; a 404 means the start is too old (FACTS 3.2)."""
        try:
            return await self.requests.get(
                "/history",
                read_history,
                ("startHistoryId", str(start)),
                PAGE,
                *_page(page),
                ("fields", HISTORY_FIELDS),
            )
        except GmailNotFoundError as error:
            raise HistoryExpiredError from error

    async def message_ids(
        self,
        *,
        since: datetime | None,
        label_id: LabelId | None = None,
        page: PageToken | None = None,
    ) -> IdPage:
        """messages.list; epoch seconds, because dates mean Pacific midnight (FACTS 4.2)."""
        window = (("q", f"after:{int(since.timestamp())}"),) if since else ()
        labels = (("labelIds", label_id),) if label_id else ()
        return await self.requests.get(
            "/messages", read_ids, PAGE, EVERYWHERE, *window, *labels, *_page(page)
        )

    async def message(self, id: MessageId) -> GmailObject:
        """messages.get, format=full."""
        return await self.requests.get(f"/messages/{quote(id, safe='')}", read_message(id), FULL)

    async def thread(self, id: ThreadId) -> Sequence[GmailObject]:
        """threads.get, format=full."""
        return await self.requests.get(f"/threads/{quote(id, safe='')}", read_whole_thread, FULL)

    async def label_ids(self) -> Sequence[LabelId]:
        """labels.list."""
        return await self.requests.get("/labels", read_label_ids, ("fields", "labels/id"))

    async def watch(self, topic: str) -> Watched:
        """users.watch, without a filter."""
        return await self.requests.post("/watch", {"topicName": topic}, read_watched)

    async def stop(self) -> None:
        """users.stop."""
        await self.requests.post("/stop", {}, read_call("POST", "/stop"))


def _page(token: PageToken | None) -> tuple[tuple[str, str], ...]:
    return (("pageToken", token),) if token else ()


MAX_MAILBOXES: Final = 2_000
"""Mailboxes whose width is remembered; the least recently used idle one is forgotten."""


@dataclass(frozen=True)
class HttpGmail(HttpGmailSync, HttpGmailSend, HttpGmailStreams):
    """One connection's Gmail."""

    def at_once(self, most: int) -> AbstractAsyncContextManager[None]:
        """Return a block in which so many calls go out together, others' of this process too."""
        return self.requests.gate.widen(most)


class HttpGmailMailboxes:
    """Gmail of every connection over one pool of kept-alive connections."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        tokens: AccessTokens,
        clock: Clock,
        base_url: str = GMAIL_URL,
        notes: TroubleNotes | None = None,
        sightings: Sightings | None = None,
    ) -> None:
        self._http = http
        self._notes = notes or TroubleNotes()
        self._sightings = sightings or Sightings()
        self._tokens = tokens
        self._clock = clock
        self._base_url = base_url.rstrip("/")
        self._mailboxes: OrderedDict[ConnectionId, HttpGmail] = OrderedDict()

    def of(self, connection_id: ConnectionId) -> HttpGmail:
        """Return the mailbox; all who ask share its turns."""
        known = self._mailboxes.get(connection_id)
        if known is None:
            known = HttpGmail(
                GmailRequests(
                    self._http,
                    connection_id,
                    self._tokens,
                    self._clock,
                    self._base_url,
                    self._notes,
                    self._sightings,
                )
            )
            self._mailboxes[connection_id] = known
            self._forget()
        self._mailboxes.move_to_end(connection_id)
        return known

    def _forget(self) -> None:
        if len(self._mailboxes) > MAX_MAILBOXES:
            oldest = next(iter(self._mailboxes))
            if not self._mailboxes[oldest].requests.gate.inside:
                del self._mailboxes[oldest]
