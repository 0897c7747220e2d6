"""Gmail answers 200 with a wrong body: the sync stores nothing of it, and goes on afterwards."""

from datetime import timedelta

import pytest

from infra.local.google.faults import BODY_FAULTS
from shared.domain.ids import MessageId
from shared.domain.sync.payload import unpack
from tests.chaos.reader import CursorReader
from tests.usecases.sync.house import CONNECTION, EMAIL, House

METHODS = ("getProfile", "history.list", "messages.list", "messages.get", "threads.get")
FACES = [(method, fault) for method in (*METHODS, "labels.list") for fault in sorted(BODY_FAULTS)]


async def whole(house: House) -> None:
    """Hold the copy to the mailbox: every message, with its text."""
    assert await house.stored() == house.mailbox()
    for id in await house.stored():
        record = await house.store.records.get(CONNECTION, MessageId(id))
        assert record is not None
        assert unpack(record.payload)["text"].startswith("The body of")


@pytest.mark.parametrize(("method", "fault"), FACES)
async def test_a_wrong_body_stores_nothing_and_stops_nothing(
    house: House, method: str, fault: str
) -> None:
    old = [house.deliver(f"Old {n}") for n in range(3)]
    await house.settle()
    reader = CursorReader(house.store)
    await reader.read()
    before = await house.state()
    house.deliver("New")
    await house.gmail("POST", f"/messages/{old[0]}/modify", {"addLabelIds": ["STARRED"]})
    house.google.faults.add(fault, method=method, email=EMAIL)
    if method == "labels.list":
        house.google.store.expire_history(EMAIL)
    for _ in range(3):
        await house.push()
        await house.run()
        house.advance(timedelta(minutes=2))
    during = await house.state()
    await reader.read()
    stored = await house.stored()
    assert stored.keys() <= house.mailbox().keys()
    assert stored.keys() >= set(old), "nothing was taken for deleted"
    if method == "history.list":
        assert during.checkpoint == before.checkpoint
        assert reader.mailbox.keys() == set(old)
    house.google.faults.clear()
    house.advance(timedelta(hours=2))
    await house.settle()
    await reader.read()
    await whole(house)
    assert reader.mailbox == house.mailbox()


@pytest.mark.parametrize(("method", "fault"), FACES[::7])
async def test_a_first_sync_is_not_over_before_all_is_read(
    house: House, method: str, fault: str
) -> None:
    for n in range(4):
        house.deliver(f"Old {n}")
    house.google.faults.add(fault, method=method, email=EMAIL)
    for _ in range(3):
        await house.run()
        house.advance(timedelta(minutes=2))
    backfill = (await house.state()).backfill
    if method in {"messages.list", "getProfile"}:
        assert backfill is None or backfill.finished_at is None
    house.google.faults.clear()
    house.advance(timedelta(hours=2))
    await house.settle()
    await whole(house)
