"""What a key sends in a UTC day is counted once each, by however many at once, on both stores."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from shared.actions.policy.count_sends import CountSends
from shared.domain.keys.policy import Actor, Policy
from shared.domain.send.count import empty_count
from shared.errors import PolicyRefusedError
from shared.ports.store import Store
from tests.contracts.backends import Backend
from tests.harness.clock import ManualClock

CAP = 5
AGENT = Actor("key-1", Policy(daily_sends=CAP))
EVENING = datetime(2026, 11, 22, 23, 59, 59, tzinfo=UTC)


class PatientClock(ManualClock):
    """A clock whose waiting lets the others have their turn."""

    async def sleep(self, duration: timedelta) -> None:
        await asyncio.sleep(0)


async def counted(store: Store, clock: ManualClock, ids: Sequence[str]) -> bool:
    """Count these sends; answer whether they may go."""
    try:
        await CountSends(store.send_counts, clock)(AGENT, ids)
    except PolicyRefusedError:
        return False
    return True


def names(count: int, first: int = 0) -> list[str]:
    return [f"{number:064x}"[::-1] for number in range(first, first + count)]


async def test_of_many_at_once_exactly_as_many_go_as_may(backend: Backend) -> None:
    """Several processes, each with a connection of its own."""
    stores, clock = [backend.open() for _ in range(3)], PatientClock()
    went = await asyncio.gather(
        *(counted(stores[n % 3], clock, [id]) for n, id in enumerate(names(4 * CAP)))
    )
    assert sum(went) == CAP
    kept = await stores[0].send_counts.get(empty_count("key-1", clock.now()).id)
    assert kept is not None
    assert len(kept.value.sends) == CAP


async def test_a_retry_is_the_same_send_also_at_the_cap(store: Store) -> None:
    clock = PatientClock()
    ids = names(CAP)
    assert await counted(store, clock, ids)
    assert all([await counted(store, clock, [id]) for id in ids])
    assert not await counted(store, clock, names(1, first=CAP))


async def test_of_a_bulk_all_are_counted_or_none(store: Store) -> None:
    clock = PatientClock()
    assert await counted(store, clock, names(CAP - 1))
    assert not await counted(store, clock, names(2, first=CAP))
    assert await counted(store, clock, names(1, first=CAP))


async def test_the_day_begins_at_midnight_utc_for_each_key_by_itself(store: Store) -> None:
    clock = PatientClock(EVENING)
    assert await counted(store, clock, names(CAP))
    other = Actor("key-2", AGENT.policy)
    await CountSends(store.send_counts, clock)(other, names(CAP))
    assert not await counted(store, clock, names(1, first=CAP))
    clock.current += timedelta(seconds=1)
    assert await counted(store, clock, names(1, first=CAP))
