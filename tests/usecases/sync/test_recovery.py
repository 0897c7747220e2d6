"""An expired history: compared by listing, with nothing downloaded again."""

from dataclasses import replace
from datetime import timedelta

from shared.domain.ids import HistoryId
from shared.ports.sync_store import Batch
from tests.usecases.sync.house import CONNECTION, EMAIL, House


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


async def test_a_recovery_tells_what_truly_changed_and_how_many(house: House) -> None:
    ids = [house.deliver(f"Mail {n}") for n in range(20)]
    await house.settle()
    for id in ids[:3]:
        await house.gmail("DELETE", f"/messages/{id}")
    await house.gmail(
        "POST", "/messages/batchModify", {"ids": ids[3:10], "removeLabelIds": ["UNREAD"]}
    )
    for n in range(2):
        house.deliver(f"New {n}")
    house.google.store.expire_history(EMAIL)
    await house.push()
    await house.settle()
    events = await house.store.outbox.list(state=None, connection_id=None, limit=20)
    told = [it.payload["responseResults"] for it in events if it.payload["syncType"] != "INITIAL"]
    counts = {kind: sum(one[kind] for one in told) for kind in ("added", "updated", "deleted")}
    assert counts == {"added": 2, "updated": 7, "deleted": 3}


async def test_mail_older_than_the_window_is_not_read_again(house: House) -> None:
    house.deliver("Inside")
    long_ago = house.clock.now() - timedelta(days=300)
    raw = b"From: a@x.example\r\nSubject: Old\r\n\r\nOld."
    await house.settle()
    old = house.google.store.deliver(EMAIL, raw, internal_date=long_ago).id
    house.google.store.expire_history(EMAIL)
    before = house.google.stats.as_json()["methods"]["gmail.users.messages.get"]["calls"]
    await house.push()
    await house.settle()
    after = house.google.stats.as_json()["methods"]["gmail.users.messages.get"]["calls"]
    assert after == before
    assert old not in await house.stored()


async def test_a_checkpoint_beyond_the_end_of_history_is_taken_back(house: House) -> None:
    house.deliver("Before")
    await house.settle()
    was = await house.store.sync_states.get(CONNECTION)
    assert was is not None
    beyond = HistoryId(house.google.store.history_id(EMAIL) + 1_000_000)
    ahead = replace(was.value, checkpoint=beyond, hint=beyond)
    await house.store.sync_states.commit(was, ahead, Batch())
    unheard = house.deliver("Its push is below the checkpoint")
    await house.push()
    house.advance(timedelta(hours=1, minutes=1))
    await house.settle()
    assert unheard in await house.stored()
    heard = house.deliver("Live again")
    await house.push()
    assert heard in await house.stored()
