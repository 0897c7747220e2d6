"""The product at the other end: it follows the cursor."""

from dataclasses import dataclass, field

from shared.domain.sync.records.record import RecordHead
from shared.ports.store import Store
from shared.ports.sync_store import RecordQuery
from tests.harness.syncing import CONNECTION


@dataclass
class CursorReader:
    """A product that pages with the cursor it kept, whenever it likes, and keeps a copy."""

    store: Store
    after: RecordQuery = field(default_factory=lambda: RecordQuery(limit=7))
    copy: dict[str, RecordHead] = field(default_factory=dict)

    async def read(self, pages: int = 1_000) -> None:
        """Read up to so many pages."""
        for _ in range(pages):
            page = await self.store.records.page(CONNECTION, self.after)
            for record in page.records:
                head = record.head
                assert head.sequence > self.after.after, "a page went backwards"
                self.copy[head.message_id] = head
                self.after = RecordQuery(after=head.sequence, limit=7)
            if page.last is None:
                return
            self.after = RecordQuery(after=page.last, limit=7)

    @property
    def mailbox(self) -> dict[str, frozenset[str]]:
        """The labels of every message that is there, as far as this product was told."""
        return {id: frozenset(head.label_ids) for id, head in self.copy.items() if head.live}
