"""A process may end at any await of an own sync: nothing is lost, doubled or wrongly deleted.

The awaits are enumerated from the source, so a new one cannot be forgotten: each is died in before
what it waits for has begun, and after it has happened with nobody to see the answer.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import pytest

from shared.actions.ready.threads import SYNC as THREADS
from shared.domain.models.state import state_id
from shared.domain.models.sync import Sync
from shared.domain.sync.state import LEASE_LIFETIME, SyncStatus
from shared.errors import RateLimitedError
from shared.usecases.sync.models.context import SyncContext
from tests.chaos.await_points import USECASES, Point, standing_in_awaits
from tests.chaos.left_behind import alike, effects
from tests.chaos.lives import Death, Life, Side
from tests.harness.models import ModelHarness, Reader, model_harness
from tests.harness.syncing import CONNECTION
from tests.usecases.models.test_derived import POISON, WORDS, shown_threads, true_threads
from tests.usecases.models.test_own_code import Place, Provider, Row

pytestmark = [
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited"),
    pytest.mark.timeout(1_800),
]
ROOM = USECASES / "sync" / "models"
APART = ("AdoptSyncs", "ReadsGmail", "ReadsHttp", "SyncContext.listing", "ModelLease.beat")
"""What only enqueues or reads, what own code enters as a block, and what only time brings."""
RARE = {
    ("AdoptSync._stays", 2): "a connection that is being removed: tests of disconnecting",
    ("RunOwnCode.__call__", 5): "starting over, which is one commit",
    ("RunSync._finish", 2): "a process that is told to end",
    ("RunSync._leave", 1): "as above",
    ("RunSync._finish", 4): "a fault of our own",
    ("RunSync._forget", 1): "a connection that is gone: tests of disconnecting",
    ("RunSync._forget", 2): "as above",
    ("judge", 1): "asks own code, and writes nothing",
    ("_watch", 1): "beside own code another wakes, and dies with it",
    ("_watch", 2): "only time brings it",
    ("_watch", 3): "own code that is cancelled",
}
"""Awaits that no scene here reaches, and why."""


@dataclass(frozen=True)
class Polled:
    """Another row, so that each sync has its model."""

    id: str
    value: int = 0


@dataclass
class KilledSyncs:
    """A mailbox with syncs of each kind, and what they should hold."""

    syncs: ModelHarness
    polled: dict[str, int]
    paged: Provider
    refusing: list[BaseException]
    readers: tuple[Reader, ...]

    words: tuple[str, ...] = ("Kept", "Three", "new", "one", "words")

    async def prepare(self) -> None:
        """Let everything be read once, then change it."""
        kept, gone = (self.syncs.mail.deliver(f"Kept {word}") for word in ("one", "two"))
        self.syncs.mail.deliver(f"{POISON} now")
        await self.syncs.mail.settle()
        await self.run_all()
        for reader in self.readers:
            await reader.catch_up()
        await self.syncs.mail.gmail("DELETE", f"/messages/{gone}")
        await self.syncs.mail.gmail(
            "POST", f"/messages/{kept}/modify", {"removeLabelIds": ["UNREAD"]}
        )
        self.syncs.mail.deliver("Three new words")
        await self.syncs.mail.push()
        self.polled |= {"p0": 7, "new": 1}
        del self.polled["p1"]
        self.paged.rows |= {"r03": 9, "zz": 1}
        del self.paged.rows["r04"]

    async def run_all(self) -> None:
        """Run every sync now."""
        await self.syncs.run_due()
        for name in ("poll", "page"):
            await self.syncs.run(name)

    async def recover(self) -> None:
        """Start again after the dead one's lease, until everything has come to its end."""
        self.refusing.clear()
        self.paged.fails_at = None
        self.syncs.advance(LEASE_LIFETIME + timedelta(seconds=1))
        await self.syncs.mail.settle()
        for name in ("poll", "page", "find-words", "sync-threads"):
            if await self._paused(name):
                await self.syncs.control.start(CONNECTION, name)
        for _ in range(3):
            await self.run_all()
            self.syncs.advance(timedelta(hours=2))

    async def _paused(self, name: str) -> bool:
        found = await self.syncs.store.model_syncs.get(state_id(CONNECTION, name))
        return found is not None and found.value.status is SyncStatus.PAUSED

    async def verify(self) -> None:
        """Hold rows and readers to the mailbox and the lists."""
        rows = {name: await self.syncs.rows(name) for name in ("Polled", "Row", "Word")}
        assert {id: row["value"] for id, row in rows["Polled"].items()} == self.polled
        assert {id: row["value"] for id, row in rows["Row"].items()} == self.paged.rows
        assert await shown_threads(self.syncs) == await true_threads(self.syncs)
        words = [row["word"] for row in rows["Word"].values()]
        assert Counter(words) == Counter(self.words)
        for reader in self.readers:
            assert await reader.catch_up() == await self.syncs.rows(reader.model)
        for name, model in (("poll", "Polled"), ("page", "Row"), ("find-words", "Word")):
            assert (await self.syncs.state(name)).of(model).live == len(rows[model])


@asynccontextmanager
async def opened() -> AsyncIterator[KilledSyncs]:
    """Open a harness that was prepared."""
    polled, refusing = {f"p{n}": n for n in range(5)}, list[BaseException]()
    paged = Provider({f"r{n:02}": n for n in range(25)})

    async def poll(context: SyncContext[None]) -> None:
        async with context.listing(Polled):
            if refusing:
                raise refusing[0]
            context.save(*(Polled(id, value) for id, value in polled.items()))
            await context.stored(Polled, "p0")
        async for _ in context.messages():
            pass

    page = Sync("page", "A list by pages.", (Row,), paged.paged, checkpoint=Place)
    rows = (THREADS, WORDS, Sync("poll", "A list.", (Polled,), poll), page)
    async with model_harness(*rows) as syncs:
        readers = tuple(map(syncs.reader, ("GmailThread", "Word", "Polled", "Row")))
        yield KilledSyncs(syncs, polled, paged, refusing, readers)


Act = Callable[[KilledSyncs], Awaitable[object]]


async def follow(harness: KilledSyncs) -> None:
    """Make rows of the mail that changed."""
    await harness.syncs.run_due()


async def retry(harness: KilledSyncs) -> None:
    """Try again what is set aside."""
    await harness.syncs.run_due()
    harness.syncs.advance(timedelta(hours=12))
    await harness.syncs.run_due()


async def listed(name: str, harness: KilledSyncs) -> None:
    """Read a list."""
    await harness.syncs.run(name)


async def empty(harness: KilledSyncs) -> None:
    """End every record and read again."""
    for name in ("poll", "find-words"):
        await harness.syncs.control.trigger(CONNECTION, name, empty=True)
        await harness.syncs.run(name, wake=False)


async def pause_and_start(harness: KilledSyncs) -> None:
    """Stop one and let it go on, at another frequency."""
    await harness.syncs.control.pause(CONNECTION, "poll")
    await harness.syncs.control.start(CONNECTION, "poll")
    await harness.syncs.control.set_frequency(CONNECTION, "poll", timedelta(hours=2))
    await harness.syncs.run("poll")


async def refused(error: BaseException, harness: KilledSyncs) -> None:
    """Fail in own code, three times, so that the product is told."""
    harness.refusing.append(error)
    for _ in range(3):
        await harness.syncs.run("poll")
        harness.syncs.advance(timedelta(hours=2))


async def twice(harness: KilledSyncs) -> None:
    """Run it by two workers at once: one sees the other's lease."""
    await asyncio.gather(harness.syncs.run("page"), harness.syncs.run("page"))


async def forgotten(harness: KilledSyncs) -> None:
    """Be asked for a sync that the code has no more."""
    await harness.syncs.run("gone")


async def first(harness: KilledSyncs) -> None:
    """Run for the first time, while the mailbox is still being read."""
    await harness.run_all()


async def large(harness: KilledSyncs) -> None:
    """Write more than a commit takes, then end it all."""
    await harness.run_all()
    await empty(harness)
    for id in [one for one in harness.polled if one.startswith("m")]:
        del harness.polled[id]
    for _ in range(2):  # so many are believed gone the second time
        await harness.syncs.run("poll")


async def paused(harness: KilledSyncs) -> None:
    """Look at one that was paused meanwhile."""
    await harness.syncs.control.pause(CONNECTION, "poll")
    await harness.syncs.run("poll", wake=False)


async def broken(harness: KilledSyncs) -> None:
    """Go on after a listing that broke off."""
    harness.paged.fails_at = 1
    await harness.syncs.run("page")
    harness.paged.fails_at = None
    harness.syncs.advance(timedelta(hours=1))
    await harness.syncs.run("page")


async def fresh(harness: KilledSyncs) -> None:
    """Prepare nothing but mail that was never read."""
    harness.syncs.mail.deliver("Three new words")
    harness.words = ("Three", "new", "words")


async def with_much(harness: KilledSyncs) -> None:
    """Prepare more rows than one commit takes, of each kind."""
    many = tuple(f"w{n}" for n in range(390))
    for words in ("Three new words", " ".join(many)):
        harness.syncs.mail.deliver(words)
        harness.syncs.advance(timedelta(seconds=1))
    await harness.syncs.mail.settle()
    harness.words = ("Three", "new", "words", *many)
    harness.polled |= {f"m{n}": n for n in range(400)}


PREPARED: dict[str, Act] = {"first": fresh, "large": with_much}
"""What comes before a scene, where that is not `KilledSyncs.prepare`."""
SCENES: dict[str, Act] = {
    "first": first,
    "large": large,
    "paused": paused,
    "broken": broken,
    "follow": follow,
    "retry": retry,
    "poll": partial(listed, "poll"),
    "page": partial(listed, "page"),
    "empty": empty,
    "pause": pause_and_start,
    "crash": partial(refused, ValueError("words")),
    "rate": partial(refused, RateLimitedError("Later.", retry_after=timedelta(minutes=1))),
    "twice": twice,
    "forgotten": forgotten,
}


@pytest.fixture
def points() -> Iterator[list[Point]]:
    """Yield the awaits of every file of own syncs, each of which can be died in."""
    with standing_in_awaits(sorted(ROOM.glob("*.py"))) as found:
        known = (one for one in found if (one.function, one.number) not in RARE)
        yield [point for point in known if not point.function.startswith(APART)]


async def surveyed(name: str, act: Act) -> Life:
    """Return what a scene crosses when nothing kills it."""
    async with opened() as harness:
        await PREPARED.get(name, KilledSyncs.prepare)(harness)
        mail = harness.syncs.mail
        life = Life(effects=effects(mail.google, mail.store, mail.queue, mail.clock))
        await life.run(act(harness))
        await harness.recover()
        await harness.verify()
        return life


async def died(name: str, act: Act, death: Death) -> bool:
    """Die there once and hold everything to what it should be; return whether death came."""
    async with opened() as harness:
        await PREPARED.get(name, KilledSyncs.prepare)(harness)
        life = Life(death)
        await life.run(act(harness))
        for reader in harness.readers:
            await reader.catch_up()
        try:
            await harness.recover()
            await harness.verify()
        except AssertionError as error:
            raise AssertionError(f"{name}, killed {death}: {error}") from error
        return life.died_at == death


async def killed_in(points: list[Point], *, once_for_all_alike: bool) -> set[tuple[Point, Side]]:
    """Die where no earlier scene has died yet; return where that is."""
    killed: set[tuple[Point, Side]] = set()
    known = {*points}
    for name, act in SCENES.items():
        life = await surveyed(name, act)
        left = {place: done for place, done in life.left.items() if place[0] in known}
        groups = alike(left, killed) if once_for_all_alike else [[one] for one in sorted(left)]
        for places in groups:
            if await died(name, act, Death(*places[0])):
                killed.update(places)
    return killed


def counted(points: list[Point], killed: set[tuple[Point, Side]]) -> None:
    """Print the counts; fail for every await without a death."""
    sides: tuple[Side, Side] = ("before", "after")
    missed = [f"{side} {one}" for one in points for side in sides if (one, side) not in killed]
    print(f"\n{len(points)} awaits of own syncs died in, in {len(SCENES)} scenes")
    assert not missed, "nobody was ever killed at: " + "; ".join(missed)


async def test_a_kill_at_any_await_loses_doubles_and_deletes_nothing(points: list[Point]) -> None:
    """Deaths that leave the same are one death here, and each is died in `make test-deep`."""
    counted(points, await killed_in(points, once_for_all_alike=True))


@pytest.mark.deep
async def test_a_kill_at_any_await_of_any_scene_loses_nothing(points: list[Point]) -> None:
    counted(points, await killed_in(points, once_for_all_alike=False))
