"""State, records and quarantine in three dictionaries, and what no commit may write."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.domain.ids import ConnectionId, HistoryId, LabelId, MessageId
from shared.domain.sync.records.record import QuarantineEntry, RecordHead
from shared.domain.sync.state import SyncState
from shared.errors import ConflictError
from shared.ports.documents import Versioned
from shared.ports.queue import Task
from shared.ports.sync_store import Batch
from tests.chaos.schedule_mailbox import BrokenError, FakeMailbox


@dataclass
class FakeStore:
    """SyncStates, Records, Quarantine, Outbox, Operations and Queue, as far as a sync asks."""

    mailbox: FakeMailbox
    state: SyncState
    version: int = 0
    heads_by_id: dict[MessageId, RecordHead] = field(default_factory=dict)
    entries: dict[MessageId, QuarantineEntry] = field(default_factory=dict)

    async def get(self, id: str, ids: Any = None) -> Any:
        """Return the state, or the quarantine entries of `ids`."""
        if ids is not None:
            return {id: self.entries[id] for id in ids if id in self.entries}
        return Versioned(self.state, str(self.version))

    async def swap(self, was: Versioned[SyncState], now: SyncState) -> Versioned[SyncState]:
        """Replace the state."""
        return await self.commit(was, now, Batch())

    async def commit(
        self, was: Versioned[SyncState], now: SyncState, batch: Batch
    ) -> Versioned[SyncState]:
        """Write everything, after looking at what it is."""
        if was.version != str(self.version):
            raise ConflictError("changed")
        if (now.checkpoint or 0) < (self.state.checkpoint or 0):
            raise BrokenError("the checkpoint moved backwards")
        if self.state.recovering_since is not None and now.recovering_since is None:
            self.mailbox.answered.clear()  # The next delta goes once more through what followed.
        for head in (*(record.head for record in batch.put), *batch.heads):
            self._check(head, now)
            self.heads_by_id[head.message_id] = head
        for entry in batch.quarantine:
            self.entries[entry.message_id] = entry
        for id in batch.released:
            self.entries.pop(id, None)
        self.state, self.version = now, self.version + 1
        return Versioned(now, str(self.version))

    def _check(self, head: RecordHead, now: SyncState) -> None:
        before = self.heads_by_id.get(head.message_id)
        if not self.state.sequence < head.sequence <= now.sequence:
            raise BrokenError("a sequence number was used twice")
        if before is not None and before.live and head.live and before.label_ids == head.label_ids:
            raise BrokenError("an unchanged record got another number")
        message = self.mailbox.messages.get(head.message_id)
        if not head.live and message is not None:
            raise BrokenError("a living message became a tombstone")
        if head.live and message is not None:
            self._check_age(head, message.states)

    def _check_age(
        self, head: RecordHead, states: Sequence[tuple[HistoryId, frozenset[LabelId]]]
    ) -> None:
        shown = self.mailbox.answered.get(head.message_id, HistoryId(0))
        had = [at for at, labels in states if labels == head.label_ids]
        if had and max(had) < shown:
            raise BrokenError("a record became older than what Gmail had answered")

    async def heads(
        self, connection_id: ConnectionId, ids: Iterable[MessageId]
    ) -> Mapping[MessageId, RecordHead]:
        """Return what is stored of these."""
        return {id: self.heads_by_id[id] for id in ids if id in self.heads_by_id}

    async def all_heads(
        self, connection_id: ConnectionId, since: datetime | None
    ) -> AsyncIterator[Sequence[RecordHead]]:
        """Return every live head."""
        yield [head for head in self.heads_by_id.values() if head.live]

    async def list(self, *_: Any, **__: Any) -> Sequence[QuarantineEntry]:
        """Return the quarantine."""
        return sorted(self.entries.values(), key=lambda entry: entry.retry_at)

    async def purge(self, connection_id: ConnectionId, limit: int) -> int:
        """Delete every record."""
        count = len(self.heads_by_id) + len(self.entries)
        self.heads_by_id.clear()
        self.entries.clear()
        return count

    async def enqueue(self, task: Task) -> None:
        """Forget the task: the model looks whenever the state says that it is due."""

    def stored(self) -> dict[MessageId, frozenset[LabelId]]:
        """Return the labels of every live record."""
        return {id: head.label_ids for id, head in self.heads_by_id.items() if head.live}


class Nobody:
    """Events, operations, connections and watches: left out, so nothing is ever there."""

    async def get(self, *_: Any) -> None:
        """Know no such document."""

    async def append(self, *_: Any) -> None:
        """Keep no log."""

    async def __call__(self, *_: Any) -> None:
        """Arm nothing."""

    async def restart(self, *_: Any) -> None:
        """Arm nothing."""
