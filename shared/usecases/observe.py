"""What this process saw of Google, added to what the deployment knows."""

import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from random import randrange
from typing import Final

from shared.domain.google.observations import SHARDS, Observed, Sightings, merge_observed
from shared.errors import AlreadyExistsError, ConflictError, CorruptStateError, TransientError
from shared.ports.clock import Clock
from shared.ports.documents import until_written
from shared.ports.telemetry import Observations, Telemetry

log = logging.getLogger(__name__)
WRITTEN_EVERY: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class ReportObservations:
    """Adds this process's sightings to a shard, at most once a minute.

    The log line is what the alert counts.
    """

    observations: Observations
    sightings: Sightings
    telemetry: Telemetry
    clock: Clock

    async def __call__(self) -> None:
        """Never fail the request it follows: what cannot be written is lost."""
        seen, now = self.sightings, self.clock.now()
        if seen.written_at is not None and now - seen.written_at < WRITTEN_EVERY:
            return
        taken = seen.take(str(randrange(SHARDS)), now)  # noqa: S311  it spreads writers out
        if taken is None:
            return
        seen.written_at = now
        for one in taken.surprises:
            log.warning("google surprise", extra={"code": one.kind, "reason": one.told})
            self.telemetry.count_surprise(one.kind, one.method)
        with suppress(TransientError, CorruptStateError):
            await self._add(taken)

    async def read_all(self) -> Observed | None:
        """Return all that was seen, None where nothing was."""
        found = [await self.observations.get(str(shard)) for shard in range(SHARDS)]
        return merge_observed(one.value for one in found if one)

    async def _add(self, taken: Observed) -> None:
        async def attempt() -> None:
            was = await self.observations.get(taken.id)
            if was is not None:
                await self.observations.swap(was, was.value.with_more(taken))
                return
            try:
                await self.observations.create(taken)
            except AlreadyExistsError:
                raise ConflictError("Another process made it.") from None

        await until_written(attempt)
