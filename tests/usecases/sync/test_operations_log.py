"""What the operations log tells of a sync run: what charts and operators read."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.ids import ConnectionId, HistoryId
from shared.domain.operation import Operation, OperationState
from shared.domain.sync.state import SECOND_LOOK_AFTER
from tests.harness.syncing import CONNECTION, SyncHarness

SECRET = "ada@acme.example"


async def newest_run(harness: SyncHarness) -> Operation:
    found = await harness.store.operations.list(
        connection_id=CONNECTION, type=None, state=None, limit=1
    )
    return found[0]


async def test_a_run_tells_the_units_it_spent_and_whether_a_push_brought_it(
    harness: SyncHarness,
) -> None:
    harness.deliver("One")
    await harness.settle()
    assert (await newest_run(harness)).detail["pushed"] is False
    harness.deliver("Two")
    before = harness.units()
    await harness.push()
    told = (await newest_run(harness)).detail
    assert told["pushed"] is True
    assert told["units"] == harness.units() - before


async def test_a_run_tells_how_long_live_mail_had_been_waiting(harness: SyncHarness) -> None:
    await harness.settle()
    harness.deliver("Early")
    harness.advance(timedelta(minutes=7))
    harness.deliver("Late")
    await harness.push()
    waited_ms = (await newest_run(harness)).detail["lateness_ms"]
    assert 7 * 60_000 <= waited_ms < 8 * 60_000


async def test_a_run_that_stores_no_live_mail_tells_no_lateness(harness: SyncHarness) -> None:
    harness.deliver("Before the window was read")
    await harness.settle()
    assert "lateness_ms" not in (await newest_run(harness)).detail


async def test_a_second_look_that_comes_to_nothing_has_no_entry(harness: SyncHarness) -> None:
    await harness.settle()
    harness.deliver("One")
    await harness.push()
    told = await newest_run(harness)
    harness.advance(SECOND_LOOK_AFTER)
    await harness.settle()
    assert (await harness.state()).second_look_at is None
    assert await newest_run(harness) == told


class Broken:
    """A mailbox whose every answer is what no code expects."""

    def of(self, connection_id: ConnectionId) -> "Broken":
        """Return for any connection."""
        return self

    def __getattr__(self, name: str) -> Any:
        """Break, whatever is called."""

        async def breaks(*_: Any, **__: Any) -> Any:
            raise KeyError(SECRET)

        return breaks


async def test_a_run_that_crashes_is_failed_everywhere_and_gives_its_lease_back(
    harness: SyncHarness,
) -> None:
    await harness.settle()
    harness.deliver("One")
    crashing = replace(harness.sync, gmail=Broken())
    with pytest.raises(KeyError):
        await crashing(CONNECTION, budget=timedelta(minutes=1), hint=HistoryId(10**9))
    told = await newest_run(harness)
    assert (told.state, told.error) == (OperationState.FAILED, "internal")
    state = await harness.state()
    assert (state.last_error, state.failures) == ("internal", 1)
    assert not state.is_held(harness.clock.now())
    assert state.deferred_until is not None
    assert SECRET not in f"{told}{state}"
    harness.advance(state.deferred_until - harness.clock.now())
    await harness.settle()
    assert (await newest_run(harness)).state is OperationState.OK
    assert (await harness.state()).last_error is None
