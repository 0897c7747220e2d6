"""What a notification costs: store, Gmail calls, units, bytes; and two larger cases.

The counts are exact, and `tests/usecases/sync/test_counts.py` holds them.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import httpx

from infra.local.google.corpus import seed_messages
from shared.adapters.sqlite.store import open_store
from shared.adapters.system_clock import AdjustableClock
from shared.domain.ids import HistoryId, first_mailbox_id
from shared.domain.sync.mailbox import Mailbox
from tests.bench.figures import Figure
from tests.bench.scale import Scale
from tests.harness.google import EMAIL
from tests.harness.syncing import CONNECTION, SyncHarness, sync_harness
from tests.usecases.sync.counted import Cost, Meter, as_in_a_function, cost

KEPT = 2_000
LABELS = ("STARRED", "IMPORTANT", "CATEGORY_SOCIAL", "CATEGORY_FORUMS")
NAIVE_GET = 20
ASKED = ("records", "outbox")


async def measure(directory: Path, scale: Scale) -> list[Figure]:
    """Measure notifications of 0, 1 and 20 changes, a doubled one, a mixed delta, a recovery."""
    meter = Meter()
    store = open_store(directory / "store.sqlite", AdjustableClock())
    async with sync_harness(store=as_in_a_function(store, meter)) as harness:
        received = _counting_bytes(harness)
        await _filled(harness)
        figures: list[Figure] = []
        old = harness.google.store.history_id(EMAIL)
        for changes in (1, 20):
            for number in range(changes):
                harness.deliver(f"Number {number}")
            before = received[0]
            taken = await cost(harness, meter, lambda: _push(harness, None))
            figures += _figures(f"{changes} new", taken, received[0] - before)
        stale = await cost(harness, meter, lambda: _push(harness, old))
        figures += _figures("stale", stale, 0)
        await harness.settle()
        figures += await _quiet(harness, meter, received)
        figures += await _mixed(harness, meter)
        figures += await _recovery(harness, meter)
    return figures


async def _filled(harness: SyncHarness) -> None:
    mails = seed_messages(EMAIL, KEPT, 25, harness.clock.now())
    harness.google.store.deliver_many(
        EMAIL, ((mail.raw, mail.internal_date, mail.label_ids) for mail in mails)
    )
    now = harness.clock.now()
    mailbox = Mailbox(first_mailbox_id(EMAIL), frozenset({CONNECTION}), last_push_at=now)
    await harness.store.mailboxes.create(mailbox)
    await harness.settle()


def _counting_bytes(harness: SyncHarness) -> list[int]:
    """Count the bytes of Gmail's answers as they would travel."""
    received = [0]

    async def note(response: httpx.Response) -> None:
        received[0] += int(response.headers.get("content-length", 0))

    harness.http.event_hooks = {"response": [note]}
    return received


async def _push(harness: SyncHarness, history_id: int | None) -> object:
    known = history_id or harness.google.store.history_id(EMAIL)
    return await harness.notifying()(EMAIL, HistoryId(known))


def _figures(what: str, taken: Cost, received: int) -> list[Figure]:
    """Tell what the product asked for, records and their event, from everything else."""
    reads, writes = (sum(counts.values()) - _of(counts, ASKED) for counts in _both(taken))
    events = sum(_of(counts, ("outbox",)) for counts in _both(taken))
    return [
        Figure("delta", f"{what}: reads beside records and event", reads, "", 2),
        Figure("delta", f"{what}: writes beside records and event", writes, "", 2),
        Figure("delta", f"{what}: event read and written", events),
        Figure("delta", f"{what}: records read", _of(taken.reads, ("records",))),
        Figure("delta", f"{what}: records written", _of(taken.writes, ("records",))),
        Figure("delta", f"{what}: Gmail calls", sum(taken.calls.values())),
        Figure("delta", f"{what}: quota units", taken.units),
        Figure("delta", f"{what}: bytes from Gmail", received),
    ]


def _both(taken: Cost) -> tuple[Mapping[str, int], Mapping[str, int]]:
    return taken.reads, taken.writes


def _of(counts: Mapping[str, int], names: Sequence[str]) -> int:
    return sum(counts.get(name, 0) for name in names)


async def _quiet(harness: SyncHarness, meter: Meter, received: list[int]) -> list[Figure]:
    """Look, as is done every hour, at a mailbox where nothing happened."""
    harness.advance(timedelta(hours=2))
    before = received[0]
    taken = await cost(harness, meter, harness.run)
    return _figures("hourly look, nothing new", taken, received[0] - before)


async def _mixed(harness: SyncHarness, meter: Meter) -> list[Figure]:
    ids = sorted(await harness.stored())[:50]
    for label in LABELS:
        for id in ids:
            has = label in harness.mailbox()[id]
            body = {"removeLabelIds" if has else "addLabelIds": [label]}
            await harness.gmail("POST", f"/messages/{id}/modify", body)
    for number in range(50):
        harness.deliver(f"Mixed {number}")
    taken = await cost(harness, meter, lambda: _push(harness, None))
    naive = NAIVE_GET * (50 + len(ids) * len(LABELS))
    return [
        Figure("delta", "50 new and 200 label changes: units", taken.units, "", 1_010),
        Figure("delta", "the same with one get a change", naive),
    ]


async def _recovery(harness: SyncHarness, meter: Meter) -> list[Figure]:
    await harness.settle()
    harness.google.faults.add("history_expired", times=1)
    with harness.google.store.writing() as writer:  # or there would be nothing to recover from
        writer.next_record(harness.google.store.mailbox(EMAIL))
    harness.advance(timedelta(hours=2))
    taken = await cost(harness, meter, harness.run)
    kept = len(harness.google.store.messages(EMAIL))
    name = f"expired history, nothing changed, {kept:,} messages: units"
    return [
        Figure("delta", name, taken.units, "", 250),
        Figure("delta", "the same by fetching everything again", kept * NAIVE_GET),
    ]
