"""From a delivered mail to the row that an own sync makes of its thread."""

import asyncio
import statistics
import time
from pathlib import Path

from infra.local.connecting import connect
from infra.local.system import LocalSystem
from tests.bench.figures import Figure
from tests.bench.laptop import EMAIL
from tests.bench.scale import Scale
from tests.harness.whole import whole_system

SYNC, MODEL = "threads", "GmailThread"
LONGEST_MS = 1_000
"""What it may take for all but one in twenty."""


async def measure(directory: Path, scale: Scale) -> list[Figure]:
    """Deliver mails one after the other, each a thread of its own, and wait for its row.

    Faster than one a second, where Gmail would drop pushes: that is left out here.
    """
    environ, uncapped = {"POSTROOM_SYNCS": SYNC}, {"max_pushes_per_second": None}
    async with whole_system(directory, {EMAIL: 50}, environ, **uncapped) as system:
        connection = await connect(system.client, system.google, EMAIL)
        await system.settle()
        took = sorted([await _to_its_row(system, connection) for _ in range(scale.pushes)])
    late = took[min(len(took) - 1, int(len(took) * 0.95))]
    return [
        Figure("own", "delivered to its thread's row, median", statistics.median(took), "ms"),
        Figure("own", "delivered to its thread's row, p95", late, "ms", LONGEST_MS),
    ]


async def _to_its_row(system: LocalSystem, connection: str) -> float:
    """Return the milliseconds until the row can be read."""
    started = time.perf_counter()
    mail = f"From: bob@x.example\r\nTo: {EMAIL}\r\nSubject: {started}\r\n\r\nHello.\r\n"
    path = f"/_control/mailboxes/{EMAIL}/messages"
    made = (await system.google.post(path, content=mail.encode())).json()
    query = {"model": MODEL, "ids": made["threadId"]}
    headers = {"Connection-Id": connection}
    while True:
        answer = await system.client.get("/records", params=query, headers=headers)
        if answer.raise_for_status().json()["records"]:
            return (time.perf_counter() - started) * 1e3
        await asyncio.sleep(0.005)
