"""An expired history: compared by listing, with nothing downloaded again."""

from tests.usecases.sync.house import EMAIL, House


async def test_changes_missed_by_an_expired_history_are_found(house: House) -> None:
    ids = [house.deliver(f"Mail {n}") for n in range(30)]
    await house.settle()
    await house.gmail("DELETE", f"/messages/{ids[0]}")
    await house.gmail("POST", f"/messages/{ids[1]}/trash")
    await house.gmail(
        "POST", "/messages/batchModify", {"ids": ids[2:6], "removeLabelIds": ["UNREAD"]}
    )
    new = house.deliver("New since")
    house.google.store.expire_history(EMAIL)
    await house.push()
    await house.settle()
    assert await house.stored() == house.mailbox()
    heads = await house.heads()
    assert not heads[ids[0]].live
    assert heads[new].origin == "recovery"


async def test_a_recovery_without_changes_fetches_nothing(house: House) -> None:
    for n in range(40):
        house.deliver(f"Mail {n}")
    await house.settle()
    numbers = {id: head.sequence for id, head in (await house.heads()).items()}
    house.google.store.expire_history(EMAIL)
    house.deliver("Trigger")
    before = house.units()
    await house.push()
    await house.settle()
    after = {id: head.sequence for id, head in (await house.heads()).items()}
    assert numbers.items() <= after.items()
    assert house.units() - before < 40 * 20
