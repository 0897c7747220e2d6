"""From a delivered mail to a readable record, beside the round trips that nobody can leave out."""

import asyncio
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import httpx

from tests.bench.cpu import finished
from tests.bench.figures import Figure
from tests.bench.google_account import access_token
from tests.bench.laptop import EMAIL, Laptop, laptop
from tests.bench.scale import Scale

OTHER = "ben@acme.example"
"""A mailbox nobody syncs: its round trips are made by hand."""
BURSTS = 5
SELDOM_S = 0.4
"""Asking costs Postroom a millisecond, which should not count here."""


async def measure(directory: Path, scale: Scale) -> list[Figure]:
    """Alternate a pushed mail and the bare round trips, so that both see the same machine."""
    async with laptop(directory) as machine:
        await machine.control("/mailboxes", {"email": EMAIL, "messages": 50})
        await machine.control("/mailboxes", {"email": OTHER, "messages": 50})
        connection = await machine.connect()
        await finished(machine, connection)
        token = await access_token(machine.google, OTHER, machine.callback)
        await machine.control("/faults", {"fault": "latency", "delay_ms": scale.latency_ms})
        await machine.control(
            "/quota", {"pushes_per_second": 0}
        )  # Gmail's cap is a wait of its own
        ours, floor = [], []
        cpu = machine.cpu_s
        for number in range(scale.pushes):
            ours.append(await _readable(machine, connection, number))
            floor.append(await _bare(machine, token, connection, number))
        cpu = (machine.cpu_s - cpu) / scale.pushes * 1e3
        bursts = [await _burst_cpu(machine, connection, count) for count in (1, 20)]
    return [
        Figure("push", "delivered to readable, median", _median(ours), "ms"),
        Figure("push", "delivered to readable, p99", _p99(ours), "ms"),
        Figure("push", "its unavoidable round trips, median", _median(floor), "ms"),
        Figure("push", "its unavoidable round trips, p99", _p99(floor), "ms"),
        Figure("push", "median against median", _median(ours) / _median(floor), "x", 1.3),
        Figure("push", "p99 against p99", _p99(ours) / _p99(floor), "x", 1.3),
        Figure("push", "Postroom's CPU for a push and the reads that wait for it", cpu, "ms"),
        Figure("push", "Postroom's CPU for 1 new mail", bursts[0], "ms"),
        Figure("push", "Postroom's CPU for 20 new mails at once", bursts[1], "ms"),
    ]


async def _burst_cpu(machine: Laptop, connection: str, count: int) -> float:
    """Return the CPU milliseconds that mails arriving together take, the median of five."""
    took = []
    for _ in range(BURSTS):
        before = machine.cpu_s
        ids = await asyncio.gather(*(machine.deliver(number) for number in range(count)))
        for id in ids:
            while not await _records(machine, connection, id):  # noqa: ASYNC110  as below
                await asyncio.sleep(SELDOM_S)
        took.append(machine.cpu_s - before)
    return _median(took)


def _median(seconds: Sequence[float]) -> float:
    return statistics.median(seconds) * 1e3


def _p99(seconds: Sequence[float]) -> float:
    return sorted(seconds)[min(len(seconds) - 1, int(len(seconds) * 0.99))] * 1e3


async def _readable(machine: Laptop, connection: str, number: int) -> float:
    started = time.perf_counter()
    id = await machine.deliver(number)
    while not await _records(machine, connection, id):  # noqa: ASYNC110  over HTTP there is no event
        await asyncio.sleep(0.002)
    return time.perf_counter() - started


async def _records(machine: Laptop, connection: str, id: str) -> bool:
    answer = await machine.api.get(
        "/records",
        params={"model": "EmailMessage", "ids": id},
        headers={"Connection-Id": connection},
    )
    return bool(answer.json()["records"])


async def _bare(machine: Laptop, token: str, connection: str, number: int) -> float:
    """Deliver, knock at Postroom's door, ask Gmail twice, read once: what any system must do."""
    headers = {"authorization": f"Bearer {token}"}
    since = await _history_id(machine.google, headers)
    started = time.perf_counter()
    id = await machine.deliver(number, OTHER)
    await machine.api.get("/health")
    await _gmail(machine.google, f"history?startHistoryId={since}", headers)
    await _gmail(machine.google, f"messages/{id}", headers)
    await _records(machine, connection, id)
    return time.perf_counter() - started


async def _history_id(google: httpx.AsyncClient, headers: dict[str, str]) -> str:
    answer = await google.get("/gmail/v1/users/me/profile", headers=headers)
    return str(answer.raise_for_status().json()["historyId"])


async def _gmail(google: httpx.AsyncClient, path: str, headers: dict[str, str]) -> None:
    (await google.get(f"/gmail/v1/users/me/{path}", headers=headers)).raise_for_status()
