"""Records of a deployment's own models: projected while they are read (API 4.5)."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any

import orjson

from shared.domain.cursor import cursor_of, page_token_of
from shared.domain.ids import ConnectionId, LabelId, SequenceNumber
from shared.domain.sync.records.projection import Projected, Projection, project
from shared.domain.sync.records.record import LastAction, Record
from shared.ports.sync_store import NewestQuery, RecordQuery, Records
from shared.usecases.off_loop import off_loop, stored_weight

STEP = 100
"""Records read from the store at once."""
MOST_READ = 2_000
"""Messages looked at for one page, however few of them the projection keeps."""
ANSWER_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class ProjectedRecords:
    """Pages of one projection on one connection, in the very order of the messages."""

    records: Records
    connection_id: ConnectionId
    projection: Projection[Any]

    async def changes(self, query: RecordQuery) -> tuple[list[bytes], SequenceNumber | None]:
        """Return rows after a sequence number, and where to go on; None at the end."""
        rows: list[bytes] = []
        size, read, after = 0, 0, query.after
        while True:
            page = await self.records.page(
                self.connection_id, replace(query, after=after, limit=STEP, actions=None)
            )
            for record in page.records:
                row = await self._row(record, query)
                read += 1
                if row is not None:
                    rows.append(row)
                    size += len(row)
                if len(rows) >= query.limit or size >= ANSWER_BYTES or read >= MOST_READ:
                    return rows, record.head.sequence
            if page.last is None:
                return rows, None
            after = page.last

    async def newest(
        self, query: NewestQuery, labels: AbstractSet[LabelId]
    ) -> tuple[list[bytes], str | None]:
        """Return live rows that have all labels, newest first, and the token of what lies below.

        The query names one of the labels; the token is None at the end.
        """
        rows: list[bytes] = []
        read, before = 0, query.before
        while True:
            found: Sequence[Record] = await self.records.newest(
                self.connection_id, replace(query, before=before, limit=STEP)
            )
            for record in found:
                wanted = labels <= record.head.label_ids
                row = await self._row(record, None) if wanted else None
                read += 1
                if row is not None:
                    rows.append(row)
                if len(rows) >= query.limit or read >= MOST_READ:
                    return rows, self._below(record)
            if len(found) < STEP:
                return rows, None
            before = (found[-1].head.internal_date, found[-1].head.message_id)

    async def _row(self, record: Record, query: RecordQuery | None) -> bytes | None:
        """Return the record as the projection has it; a screen (no query) shows no deletions."""
        return await off_loop(stored_weight(record), self._project, record, query)

    def _project(self, record: Record, query: RecordQuery | None) -> bytes | None:
        made = project(self.projection, record)
        if made is None:
            return None
        if not _is_wanted(made, query):
            return None
        cursor = cursor_of(self.connection_id, record.head.sequence, self.projection.name)
        return orjson.dumps(made.render(record, cursor))

    def _below(self, record: Record) -> str:
        head = record.head
        return page_token_of(self.connection_id, head.internal_date, head.message_id)


def _is_wanted(made: Projected, query: RecordQuery | None) -> bool:
    if query is None:
        return made.last_action is not LastAction.DELETED
    if query.actions is not None and made.last_action not in query.actions:
        return False
    return query.modified_after is None or made.last_modified_at >= query.modified_after
