"""Backfill: units, rate, share of the quota, memory; then the same mailbox read by others."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.usecases.sync.work.pace import BURST, SHARE
from tests.bench.cpu import finished
from tests.bench.figures import Figure
from tests.bench.laptop import EMAIL, Laptop, laptop
from tests.bench.peers import read_by_others
from tests.bench.scale import Scale

NEWEST = 50
REAL_QUOTA = 6_000
GET_UNITS = 20
WARM = "warm@acme.example"
"""Another mailbox, connected first: cold start has figures of its own."""
LIST_UNITS_PER_MESSAGE = 5 / 500
SHARE_AIM = 0.97


@dataclass
class Backfilled:
    """What one backfill took."""

    seconds: float
    first: float
    """Seconds from the end of consent until 50 records were readable."""
    memory_mb: float
    stats: dict[str, Any]


async def watched(machine: Laptop, stop_at: int | None = None) -> Backfilled:
    """Connect and wait until the backfill is done, or has stored `stop_at` messages."""
    connection = await machine.connect()
    started = time.perf_counter()
    first = memory = 0.0
    async with asyncio.timeout(600):
        while True:
            memory = max(memory, machine.memory_mb)
            progress = (await machine.sync(connection))["progress"] or {}
            stored, now = progress.get("stored", 0), time.perf_counter() - started
            first = first or (now if stored >= NEWEST else 0.0)
            if progress.get("finished_at") or (stop_at is not None and stored >= stop_at):
                return Backfilled(now, first, memory, await machine.stats())
            await asyncio.sleep(0.25 if first else 0.02)


async def newest_first(directory: Path, scale: Scale) -> list[Figure]:
    """How soon the newest 50 are there, under Google's real quota, in a process that is warm."""
    async with laptop(directory, REAL_QUOTA) as machine:
        await machine.control("/mailboxes", {"email": WARM, "messages": 5})
        await finished(machine, await machine.connect(WARM))
        await machine.control("/mailboxes", {"email": EMAIL, "messages": 500})
        await machine.control("/faults", {"fault": "latency", "delay_ms": scale.latency_ms})
        found = await watched(machine, NEWEST)
    name = "newest 50 readable after consent, at 6,000 units a minute"
    return [Figure("backfill", name, found.first, "s", 0.7)]


async def from_afar(directory: Path, scale: Scale) -> list[Figure]:
    """Return how much of the quota is used where Gmail is further away."""
    async with laptop(directory, scale.far_units_per_minute) as machine:
        await machine.control("/mailboxes", {"email": EMAIL, "messages": scale.far_messages})
        await machine.control("/faults", {"fault": "latency", "delay_ms": scale.far_latency_ms})
        found = await watched(machine)
    where = f"{scale.far_latency_ms} ms away, {scale.far_units_per_minute:,} units a minute"
    share = _share(found, scale.far_units_per_minute)
    return [
        Figure("backfill", f"share used {where}", share, "", SHARE_AIM, at_least=True),
        Figure("backfill", f"refused calls {where}", found.stats["refused"], "", 0),
    ]


async def measure(directory: Path, scale: Scale) -> list[Figure]:
    """Read the mailbox with Postroom, then with the others."""
    for part in ("newest", "afar"):
        (directory / part).mkdir()
    figures = await newest_first(directory / "newest", scale)
    figures += await from_afar(directory / "afar", scale)
    async with laptop(directory, scale.units_per_minute) as machine:
        await machine.control("/mailboxes", {"email": EMAIL, "messages": scale.messages})
        await machine.control("/faults", {"fault": "latency", "delay_ms": scale.latency_ms})
        ours = await watched(machine)
        figures += _ours(ours, scale)
        figures += await read_by_others(machine, scale, scale.messages / ours.seconds)
    return figures


def _share(found: Backfilled, units_per_minute: int) -> float:
    """Return the part used of what bulk work is allotted, saved-up seconds included."""
    seconds = found.seconds + BURST.total_seconds()
    return float(found.stats["units"] / (units_per_minute / 60 * SHARE * seconds))


def _ours(found: Backfilled, scale: Scale) -> list[Figure]:
    units, per_second = found.stats["units"], scale.units_per_minute / 60
    naive = scale.messages * (GET_UNITS + LIST_UNITS_PER_MESSAGE)
    return [
        Figure("backfill", "messages", scale.messages),
        Figure("backfill", "quota, units a minute", scale.units_per_minute),
        Figure("backfill", "units per message", units / scale.messages),
        Figure("backfill", "units against one get a message", units / naive, "x", 0.75),
        Figure("backfill", "messages a second", scale.messages / found.seconds),
        Figure(
            "backfill",
            f"share used of what bulk work is allotted ({SHARE:.0%} of the quota)",
            _share(found, scale.units_per_minute),
            "",
            SHARE_AIM,
            at_least=True,
        ),
        Figure("backfill", "share of the whole quota", units / (per_second * found.seconds)),
        Figure("backfill", "refused calls (403, 429)", found.stats["refused"], "", 0),
        Figure("backfill", "memory at most", found.memory_mb, "MB", 120),
    ]
