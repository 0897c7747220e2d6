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
from shared.usecases.sync.lease import Held, take
from shared.usecases.sync.sync_mailbox import LostLease
from tests.chaos.chaos_house import ChaosHouse
from tests.chaos.estate import open_estate
from tests.chaos.verdict import verify
from tests.usecases.sync.house import BUDGET, CONNECTION, EMAIL

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


async def pushed_at_once(house: ChaosHouse, history_ids: list[int]) -> list[Any]:
    """Hand over all pushes at the same moment, each to a process of its own."""
    calls = []
    for history_id in history_ids:
        house.restart()
        calls.append(house.notify(EMAIL, HistoryId(history_id)))
    return await asyncio.gather(*calls)


async def test_two_hundred_pushes_at_once_are_one_writer_s_work() -> None:
    async with open_estate() as estate, estate.house() as house:
        await house.quiesce()
        traffic = Traffic()
        house.transport.meanwhile = traffic.note
        arrived = [house.owner.receive(f"mail {n}") for n in range(PUSHES)]
        outcomes = await pushed_at_once(house, list(house.pushes))
        assert all(isinstance(outcome, Notified) for outcome in outcomes)
        await _caught_up(house, arrived)
        again = sum(traffic.fetched.values()) - len(traffic.fetched)
        assert set(traffic.fetched) == set(arrived)
        assert again <= DUPLICATES * len(arrived)
        print(f"\n{PUSHES} pushes at once: {traffic.listings} listings, {again} fetched twice")


async def test_two_hundred_pushes_that_come_while_mail_arrives_are_all_caught_up() -> None:
    async with open_estate() as estate, estate.house() as house:
        await house.quiesce()
        traffic = Traffic()
        house.transport.meanwhile = traffic.note
        arrived: list[str] = []
        workers = []
        for n in range(PUSHES):
            arrived.append(house.owner.receive(f"mail {n}"))
            house.restart()
            workers.append(asyncio.ensure_future(house.push_now()))
            for _ in range(n % 5):
                await asyncio.sleep(0)
        await asyncio.gather(*workers)
        await _caught_up(house, arrived)
        again = sum(traffic.fetched.values()) - len(traffic.fetched)
        assert again <= DUPLICATES * len(arrived)
        print(f"\n{PUSHES} pushes in a stream: {traffic.listings} listings, {again} fetched twice")


async def _caught_up(house: ChaosHouse, arrived: list[str]) -> None:
    """Hold that everything is stored without anybody's help but the tasks left behind."""
    for _ in range(5):
        await house.work()
    assert set(arrived) <= (await house.stored()).keys()
    assert (await house.state()).unmet_hint is None
    await house.quiesce()
    await verify(house)


async def test_a_worker_that_stalled_past_its_lease_cannot_write() -> None:
    async with open_estate() as estate, estate.house() as house:
        house.owner.receive("old")
        await house.quiesce()
        late = await take(house.witness, house.clock, CONNECTION, None)
        assert isinstance(late, Held)
        house.advance(LEASE_LIFETIME + timedelta(seconds=1))
        arrived = house.owner.receive("meanwhile")
        await house.push_now()
        before = await house.state()
        with pytest.raises(FencedOutError):
            await late.commit(lambda state: state)
        assert await house.state() == before
        assert arrived in await house.stored()


async def test_a_whole_run_that_stalls_past_its_lease_is_dropped_and_nothing_is_lost() -> None:
    async with open_estate() as estate, estate.house() as house:
        await house.quiesce()
        arrived = house.owner.receive("fetched by both")
        late = house.sync

        async def take_over(path: str) -> None:
            if "/messages/" in path:
                house.transport.meanwhile = None
                house.advance(LEASE_LIFETIME + timedelta(seconds=1))
                house.restart()
                await house.push_now()

        house.transport.meanwhile = take_over
        outcome = await late(CONNECTION, budget=BUDGET, hint=house.newest())
        assert isinstance(outcome, LostLease)
        assert (await house.heads())[arrived].sequence == 1
        await house.quiesce()
        await verify(house)
