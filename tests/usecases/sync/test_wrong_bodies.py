"""Gmail answers 200 with a wrong body: the sync stores nothing of it, and goes on afterwards."""

from datetime import timedelta

import pytest

from infra.local.google.faults import BODY_FAULTS
from shared.domain.ids import MessageId
from shared.domain.sync.records.payload import unpack
from tests.chaos.reader import CursorReader
from tests.harness.google import EMAIL
from tests.harness.syncing import CONNECTION, SyncHarness

METHODS = ("getProfile", "history.list", "messages.list", "messages.get", "threads.get")
FACES = [(method, fault) for method in (*METHODS, "labels.list") for fault in sorted(BODY_FAULTS)]


async def whole(harness: SyncHarness) -> None:
    """Hold the copy to the mailbox: every message, with its text."""
    assert await harness.stored() == harness.mailbox()
    for id in await harness.stored():
        record = await harness.store.records.get(CONNECTION, MessageId(id))
        assert record is not None
        assert unpack(record.payload)["text"].startswith("The body of")


@pytest.mark.parametrize(("method", "fault"), FACES)
async def test_a_wrong_body_stores_nothing_and_stops_nothing(
    harness: SyncHarness, method: str, fault: str
) -> None:
    old = [harness.deliver(f"Old {n}") for n in range(3)]
    await harness.settle()
    reader = CursorReader(harness.store)
    await reader.read()
    before = await harness.state()
    harness.deliver("New")
    await harness.gmail("POST", f"/messages/{old[0]}/modify", {"addLabelIds": ["STARRED"]})
    harness.google.faults.add(fault, method=method, email=EMAIL)
    if method == "labels.list":
        harness.google.store.expire_history(EMAIL)
    for _ in range(3):
        await harness.push()
        await harness.run()
        harness.advance(timedelta(minutes=2))
    during = await harness.state()
    await reader.read()
    stored = await harness.stored()
    assert stored.keys() <= harness.mailbox().keys()
    assert stored.keys() >= set(old), "nothing was taken for deleted"
    if method == "history.list":
        assert during.checkpoint == before.checkpoint
        assert reader.mailbox.keys() == set(old)
    harness.google.faults.clear()
    harness.advance(timedelta(hours=2))
    await harness.settle()
    await reader.read()
    await whole(harness)
    assert reader.mailbox == harness.mailbox()


@pytest.mark.parametrize(("method", "fault"), FACES[::7])
async def test_a_first_sync_is_not_over_before_all_is_read(
    harness: SyncHarness, method: str, fault: str
) -> None:
    for n in range(4):
        harness.deliver(f"Old {n}")
    harness.google.faults.add(fault, method=method, email=EMAIL)
    for _ in range(3):
        await harness.run()
        harness.advance(timedelta(minutes=2))
    backfill = (await harness.state()).backfill
    if method in {"messages.list", "getProfile"}:
        assert backfill is None or backfill.finished_at is None
    harness.google.faults.clear()
    harness.advance(timedelta(hours=2))
    await harness.settle()
    await whole(harness)
