"""A stored message as the rest of the mail room sees it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

import orjson

HIDING: Final = frozenset({"SPAM", "TRASH"})
"""Labels that keep a message out of a listing without includeSpamTrash."""

COLUMNS: Final = "m.row, m.id, m.thread, m.internal_ms, m.history_id, m.labels, m.size"
"""The columns of `messages AS m` from which a `Message` is made, in its own order."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message's index entry; ids are integers, `labels_json` a JSON array of label ids."""

    row: int
    id: int
    thread: int
    internal_ms: int
    history_id: int
    labels_json: str
    size: int

    @property
    def labels(self) -> list[str]:
        """The label ids, oldest first."""
        labels: list[str] = orjson.loads(self.labels_json)
        return labels


@dataclass(frozen=True, slots=True)
class Stored:
    """Where a delivered message went: ids of 16 hexadecimal digits, the new history id."""

    id: str
    thread_id: str
    history_id: int


def encode_labels(labels: Iterable[str]) -> str:
    """Return label ids as they are stored and sent."""
    return orjson.dumps(list(labels)).decode()


def with_labels(labels: Iterable[str], add: Collection[str], remove: Collection[str]) -> list[str]:
    """Return the labels after a change."""
    kept = [label for label in labels if label not in remove]
    return kept + [label for label in dict.fromkeys(add) if label not in kept]
