"""A mailbox of a few messages that changes between any two of its answers."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.domain.ids import ConnectionId, HistoryId, LabelId, MessageId, PageToken, ThreadId
from shared.domain.sync.history import HistoryMessage, HistoryRecord, LabelChange
from shared.errors import GmailNotFoundError, HistoryExpiredError
from shared.ports.google.gmail import GmailObject, HistoryPage, IdPage, MessageRef, Profile

START = datetime(2026, 1, 10, tzinfo=UTC)
PAGE = 2
"""Ids or history records on a page: so few that three messages shift under a deletion."""
INBOX, UNREAD, STARRED, TRASH = map(LabelId, ("INBOX", "UNREAD", "STARRED", "TRASH"))
LABELS = (INBOX, UNREAD, STARRED, TRASH)
HISTORY_LAG = timedelta(seconds=20)
GET_LAG = timedelta(seconds=4)
LONG_GET_LAG = timedelta(minutes=20)
THREAD = ThreadId("t")
FIRST = HistoryId(100)
MOST_CALLS = 1_000


class BrokenError(Exception):
    """A property does not hold."""


class ManualClock:
    """Time moves only where the model moves it."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        """Return the time."""
        return self.at

    async def sleep(self, duration: timedelta) -> None:
        """Let it pass."""
        self.at += duration


@dataclass
class Message:
    """A message and every label set it ever had, by the history ID that brought it."""

    id: MessageId
    at: datetime
    states: list[tuple[HistoryId, frozenset[LabelId]]]
    here_from: datetime = START
    """Before then messages.get does not know it (FACTS 3.6)."""
    unlisted: bool = False
    """Whether the search index leaves it out (FACTS 4.3)."""

    @property
    def labels(self) -> frozenset[LabelId]:
        """Return its labels now."""
        return self.states[-1][1]


@dataclass
class FakeMailbox:
    """The part of Gmail that a sync reads; `turn` runs before each answer."""

    clock: ManualClock
    messages: dict[MessageId, Message] = field(default_factory=dict)
    history_records: list[tuple[datetime, HistoryRecord]] = field(default_factory=list)
    """With the time from which history shows it (FACTS 3.6)."""
    top: HistoryId = FIRST
    oldest: HistoryId = FIRST
    """History from before it has expired."""
    turn: Callable[[], None] = lambda: None
    answered: dict[MessageId, HistoryId] = field(default_factory=dict)
    """The newest state of each message that a get has shown."""
    lists_trash: bool = True
    gaps: bool = False
    """Whether history begins with a page that has a token and no records (FACTS 3.4)."""
    born: int = 0
    calls: int = 0

    def of(self, _: ConnectionId) -> "FakeMailbox":
        """Return the mailbox of the only connection."""
        return self

    def deliver(
        self, *, shown_after: timedelta = timedelta(), here_after: timedelta = timedelta()
    ) -> None:
        """Let a new message arrive."""
        id, now = MessageId(f"m{self.born}"), self.clock.now()
        self.born += 1
        labels = frozenset({INBOX, UNREAD})
        at = START - timedelta(days=2) + timedelta(minutes=self.born)
        self.messages[id] = Message(id, at, [(self._next(), labels)], now + here_after)
        self._record(shown_after, added=(HistoryMessage(id, THREAD, labels),))

    def toggle(self, id: MessageId, label: LabelId, shown_after: timedelta = timedelta()) -> None:
        """Put a label on, or take it off."""
        self.relabel(id, self.messages[id].labels ^ {label}, shown_after)

    def toggle_trash(self, id: MessageId) -> None:
        """Move a message to the trash, or back: one change of two labels."""
        self.relabel(id, self.messages[id].labels ^ {TRASH, INBOX}, timedelta())

    def relabel(self, id: MessageId, labels: frozenset[LabelId], shown_after: timedelta) -> None:
        """Change a message's labels in one history record."""
        before = self.messages[id].labels
        self.messages[id].states.append((self._next(), labels))
        message = HistoryMessage(id, THREAD)
        put_on, taken_off = labels - before, before - labels
        self._record(
            shown_after,
            labels_added=(LabelChange(message, put_on),) if put_on else (),
            labels_removed=(LabelChange(message, taken_off),) if taken_off else (),
        )

    def delete(self, id: MessageId) -> None:
        """Delete a message for good."""
        del self.messages[id]
        self._next()
        self._record(timedelta(), deleted=(HistoryMessage(id, THREAD),))

    def expire(self) -> None:
        """Forget all history until now."""
        self._next()
        self.oldest = self.top

    def _answer(self) -> None:
        self.calls += 1
        if self.calls > MOST_CALLS:
            raise BrokenError("the sync calls without end")
        self.turn()

    def _next(self) -> HistoryId:
        self.top = HistoryId(self.top + 3)
        return self.top

    def _record(self, shown_after: timedelta, **changes: Any) -> None:
        shown_at = self.clock.now() + shown_after
        self.history_records.append((shown_at, HistoryRecord(self.top, **changes)))

    async def profile(self) -> Profile:
        """Return users.getProfile."""
        self._answer()
        return Profile("ada@acme.example", self.top, len(self.messages))

    async def history(self, start: HistoryId, page: PageToken | None) -> HistoryPage:
        """Return history.list: a token names the record to go on from."""
        self._answer()
        if start < self.oldest:
            raise HistoryExpiredError("Too old.")
        if self.gaps and page is None:
            return HistoryPage((), self.top, PageToken(str(start)))
        after, now = int(page or start), self.clock.now()
        shown = [r for at, r in self.history_records if at <= now and r.id > after]
        more = PageToken(str(shown[PAGE - 1].id)) if len(shown) > PAGE else None
        return HistoryPage(shown[:PAGE], self.top, more)

    async def message_ids(
        self,
        *,
        since: datetime | None,
        label_id: LabelId | None = None,
        page: PageToken | None = None,
    ) -> IdPage:
        """Return messages.list, newest first: a token is a place, and shifts under deletions."""
        self._answer()
        listed = [
            MessageRef(message.id, THREAD)
            for message in sorted(self.messages.values(), key=lambda it: it.at, reverse=True)
            if not message.unlisted
            and (label_id is None or label_id in message.labels)
            and (since is None or message.at >= since)
            and (self.lists_trash or TRASH not in message.labels)
        ]
        first = int(page or 0)
        more = PageToken(str(first + PAGE)) if first + PAGE < len(listed) else None
        return IdPage(listed[first : first + PAGE], more, len(listed))

    def at_once(self, most: int) -> AbstractAsyncContextManager[None]:
        """Return a block in which nothing changes: calls answer one after another here."""
        return nullcontext()

    async def message(self, id: MessageId) -> GmailObject:
        """Return messages.get."""
        self._answer()
        message = self.messages.get(id)
        if message is None or self.clock.now() < message.here_from:
            raise GmailNotFoundError
        return self._full(message)

    async def thread(self, id: ThreadId) -> Sequence[GmailObject]:
        """Return threads.get."""
        self._answer()
        now = self.clock.now()
        return [self._full(it) for it in self.messages.values() if it.here_from <= now]

    async def label_ids(self) -> Sequence[LabelId]:
        """Return labels.list."""
        self._answer()
        return LABELS

    def _full(self, message: Message) -> GmailObject:
        history_id, labels = message.states[-1]
        self.answered[message.id] = history_id
        return {
            "id": message.id,
            "threadId": THREAD,
            "labelIds": sorted(labels),
            "historyId": str(history_id),
            "internalDate": str(int(message.at.timestamp() * 1000)),
        }


@contextmanager
def undisturbed(mailbox: FakeMailbox) -> Iterator[None]:
    """Let nothing happen between answers for a while."""
    turn, mailbox.turn = mailbox.turn, lambda: None
    try:
        yield
    finally:
        mailbox.turn = turn
