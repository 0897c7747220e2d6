"""The cap on what a key sends in a UTC day: counted before anything leaves, never twice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import uniform
from typing import Final

from shared.domain.keys.policy import Actor
from shared.domain.keys.rule import Rule
from shared.domain.send.count import empty_count
from shared.errors import ConflictError, PolicyRefusedError
from shared.ports.access import SendCounts
from shared.ports.clock import Clock
from shared.ports.documents import until_written

PAUSE: Final = timedelta(milliseconds=40)


@dataclass(frozen=True, slots=True)
class CountSends:
    """Counts by compare-and-set, each send by its name: a retry is the same send.

    A send that is counted and then fails stays counted: giving it back could free a place that a
    twin of it has just used.
    """

    counts: SendCounts
    clock: Clock

    async def __call__(self, actor: Actor, ids: Sequence[str]) -> None:
        """Count all of them or none.

        Raises PolicyRefusedError beyond the cap, StoreUnavailableError (what was counted stays
        counted), ConflictError where too many others count at once.
        """
        if (cap := actor.policy.daily_sends) is None:
            return
        await until_written(lambda: self._count(actor.key, ids, cap))

    async def _count(self, key: str, ids: Sequence[str], cap: int) -> None:
        empty = empty_count(key, self.clock.now())
        found = await self.counts.get(empty.id)
        was = found.value if found else empty
        now = was.with_sends(ids)
        if now.sends == was.sends:
            return
        if len(now.sends) > cap:
            raise PolicyRefusedError(
                f"This key may send {cap:,} messages a day and has sent {len(was.sends):,}: the "
                "next day begins at midnight UTC.",
                rule=Rule.DAILY_SENDS,
            )
        try:
            await (self.counts.swap(found, now) if found else self.counts.create(now))
        except ConflictError:  # every send of the key writes this one document
            await self.clock.sleep(PAUSE * uniform(0.2, 1))  # noqa: S311  only spreads them
            raise
