"""How far a backfill is: each page counted once, and an end that comes when it was told."""

from datetime import timedelta
from itertools import pairwise

import pytest

from shared.edge.api.mail.sync_view import Progress, progress_view
from tests.harness.clock import SleptClock
from tests.harness.syncing import CONNECTION, sync_harness

UNITS_PER_MINUTE = 6_000
A_RUN = timedelta(seconds=5)


async def followed(count: int) -> list[tuple[float, Progress]]:
    """Return the progress after each run of a first sync of so many messages, with its time."""
    seen: list[tuple[float, Progress]] = []
    async with sync_harness(pace=UNITS_PER_MINUTE, clock=SleptClock()) as harness:
        for n in range(count):
            harness.deliver(f"Mail {n}")
        began = harness.clock.now()
        while not (seen and seen[-1][1].finished_at):
            await harness.sync(CONNECTION, budget=A_RUN)
            shown = progress_view(await harness.state(), harness.clock.now())
            assert shown is not None
            seen.append(((harness.clock.now() - began).total_seconds(), shown))
    return seen


@pytest.mark.parametrize("count", [165, 600])
async def test_the_end_comes_when_it_was_told_from_a_tenth_on(count: int) -> None:
    """Within a fifth, though the first messages came by what the quota had saved up."""
    seen = await followed(count)
    end = seen[-1][0]
    told = [(at, shown.eta_s) for at, shown in seen if count / 10 <= shown.stored < count * 0.95]
    assert len(told) > 3
    for at, eta in told:
        assert eta is not None
        assert abs(eta - (end - at)) <= 0.2 * (end - at), (at, eta, end)


async def test_no_page_is_counted_twice() -> None:
    """However often it is taken up again, also where time ran out at its very end."""
    seen = [shown for _, shown in await followed(600)]
    assert {shown.estimated_total for shown in seen} == {600}
    assert all(one.listed <= other.listed for one, other in pairwise(seen))
    assert (seen[-1].listed, seen[-1].stored, seen[-1].eta_s) == (600, 600, 0)
