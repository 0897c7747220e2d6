"""What the project promises about speed and memory, measured on two real processes.

Printed, and asserted with room for a busy machine: the promise is 300 ms from a push to a readable
record (median), 300 messages a second of backfill, and less than 250 MB.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import httpx
import psutil
import pytest

from infra.local.connecting import connect
from infra.local.demo import DemoSettings, programs
from infra.local.environment import API_KEY, INTEGRATION
from infra.local.processes import Running, running
from infra.local.serving import listener

EMAIL = "ada@acme.example"
MESSAGES = 2_000
PUSHES = 60
MB = 1024 * 1024
PLENTY = 100_000_000
MAIL = b"From: bo@example.org\r\nTo: ada@acme.example\r\nSubject: Tea %d\r\n\r\nAt four?"


@dataclass
class Laptop:
    postroom: httpx.AsyncClient
    google: httpx.AsyncClient
    process: psutil.Process

    async def status(self, connection: str) -> dict[str, Any]:
        query = {"provider_config_key": INTEGRATION, "syncs": "*", "connection_id": connection}
        answer = await self.postroom.get("/sync/status", params=query)
        sync: dict[str, Any] = answer.json()["syncs"][0]
        return sync

    async def records(self, connection: str, cursor: str | None) -> dict[str, Any]:
        tenant = {"Connection-Id": connection, "Provider-Config-Key": INTEGRATION}
        query = {"model": "EmailMessage", "limit": "1000", **({"cursor": cursor} if cursor else {})}
        answer = await self.postroom.get("/records", params=query, headers=tenant)
        page: dict[str, Any] = answer.json()
        return page


@pytest.fixture
async def laptop(tmp_path: Path) -> AsyncIterator[Laptop]:
    sockets = [listener() for _ in range(3)]
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    settings = DemoSettings(
        port=ports[0],
        google_port=ports[1],
        product_port=ports[2],
        state=tmp_path,
        messages=0,
        units_per_minute=PLENTY,
    )
    async with AsyncExitStack() as stack:
        started: list[Running] = [
            await stack.enter_async_context(running(program, tmp_path))
            for program in programs(settings)
            if program.name != "product"
        ]
        where = settings.addresses
        key = {"Authorization": f"Bearer {API_KEY}"}
        postroom = httpx.AsyncClient(base_url=where.postroom, headers=key, timeout=60)
        google = httpx.AsyncClient(base_url=where.google, timeout=120)
        yield Laptop(
            await stack.enter_async_context(postroom),
            await stack.enter_async_context(google),
            psutil.Process(started[1].process.pid),
        )


async def seed(laptop: Laptop, messages: int) -> str:
    body = {"email": EMAIL, "messages": messages}
    (await laptop.google.post("/_control/mailboxes", json=body)).raise_for_status()
    return await connect(laptop.postroom, laptop.google, EMAIL)


async def backfilled(laptop: Laptop, connection: str) -> int:
    """Wait for the first sync; answer the most memory seen, in bytes."""
    peak = 0
    while (await laptop.status(connection))["status"] != "SUCCESS":
        peak = max(peak, laptop.process.memory_info().rss)
        await asyncio.sleep(0.05)
    return max(peak, laptop.process.memory_info().rss)


async def test_a_backfill_is_fast_and_light(laptop: Laptop) -> None:
    idle = laptop.process.memory_info().rss
    before = time.perf_counter()
    connection = await seed(laptop, MESSAGES)
    began = time.perf_counter()
    peak = await backfilled(laptop, connection)
    stored = (await laptop.status(connection))["recordCount"]["EmailMessage"]
    rate = stored / (time.perf_counter() - began)
    cpu = laptop.process.cpu_times()
    print(
        f"\nbackfill: {rate:.0f} messages/s over {stored} messages "
        f"(seeded and connected in {began - before:.1f} s), "
        f"{1000 * (cpu.user + cpu.system) / MESSAGES:.1f} ms CPU a message, "
        f"memory {peak / MB:.0f} MB at most, {idle / MB:.0f} MB idle"
    )
    assert stored == MESSAGES
    assert rate > 100
    assert peak < 250 * MB


async def test_a_pushed_mail_is_soon_readable(laptop: Laptop) -> None:
    connection = await seed(laptop, 100)
    await backfilled(laptop, connection)
    cursor = None
    while (page := await laptop.records(connection, cursor))["next_cursor"]:
        cursor = page["next_cursor"]
    last = page["records"][-1]["_nango_metadata"]["cursor"]
    waits = []
    for number in range(PUSHES):
        began = time.perf_counter()
        raw = MAIL % number
        answer = await laptop.google.post(f"/_control/mailboxes/{EMAIL}/messages", content=raw)
        delivered = answer.json()["id"]
        while True:
            records = (await laptop.records(connection, last))["records"]
            if records:
                last = records[-1]["_nango_metadata"]["cursor"]
            if delivered in {record["id"] for record in records}:
                break
            await asyncio.sleep(0.003)
        waits.append(1000 * (time.perf_counter() - began))
    late = quantiles(waits, n=20)[-1]
    print(f"\npush to readable: median {median(waits):.0f} ms, 95th percentile {late:.0f} ms")
    assert median(waits) < 1000
