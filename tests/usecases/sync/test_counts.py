"""What each operation costs, exactly: reads, writes, calls and units may not creep up unseen."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest

from infra.local.connecting import connect
from infra.local.google.corpus import seed_messages
from infra.local.system import LocalSystem
from shared.adapters.firestore.rpc import FirestoreRpc
from shared.adapters.firestore.store import store_over
from shared.adapters.sqlite.store import open_store
from shared.adapters.telemetry.operations_log import GATHERED
from shared.domain.ids import HistoryId, first_mailbox_id
from shared.domain.sync.mailbox import Mailbox
from shared.domain.sync.state import SECOND_LOOK_AFTER
from shared.usecases.connect.tokens.access_tokens import RECHECK
from shared.usecases.sync.handle_push import NOTED_EVERY
from tests.harness.clock import HurriedClock
from tests.harness.google import EMAIL
from tests.harness.syncing import CONNECTION, SyncHarness, sync_harness
from tests.usecases.sync.counted import Cost, Meter, MeteredRpc, as_in_a_function, cost

IDLE = timedelta(hours=2)
RELABELLED = ("STARRED", "IMPORTANT", "CATEGORY_SOCIAL", "CATEGORY_FORUMS", "CATEGORY_UPDATES")
Costs = Callable[[Callable[[], Awaitable[object]]], Awaitable[Cost]]


@pytest.fixture
def meter() -> Meter:
    return Meter()


@pytest.fixture
async def harness(meter: Meter) -> AsyncIterator[SyncHarness]:
    clock = HurriedClock()
    async with sync_harness(store=as_in_a_function(open_store(":memory:", clock), meter)) as opened:
        await kept_mailbox(opened)
        yield opened


async def kept_mailbox(harness: SyncHarness) -> None:
    """Store which connection the address has; its last push has just been noted."""
    connections = frozenset({CONNECTION})
    mailbox = Mailbox(first_mailbox_id(EMAIL), connections, last_push_at=harness.clock.now())
    await harness.store.mailboxes.create(mailbox)


@pytest.fixture
def costs(harness: SyncHarness, meter: Meter) -> Costs:
    async def measured(operation: Callable[[], Awaitable[object]]) -> Cost:
        return await cost(harness, meter, operation)

    return measured


async def push(harness: SyncHarness, history_id: int | None = None) -> object:
    """Take a notification as the push function does."""
    return await harness.notifying()(
        EMAIL, HistoryId(history_id or harness.google.store.history_id(EMAIL))
    )


def fill(harness: SyncHarness, count: int) -> None:
    """Put mail of the last weeks into the mailbox."""
    mails = seed_messages(EMAIL, count, 25, harness.clock.now())
    harness.google.store.deliver_many(
        EMAIL, ((mail.raw, mail.internal_date, mail.label_ids) for mail in mails)
    )


@pytest.fixture
async def kept(harness: SyncHarness) -> SyncHarness:
    """Forty messages, all stored, and nothing left to do."""
    fill(harness, 40)
    await harness.settle()
    return harness


def pass_by(harness: SyncHarness) -> None:
    """Let Gmail's history move on without a change, as it does by itself."""
    with harness.google.store.writing() as writer:
        writer.next_record(harness.google.store.mailbox(EMAIL))


async def changed(harness: SyncHarness, costs: Costs, count: int) -> Cost:
    """Return what a push about so many new messages takes."""
    for number in range(count):
        harness.deliver(f"News {number}")
    return await costs(lambda: push(harness))


async def toggle(harness: SyncHarness, id: str, label: str) -> None:
    """Put a label on, or take it off where it is."""
    change = "removeLabelIds" if label in harness.mailbox()[id] else "addLabelIds"
    await harness.gmail("POST", f"/messages/{id}/modify", {change: [label]})


async def test_a_push_costs_two_reads_and_two_writes_beside_records_and_event(
    kept: SyncHarness, costs: Costs
) -> None:
    taken = await changed(kept, costs, 1)
    assert taken.reads == {"mailboxes": 1, "sync_states": 1, "records": 1}
    assert taken.writes == {"sync_states": 2, "records": 1, "outbox": 1}
    assert taken.calls == {"history.list": 1, "messages.get": 1}
    assert taken.units == 22


async def test_the_cost_beside_the_records_is_the_same_for_twenty_changes(
    kept: SyncHarness, costs: Costs
) -> None:
    taken = await changed(kept, costs, 20)
    assert taken.reads == {"mailboxes": 1, "sync_states": 1, "records": 20}
    assert taken.writes == {"sync_states": 2, "records": 20, "outbox": 1}
    assert taken.calls == {"history.list": 1, "messages.get": 20}
    assert taken.units == 402


async def test_an_event_that_nobody_has_taken_yet_is_read_to_be_extended(
    kept: SyncHarness, costs: Costs
) -> None:
    await changed(kept, costs, 1)
    taken = await changed(kept, costs, 1)
    assert taken.reads == {"mailboxes": 1, "sync_states": 1, "records": 1, "outbox": 1}
    assert taken.writes == {"sync_states": 2, "records": 1, "outbox": 1}


async def test_a_stale_push_costs_two_reads(kept: SyncHarness, costs: Costs) -> None:
    before = kept.google.store.history_id(EMAIL)
    await changed(kept, costs, 1)
    taken = await costs(lambda: push(kept, before))
    assert taken == Cost({"mailboxes": 1, "sync_states": 1}, {}, {}, 0)


async def test_a_push_of_what_is_known_lists_once_and_stores_nothing(
    kept: SyncHarness, costs: Costs
) -> None:
    await changed(kept, costs, 1)
    taken = await costs(lambda: push(kept))
    assert taken.reads == {"mailboxes": 1, "sync_states": 1, "records": 1}
    assert taken.writes == {"sync_states": 1}
    assert taken.calls == {"history.list": 1}


async def test_the_hourly_look_at_a_quiet_mailbox_costs_two_units(
    kept: SyncHarness, costs: Costs
) -> None:
    kept.advance(IDLE)
    taken = await costs(kept.run)
    assert taken.reads == {"sync_states": 1}
    assert taken.writes == {"sync_states": 1}
    assert taken.calls == {"history.list": 1}
    assert taken.units == 2


async def test_the_log_of_many_syncs_is_one_write(kept: SyncHarness, costs: Costs) -> None:
    async def pushes() -> None:
        for _ in range(GATHERED):
            kept.deliver()
            await push(kept)

    taken = await costs(pushes)
    assert taken.writes["operations"] == 1
    assert taken.writes["sync_states"] == 2 * GATHERED


async def test_the_second_look_that_finds_nothing_writes_once(
    kept: SyncHarness, costs: Costs
) -> None:
    await changed(kept, costs, 1)
    kept.advance(SECOND_LOOK_AFTER)
    taken = await costs(kept.run)
    assert taken.reads == {"sync_states": 1}
    assert taken.writes == {"sync_states": 1}
    assert taken.calls == {"history.list": 1}


async def test_a_push_that_fetches_nothing_writes_no_lease(kept: SyncHarness, costs: Costs) -> None:
    await toggle(kept, min(await kept.stored()), "STARRED")
    taken = await costs(lambda: push(kept))
    assert taken.reads == {"mailboxes": 1, "sync_states": 1, "records": 1}
    assert taken.writes == {"sync_states": 1, "records": 1, "outbox": 1}
    assert taken.calls == {"history.list": 1}


async def test_a_push_is_noted_once_an_hour(kept: SyncHarness, costs: Costs) -> None:
    kept.advance(NOTED_EVERY)
    assert (await changed(kept, costs, 1)).writes["mailboxes"] == 1
    kept.advance(NOTED_EVERY - timedelta(minutes=1))
    assert "mailboxes" not in (await changed(kept, costs, 1)).writes


async def test_label_changes_cost_no_fetch(kept: SyncHarness, costs: Costs) -> None:
    ids = sorted(await kept.stored())
    for label in RELABELLED:
        for id in ids:
            await toggle(kept, id, label)
    taken = await changed(kept, costs, 50)
    assert taken.calls == {"history.list": 1, "messages.get": 50}
    assert taken.units == 1_002
    assert taken.writes == {"sync_states": 2, "records": 90, "outbox": 1}


async def test_a_backfill_reads_long_threads_whole_and_every_page_once_a_pass(
    harness: SyncHarness, costs: Costs
) -> None:
    fill(harness, 600)
    taken = await costs(harness.run)
    assert taken.calls == {
        "getProfile": 1,
        "messages.list": 4,
        "messages.get": 337,
        "threads.get": 50,
        "history.list": 1,  # whether a message left while the last pass was listed
    }
    assert taken.units == 8_763
    assert taken.reads == {"sync_states": 1, "connections": 1, "records": 1_200}
    assert taken.writes == {"sync_states": 10, "records": 600, "outbox": 1}


async def test_a_refused_history_with_nothing_changed_costs_one_look(
    kept: SyncHarness, costs: Costs
) -> None:
    kept.google.faults.add("history_expired", times=1)
    kept.advance(IDLE)
    taken = await costs(kept.run)
    assert taken.calls == {"history.list": 1, "getProfile": 1}


async def test_a_recovery_with_nothing_changed_fetches_nothing(
    kept: SyncHarness, costs: Costs
) -> None:
    kept.google.faults.add("history_expired", times=1)
    pass_by(kept)
    kept.advance(IDLE)
    taken = await costs(kept.run)
    labels = len(await kept.sync.gmail.of(CONNECTION).label_ids())
    assert taken.calls == {
        "history.list": 1,
        "getProfile": 2,  # whether anything changed, then the anchor
        "labels.list": 1,
        "messages.list": labels + 2,  # the window, each label, and the pass that follows
    }
    assert taken.units == 2 + 2 + 1 + 5 * (labels + 2)
    assert taken.reads == {"sync_states": 1, "connections": 1, "records": 80}
    assert taken.writes == {"sync_states": 3}


@pytest.mark.emulators
async def test_firestore_is_asked_for_exactly_what_is_counted_here(
    firestore_emulator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", firestore_emulator)
    rpc, meter = MeteredRpc(f"test-{token_hex(8)}"), Meter()
    async with sync_harness(store=as_in_a_function(store_over(rpc), meter)) as harness:
        await kept_mailbox(harness)
        await harness.settle()
        rpc.meter.clear()
        taken = await cost(harness, meter, lambda: pushed_twice(harness))
    assert rpc.meter.reads == taken.reads
    assert rpc.meter.writes == taken.writes


async def pushed_twice(harness: SyncHarness) -> None:
    """Three new messages, then one more."""
    for count in (3, 1):
        for _ in range(count):
            harness.deliver()
        await push(harness)


@pytest.mark.emulators
async def test_a_push_reads_its_connection_in_the_call_that_reads_the_grant(
    tmp_path: Path, firestore_emulator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", firestore_emulator)
    calls, read = list[set[str]](), FirestoreRpc._get

    async def noted(rpc: FirestoreRpc, names: Sequence[str], fields: Sequence[str] | None) -> Any:
        calls.append({name.split("/")[-2] for name in names})
        return await read(rpc, names, fields)

    monkeypatch.setattr(FirestoreRpc, "_get", noted)
    environ = {"POSTROOM_STORE": f"firestore:demo-{token_hex(6)}/(default)"}
    async with LocalSystem.start(tmp_path, environ=environ, jobs=()) as system:
        await system.control("/mailboxes", {"email": EMAIL, "messages": 1})
        await connect(system.client, system.google, EMAIL)
        await system.settle()
        await system.advance(2 * RECHECK.total_seconds())
        await system.settle()
        calls.clear()
        await system.google.post(f"/_control/mailboxes/{EMAIL}/messages", content=b"\r\nNews")
        await system.settle()
    assert {"grants", "connections"} in calls
    assert {"connections"} not in calls
