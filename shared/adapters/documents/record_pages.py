"""What every store reads alike of records: how much at once, and what old ones lack."""

from shared.domain.sync.records.record import EndReason

PAGE_BYTES = 8_000_000
"""Compressed payload bytes after which a page ends early: what it becomes as JSON must fit an
answer of 32 MB (FACTS 8.1)."""
HEADS_BATCH = 1_000
"""Heads in one step of a walk over all of them."""
MAX_SEQUENCE = 2**63 - 1
"""The largest number a store can compare with."""


class PageBudget:
    """Counts what a page may still take; the first record always fits."""

    def __init__(self, limit: int) -> None:
        self._records = limit
        self._bytes = PAGE_BYTES

    def takes(self, payload: bytes) -> bool:
        """Whether this record still belongs on the page."""
        if self._records <= 0 or self._bytes <= 0:
            return False
        self._records -= 1
        self._bytes -= len(payload)
        return True


def end_reason(stored: str | None, *, deleted: bool) -> EndReason | None:
    """Return why a record ended; tombstones written before reasons were kept say none."""
    if not deleted:
        return None
    return EndReason(stored) if stored else EndReason.DELETED
