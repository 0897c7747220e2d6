"""A process may end at any await of the sync: nothing is lost, nothing is stuck.

The awaits are enumerated from the source, so a new one cannot be forgotten: each is died in before
what it waits for has begun, and after it has happened with nobody to see the answer.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest

from shared.domain.sync.state import LEASE_LIFETIME, SyncStatus
from tests.chaos.await_points import Point, standing_in_awaits
from tests.chaos.harness import ChaosHarness
from tests.chaos.left_behind import alike, effects
from tests.chaos.lives import Death, Life, Side
from tests.chaos.scene import Scene
from tests.chaos.scenes import SCENES
from tests.chaos.shared_google import SharedGoogle, open_shared_google
from tests.chaos.verdict import verify
from tests.harness.google import EMAIL
from tests.harness.syncing import BUDGET, CONNECTION

pytestmark = [
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited"),
    pytest.mark.timeout(1_800),
]
LONG, VERY_LONG = 2_400, 20_000


@pytest.fixture
def points() -> Iterator[list[Point]]:
    with standing_in_awaits() as found:
        yield found


async def surveyed(shared_google: SharedGoogle, scene: Scene) -> Life:
    """Return what a scene crosses when nothing kills it."""
    async with shared_google.harness() as harness:
        await scene.prepare(harness)
        life = Life(effects=effects(harness.google, harness.store, harness.queue, harness.clock))
        await life.run(scene.act(harness))
        await recovered(harness)
        return life


async def recovered(harness: ChaosHarness) -> None:
    """Start again after the dead one's lease, and hold everything to the mailbox."""
    harness.restart()
    await harness.follower.read()
    harness.advance(LEASE_LIFETIME + timedelta(seconds=1))
    if (await harness.state()).status is SyncStatus.PAUSED:
        await harness.control.start(CONNECTION)
    await harness.quiesce()
    await verify(harness)


async def died(shared_google: SharedGoogle, scene: Scene, death: Death) -> Death | None:
    """Die there once; answer where death truly came."""
    async with shared_google.harness() as harness:
        await scene.prepare(harness)
        life = Life(death)
        await harness.follower.read()
        await life.run(scene.act(harness))
        try:
            await recovered(harness)
        except AssertionError as error:
            raise AssertionError(f"{scene}, killed {death}: {error}") from error
        return life.died_at


def turns(count: int) -> list[int]:
    """Choose the first time, the last and one in the middle."""
    return sorted({1, (count + 1) // 2, count})


async def killed_everywhere(shared_google: SharedGoogle) -> Counter[tuple[Point, Side]]:
    """Die in every point of every scene: at all turns where it is new, at one of them after."""
    killed: Counter[tuple[Point, Side]] = Counter()
    for number, scene in enumerate(SCENES):
        crossed = (await surveyed(shared_google, scene)).crossed
        for (point, side), count in sorted(crossed.items()):
            some = turns(count)
            for turn in [some[number % len(some)]] if killed[point, side] else some:
                death = Death(point, side, turn)
                came = await died(shared_google, scene, death)
                killed[point, side] += came == death
    return killed


async def killed_once_each(shared_google: SharedGoogle) -> Counter[tuple[Point, Side]]:
    """Die where no earlier scene has died yet, once for all deaths that leave the same."""
    killed: Counter[tuple[Point, Side]] = Counter()
    deaths = 0
    for scene in SCENES:
        left = (await surveyed(shared_google, scene)).left
        for places in alike(left, killed):
            death = Death(*places[0])
            if await died(shared_google, scene, death) == death:
                deaths += 1
                killed.update(places)
    print(f"\n{deaths} deaths stand for all that leave the same")
    return killed


def counted(points: list[Point], killed: Counter[tuple[Point, Side]]) -> None:
    """Print the counts; fail for every await without a death."""
    sides: tuple[Side, Side] = ("before", "after")
    missed = [f"{side} {point}" for point in points for side in sides if not killed[point, side]]
    print(f"\n{len(points)} awaits of the sync in {len({p.file for p in points})} files; ", end="")
    print(f"{killed.total()} kills in {len(SCENES)} scenes, before and after each effect")
    assert not missed, "nobody was ever killed at: " + "; ".join(missed)


async def test_a_kill_at_any_await_loses_nothing(points: list[Point]) -> None:
    """Deaths that leave the same are one death here, and each is died in `make test-deep`."""
    async with open_shared_google() as shared_google:
        counted(points, await killed_once_each(shared_google))


@pytest.mark.deep
async def test_a_kill_at_any_await_of_any_scene_loses_nothing(points: list[Point]) -> None:
    async with open_shared_google() as shared_google:
        counted(points, await killed_everywhere(shared_google))


async def long_delta(harness: ChaosHarness, changes: int) -> None:
    """Make that many changes, each in a history record of its own."""
    ids = [harness.owner.receive(f"old {n}") for n in range(40)]
    await harness.quiesce()
    made = 0
    while made < changes:
        for id in ids:
            harness.owner.relabel([id], add=("STARRED",))
            harness.owner.relabel([id], drop=("STARRED",))
        made += 2 * len(ids)
    harness.owner.relabel(ids[::2], drop=("UNREAD",))


async def killed_after_every_part(points: list[Point], changes: int) -> None:
    """Die after every commit of one long delta, with its answer unseen."""
    [committed] = [point for point in points if str(point).endswith("Held._write (await 1)")]
    async with open_shared_google() as shared_google, shared_google.harness() as harness:
        await long_delta(harness, changes)
        checkpoints = [(await harness.state()).checkpoint or 0]
        while checkpoints[-1] < harness.google.store.history_id(EMAIL):
            life = Life(Death(committed, "after"))
            await life.run(harness.sync(CONNECTION, budget=BUDGET, hint=harness.newest()))
            assert life.died_at is not None
            harness.restart()
            harness.advance(LEASE_LIFETIME + timedelta(seconds=1))
            checkpoints.append((await harness.state()).checkpoint or 0)
            assert len(checkpoints) < changes
        assert checkpoints == sorted(checkpoints)
        await recovered(harness)
    print(f"\n{changes} changes, killed after each of {len(checkpoints) - 1} commits")


async def test_a_long_delta_survives_a_kill_after_every_part(points: list[Point]) -> None:
    await killed_after_every_part(points, LONG)


@pytest.mark.deep
async def test_twenty_thousand_changes_survive_a_kill_after_every_part(
    points: list[Point],
) -> None:
    await killed_after_every_part(points, VERY_LONG)
