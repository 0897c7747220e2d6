"""Whatever is lost, dies, stalls or comes twice: every message arrives exactly once (DESIGN 6.2).

Deliveries are counted where they arrive: in the receiving mailbox.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from shared.domain.connect.scopes import MODIFY, SEND
from shared.domain.send.entry import SendEntry, SendState
from shared.domain.send.request import SendRequest
from shared.errors import (
    IdempotencyInProgressError,
    TransientError,
    UnknownConnectionError,
)
from tests.chaos.await_points import USECASES, Point, standing_in_awaits
from tests.chaos.left_behind import alike, effects
from tests.chaos.lives import Death, Life, Side
from tests.chaos.lossy import Weather
from tests.chaos.send_scenes import SCENES, Scene
from tests.harness.sending import CONNECTION, SendHarness, send_harness, unwrapped

pytestmark = [
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited"),
    pytest.mark.timeout(1_800),
]
ASIDE = {"pacing.py", "process_bulk.py", "send_bulk.py", "send_draft.py", "record_bounces.py"}
"""Of bulks, drafts and bounces, which have tests of their own."""
SOURCES = [
    *sorted(path for path in (USECASES / "send").rglob("*.py") if path.name not in ASIDE),
]
METHODS = (
    "drafts.create", "drafts.send", "drafts.get", "drafts.list", "messages.get", "messages.list",
    "threads.get",
)  # fmt: skip
LOSSES = ("drop_response", "drop_request", "status_503", "status_429", "status_403_rate")
CLIENTS = 5
TRIALS, MANY_TRIALS = 150, 1_000
TRIALS_AN_OFFICE = 25


@pytest.fixture
def points() -> Iterator[list[Point]]:
    with standing_in_awaits(SOURCES) as found:
        yield found


def delivered(harness: SendHarness, key: str) -> int:
    return [harness.read(id).text("Subject") for id in harness.inbox()].count(f"No {key}")


async def persisted(harness: SendHarness, key: str, asked: SendRequest) -> SendEntry:
    """Be a client that repeats its request until it has an answer, and a background that works."""
    for _ in range(500):
        with suppress(IdempotencyInProgressError, TransientError):
            entry = (await harness.send_email(CONNECTION, asked, key)).entry
            if entry.state.final:
                return entry
        harness.advance(timedelta(seconds=40))
        with suppress(TransientError):
            await harness.finish_due()
    raise AssertionError("nobody finished it")


async def ended(harness: SendHarness, key: str, asked: SendRequest) -> SendEntry | None:
    """Return the entry once it is final; None where there was none when the mailbox left."""
    try:
        return await persisted(harness, key, asked)
    except UnknownConnectionError:
        known = await harness.store.sends.list(CONNECTION, 1)
        return await harness.settle(key, rounds=400) if known else None


async def judged(harness: SendHarness, key: str, entry: SendEntry, *, sure: bool) -> None:
    """Hold the ledger to the mailbox, and the events to the ledger."""
    arrived = delivered(harness, key)
    if sure:
        assert (entry.state, arrived) == (SendState.SUBMITTED, 1)
    elif entry.state is SendState.SUBMITTED:
        assert arrived == 1
    elif entry.state is SendState.FAILED:
        assert arrived == 0
    else:
        assert (entry.state, arrived <= 1) == (SendState.UNKNOWN, True)
    told = [one for one in await harness.events() if one["send"]["idempotencyKey"] == key]
    assert [one["operation"] for one in told] == [entry.state.value]


async def survived(directory: Path, scene: Scene, death: Death | None) -> Life:
    """Play a scene with that death in it, start again, and judge."""
    async with send_harness(directory, scopes=scene.scopes) as harness:
        done = effects(harness.google, harness.store, harness.queue, harness.clock)
        asked, life = scene.asked(harness, "1"), Life(death, effects=done)
        await life.run(scene.act(harness, "1", asked))
        harness.google.faults.clear()
        harness.wrap = unwrapped
        harness.tokens.revoked = False
        entry = await ended(harness, "1", asked)
        try:
            if entry is None:
                assert delivered(harness, "1") == 0
            else:
                await judged(harness, "1", entry, sure=scene.sure)
        except AssertionError as error:
            raise AssertionError(f"{scene}, killed {death}: {error}") from error
    return life


async def killed_everywhere(directory: Path) -> Counter[tuple[Point, Side]]:
    """Die in every point of every scene."""
    killed: Counter[tuple[Point, Side]] = Counter()
    for number, scene in enumerate(SCENES):
        room = directory / str(number)
        room.mkdir()
        crossed = (await survived(room, scene, None)).crossed
        for (point, side), count in sorted(crossed.items()):
            for turn in sorted({1, (count + 1) // 2, count}):
                await die(room, scene, Death(point, side, turn))
                killed[point, side] += 1
    return killed


async def killed_once_each(directory: Path) -> Counter[tuple[Point, Side]]:
    """Die where no earlier scene has died yet, once for all deaths that leave the same."""
    killed: Counter[tuple[Point, Side]] = Counter()
    for number, scene in enumerate(SCENES):
        room = directory / str(number)
        room.mkdir()
        for places in alike((await survived(room, scene, None)).left, killed):
            await die(room, scene, Death(*places[0]))
            killed.update(places)
    return killed


async def die(room: Path, scene: Scene, death: Death) -> None:
    """Play a scene with that death in it."""
    life = await survived(room, scene, death)
    assert life.died_at == death, f"{scene}: never died {death}"


def counted(points: list[Point], killed: Counter[tuple[Point, Side]]) -> None:
    """Print the counts; fail for every await without a death."""
    sides: tuple[Side, Side] = ("before", "after")
    missed = [f"{side} {point}" for point in points for side in sides if not killed[point, side]]
    print(f"\n{len(points)} awaits of sending; {killed.total()} kills in {len(SCENES)} scenes")
    assert not missed, "nobody was ever killed at: " + "; ".join(missed)


async def test_a_kill_at_any_await_sends_once(points: list[Point], tmp_path: Path) -> None:
    """Deaths that leave the same are one death here, and each is died in `make test-deep`."""
    counted(points, await killed_once_each(tmp_path))


@pytest.mark.deep
async def test_a_kill_at_any_await_of_any_scene_sends_once(
    points: list[Point], tmp_path: Path
) -> None:
    counted(points, await killed_everywhere(tmp_path))


async def attempt(harness: SendHarness, key: str, asked: SendRequest, random: Random) -> None:
    """Be one of several clients with the same key; some die at a random await."""
    steps = random.randrange(1, 60) if random.random() < 0.4 else None
    life = Life(steps_left=steps)

    async def tries() -> None:
        for _ in range(random.randrange(1, 4)):
            with suppress(IdempotencyInProgressError, TransientError):
                await harness.send_email(CONNECTION, asked, key)
            await asyncio.sleep(0)

    await life.run(tries())


async def trial(harness: SendHarness, number: int, random: Random) -> SendEntry:
    """Five clients, one key, faults at random calls, stalls, kills; then a calm day."""
    key = f"t{number}"
    scene = Scene(key)
    asked = scene.asked(harness, key)
    weather = Weather(random, harness.advance, lost=0.03, stalled=0.01)
    harness.wrap = weather.over
    for _ in range(random.randrange(4)):
        after = random.randrange(3)
        harness.fault(random.choice(LOSSES), random.choice(METHODS), after=after)
    background = [harness.finish_due() for _ in range(random.randrange(3))]
    clients = [attempt(harness, key, asked, random) for _ in range(CLIENTS)]
    ends = await asyncio.gather(*clients, *background, return_exceptions=True)
    odd = [end for end in ends if isinstance(end, BaseException)]
    assert all(isinstance(end, TransientError) for end in odd), odd
    weather.clear()
    harness.google.faults.clear()
    return await persisted(harness, key, asked)


async def trials(directory: Path, count: int) -> Counter[str]:
    outcomes: Counter[str] = Counter()
    for start in range(0, count, TRIALS_AN_OFFICE):
        room = directory / str(start)
        room.mkdir()
        async with send_harness(room, scopes=(MODIFY,)) as harness:
            for number in range(start, min(start + TRIALS_AN_OFFICE, count)):
                entry = await trial(harness, number, Random(number))
                await judged(harness, f"t{number}", entry, sure=True)
                outcomes[entry.state.value] += 1
    return outcomes


async def test_five_clients_with_one_key_send_once_through_any_trouble(
    points: list[Point], tmp_path: Path
) -> None:
    outcomes = await trials(tmp_path, TRIALS)
    print(f"\n{TRIALS} trials: {dict(outcomes)}")
    assert outcomes == {"submitted": TRIALS}


@pytest.mark.deep
async def test_a_thousand_trials_are_a_thousand_deliveries(
    points: list[Point], tmp_path: Path
) -> None:
    outcomes = await trials(tmp_path, MANY_TRIALS)
    print(f"\n{MANY_TRIALS} trials: {dict(outcomes)}")
    assert outcomes == {"submitted": MANY_TRIALS}


@pytest.mark.parametrize("loss", LOSSES[:3])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("after", [0, 1])
async def test_one_loss_at_any_call_of_the_protocol_changes_nothing(
    tmp_path: Path, method: str, loss: str, after: int
) -> None:
    """The send's own answer is lost first, so that the protocol makes all its calls."""
    async with send_harness(tmp_path) as harness:
        scene = Scene("1", (("drop_response", "drafts.create"), ("drop_request", "drafts.send")))
        asked = scene.asked(harness, "1")
        harness.fault(loss, method, after=after)
        await scene.act(harness, "1", asked)
        harness.google.faults.clear()
        await judged(harness, "1", await persisted(harness, "1", asked), sure=True)


async def test_without_drafts_nothing_arrives_twice_and_nothing_is_guessed(tmp_path: Path) -> None:
    """Where the protocol proves that it cannot know, it says so."""
    outcomes: Counter[str] = Counter()
    async with send_harness(tmp_path, scopes=(SEND,)) as harness:
        for number in range(40):
            key = f"d{number}"
            asked = Scene(key).asked(harness, key)
            if number % 4:
                harness.fault(LOSSES[number % 4], "messages.send")
            with suppress(TransientError):
                await harness.send_email(CONNECTION, asked, key)
            harness.google.faults.clear()
            entry = await persisted(harness, key, asked)
            await judged(harness, key, entry, sure=False)
            outcomes[entry.state.value] += 1
    print(f"\n40 direct sends: {dict(outcomes)}")
    assert set(outcomes) == {"submitted", "unknown"}
