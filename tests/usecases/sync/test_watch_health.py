"""A watch that lives by its date and announces nothing is found out (FACTS 2.3, 15.6)."""

from datetime import timedelta

from tests.usecases.sync.house import House

HOUR = timedelta(hours=1, minutes=1)


async def test_changes_that_no_push_announced_revive_the_watch(house: House) -> None:
    await house.settle()
    house.deliver("Unheard")
    house.advance(HOUR)
    await house.settle()
    assert house.watch.revived == 1
    assert (await house.state()).unannounced_at is not None


async def test_changes_whose_push_came_within_minutes_do_not(house: House) -> None:
    await house.settle()
    house.deliver("Heard late")
    house.advance(HOUR)
    await house.run()
    await house.push()
    await house.settle()
    assert house.watch.revived == 0


async def test_the_next_push_proves_the_watch_alive(house: House) -> None:
    await house.settle()
    house.deliver("Unheard")
    house.advance(HOUR)
    await house.settle()
    house.deliver("Heard")
    await house.push()
    assert (await house.state()).unannounced_at is None
