"""Many hints at once, and one writer: two hundred pushes, and a worker that wakes up too late."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.ids import HistoryId
from shared.domain.sync.state import LEASE_LIFETIME
from shared.errors import FencedOutError
from shared.usecases.sync.handle_push import Notified
from shared.usecases.sync.outcomes import LostLease
from shared.usecases.sync.work.lease import Held, take
from tests.chaos.harness import ChaosHarness
from tests.chaos.shared_google import open_shared_google
from tests.chaos.verdict import verify
from tests.harness.google import EMAIL
from tests.harness.syncing import BUDGET, CONNECTION

PUSHES = 200
DUPLICATES = 0.01


@dataclass
class Traffic:
    """Counts what is fetched, and how many fetch at once."""

    fetched: Counter[str] = field(default_factory=Counter)
    listings: int = 0

    async def note(self, path: str) -> None:
        """Count a call that is about to be made."""
        *_, kind, id = path.split("/")
        if kind == "messages":
            self.fetched[id] += 1
        self.listings += id == "history"


async def pushed_at_once(harness: ChaosHarness, history_ids: list[int]) -> list[Any]:
    """Hand over all pushes at the same moment, each to a process of its own."""
    calls = []
    for history_id in history_ids:
        harness.restart()
        calls.append(harness.notify(EMAIL, HistoryId(history_id)))
    return await asyncio.gather(*calls)


async def test_two_hundred_pushes_at_once_are_one_writer_s_work() -> None:
    async with open_shared_google() as shared_google, shared_google.harness() as harness:
        await harness.quiesce()
        traffic = Traffic()
        harness.transport.meanwhile = traffic.note
        arrived = [harness.owner.receive(f"mail {n}") for n in range(PUSHES)]
        outcomes = await pushed_at_once(harness, list(harness.pushes))
        assert all(isinstance(outcome, Notified) for outcome in outcomes)
        await _caught_up(harness, arrived)
        again = sum(traffic.fetched.values()) - len(traffic.fetched)
        assert set(traffic.fetched) == set(arrived)
        assert again <= DUPLICATES * len(arrived)
        print(f"\n{PUSHES} pushes at once: {traffic.listings} listings, {again} fetched twice")


async def test_two_hundred_pushes_that_come_while_mail_arrives_are_all_caught_up() -> None:
    async with open_shared_google() as shared_google, shared_google.harness() as harness:
        await harness.quiesce()
        traffic = Traffic()
        harness.transport.meanwhile = traffic.note
        arrived: list[str] = []
        workers = []
        for n in range(PUSHES):
            arrived.append(harness.owner.receive(f"mail {n}"))
            harness.restart()
            workers.append(asyncio.ensure_future(harness.push_now()))
            for _ in range(n % 5):
                await asyncio.sleep(0)
        await asyncio.gather(*workers)
        await _caught_up(harness, arrived)
        again = sum(traffic.fetched.values()) - len(traffic.fetched)
        assert again <= DUPLICATES * len(arrived)
        print(f"\n{PUSHES} pushes in a stream: {traffic.listings} listings, {again} fetched twice")


async def _caught_up(harness: ChaosHarness, arrived: list[str]) -> None:
    """Hold that everything is stored without anybody's help but the tasks left behind."""
    for _ in range(5):
        await harness.work()
    assert set(arrived) <= (await harness.stored()).keys()
    assert (await harness.state()).unmet_hint is None
    await harness.quiesce()
    await verify(harness)


async def test_a_worker_that_stalled_past_its_lease_cannot_write() -> None:
    async with open_shared_google() as shared_google, shared_google.harness() as harness:
        harness.owner.receive("old")
        await harness.quiesce()
        late = await take(harness.witness, harness.clock, CONNECTION, None)
        assert isinstance(late, Held)
        harness.advance(LEASE_LIFETIME + timedelta(seconds=1))
        arrived = harness.owner.receive("meanwhile")
        await harness.push_now()
        before = await harness.state()
        with pytest.raises(FencedOutError):
            await late.commit(lambda state: state)
        assert await harness.state() == before
        assert arrived in await harness.stored()


async def test_a_whole_run_that_stalls_past_its_lease_is_dropped_and_nothing_is_lost() -> None:
    async with open_shared_google() as shared_google, shared_google.harness() as harness:
        await harness.quiesce()
        arrived = harness.owner.receive("fetched by both")
        late = harness.sync

        async def take_over(path: str) -> None:
            if "/messages/" in path:
                harness.transport.meanwhile = None
                harness.advance(LEASE_LIFETIME + timedelta(seconds=1))
                harness.restart()
                await harness.push_now()

        harness.transport.meanwhile = take_over
        outcome = await late(CONNECTION, budget=BUDGET, hint=harness.newest())
        assert isinstance(outcome, LostLease)
        assert (await harness.heads())[arrived].sequence == 1
        await harness.quiesce()
        await verify(harness)
