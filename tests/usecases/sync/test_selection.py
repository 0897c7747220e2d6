"""A connection that keeps only some labels or senders: deltas obey it as backfills do."""

from shared.domain.sync.selection import selection
from shared.usecases.connect.update_connection import ChangeSelection
from shared.usecases.sync.control import ControlSync
from tests.usecases.sync.house import CONNECTION, EMAIL, House


async def select(house: House, *, labels: tuple[str, ...] = (), senders: tuple[str, ...] = ()):
    control = ControlSync(house.store.sync_states, house.queue, house.clock)
    change = ChangeSelection(house.store.sync_states, control)
    await change(CONNECTION, selection(labels, senders))


def selected(house: House, *labels: str) -> dict[str, frozenset[str]]:
    return {id: under for id, under in house.mailbox().items() if under & set(labels)}


def deliver_from(house: House, sender: str) -> str:
    raw = f"From: {sender}\r\nTo: {EMAIL}\r\nSubject: Hi\r\n\r\nHello.".encode()
    return house.google.store.deliver(EMAIL, raw, internal_date=house.clock.now()).id


async def star(house: House, id: str) -> None:
    await house.gmail("POST", f"/messages/{id}/modify", {"addLabelIds": ["STARRED"]})


async def unstar(house: House, id: str) -> None:
    await house.gmail("POST", f"/messages/{id}/modify", {"removeLabelIds": ["STARRED"]})


async def test_a_backfill_keeps_what_is_selected_by_label(house: House) -> None:
    ids = [house.deliver(f"Mail {n}") for n in range(8)]
    for id in ids[:3]:
        await star(house, id)
    await house.gmail("POST", f"/messages/{ids[5]}/trash")
    await select(house, labels=("STARRED", "TRASH"))
    await house.settle()
    assert await house.stored() == selected(house, "STARRED", "TRASH")
    assert len(await house.stored()) == 4


async def test_a_label_that_comes_and_goes_brings_and_takes_the_record(house: House) -> None:
    await select(house, labels=("STARRED",))
    id = house.deliver("Plain")
    await house.settle()
    assert await house.stored() == {}
    await star(house, id)
    await house.push()
    assert await house.stored() == selected(house, "STARRED")
    await unstar(house, id)
    await house.push()
    assert await house.stored() == {}
    assert not (await house.heads())[id].live
    await star(house, id)
    await house.push()
    assert set(await house.stored()) == {id}


async def test_narrowing_and_widening_by_label_end_at_the_selection(house: House) -> None:
    ids = [house.deliver(f"Mail {n}") for n in range(6)]
    await star(house, ids[0])
    await house.settle()
    await select(house, labels=("STARRED",))
    await house.settle()
    assert await house.stored() == selected(house, "STARRED")
    await select(house)
    await house.settle()
    assert await house.stored() == house.mailbox()


async def test_a_selection_by_sender_holds_for_backfill_and_delta(house: House) -> None:
    kept = [deliver_from(house, "Ann <ann@shop.example>"), deliver_from(house, "bo@home.example")]
    deliver_from(house, "stranger@far.example")
    await select(house, senders=("@shop.example", "BO@home.example"))
    await house.settle()
    assert sorted(await house.stored()) == sorted(kept)
    kept.append(deliver_from(house, "zoe@shop.example"))
    deliver_from(house, "stranger@far.example")
    await house.push()
    assert sorted(await house.stored()) == sorted(kept)


async def test_an_expired_history_is_recovered_within_the_selection(house: House) -> None:
    ids = [house.deliver(f"Mail {n}") for n in range(6)]
    await star(house, ids[0])
    await select(house, labels=("STARRED",))
    await house.settle()
    await unstar(house, ids[0])
    await star(house, ids[1])
    house.google.store.expire_history(EMAIL)
    house.deliver("Trigger")
    await house.push()
    await house.settle()
    assert await house.stored() == selected(house, "STARRED")
