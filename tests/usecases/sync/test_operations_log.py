"""What the operations log tells of a sync run: what charts and operators read."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.ids import ConnectionId, HistoryId
from shared.domain.operation import Operation, OperationState
from tests.usecases.sync.house import CONNECTION, House

SECRET = "ada@acme.example"


async def newest_run(house: House) -> Operation:
    found = await house.store.operations.list(
        connection_id=CONNECTION, type=None, state=None, limit=1
    )
    return found[0]


async def test_a_run_tells_the_units_it_spent_and_whether_a_push_brought_it(house: House) -> None:
    house.deliver("One")
    await house.settle()
    assert (await newest_run(house)).detail["pushed"] is False
    house.deliver("Two")
    before = house.units()
    await house.push()
    told = (await newest_run(house)).detail
    assert told["pushed"] is True
    assert told["units"] == house.units() - before


async def test_a_run_tells_how_long_live_mail_had_been_waiting(house: House) -> None:
    await house.settle()
    house.deliver("Early")
    house.advance(timedelta(minutes=7))
    house.deliver("Late")
    await house.push()
    waited_ms = (await newest_run(house)).detail["lateness_ms"]
    assert 7 * 60_000 <= waited_ms < 8 * 60_000


async def test_a_run_that_stores_no_live_mail_tells_no_lateness(house: House) -> None:
    house.deliver("Before the window was read")
    await house.settle()
    assert "lateness_ms" not in (await newest_run(house)).detail


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
    house: House,
) -> None:
    await house.settle()
    house.deliver("One")
    crashing = replace(house.sync, gmail=Broken())
    with pytest.raises(KeyError):
        await crashing(CONNECTION, budget=timedelta(minutes=1), hint=HistoryId(10**9))
    told = await newest_run(house)
    assert (told.state, told.error) == (OperationState.FAILED, "internal")
    state = await house.state()
    assert (state.last_error, state.failures) == ("internal", 1)
    assert not state.held(house.clock.now())
    assert state.deferred_until is not None
    assert SECRET not in f"{told}{state}"
    house.advance(state.deferred_until - house.clock.now())
    await house.settle()
    assert (await newest_run(house)).state is OperationState.OK
    assert (await house.state()).last_error is None
