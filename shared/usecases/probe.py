"""A probe of the platform's way to us: what it came with is noted for who sent it."""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, NewType

from shared.domain.google.observations import NAME, OTHER, Duration, Kinds, Measure, Observed
from shared.errors import AlreadyExistsError
from shared.ports.clock import Clock
from shared.ports.telemetry import Observations

ProbeId = NewType("ProbeId", str)
PROBE_ID: Final = re.compile(r"[0-9a-f]{32}")
PROBE_TASK: Final = "/tasks/probe"
PROBE_ATTRIBUTE: Final = "postroom-probe"
"""Of a message on Gmail's topic: its value is the probe's id. Gmail's own have no attributes."""
MOST_NAMES: Final = 100


@dataclass(frozen=True, slots=True)
class Probes:
    """Notes of probes, each a document of observations under an id of its own."""

    observations: Observations
    clock: Clock

    async def note(
        self, id: ProbeId, names: Iterable[str], durations: Mapping[Duration, timedelta]
    ) -> None:
        """Store what a probe came with; one that comes twice is noted once.

        `names` say what there was and hold no value; any that might counts as other.
        """
        found = [one if NAME.fullmatch(one) else OTHER for one in names][:MOST_NAMES]
        seen = Observed(
            _document(id),
            self.clock.now(),
            kinds={Kinds.PROBED: dict.fromkeys(found, 1)},
            durations={name: _measure_of(took) for name, took in durations.items()},
        )
        with suppress(AlreadyExistsError):
            await self.observations.create(seen)

    async def take(self, id: ProbeId) -> Observed | None:
        """Return what a probe came with, and forget it; None while it has not come."""
        found = await self.observations.get(_document(id))
        if found is None:
            return None
        await self.observations.delete(found)
        return found.value


def _measure_of(took: timedelta) -> Measure:
    return Measure().with_one(max(0.0, took.total_seconds()))


def _document(id: ProbeId) -> str:
    return f"probe-{id}"
