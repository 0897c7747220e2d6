"""One task's worth of own syncs: those that follow mail, every one, or one by name."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from shared.domain.ids import ConnectionId
from shared.domain.models.sync import OwnSyncs
from shared.usecases.sync.models.run_sync import RunSync


@dataclass(frozen=True, slots=True)
class RunSyncs:
    """Runs them beside each other: each has a lease of its own, none waits for another."""

    syncs: OwnSyncs
    run: RunSync

    async def __call__(
        self,
        connection_id: ConnectionId,
        name: str | None = None,
        *,
        every: bool = False,
        wake: bool = False,
        budget: timedelta,
        trace_id: str | None = None,
    ) -> int:
        """Return how many were looked at.

        Raises what the first one that failed on our side raised, once all have ended.
        """
        rows = self.syncs.rows if every else [one for one in self.syncs.rows if one.follows]
        names = [name] if name is not None else [one.name for one in rows]
        outcomes = await asyncio.gather(
            *(
                self.run(connection_id, one, budget=budget, wake=wake, trace_id=trace_id)
                for one in names
            ),
            return_exceptions=True,
        )
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
        return len(names)
