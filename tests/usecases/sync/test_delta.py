"""Deltas: what changed since the checkpoint, applied once and in order."""

from datetime import timedelta

from shared.usecases.sync.sync_mailbox import HeldElsewhere, NothingToDo, Synced
from tests.usecases.sync.house import CONNECTION, House


async def test_a_pushed_mail_becomes_a_record(house: House) -> None:
    await house.settle()
    arrived = house.deliver("Fresh")
    outcome = await house.push()
    assert isinstance(outcome, Synced)
    assert outcome.tally.added == 1
    assert (await house.heads())[arrived].origin == "live"


async def test_label_changes_cost_no_fetch(house: House) -> None:
    ids = [house.deliver(f"Mail {n}") for n in range(5)]
    await house.settle()
    await house.gmail("POST", "/messages/batchModify", {"ids": ids, "removeLabelIds": ["UNREAD"]})
    before = house.units()
    await house.push()
    assert house.units() - before == 2
    assert await house.stored() == house.mailbox()


async def test_a_deleted_message_becomes_a_tombstone(house: House) -> None:
    gone = house.deliver("Soon gone")
    await house.settle()
    await house.gmail("DELETE", f"/messages/{gone}")
    await house.push()
    head = (await house.heads())[gone]
    assert not head.live
    assert head.last_action == "DELETED"


async def test_a_message_added_and_deleted_between_looks_leaves_no_trace(house: House) -> None:
    await house.settle()
    fleeting = house.deliver("Fleeting")
    await house.gmail("DELETE", f"/messages/{fleeting}")
    await house.push()
    assert fleeting not in await house.heads()


async def test_trash_and_back_is_a_label_change(house: House) -> None:
    moved = house.deliver("Moved")
    await house.settle()
    await house.gmail("POST", f"/messages/{moved}/trash")
    await house.push()
    assert "TRASH" in (await house.stored())[moved]
    await house.gmail("POST", f"/messages/{moved}/untrash")
    await house.push()
    assert await house.stored() == house.mailbox()


async def test_a_stale_push_changes_nothing(house: House) -> None:
    house.deliver("One")
    await house.settle()
    before = await house.state()
    assert isinstance(await house.run(1), NothingToDo)
    assert await house.state() == before


async def test_a_push_while_another_worker_syncs_leaves_its_hint_and_a_task(house: House) -> None:
    await house.settle()
    was = await house.store.sync_states.get(CONNECTION)
    assert was is not None
    from shared.usecases.sync.lease import Held, take  # noqa: PLC0415

    held = await take(house.store.sync_states, house.clock, CONNECTION, None)
    assert isinstance(held, Held)
    arrived = house.deliver("Knock")
    outcome = await house.push()
    assert isinstance(outcome, HeldElsewhere)
    assert (await house.state()).hint == house.google.store.history_id("ada@acme.example")
    assert house.queue.tasks[-1].not_before == outcome.until
    house.advance(timedelta(seconds=61))
    await house.settle()
    assert arrived in await house.stored()


async def test_an_unchanged_record_keeps_its_sequence_number(house: House) -> None:
    kept = house.deliver("Kept")
    await house.settle()
    before = (await house.heads())[kept].sequence
    house.deliver("Other")
    await house.push()
    await house.settle()
    assert (await house.heads())[kept].sequence == before


async def test_draft_churn_folds_to_the_last_version(house: House) -> None:
    await house.settle()
    raw = "VG86IGJvYkB4LmV4YW1wbGUNClN1YmplY3Q6IERyYWZ0DQoNCkhpDQo="
    made = await house.gmail("POST", "/drafts", {"message": {"raw": raw}})
    for _ in range(4):
        await house.gmail("PUT", f"/drafts/{made['id']}", {"message": {"raw": raw}})
    await house.push()
    assert await house.stored() == house.mailbox()
    assert len(await house.heads()) == 1
