"""Searching a mailbox: plain filters in the stored records, Gmail's operators at Gmail."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from shared.domain.cursor import page_token_of, place_of
from shared.domain.ids import ConnectionId, LabelId, MessageId, ThreadId
from shared.domain.sync.quota_units import UNITS
from shared.domain.sync.records.search import FROM, TO, WITH_ATTACHMENT, person_terms, subject_terms
from shared.errors import GmailUnavailableError, InvalidRequestError
from shared.ports.google.gmail import GmailMailboxes
from shared.ports.sync_store import Records, SearchQuery
from shared.usecases.mail.stored import read_stored, row_of

GMAIL_PAGE: Final = "g."
"""What the token of a page of Gmail's begins with; no token of ours has a dot."""
LARGEST_PAGE: Final = 100
SPAM, TRASH, UNREAD = LabelId("SPAM"), LabelId("TRASH"), LabelId("UNREAD")
LISTING_UNITS: Final = UNITS["GET", "messages"]


@dataclass(frozen=True, slots=True)
class MailFilter:
    """Plain filters; what is empty filters nothing. `before` is the first moment not wanted."""

    sender: str = ""
    to: str = ""
    subject: str = ""
    labels: Sequence[str] = ()
    unread: bool = False
    has_attachment: bool = False
    thread_id: str = ""
    after: datetime | None = None
    before: datetime | None = None

    @property
    def label_ids(self) -> frozenset[LabelId]:
        """Return the labels that a message must have."""
        return frozenset({*map(LabelId, self.labels), *((UNREAD,) if self.unread else ())})

    @property
    def without(self) -> frozenset[LabelId]:
        """Return the labels that it must not have: spam and trash are found where asked for."""
        return frozenset({SPAM, TRASH}) - self.label_ids

    def terms(self) -> frozenset[str]:
        """Return the terms it goes by. Raises InvalidRequestError where a text has no word."""
        found = {WITH_ATTACHMENT} if self.has_attachment else set[str]()
        for name, text, terms in (
            ("from", self.sender, person_terms(FROM, self.sender)),
            ("to", self.to, person_terms(TO, self.to)),
            ("subject", self.subject, subject_terms(self.subject)),
        ):
            if text.strip() and not terms:
                raise InvalidRequestError(f"{name}: there is no word in it to look for.")
            found |= terms
        return frozenset(found)

    def operators(self) -> str:
        """Return the filters as Gmail's search box spells them, but for the labels."""
        moments = (("after", self.after), ("before", self.before))
        texts = (("from", self.sender), ("to", self.to), ("subject", self.subject))
        return " ".join(
            [
                *(f"{name}:({_plain(text)})" for name, text in texts if _plain(text)),
                *(["has:attachment"] if self.has_attachment else []),
                *(f"{name}:{int(at.timestamp())}" for name, at in moments if at),
            ]
        )


@dataclass(frozen=True, slots=True)
class FoundMail:
    """Rows, newest first, and where to go on."""

    records: Sequence[Mapping[str, Any]]
    next_page: str | None
    complete: bool = True
    source: Literal["store", "gmail"] = "store"
    units: int = 0


@dataclass(frozen=True, slots=True)
class SearchMail:
    """Searches one connection's mail."""

    records: Records
    mailboxes: GmailMailboxes = field(repr=False)

    async def __call__(
        self,
        connection_id: ConnectionId,
        asked: MailFilter,
        *,
        q: str = "",
        limit: int = 25,
        page: str = "",
    ) -> FoundMail:
        """Return a page of rows.

        0 quota units, or 5 with `q`, whose messages outside the records are rows of ids alone.
        Raises InvalidRequestError, and with `q` what Gmail raises.
        """
        size = min(limit, LARGEST_PAGE)
        if q:
            return await self._at_gmail(connection_id, asked, q, size, page)
        if page.startswith(GMAIL_PAGE):
            raise InvalidRequestError("page: this one goes with the `q` it was given for.")
        query = search_query(connection_id, asked, size, page)
        found = await self.records.search(connection_id, query)
        following = page_token_of(connection_id, *found.before) if found.before else None
        return FoundMail([row_of(one) for one in found.records], following, found.complete)

    async def _at_gmail(
        self, connection_id: ConnectionId, asked: MailFilter, q: str, limit: int, page: str
    ) -> FoundMail:
        if asked.thread_id:
            raise InvalidRequestError("thread_id goes without q: Gmail has no operator for it.")
        if page and not page.startswith(GMAIL_PAGE):
            raise InvalidRequestError("page: this one goes without `q`, as it was given.")
        query: dict[str, str | Sequence[str]] = {
            "q": f"{q} {asked.operators()}".strip(),
            "maxResults": str(limit),
        }
        if asked.label_ids:
            query["labelIds"] = sorted(asked.label_ids)
        if page:
            query["pageToken"] = page.removeprefix(GMAIL_PAGE)
        answer = await self.mailboxes.of(connection_id).call("GET", "/messages", query=query)
        refs, token = _list(answer)
        stored = await read_stored(self.records, connection_id, [id for id, _ in refs])
        rows = [
            row_of(stored[id]) if id in stored else {"id": id, "threadId": thread_id}
            for id, thread_id in refs
        ]
        following = GMAIL_PAGE + token if token else None
        return FoundMail(rows, following, source="gmail", units=LISTING_UNITS)


def search_query(
    connection_id: ConnectionId, asked: MailFilter, limit: int, page: str
) -> SearchQuery:
    """Return the store's query of plain filters. Raises InvalidRequestError."""
    below = place_of(connection_id, page, "page") if page else None
    until = (asked.before, MessageId("")) if asked.before else None
    return SearchQuery(
        limit=limit,
        terms=asked.terms(),
        label_ids=asked.label_ids,
        without=asked.without,
        thread_id=ThreadId(asked.thread_id) if asked.thread_id else None,
        since=asked.after,
        before=min(filter(None, (below, until)), default=None),
    )


def _list(answer: Any) -> tuple[list[tuple[str, str]], str]:
    """Return a listing's ids with their threads, and its next page's token.

    Raises GmailUnavailableError for any other shape.
    """
    try:
        refs = [(str(one["id"]), str(one["threadId"])) for one in answer.get("messages", ())]
        return refs, str(answer.get("nextPageToken") or "")
    except (AttributeError, KeyError, TypeError):
        raise GmailUnavailableError("Gmail's answer is not what it documents.") from None


def _plain(text: str) -> str:
    """Return text that cannot end the parentheses it stands in."""
    return " ".join(text.replace("(", " ").replace(")", " ").split())
