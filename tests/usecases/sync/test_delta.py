"""Deltas: what changed since the checkpoint, applied once and in order."""

from datetime import timedelta

from shared.usecases.sync.outcomes import HeldElsewhere, NothingToDo, Synced
from tests.harness.syncing import CONNECTION, SyncHarness


async def test_a_pushed_mail_becomes_a_record(harness: SyncHarness) -> None:
    await harness.settle()
    arrived = harness.deliver("Fresh")
    outcome = await harness.push()
    assert isinstance(outcome, Synced)
    assert outcome.tally.added == 1
    assert (await harness.heads())[arrived].origin == "live"


async def test_label_changes_cost_no_fetch(harness: SyncHarness) -> None:
    ids = [harness.deliver(f"Mail {n}") for n in range(5)]
    await harness.settle()
    await harness.gmail("POST", "/messages/batchModify", {"ids": ids, "removeLabelIds": ["UNREAD"]})
    before = harness.units()
    await harness.push()
    assert harness.units() - before == 2
    assert await harness.stored() == harness.mailbox()


async def test_a_deleted_message_becomes_a_tombstone(harness: SyncHarness) -> None:
    gone = harness.deliver("Soon gone")
    await harness.settle()
    await harness.gmail("DELETE", f"/messages/{gone}")
    await harness.push()
    head = (await harness.heads())[gone]
    assert not head.live
    assert head.last_action == "DELETED"


async def test_a_message_added_and_deleted_between_looks_leaves_no_trace(
    harness: SyncHarness,
) -> None:
    await harness.settle()
    fleeting = harness.deliver("Fleeting")
    await harness.gmail("DELETE", f"/messages/{fleeting}")
    await harness.push()
    assert fleeting not in await harness.heads()


async def test_trash_and_back_is_a_label_change(harness: SyncHarness) -> None:
    moved = harness.deliver("Moved")
    await harness.settle()
    await harness.gmail("POST", f"/messages/{moved}/trash")
    await harness.push()
    assert "TRASH" in (await harness.stored())[moved]
    await harness.gmail("POST", f"/messages/{moved}/untrash")
    await harness.push()
    assert await harness.stored() == harness.mailbox()


async def test_an_event_tells_from_where_to_where_history_was_read(harness: SyncHarness) -> None:
    """`from` is the checkpoint before the change, `to` the one after it."""
    await harness.settle()
    before = (await harness.state()).checkpoint
    harness.deliver("One more")
    await harness.push()
    events = await harness.store.outbox.list(state=None, connection_id=None, limit=10)
    told = [one.payload["checkpoints"] for one in events if one.payload["syncType"] == "WEBHOOK"]
    after = (await harness.state()).checkpoint
    assert before != after
    assert told == [{"from": {"history_id": str(before)}, "to": {"history_id": str(after)}}]


async def test_a_stale_push_changes_nothing(harness: SyncHarness) -> None:
    harness.deliver("One")
    await harness.settle()
    before = await harness.state()
    assert isinstance(await harness.run(1), NothingToDo)
    assert await harness.state() == before


async def test_a_push_while_another_worker_syncs_leaves_its_hint_and_a_task(
    harness: SyncHarness,
) -> None:
    await harness.settle()
    was = await harness.store.sync_states.get(CONNECTION)
    assert was is not None
    from shared.usecases.sync.work.lease import Held, take  # noqa: PLC0415

    held = await take(harness.store.sync_states, harness.clock, CONNECTION, None)
    assert isinstance(held, Held)
    arrived = harness.deliver("Knock")
    outcome = await harness.push()
    assert isinstance(outcome, HeldElsewhere)
    assert (await harness.state()).hint == harness.google.store.history_id("ada@acme.example")
    assert harness.queue.tasks[-1].not_before == outcome.until
    harness.advance(timedelta(seconds=61))
    await harness.settle()
    assert arrived in await harness.stored()


async def test_an_unchanged_record_keeps_its_sequence_number(harness: SyncHarness) -> None:
    kept = harness.deliver("Kept")
    await harness.settle()
    before = (await harness.heads())[kept].sequence
    harness.deliver("Other")
    await harness.push()
    await harness.settle()
    assert (await harness.heads())[kept].sequence == before


async def test_draft_churn_folds_to_the_last_version(harness: SyncHarness) -> None:
    await harness.settle()
    raw = "VG86IGJvYkB4LmV4YW1wbGUNClN1YmplY3Q6IERyYWZ0DQoNCkhpDQo="
    made = await harness.gmail("POST", "/drafts", {"message": {"raw": raw}})
    for _ in range(4):
        await harness.gmail("PUT", f"/drafts/{made['id']}", {"message": {"raw": raw}})
    await harness.push()
    await harness.settle()
    assert await harness.stored() == harness.mailbox()
    assert len(await harness.heads()) == 1
