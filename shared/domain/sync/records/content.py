"""Messages as an event carries them to a receiver that wants them.

Content is read from the records at each attempt and is part of no stored event: what is erased
there reaches no receiver any more.
"""

from typing import Any, Final

import orjson

from shared.domain.events.endpoint import Content
from shared.domain.ids import ConnectionId
from shared.domain.sync.records.record import Record
from shared.domain.sync.records.rows import render, render_json

MOST_MESSAGES: Final = 50
MOST_BYTES: Final = 256 * 1024
"""Of all messages of one body."""
SUMMARY: Final = (
    "id",
    "threadId",
    "labelIds",
    "isUnread",
    "isDraft",
    "isSent",
    "origin",
    "reason",
    "from",
    "to",
    "subject",
    "date",
    "snippet",
    "attachments",
    "cause",
    "_nango_metadata",
)
"""The fields of a record that tell what it is about, without its words."""


def content_row(
    record: Record, connection_id: ConnectionId, content: Content, room: int
) -> bytes | None:
    """Return the record as JSON of at most `room` bytes; None where it cannot be so small.

    One that does not fit in full is its summary, with `body_truncated`.
    """
    if content is Content.FULL:
        whole = render_json(record, connection_id)
        if len(whole) <= room:
            return whole
    rendered = render(record, connection_id)
    row: dict[str, Any] = {name: rendered[name] for name in SUMMARY if name in rendered}
    if content is Content.FULL:
        row["body_truncated"] = True
    summary = orjson.dumps(row)
    return summary if len(summary) <= room else None
