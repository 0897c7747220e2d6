"""An expired history: compared by listing, with nothing downloaded again."""

from dataclasses import replace
from datetime import timedelta

from shared.domain.ids import HistoryId
from shared.ports.sync_store import Batch
from tests.harness.google import EMAIL
from tests.harness.syncing import CONNECTION, SyncHarness


async def test_changes_missed_by_an_expired_history_are_found(harness: SyncHarness) -> None:
    ids = [harness.deliver(f"Mail {n}") for n in range(30)]
    await harness.settle()
    await harness.gmail("DELETE", f"/messages/{ids[0]}")
    await harness.gmail("POST", f"/messages/{ids[1]}/trash")
    await harness.gmail(
        "POST", "/messages/batchModify", {"ids": ids[2:6], "removeLabelIds": ["UNREAD"]}
    )
    new = harness.deliver("New since")
    harness.google.store.expire_history(EMAIL)
    await harness.push()
    await harness.settle()
    assert await harness.stored() == harness.mailbox()
    heads = await harness.heads()
    assert not heads[ids[0]].live
    assert heads[new].origin == "recovery"


async def test_a_recovery_without_changes_fetches_nothing(harness: SyncHarness) -> None:
    for n in range(40):
        harness.deliver(f"Mail {n}")
    await harness.settle()
    numbers = {id: head.sequence for id, head in (await harness.heads()).items()}
    harness.google.store.expire_history(EMAIL)
    harness.deliver("Trigger")
    before = harness.units()
    await harness.push()
    await harness.settle()
    after = {id: head.sequence for id, head in (await harness.heads()).items()}
    assert numbers.items() <= after.items()
    assert harness.units() - before < 40 * 20


async def test_a_recovery_tells_what_truly_changed_and_how_many(harness: SyncHarness) -> None:
    ids = [harness.deliver(f"Mail {n}") for n in range(20)]
    await harness.settle()
    for id in ids[:3]:
        await harness.gmail("DELETE", f"/messages/{id}")
    await harness.gmail(
        "POST", "/messages/batchModify", {"ids": ids[3:10], "removeLabelIds": ["UNREAD"]}
    )
    for n in range(2):
        harness.deliver(f"New {n}")
    harness.google.store.expire_history(EMAIL)
    await harness.push()
    await harness.settle()
    events = await harness.store.outbox.list(state=None, connection_id=None, limit=20)
    told = [it.payload["responseResults"] for it in events if it.payload["syncType"] != "INITIAL"]
    counts = {kind: sum(one[kind] for one in told) for kind in ("added", "updated", "deleted")}
    assert counts == {"added": 2, "updated": 7, "deleted": 3}


async def test_mail_older_than_the_window_is_not_read_again(harness: SyncHarness) -> None:
    harness.deliver("Inside")
    long_ago = harness.clock.now() - timedelta(days=300)
    raw = b"From: a@x.example\r\nSubject: Old\r\n\r\nOld."
    await harness.settle()
    old = harness.google.store.deliver(EMAIL, raw, internal_date=long_ago).id
    harness.google.store.expire_history(EMAIL)
    before = harness.google.stats.as_json()["methods"]["gmail.users.messages.get"]["calls"]
    await harness.push()
    await harness.settle()
    after = harness.google.stats.as_json()["methods"]["gmail.users.messages.get"]["calls"]
    assert after == before
    assert old not in await harness.stored()


async def test_a_checkpoint_beyond_the_end_of_history_is_taken_back(harness: SyncHarness) -> None:
    harness.deliver("Before")
    await harness.settle()
    was = await harness.store.sync_states.get(CONNECTION)
    assert was is not None
    beyond = HistoryId(harness.google.store.history_id(EMAIL) + 1_000_000)
    ahead = replace(was.value, checkpoint=beyond, hint=beyond)
    await harness.store.sync_states.commit(was, ahead, Batch())
    unheard = harness.deliver("Its push is below the checkpoint")
    await harness.push()
    harness.advance(timedelta(hours=1, minutes=1))
    await harness.settle()
    assert unheard in await harness.stored()
    heard = harness.deliver("Live again")
    await harness.push()
    assert heard in await harness.stored()
