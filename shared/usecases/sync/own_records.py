"""Records of own syncs' models, as GET /records shows them (API 4.5)."""

from dataclasses import dataclass, replace

from shared.domain.cursor import cursor_of
from shared.domain.ids import ConnectionId, SequenceNumber
from shared.domain.models.record import write_row
from shared.domain.packed import ObjectList
from shared.ports.model_store import ModelQuery, ModelRecords

STEP = 100
"""Records read from the store at once."""
ANSWER_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class OwnRecords:
    """Pages of one model on one connection, in the order of its own numbers."""

    records: ModelRecords
    connection_id: ConnectionId

    async def changes(self, query: ModelQuery, rows: ObjectList) -> SequenceNumber | None:
        """Write rows after a sequence number, and return where to go on; None at the end."""
        after = query.after
        while True:
            step = replace(query, after=after, limit=min(STEP, query.limit - rows.count))
            page = await self.records.page(self.connection_id, step)
            for record in page.records:
                number = record.head.sequence
                write_row(record, rows.next(), self.cursor(number, query.model))
                if rows.text.size >= ANSWER_BYTES:
                    return number
            if page.last is None or rows.count >= query.limit:
                return page.last
            after = page.last

    def cursor(self, number: SequenceNumber, model: str) -> str:
        """Return the cursor that continues after a record of the model."""
        return cursor_of(self.connection_id, number, model)
