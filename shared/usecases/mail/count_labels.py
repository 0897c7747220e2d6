"""Counting the stored messages under each label."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from shared.domain.ids import ConnectionId, LabelId
from shared.ports.sync_store import Records

MOST_COUNTED: Final = 20_000
"""Messages that one count looks at: in Firestore each is a document read."""
UNREAD: Final = LabelId("UNREAD")


@dataclass(frozen=True, slots=True)
class LabelCount:
    """How many stored messages have a label, and how many of them are unread."""

    id: LabelId
    total: int
    unread: int


@dataclass(frozen=True, slots=True)
class LabelCounts:
    """Counts by label, sorted by its id; not `complete` where only the newest were looked at."""

    labels: Sequence[LabelCount]
    messages: int
    unread: int
    complete: bool


@dataclass(frozen=True, slots=True)
class CountLabels:
    """Counts one connection's stored messages."""

    records: Records

    async def __call__(self, connection_id: ConnectionId) -> LabelCounts:
        """Return the counts of the newest MOST_COUNTED messages, at no quota units."""
        total: Counter[LabelId] = Counter()
        unread: Counter[LabelId] = Counter()
        messages, complete = 0, True
        async for heads in self.records.all_heads(connection_id, None):
            if messages >= MOST_COUNTED:
                complete = False
                break
            for head in heads:
                total.update(head.label_ids)
                unread.update(head.label_ids if UNREAD in head.label_ids else ())
            messages += len(heads)
        labels = [LabelCount(id, total[id], unread[id]) for id in sorted(total)]
        return LabelCounts(labels, messages, unread[UNREAD], complete)
