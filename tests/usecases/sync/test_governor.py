"""Whose turn it is: bulk work is paced and shared, live mail is not, a refusal is everybody's."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.adapters.sqlite.store import open_store
from shared.domain.connect.connection import Connection, ConnectionStatus
from shared.domain.ids import ConnectionId, GoogleSub
from shared.domain.sync.mailbox import GoogleUser
from shared.domain.sync.quota_units import UnitsPerMinute
from shared.domain.sync.state import Backfill, SyncState
from shared.ports.store import Store
from shared.usecases.sync.work.pace import BURST, SHARE, QuotaGovernor, TokenBucket, Units
from tests.harness.clock import ManualClock
from tests.harness.syncing import CONNECTION, SyncHarness

PER_MINUTE = UnitsPerMinute(6_000)
SUB = GoogleSub("sub-ada")
ONE, OTHER = ConnectionId("c-one"), ConnectionId("c-other")
START = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
async def store(tmp_path: Path, clock: ManualClock) -> AsyncIterator[Store]:
    opened = open_store(tmp_path / "store.db", clock)
    for id in (ONE, OTHER):
        await opened.connections.create(
            Connection(id, "a@x.example", SUB, frozenset(), ConnectionStatus.ACTIVE, START, START)
        )
    await opened.google_users.create(GoogleUser(SUB, frozenset({ONE, OTHER})))
    yield opened
    await opened.close()


def governor(store: Store, clock: ManualClock) -> QuotaGovernor:
    return QuotaGovernor(
        store.connections, store.google_users, store.sync_states, clock, PER_MINUTE
    )


async def test_bulk_work_spends_four_fifths_of_the_allowance(clock: ManualClock) -> None:
    pace = TokenBucket(clock, PER_MINUTE)
    while clock.now() < START + 10 * MINUTE:
        await pace.spend(Units.MESSAGE)
    saved_up = PER_MINUTE * SHARE * BURST / MINUTE
    assert pace.spent - saved_up == pytest.approx(10 * PER_MINUTE * SHARE, rel=0.01)


async def test_no_minute_takes_more_than_the_allowance(clock: ManualClock) -> None:
    pace = TokenBucket(clock, PER_MINUTE)
    while clock.now() < START + MINUTE:
        await pace.spend(Units.THREAD)
    assert pace.spent <= PER_MINUTE


async def test_live_mail_never_waits_and_bulk_work_makes_up_for_it(clock: ManualClock) -> None:
    pace = TokenBucket(clock, PER_MINUTE)
    for _ in range(100):
        await pace.spend(Units.MESSAGE, urgent=True)
    assert clock.now() == START
    await pace.spend(Units.MESSAGE)
    owed = timedelta(minutes=100 * Units.MESSAGE / (PER_MINUTE * SHARE)) - BURST
    assert clock.slept == [owed]


@pytest.mark.parametrize(("others", "share"), [("idle", 1.0), ("backfilling", 0.5)])
async def test_the_connections_of_a_user_share_what_is_for_bulk_work(
    store: Store, clock: ManualClock, others: str, share: float
) -> None:
    backfill = Backfill(None, START) if others == "backfilling" else None
    await store.sync_states.create(SyncState(OTHER, backfill=backfill))
    shared = governor(store, clock)
    assert await shared.admit(ONE) is None
    assert shared.pace(ONE).units_per_minute == PER_MINUTE * share


async def test_what_google_refused_one_every_instance_leaves_alone_that_long(
    store: Store, clock: ManualClock
) -> None:
    until = START + timedelta(hours=2)
    await governor(store, clock).record_refusal(ONE, until)
    elsewhere = governor(store, clock)
    assert await elsewhere.admit(OTHER) == until
    clock.current = until
    assert await elsewhere.admit(OTHER) is None


async def test_bulk_work_waits_out_a_refusal_while_live_mail_goes_on(harness: SyncHarness) -> None:
    await harness.settle()
    now = harness.clock.now()
    await harness.store.connections.create(
        Connection(CONNECTION, "a@x.example", SUB, frozenset(), ConnectionStatus.ACTIVE, now, now)
    )
    until = now + timedelta(hours=2)
    await harness.store.google_users.create(
        GoogleUser(SUB, frozenset({CONNECTION}), rate_limited_until=until)
    )
    arrived = harness.deliver("Live")
    await harness.push()
    assert arrived in await harness.stored()
    assert await harness.sync.governor.admit(CONNECTION) == until
