"""Emptying ends records, and whoever reads by cursor is told of every end."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.ids import LabelId, MessageId
from shared.domain.sync.records.record import EndReason, Origin
from shared.domain.sync.selection import Selection
from shared.domain.sync.state import SyncState
from shared.ports.documents import Versioned
from shared.ports.sync_store import COMMIT_WRITES, Batch
from shared.usecases.connect.update_connection import ChangeSelection
from shared.usecases.sync.control import ControlSync
from shared.usecases.sync.work import steps
from shared.usecases.sync.work.steps import AT_ONCE
from tests.chaos.reader import CursorReader
from tests.harness.syncing import CONNECTION, SyncHarness
from tests.usecases.connect.interrupted import Crash

PORTION, MANY = 10, 25


def control(harness: SyncHarness) -> ControlSync:
    return ControlSync(harness.store.sync_states, harness.queue, harness.clock)


async def reason_of(harness: SyncHarness, id: str) -> EndReason | None:
    record = await harness.store.records.get(CONNECTION, MessageId(id))
    assert record is not None
    return record.head.reason


async def test_mail_deleted_before_an_emptying_ends_with_every_reader(harness: SyncHarness) -> None:
    ids = [harness.deliver(f"Mail {n}") for n in range(4)]
    await harness.settle()
    reader = CursorReader(harness.store)
    await reader.read()
    await harness.gmail("DELETE", f"/messages/{ids[0]}")
    await control(harness).trigger(CONNECTION, empty_cache=True)
    await harness.settle()
    await reader.read()
    assert reader.mailbox == harness.mailbox() == await harness.stored()
    assert await reason_of(harness, ids[0]) is EndReason.EMPTIED


async def test_what_is_still_there_comes_back_under_a_new_number(harness: SyncHarness) -> None:
    kept = harness.deliver("Kept")
    await harness.settle()
    before = (await harness.heads())[kept]
    await control(harness).trigger(CONNECTION, empty_cache=True)
    await harness.settle()
    after = (await harness.heads())[kept]
    assert after.live
    assert after.reason is None
    assert after.origin is Origin.BACKFILL
    assert after.sequence > before.sequence + 1, "its end had a number of its own"


class Counted:
    """Sync states that note the size of each commit; the process dies at one of them."""

    def __init__(self, harness: SyncHarness, dies_at: int | None = None) -> None:
        self.inner, self.sizes, self.dies_at = harness.store.sync_states, list[int](), dies_at

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)

    async def commit(
        self, was: Versioned[SyncState], now: SyncState, batch: Batch
    ) -> Versioned[SyncState]:
        if self.dies_at is not None and len(self.sizes) >= self.dies_at:
            raise Crash
        self.sizes.append(len(batch.put) + len(batch.heads) + len(batch.released))
        return await self.inner.commit(was, now, batch)


async def test_emptying_many_records_takes_few_commits_and_goes_on_after_a_crash(
    harness: SyncHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert AT_ONCE < COMMIT_WRITES
    monkeypatch.setattr(steps, "AT_ONCE", PORTION)
    for n in range(MANY):
        harness.deliver(f"Mail {n}")
    await harness.settle()
    reader = CursorReader(harness.store)
    await reader.read()
    await control(harness).trigger(CONNECTION, empty_cache=True)
    shaky = Counted(harness, dies_at=1)
    with pytest.raises(Crash):
        await replace(harness.sync, states=shaky)(CONNECTION, budget=timedelta(minutes=5))  # type: ignore[arg-type]
    assert shaky.sizes == [PORTION]
    assert (await harness.state()).live_records == MANY - PORTION
    harness.advance(timedelta(minutes=2))
    counted = Counted(harness)
    await replace(harness.sync, states=counted)(CONNECTION, budget=timedelta(minutes=5))  # type: ignore[arg-type]
    assert [size for size in counted.sizes if size][:2] == [PORTION, MANY - 2 * PORTION]
    await harness.settle()
    await reader.read()
    assert reader.mailbox == harness.mailbox()


async def test_quarantine_is_forgotten_and_found_again(harness: SyncHarness) -> None:
    await harness.settle()
    fault = {"fault": "fresh_404", "times": 1}
    await harness.http.post("http://google.test/_control/faults", json=fault)
    late = harness.deliver("Late")
    await harness.push()
    assert await harness.store.quarantine.list(CONNECTION, 10)
    await control(harness).trigger(CONNECTION, empty_cache=True)
    await harness.settle()
    assert not await harness.store.quarantine.list(CONNECTION, 10)
    assert late in await harness.stored()


async def test_what_leaves_the_selection_says_so(harness: SyncHarness) -> None:
    starred, plain = harness.deliver("Starred"), harness.deliver("Plain")
    await harness.gmail("POST", f"/messages/{starred}/modify", {"addLabelIds": ["STARRED"]})
    await harness.settle()
    choose = ChangeSelection(harness.store.sync_states, control(harness))
    await choose(CONNECTION, Selection(labels=(LabelId("STARRED"),)))
    await harness.settle()
    assert set(await harness.stored()) == {starred}
    assert await reason_of(harness, plain) is EndReason.LEFT_SELECTION
    await harness.gmail("POST", f"/messages/{starred}/modify", {"removeLabelIds": ["STARRED"]})
    await harness.push()
    assert await reason_of(harness, starred) is EndReason.LEFT_SELECTION
    assert "STARRED" not in (await harness.heads())[starred].label_ids


async def test_a_deletion_says_so(harness: SyncHarness) -> None:
    gone = harness.deliver("Gone")
    await harness.settle()
    await harness.gmail("DELETE", f"/messages/{gone}")
    await harness.push()
    assert await reason_of(harness, gone) is EndReason.DELETED
