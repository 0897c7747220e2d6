"""What the operations log tells of a sync run: what charts and operators read."""

from datetime import timedelta

from shared.domain.operation import Operation
from tests.usecases.sync.house import CONNECTION, House


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
