"""A process may end at any await of asking, deciding and running: a yes runs the call once.

The awaits are enumerated from the source, as those of the sync are (`test_kills.py`).
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from shared.domain.keys.approval import CLAIM
from shared.errors import TransientError
from tests.chaos.approval_scenes import SCENES, Scene
from tests.chaos.await_points import USECASES, Point, standing_in_awaits
from tests.chaos.lives import Death, Life, Side
from tests.harness.acting import ActionHarness, action_harness

pytestmark = [
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited"),
    pytest.mark.timeout(1_800),
]
ACTIONS = USECASES.parent / "actions"
ASIDE = {"guard.py", "preview.py", "recipients.py"}
"""They judge and show, and write nothing."""
SOURCES = [
    *sorted(path for path in (ACTIONS / "policy").rglob("*.py") if path.name not in ASIDE),
    ACTIONS / "gmail" / "draft_copies.py",
]
SIDES: tuple[Side, Side] = ("before", "after")


@pytest.fixture
def points() -> Iterator[list[Point]]:
    with standing_in_awaits(SOURCES) as found:
        yield found


async def surveyed(harness: ActionHarness, scene: Scene, key: str) -> Counter[tuple[Point, Side]]:
    """Return how often a scene crosses each point when nothing kills it."""
    play, life = await scene.prepared(harness, key), Life()
    await life.run(play.act())
    await play.verify(await play.recover(), disturbed=False)
    return life.crossed


async def died(harness: ActionHarness, scene: Scene, key: str, death: Death) -> Death | None:
    """Die there once; answer where death truly came."""
    play, life = await scene.prepared(harness, key), Life(death)
    with suppress(TransientError):
        await life.run(play.act())
    harness.clock.advance(CLAIM)
    try:
        await play.verify(await play.recover(), disturbed=True)
    except AssertionError as error:
        raise AssertionError(f"{scene}, killed {death}: {error}") from error
    return life.died_at


async def killed(harness: ActionHarness, *, everywhere: bool) -> Counter[tuple[Point, Side]]:
    """Die in every point of every scene, or only where no earlier scene has died yet."""
    found: Counter[tuple[Point, Side]] = Counter()
    numbers = count()
    for scene in SCENES:
        crossed = await surveyed(harness, scene, f"play {next(numbers)}")
        for place in sorted(crossed):
            if found[place] and not everywhere:
                continue
            death = Death(*place)
            came = await died(harness, scene, f"play {next(numbers)}", death)
            found[place] += came == death
    return found


def counted(points: list[Point], found: Counter[tuple[Point, Side]]) -> None:
    """Print the counts; fail for every await without a death."""
    missed = [f"{side} {point}" for point in points for side in SIDES if not found[point, side]]
    print(f"\n{len(points)} awaits, {found.total()} kills in {len(SCENES)} scenes")
    assert not missed, "nobody was ever killed at: " + "; ".join(missed)


async def test_a_kill_at_any_await_runs_an_approved_call_once(
    tmp_path: Path, points: list[Point]
) -> None:
    async with action_harness(tmp_path) as harness:
        counted(points, await killed(harness, everywhere=False))


@pytest.mark.deep
async def test_a_kill_at_any_await_of_any_scene_runs_it_once(
    tmp_path: Path, points: list[Point]
) -> None:
    async with action_harness(tmp_path) as harness:
        counted(points, await killed(harness, everywhere=True))
