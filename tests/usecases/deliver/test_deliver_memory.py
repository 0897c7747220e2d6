"""A slow receiver and a long queue cost time, not memory."""

import asyncio
import gc
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shared.adapters.sinks.webhook import WebhookHttp
from shared.domain.events.addresses import AllowedHosts
from shared.domain.events.event import EventState
from shared.domain.ids import ConnectionId, EventId
from shared.ports.queue import Task
from shared.usecases.events.places import SHARE
from tests.adapters.listener import Listener, listening
from tests.harness.delivering import MINUTE, DeliveryHarness
from tests.usecases.connect.interrupted import Bomb

AT_ONCE = SHARE
"""Attempts under way, as many as one receiver is given."""
SLOW_S = 0.01
HERE = frozenset({"127.0.0.1"})
FLAT = 1_500_000
"""Bytes that may be held more after the last event than after the first tenth."""


class Slow(Listener):
    """Takes its time, and keeps nothing of what it got but the number."""

    taken = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                size = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
                await reader.readexactly(int(size))
                await asyncio.sleep(SLOW_S)
                self.taken += 1
                writer.write(self.answer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


class Http:
    """The one technology of this deployment."""

    def __init__(self, sink: WebhookHttp) -> None:
        self._sink = sink

    def of(self, _receiver: Any) -> WebhookHttp:
        return self._sink


@pytest.mark.parametrize(
    "count", [1_000, pytest.param(10_000, marks=[pytest.mark.deep, pytest.mark.timeout(900)])]
)
async def test_ten_thousand_events_to_a_slow_receiver_hold_memory_flat(
    tmp_path: Path, count: int
) -> None:
    harness = DeliveryHarness(tmp_path / "office")
    sink = WebhookHttp(AllowedHosts(HERE))
    receiver = Slow()
    async with listening(receiver):
        bomb = Bomb()
        harness.live(bomb)
        harness.endpoints = replace(harness.endpoints, allowed=AllowedHosts(HERE))
        await harness.register(f"http://127.0.0.1:{receiver.port}/")
        harness.deliver = replace(harness.deliver, sinks=Http(sink))
        for number in range(count):
            await harness.write(number, ConnectionId(f"c-{number % 50}"))
        harness.line.waiting.clear()  # all of them were lost: reconcile finds every one
        held = await _drained(harness, count, bomb.calls)
    await sink.aclose()
    assert receiver.taken == count
    assert await harness.states() == {EventState.DELIVERED}
    print(f"{count} events, held after a tenth {held[0]:,} bytes, at the end {held[-1]:,}")
    assert held[-1] - held[0] < FLAT
    await harness.store.close()


async def _drained(harness: DeliveryHarness, count: int, calls: list[str]) -> list[int]:
    """Work through everything; answer what was held after each tenth."""
    held: list[int] = []
    done = 0
    tracemalloc.start()
    try:
        while done < count:
            harness.clock.current += MINUTE
            await harness.wake()
            tasks = harness.line.take_due()
            assert tasks, f"{done} of {count}"
            for start in range(0, len(tasks), AT_ONCE):
                done += await _at_once(harness, tasks[start : start + AT_ONCE])
                if done >= (len(held) + 1) * count // 10:
                    calls.clear()  # what the test itself remembers
                    harness.line.names.clear()
                    gc.collect()
                    held.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    return held


async def _at_once(harness: DeliveryHarness, tasks: list[Task]) -> int:
    await asyncio.gather(*(harness.deliver(EventId(one.body["event_id"])) for one in tasks))
    return len(tasks)
