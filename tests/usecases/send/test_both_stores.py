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
from tests.harness.sending import CONNECTION, HELLO, SendHarness, request, send_harness, unwrapped
from tests.usecases.send.test_bulk import drained

pytestmark = pytest.mark.emulators


@pytest.fixture
async def harness(
    tmp_path: Path, firestore_emulator: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[SendHarness]:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", firestore_emulator)
    store = firestore_store.open_store(f"send-{secrets.token_hex(6)}")
    async with send_harness(tmp_path, store=store) as opened:
        yield opened


async def test_a_send_and_its_replay(harness: SendHarness) -> None:
    first, again = await harness.send(), await harness.send()
    assert (first.entry.state, again.replayed) == (SendState.SUBMITTED, True)
    assert again.entry == first.entry
    assert [one["operation"] for one in await harness.events()] == ["submitted"]
    assert len(harness.inbox()) == 1


async def test_five_clients_with_one_key_on_a_bad_day(harness: SendHarness) -> None:
    for number in range(6):
        key, random = f"k{number}", Random(number)
        weather = Weather(random, harness.advance, lost=0.04, stalled=0.02)
        harness.wrap = weather.over
        harness.fault(random.choice(["drop_response", "drop_request"]), "drafts.send")

        async def client(key: str = key) -> None:
            with suppress(IdempotencyInProgressError, TransientError):
                await harness.send(key)

        await gather(*(client() for _ in range(5)))
        harness.wrap = unwrapped
        harness.google.faults.clear()
        for _ in range(20):
            harness.advance(timedelta(minutes=2))
            await client()
            await harness.finish_due()
            found = await harness.store.sends.list(CONNECTION, 1)
            if found and found[0].state.final:
                break
        assert (await harness.entry(key)).state is SendState.SUBMITTED
        assert len(harness.inbox()) == number + 1


async def test_a_bulk(harness: SendHarness) -> None:
    given = [BulkMessage(request(**{**HELLO, "subject": f"No {n}"}), f"b{n}") for n in range(25)]
    bulk = await harness.send_bulk(CONNECTION, given)
    assert await harness.send_bulk(CONNECTION, given) == bulk
    await drained(harness, bulk)
    assert len(harness.inbox()) == 25
    assert len(await harness.events("submitted")) == 25
