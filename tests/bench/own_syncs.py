"""Own syncs: from a mail to its thread's row, what deriving costs, what mail pays for them."""

import asyncio
import statistics
import time
from collections.abc import Sequence
from dataclasses import make_dataclass
from pathlib import Path
from typing import Any

from infra.local.connecting import connect
from infra.local.system import LocalSystem
from shared.actions.ready.threads import SYNC as THREADS
from shared.domain.models.sync import OwnSync, Sync
from tests.bench.figures import Figure
from tests.bench.laptop import EMAIL
from tests.bench.scale import Scale
from tests.harness.models import model_harness
from tests.harness.whole import whole_system

SYNC, MODEL = "threads", "GmailThread"
LONGEST_MS = 1_000
"""What it may take for all but one in twenty."""
DERIVED, MOST_CPU_S = 2_000, 0.3
ROUNDS = 3
READY = "threads,labels,filters,send-as-aliases,contacts"
UNCAPPED = {"max_pushes_per_second": None}


async def measure(directory: Path, scale: Scale) -> list[Figure]:
    """Deliver mails one after the other, each a thread of its own, and wait for its row.

    Faster than one a second, where Gmail would drop pushes: that is left out here.
    """
    environ = {"POSTROOM_SYNCS": SYNC}
    async with whole_system(directory / "rows", {EMAIL: 50}, environ, **UNCAPPED) as system:
        connection = await connect(system.client, system.google, EMAIL)
        await system.settle()
        took = sorted([await _to_its_row(system, connection) for _ in range(scale.pushes)])
    late = took[min(len(took) - 1, int(len(took) * 0.95))]
    return [
        Figure("own", "delivered to its thread's row, median", statistics.median(took), "ms"),
        Figure("own", "delivered to its thread's row, p95", late, "ms", LONGEST_MS),
        Figure(
            "own",
            "CPU to derive 2,000 messages' threads",
            min([await derive_cpu(DERIVED) for _ in range(ROUNDS)]),  # the first imports
            "s",
            MOST_CPU_S,
        ),
        Figure(
            "own",
            "CPU of a push beside five syncs (one hangs, one crashes), to that without",
            await ratio_beside(scale.pushes),
            "x",
        ),
        Figure(
            "own",
            "delivered to readable beside five syncs, to that without, medians",
            await wait_beside(directory, scale),
            "x",
            1.05,
        ),
    ]


async def wait_beside(directory: Path, scale: Scale) -> float:
    """Return how long mail takes to be readable beside the five ready syncs, to that without.

    Two systems with Gmail as far away as elsewhere here, in turn.
    """
    alone: list[float] = []
    beside: list[float] = []
    async with (
        whole_system(directory / "alone", {EMAIL: 50}, **UNCAPPED) as plain,
        whole_system(
            directory / "beside", {EMAIL: 50}, {"POSTROOM_SYNCS": READY}, **UNCAPPED
        ) as followed,
    ):
        both = [(system, await _begun(system, scale)) for system in (plain, followed)]
        for _ in range(scale.pushes):
            for (system, connection), took in zip(both, (alone, beside), strict=True):
                took.append(await _readable(system, connection))
                await system.settle()
    return statistics.median(beside) / statistics.median(alone)


async def _begun(system: LocalSystem, scale: Scale) -> str:
    """Connect, let all be read, and move Gmail away; return the connection."""
    connection = await connect(system.client, system.google, EMAIL)
    await system.settle()
    await system.control("/faults", {"fault": "latency", "delay_ms": scale.latency_ms})
    return connection


async def derive_cpu(messages: int) -> float:
    """Return the CPU seconds in which the threads of so many stored messages are derived."""
    async with model_harness(THREADS) as harness:
        for number in range(messages):
            harness.mail.deliver(f"Letter {number}")
        await harness.mail.settle()
        began = time.process_time()
        await harness.run(THREADS.name)
        took = time.process_time() - began
        assert (await harness.state(THREADS.name)).of(MODEL).live == messages
        return took


async def ratio_beside(pushes: int) -> float:
    """Return what a push costs beside five own syncs, as a multiple of one without any."""
    alone, beside = [], []
    await _push_cpu((), pushes)  # what is imported and compiled once
    for _ in range(ROUNDS):  # in turn, so that a busy machine is as busy for both
        alone.append(await _push_cpu((), pushes))
        beside.append(await _push_cpu(FIVE, pushes))
    return min(beside) / min(alone)


async def _push_cpu(syncs: Sequence[OwnSync], pushes: int) -> float:
    """Return the CPU seconds of so many pushes while the first sync hangs."""
    async with model_harness(*syncs) as harness:
        await harness.mail.settle()
        for one in syncs[1:]:
            await harness.run(one.name)
        hung = [asyncio.ensure_future(harness.run(one.name)) for one in syncs[:1]]
        await asyncio.sleep(0)
        took = 0.0
        for number in range(pushes):
            harness.mail.deliver(f"Letter {number}")
            began = time.process_time()
            await harness.mail.push()
            took += time.process_time() - began
        assert len(await harness.mail.stored()) == pushes
        for task in hung:
            task.cancel()
        await asyncio.gather(*hung, return_exceptions=True)
        return took


async def _hang(_: Any) -> None:
    await asyncio.Event().wait()


async def _crash(_: Any) -> None:
    raise ValueError("words")


async def _save_nothing(_: Any) -> None:
    """Find nothing new."""


def _sync(name: str, run: Any) -> OwnSync:
    row = make_dataclass(name.capitalize(), [("id", str)], frozen=True)
    return Sync(name, "A sync.", (row,), run)


FIVE = (
    _sync("hang", _hang),
    _sync("crash", _crash),
    _sync("calm", _save_nothing),
    _sync("quiet", _save_nothing),
    THREADS,
)


async def _to_its_row(system: LocalSystem, connection: str) -> float:
    """Return the milliseconds until the row can be read."""
    started = time.perf_counter()
    made = await _deliver(system)
    await _until_read(system, connection, MODEL, made["threadId"])
    return (time.perf_counter() - started) * 1e3


async def _readable(system: LocalSystem, connection: str) -> float:
    """Return the milliseconds until the message itself can be read."""
    started = time.perf_counter()
    made = await _deliver(system)
    await _until_read(system, connection, "EmailMessage", made["id"])
    return (time.perf_counter() - started) * 1e3


async def _deliver(system: LocalSystem) -> Any:
    subject = time.perf_counter()
    mail = f"From: bob@x.example\r\nTo: {EMAIL}\r\nSubject: {subject}\r\n\r\nHello.\r\n"
    path = f"/_control/mailboxes/{EMAIL}/messages"
    return (await system.google.post(path, content=mail.encode())).raise_for_status().json()


async def _until_read(system: LocalSystem, connection: str, model: str, id: str) -> None:
    query, headers = {"model": model, "ids": id}, {"Connection-Id": connection}
    while True:
        answer = await system.client.get("/records", params=query, headers=headers)
        if answer.raise_for_status().json()["records"]:
            return
        await asyncio.sleep(0.005)
