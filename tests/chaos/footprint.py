"""What a long run holds on to: memory, open files, connections; all should stay flat."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

import psutil

EVERY_S = 1.0
ENOUGH = 60
"""Samples, below which a run is too short to tell growth from warming up."""
MEMORY_MAY_GROW = 1.25
"""The emulated Google keeps all mail that arrives in the same process."""
HANDLES_MAY_GROW = 1.1
HANDLES_SLACK = 25
"""What one burst more or less makes of sockets."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The process at one moment: resident bytes, open files and sockets, TCP connections."""

    memory: int
    files: int
    connections: int


@dataclass
class Footprint:
    """Samples of this process over a run."""

    samples: list[Sample] = field(default_factory=list)
    _process: psutil.Process = field(default_factory=psutil.Process)
    _next: float = 0.0

    def look(self) -> None:
        """Take a sample, if the last one is old enough."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + EVERY_S
        connections = len(self._process.net_connections("tcp"))
        memory = self._process.memory_info().rss
        self.samples.append(Sample(memory, self._process.num_fds(), connections))

    def growth(self) -> Sequence[str]:
        """Name what grew from the second quarter of the run to the last."""
        if len(self.samples) < ENOUGH:
            return []
        return [
            f"{name} grew from {early:,.0f} to {late:,.0f}"
            for name, of, factor, slack in (
                ("memory", _memory, MEMORY_MAY_GROW, 0),
                ("open files", _files, HANDLES_MAY_GROW, HANDLES_SLACK),
                ("connections", _connections, HANDLES_MAY_GROW, HANDLES_SLACK),
            )
            for early, late in [self._quarters(of)]
            if late > early * factor + slack
        ]

    def __str__(self) -> str:
        if not self.samples:
            return "no samples"
        shown = []
        for name, of in (("MiB", _mebibytes), ("open files", _files), ("sockets", _connections)):
            early, late = self._quarters(of)
            peak = max(map(of, self.samples))
            shown.append(f"{name} {early:,.0f}, then {late:,.0f}, at most {peak:,.0f}")
        return "; ".join(shown)

    def _quarters(self, of: Callable[[Sample], float]) -> tuple[float, float]:
        quarter = max(1, len(self.samples) // 4)
        second = self.samples[quarter : 2 * quarter] or self.samples
        return median(map(of, second)), median(map(of, self.samples[-quarter:]))


def _memory(sample: Sample) -> float:
    return sample.memory


def _mebibytes(sample: Sample) -> float:
    return sample.memory / 2**20


def _files(sample: Sample) -> float:
    return sample.files


def _connections(sample: Sample) -> float:
    return sample.connections
