"""A thousand connected mailboxes on this machine: where the model starts, and what checks it."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from infra.local.serving import LoopServer, address_of, listener
from tests.bench.cpu import finished
from tests.bench.laptop import Laptop, laptop
from tests.bench.scale import Scale

CONNECTING_AT_ONCE = 6
QUIET_PER_S, BUSY_PER_S = 4.0, 16.0
"""Mails a second over all mailboxes: the first rate gives the service times, the second checks."""
STRETCH_S = 45.0
LOOK_EVERY_S = 0.03
PROBES = 20
PROBED_EVERY_S = 2.0
"""Gmail drops a push within a second of another of the same mailbox (FACTS 2.3)."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """What a stretch of traffic showed."""

    per_second: float
    cpu_per_mail_s: float
    lags_s: Sequence[float]

    def lag_s(self, percent: int) -> float:
        """Return a percentile of the lag from delivery to readable record."""
        return quantiles(self.lags_s, n=100)[percent - 1]


@dataclass(frozen=True, slots=True)
class Observed:
    """Both stretches, and what a message of a backfill took."""

    mailboxes: int
    quiet: Stretch
    busy: Stretch
    message_cpu_s: float


async def observe(directory: Path, scale: Scale) -> Observed:
    """Connect the mailboxes, then let mail arrive at random ones, slowly and faster.

    A product is told of each; what a second look takes is in what a mail takes.
    """
    emails = [f"user{n}@acme.example" for n in range(scale.mailboxes)]
    async with laptop(directory) as machine, receiver() as hook:
        message_s = await _backfilled(machine, scale)
        (await machine.api.post("/webhook-endpoints", json={"url": hook})).raise_for_status()
        probe = await _connected(machine, emails)
        latency = {"fault": "latency", "delay_ms": scale.latency_ms}
        await machine.control("/faults", latency)
        quiet = await _traffic(machine, emails, probe, QUIET_PER_S)
        busy = await _traffic(machine, emails, probe, BUSY_PER_S)
    return Observed(len(emails), quiet, busy, message_s)


@asynccontextmanager
async def receiver() -> AsyncIterator[str]:
    """Serve a webhook that takes every event; yield its address."""

    async def take(request: Request) -> Response:
        await request.body()
        return Response()

    bound, app = listener(), Starlette()
    app.add_route("/", take, methods=["POST"])
    server = LoopServer(app, bound)
    await server.open()
    try:
        yield f"{address_of(bound)}/"
    finally:
        await server.close()


async def _backfilled(machine: Laptop, scale: Scale) -> float:
    """Return the CPU seconds of one backfilled message."""
    email, count = "old@acme.example", scale.cpu_messages // 3
    await machine.control("/mailboxes", {"email": email, "messages": count})
    before = machine.cpu_s
    await finished(machine, await machine.connect(email))
    return (machine.cpu_s - before) / count


async def _connected(machine: Laptop, emails: Sequence[str]) -> str:
    """Connect them all; answer the connection of the first."""
    gate = asyncio.Semaphore(CONNECTING_AT_ONCE)

    async def one(email: str) -> str:
        async with gate:
            await machine.control("/mailboxes", {"email": email, "messages": 1})
            return await machine.connect(email)

    connections = await asyncio.gather(*map(one, emails))
    for connection in (connections[0], connections[-1]):
        await finished(machine, connection)
    return connections[0]


async def _traffic(
    machine: Laptop, emails: Sequence[str], probe: str, per_second: float
) -> Stretch:
    """Deliver at a rate; meanwhile see how soon the probed mailbox's mails can be read."""
    lags: list[float] = []
    delivered = 0
    before, began = machine.cpu_s, time.perf_counter()

    async def others() -> None:
        nonlocal delivered
        while time.perf_counter() - began < STRETCH_S:
            await machine.deliver(delivered, random.choice(emails[1:]))
            delivered += 1
            await asyncio.sleep(random.expovariate(per_second))

    async def probed() -> None:
        for number in range(PROBES):
            lag = await _readable(machine, emails[0], probe, number)
            lags.append(lag)  # one by one: time may be up before the last
            await asyncio.sleep(PROBED_EVERY_S)

    await asyncio.gather(others(), _within(probed()))
    seconds = time.perf_counter() - began
    cpu = machine.cpu_s - before
    return Stretch(delivered / seconds, cpu / max(1, delivered + len(lags)), lags)


async def _within(probing: Coroutine[Any, Any, None]) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(STRETCH_S):
            await probing


async def _readable(machine: Laptop, email: str, connection: str, number: int) -> float:
    id = await machine.deliver(number, email)
    delivered = time.perf_counter()
    query = {"model": "EmailMessage", "ids": id}
    headers = {"Connection-Id": connection}
    while True:
        answer = await machine.api.get("/records", params=query, headers=headers)
        if answer.json()["records"]:
            break
        await asyncio.sleep(LOOK_EVERY_S)
    return time.perf_counter() - delivered - LOOK_EVERY_S / 2
