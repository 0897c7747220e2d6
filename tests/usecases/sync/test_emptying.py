"""Emptying ends records, and whoever reads by cursor is told of every end."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.ids import LabelId, MessageId
from shared.domain.sync.record import EndReason, Origin
from shared.domain.sync.selection import Selection
from shared.domain.sync.state import SyncState
from shared.ports.documents import Versioned
from shared.ports.sync_store import COMMIT_WRITES, Batch
from shared.usecases.connect.update_connection import ChangeSelection
from shared.usecases.sync import emptying
from shared.usecases.sync.control import ControlSync
from shared.usecases.sync.emptying import AT_ONCE
from tests.chaos.reader import CursorReader
from tests.usecases.connect.interrupted import Crash
from tests.usecases.sync.house import CONNECTION, House

PORTION, MANY = 10, 25


def control(house: House) -> ControlSync:
    return ControlSync(house.store.sync_states, house.queue, house.clock)


async def reason_of(house: House, id: str) -> EndReason | None:
    record = await house.store.records.get(CONNECTION, MessageId(id))
    assert record is not None
    return record.head.reason


async def test_mail_deleted_before_an_emptying_ends_with_every_reader(house: House) -> None:
    ids = [house.deliver(f"Mail {n}") for n in range(4)]
    await house.settle()
    reader = CursorReader(house.store)
    await reader.read()
    await house.gmail("DELETE", f"/messages/{ids[0]}")
    await control(house).trigger(CONNECTION, empty_cache=True)
    await house.settle()
    await reader.read()
    assert reader.mailbox == house.mailbox() == await house.stored()
    assert await reason_of(house, ids[0]) is EndReason.EMPTIED


async def test_what_is_still_there_comes_back_under_a_new_number(house: House) -> None:
    kept = house.deliver("Kept")
    await house.settle()
    before = (await house.heads())[kept]
    await control(house).trigger(CONNECTION, empty_cache=True)
    await house.settle()
    after = (await house.heads())[kept]
    assert after.live
    assert after.reason is None
    assert after.origin is Origin.BACKFILL
    assert after.sequence > before.sequence + 1, "its end had a number of its own"


class Counted:
    """Sync states that note the size of each commit; the process dies at one of them."""

    def __init__(self, house: House, dies_at: int | None = None) -> None:
        self.inner, self.sizes, self.dies_at = house.store.sync_states, list[int](), dies_at

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
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert AT_ONCE < COMMIT_WRITES
    monkeypatch.setattr(emptying, "AT_ONCE", PORTION)
    for n in range(MANY):
        house.deliver(f"Mail {n}")
    await house.settle()
    reader = CursorReader(house.store)
    await reader.read()
    await control(house).trigger(CONNECTION, empty_cache=True)
    shaky = Counted(house, dies_at=1)
    with pytest.raises(Crash):
        await replace(house.sync, states=shaky)(CONNECTION, budget=timedelta(minutes=5))  # type: ignore[arg-type]
    assert shaky.sizes == [PORTION]
    assert (await house.state()).live_records == MANY - PORTION
    house.advance(timedelta(minutes=2))
    counted = Counted(house)
    await replace(house.sync, states=counted)(CONNECTION, budget=timedelta(minutes=5))  # type: ignore[arg-type]
    assert [size for size in counted.sizes if size][:2] == [PORTION, MANY - 2 * PORTION]
    await house.settle()
    await reader.read()
    assert reader.mailbox == house.mailbox()


async def test_quarantine_is_forgotten_and_found_again(house: House) -> None:
    await house.settle()
    fault = {"fault": "fresh_404", "times": 1}
    await house.http.post("http://google.test/_control/faults", json=fault)
    late = house.deliver("Late")
    await house.push()
    assert await house.store.quarantine.list(CONNECTION, 10)
    await control(house).trigger(CONNECTION, empty_cache=True)
    await house.settle()
    assert not await house.store.quarantine.list(CONNECTION, 10)
    assert late in await house.stored()


async def test_what_leaves_the_selection_says_so(house: House) -> None:
    starred, plain = house.deliver("Starred"), house.deliver("Plain")
    await house.gmail("POST", f"/messages/{starred}/modify", {"addLabelIds": ["STARRED"]})
    await house.settle()
    choose = ChangeSelection(house.store.sync_states, control(house))
    await choose(CONNECTION, Selection(labels=(LabelId("STARRED"),)))
    await house.settle()
    assert set(await house.stored()) == {starred}
    assert await reason_of(house, plain) is EndReason.LEFT_SELECTION


async def test_a_deletion_says_so(house: House) -> None:
    gone = house.deliver("Gone")
    await house.settle()
    await house.gmail("DELETE", f"/messages/{gone}")
    await house.push()
    assert await reason_of(house, gone) is EndReason.DELETED
