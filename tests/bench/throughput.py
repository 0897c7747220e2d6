"""One process with everything in it: notifications and pages a second at concurrency 80.

The asking side runs beside it on the same cores and takes its share of them, so the rates of one
core are also given: requests by CPU second of Postroom.
"""

import asyncio
import base64
import itertools
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

from infra.local.environment import PUSH_ACCOUNT
from infra.local.id_tokens import IdTokens
from shared.adapters.google.http_client import new_http_client
from shared.adapters.system_clock import AdjustableClock
from tests.bench.cpu import finished
from tests.bench.figures import Figure
from tests.bench.laptop import EMAIL, Laptop, laptop
from tests.bench.scale import Scale

AT_ONCE = 80
SECONDS = 6.0
PAGE = 100
Ask = Callable[[], Awaitable[httpx.Response]]


@dataclass
class Load:
    """What a stretch of load showed."""

    per_second: float
    per_cpu_second: float
    p99_ms: float
    bytes: int
    """Of one answer, as it was sent."""


async def measure(directory: Path, scale: Scale) -> list[Figure]:
    """Ask for pages, then notify, as fast as it goes."""
    async with laptop(directory) as machine, new_http_client(max_connections=AT_ONCE) as client:
        await machine.control("/mailboxes", {"email": EMAIL, "messages": 300})
        connection = await machine.connect()
        await finished(machine, connection)
        pages = await _loaded(machine, _page(machine, client, connection, PAGE))
        inflated = await _loaded(machine, _page(machine, client, connection, PAGE, "identity"))
        small = await _loaded(machine, _page(machine, client, connection, 1))
        stale = await _loaded(machine, await _notification(machine, client))
    return [
        *_figures("pages of 100 records", pages, 1_000),
        Figure(
            "throughput",
            "pages of 100 records, to who takes no gzip",
            inflated.per_cpu_second,
            "/s",
        ),
        Figure(
            "throughput", "gzip against none", pages.per_cpu_second / inflated.per_cpu_second, "x"
        ),
        Figure("throughput", "its bytes against none's", pages.bytes / inflated.bytes, "x", 0.2),
        *_figures("pages of 1 record", small, None),
        *_figures("stale notifications", stale, 500),
    ]


def _figures(what: str, load: Load, aim: float | None) -> list[Figure]:
    return [
        Figure("throughput", f"{what} a second", load.per_second),
        Figure("throughput", f"{what} a core", load.per_cpu_second, "/s", aim, at_least=True),
        Figure("throughput", f"{what}: p99", load.p99_ms, "ms"),
    ]


def _page(
    machine: Laptop, client: httpx.AsyncClient, connection: str, limit: int, coding: str = "gzip"
) -> Ask:
    url = f"{machine.postroom_url}/records?model=EmailMessage&limit={limit}"
    headers = {**machine.api.headers, "connection-id": connection, "accept-encoding": coding}
    return lambda: client.get(url, headers=headers)


async def _notification(machine: Laptop, client: httpx.AsyncClient) -> Ask:
    """Sign a push as Pub/Sub does, about a change long known."""
    url = f"{machine.postroom_url}/push/gmail"
    tokens = IdTokens(client, machine.google_url, AdjustableClock())
    token = await tokens(service_account=PUSH_ACCOUNT, audience=url)
    data = base64.b64encode(json.dumps({"emailAddress": EMAIL, "historyId": 1}).encode()).decode()
    headers = {"authorization": f"Bearer {token}"}
    ids = itertools.count()

    def ask() -> Awaitable[httpx.Response]:
        message = {"data": data, "messageId": f"bench-{next(ids)}"}
        return client.post(url, json={"message": message, "subscription": "s"}, headers=headers)

    return ask


async def _loaded(machine: Laptop, ask: Ask) -> Load:
    first = (await ask()).raise_for_status()
    took: list[float] = []
    cpu, began = machine.cpu_s, time.perf_counter()

    async def worker() -> None:
        while (started := time.perf_counter()) - began < SECONDS:
            (await ask()).raise_for_status()
            took.append(time.perf_counter() - started)

    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
    seconds, cpu = time.perf_counter() - began, machine.cpu_s - cpu
    p99 = sorted(took)[int(len(took) * 0.99)] * 1e3
    return Load(len(took) / seconds, len(took) / cpu, p99, first.num_bytes_downloaded)
