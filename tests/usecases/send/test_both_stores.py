"""The ledger keeps its promises on Firestore's official emulator as on SQLite."""

import secrets
from asyncio import gather
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from shared.adapters.firestore import store as firestore_store
from shared.domain.send.entry import SendState
from shared.errors import IdempotencyInProgressError, TransientError
from shared.usecases.send.send_bulk import BulkMessage
from tests.chaos.lossy import Weather
from tests.usecases.send.office import CONNECTION, HELLO, Office, open_office, request, unwrapped
from tests.usecases.send.test_bulk import drained

pytestmark = pytest.mark.emulators


@pytest.fixture
async def office(
    tmp_path: Path, firestore_emulator: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Office]:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", firestore_emulator)
    store = firestore_store.open_store(f"send-{secrets.token_hex(6)}")
    async with open_office(tmp_path, store=store) as opened:
        yield opened


async def test_a_send_and_its_replay(office: Office) -> None:
    first, again = await office.send(), await office.send()
    assert (first.entry.state, again.replayed) == (SendState.SUBMITTED, True)
    assert again.entry == first.entry
    assert [one["operation"] for one in await office.events()] == ["submitted"]
    assert len(office.inbox()) == 1


async def test_five_clients_with_one_key_on_a_bad_day(office: Office) -> None:
    for number in range(6):
        key, random = f"k{number}", Random(number)
        weather = Weather(random, office.advance, lost=0.04, stalled=0.02)
        office.wrap = weather.over
        office.fault(random.choice(["drop_response", "drop_request"]), "drafts.send")

        async def client(key: str = key) -> None:
            with suppress(IdempotencyInProgressError, TransientError):
                await office.send(key)

        await gather(*(client() for _ in range(5)))
        office.wrap = unwrapped
        office.google.faults.clear()
        for _ in range(20):
            office.advance(timedelta(minutes=2))
            await client()
            await office.finish_due()
            found = await office.store.sends.list(CONNECTION, 1)
            if found and found[0].state.final:
                break
        assert (await office.entry(key)).state is SendState.SUBMITTED
        assert len(office.inbox()) == number + 1


async def test_a_bulk(office: Office) -> None:
    given = [BulkMessage(request(**{**HELLO, "subject": f"No {n}"}), f"b{n}") for n in range(25)]
    bulk = await office.send_bulk(CONNECTION, given)
    assert await office.send_bulk(CONNECTION, given) == bulk
    await drained(office, bulk)
    assert len(office.inbox()) == 25
    assert len(await office.events("submitted")) == 25
