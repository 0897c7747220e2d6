"""What own syncs cost, in documents and in Gmail's units, and that mail pays nothing for them."""

import asyncio
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import make_dataclass
from typing import Any

import pytest

from shared.actions.ready.threads import SYNC as THREADS
from shared.adapters.sqlite.store import open_store
from shared.domain.models.sync import OwnSync, Sync
from shared.usecases.sync.models.run_sync import Ran
from tests.harness.clock import HurriedClock
from tests.harness.models import ModelHarness, model_harness
from tests.usecases.models.counted import ModelMeter, with_models_counted
from tests.usecases.models.test_derived import WORDS
from tests.usecases.models.test_own_code import Provider, polled
from tests.usecases.sync.counted import Cost, Meter, as_in_a_function, cost

FIFTY = {f"r{n:02}": n for n in range(50)}


@pytest.fixture
def meter() -> ModelMeter:
    return ModelMeter()


@asynccontextmanager
async def counting(meter: ModelMeter, *rows: OwnSync) -> AsyncIterator[ModelHarness]:
    """Open a mailbox whose own syncs' documents are counted."""
    store = with_models_counted(open_store(":memory:", HurriedClock()), meter)
    async with model_harness(*rows, store=store) as harness:
        yield harness


async def test_an_unchanged_list_of_fifty_costs_its_state_alone(meter: ModelMeter) -> None:
    """Two reads and two writes of the state: taking the lease, giving it back."""
    async with counting(meter, polled(Provider({**FIFTY}))) as harness:
        await harness.run("poll")
        meter.clear()
        ran = await harness.run("poll")
        assert isinstance(ran, Ran)
        assert meter.reads == {"states": 2}
        assert +meter.writes == {"states": 2}


async def test_one_changed_row_of_fifty_is_one_record_and_one_event(meter: ModelMeter) -> None:
    provider = Provider({**FIFTY})
    async with counting(meter, polled(provider)) as harness:
        await harness.run("poll")
        provider.rows["r07"] = 70
        meter.clear()
        await harness.run("poll")
        assert +meter.writes == {"states": 3, "records": 1, "events": 1}
        assert meter.reads["records"] <= 2 * len(FIFTY)


async def test_mail_becomes_its_threads_row_by_five_writes(meter: ModelMeter) -> None:
    """Taking the lease; the row with its event and the place; giving the lease back."""
    async with counting(meter, THREADS) as harness:
        harness.mail.deliver("Before")
        await harness.mail.settle()
        await harness.run_due()
        harness.mail.deliver("After")
        await harness.mail.push()
        spent = harness.mail.units()
        meter.clear()
        await harness.run_due()
        assert +meter.writes == {"states": 3, "records": 1, "events": 1}
        assert harness.mail.units() == spent


async def test_deriving_a_mailbox_takes_one_commit_a_page_and_no_units(meter: ModelMeter) -> None:
    async with counting(meter, THREADS) as harness:
        for number in range(300):
            harness.mail.deliver(f"Letter {number}")
        await harness.mail.settle()
        spent = harness.mail.units()
        meter.clear()
        await harness.run_due()
        assert len(await harness.rows("GmailThread")) == 300
        assert harness.mail.units() == spent
        assert meter.writes["records"] == 300
        assert meter.writes["states"] <= 8  # three pages, and what is around them


@pytest.mark.deep
@pytest.mark.timeout(900)
async def test_a_listing_of_a_hundred_thousand_rows_takes_120_mb(meter: ModelMeter) -> None:
    """Beyond the 100,000 rows that its own code holds."""
    rows = {f"r{number:06}": number for number in range(100_000)}
    async with counting(meter, polled(Provider(rows))) as harness:
        tracemalloc.start()
        try:
            await harness.run("poll")
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert (await harness.state("poll")).of("Row").live == 100_000
        assert peak <= 120 * 2**20


def hanging(released: asyncio.Event) -> Sync:
    """Return a sync that waits until it is let go."""

    async def run(context: Any) -> None:
        await released.wait()

    return a_sync("hang", run)


def a_sync(name: str, run: Any) -> Sync:
    """Return a sync with a model of its own."""
    rows = make_dataclass(name.capitalize(), [("id", str)], frozen=True)
    return Sync(name, "A sync.", (rows,), run)


async def crash(context: Any) -> None:
    """Fail at once."""
    raise ValueError("words")


async def price_of_a_push(*rows: OwnSync, deliveries: int = 5) -> tuple[list[Cost], ModelHarness]:
    """Return what pushes cost while the syncs hang, crash and follow."""
    meter, released = Meter(), asyncio.Event()
    store = as_in_a_function(open_store(":memory:", HurriedClock()), meter)
    syncs = (hanging(released), *rows) if rows else ()
    async with model_harness(*syncs, store=store) as harness:
        await harness.mail.settle()
        waiting = [asyncio.ensure_future(harness.run(one.name)) for one in syncs[:1]]
        for one in syncs[1:]:
            await harness.run(one.name)
        found = []
        for number in range(deliveries):
            harness.mail.deliver(f"Letter {number}")
            found.append(await cost(harness.mail, meter, harness.mail.push))
        assert await harness.mail.stored() == harness.mail.mailbox()
        assert len(harness.mail.mailbox()) == deliveries
        released.set()
        await asyncio.gather(*waiting)
        return found, harness


async def test_mail_beside_five_syncs_one_hanging_one_crashing_costs_one_write_more() -> None:
    """All mail is stored at once; where a sync follows, the wake is one write of the state."""
    plain, _ = await price_of_a_push()
    rows = (a_sync("crash", crash), THREADS, WORDS, polled(Provider({**FIFTY})))
    beside, _ = await price_of_a_push(*rows)
    for alone, crowded in zip(plain, beside, strict=True):
        assert crowded.reads == alone.reads
        assert (crowded.calls, crowded.units) == (alone.calls, alone.units)
        more = {name: crowded.writes[name] - count for name, count in alone.writes.items()}
        assert more == {name: int(name == "sync_states") for name in alone.writes}
