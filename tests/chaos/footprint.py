"""What a long run holds on to: memory stays flat, open files and sockets within what is allowed."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final

import psutil

from shared.adapters.google.http_client import MAX_CONNECTIONS

DESCRIPTORS: Final = Path("/dev/fd")
"""The system's table of connections lists no socket that was reset or is not connected yet."""
EVERY_S = 1.0
ENOUGH = 60
"""Samples, below which a run is too short to tell growth from warming up."""
MEMORY_MAY_GROW = 1.25
"""The emulated Google keeps all mail that arrives in the same process."""
BY_DEFAULT: Final = 100
"""What httpx allows a client that names no limits."""
POOLS: Final = {
    "Postroom's calls to Google": MAX_CONNECTIONS,
    "its tasks' and jobs'": MAX_CONNECTIONS,
    "the emulated Google's pushes": BY_DEFAULT,
    "the API's caller": BY_DEFAULT,
    "the control API's caller": BY_DEFAULT,
}
"""Most connections of each client; all lead to this process, so each has two ends here."""
LISTENING: Final = 2
MOST_SOCKETS: Final = 2 * sum(POOLS.values()) + LISTENING
DATABASES: Final = 4
"""The store, the queue, the emulated Google's mail and its grants."""
FILES_EACH: Final = 3
"""A SQLite file, its log and its shared memory."""
OTHERS: Final = 16
"""What is read for a moment."""
MOST_FILES: Final = 2 * DATABASES * FILES_EACH + OTHERS
"""Twice, as one life of Postroom may begin while the files of the last are being closed."""


def _count_open() -> Counter[bool]:
    """Count the descriptors of this process: sockets under True, others under False."""
    return Counter(one.is_socket() for one in DESCRIPTORS.iterdir())


@dataclass(frozen=True, slots=True)
class Sample:
    """The process at one moment: resident bytes, sockets, and whatever else is open."""

    memory: int
    sockets: int
    files: int


@dataclass
class Footprint:
    """Samples of this process over a run; what was open before it is not counted."""

    samples: list[Sample] = field(default_factory=list)
    _process: psutil.Process = field(default_factory=psutil.Process)
    _before: Counter[bool] = field(default_factory=_count_open)
    _next: float = 0.0

    def look(self) -> None:
        """Take a sample, if the last one is old enough."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + EVERY_S
        grown = _count_open()
        grown.subtract(self._before)
        self.samples.append(Sample(self._process.memory_info().rss, grown[True], grown[False]))

    def faults(self) -> Sequence[str]:
        """Name what grew, and what was open beyond what the pools and databases allow."""
        return [*self._growth(), *self._excess()]

    def _growth(self) -> Sequence[str]:
        """Name the memory, if it grew from the second quarter of the run to the last."""
        if len(self.samples) < ENOUGH:
            return []
        early, late = self._memory()
        grew = late > early * MEMORY_MAY_GROW
        return [f"memory grew from {early:,.0f} to {late:,.0f} MiB"] if grew else []

    def _excess(self) -> Sequence[str]:
        sockets, files = self._most()
        return [
            f"{most} {name} were open, {allowed} are allowed"
            for name, most, allowed in (
                ("sockets", sockets, MOST_SOCKETS),
                ("files", files, MOST_FILES),
            )
            if most > allowed
        ]

    def __str__(self) -> str:
        if not self.samples:
            return "no samples"
        early, late = self._memory()
        sockets, files = self._most()
        memory = f"memory {early:,.0f} MiB in the second quarter, {late:,.0f} in the last"
        return (
            f"{memory}; at most {sockets} sockets of {MOST_SOCKETS}, {files} files of {MOST_FILES}"
        )

    def _most(self) -> tuple[int, int]:
        return max(one.sockets for one in self.samples), max(one.files for one in self.samples)

    def _memory(self) -> tuple[float, float]:
        """Return MiB, the median of the second quarter and of the last."""
        quarter = max(1, len(self.samples) // 4)
        second = self.samples[quarter : 2 * quarter] or self.samples
        return _mebibytes(second), _mebibytes(self.samples[-quarter:])


def _mebibytes(samples: Sequence[Sample]) -> float:
    return median(one.memory for one in samples) / 2**20
