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
from tests.usecases.connect.interrupted import Bomb
from tests.usecases.deliver.post_office import MINUTE, PostOffice

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
    office = PostOffice(tmp_path / "office")
    sink = WebhookHttp(AllowedHosts(HERE))
    receiver = Slow()
    async with listening(receiver):
        bomb = Bomb()
        office.live(bomb)
        office.endpoints = replace(office.endpoints, allowed=AllowedHosts(HERE))
        await office.register(f"http://127.0.0.1:{receiver.port}/")
        office.deliver = replace(office.deliver, sinks=Http(sink))
        for number in range(count):
            await office.write(number, ConnectionId(f"c-{number % 50}"))
        office.line.waiting.clear()  # all of them were lost: reconcile finds every one
        held = await _drained(office, count, bomb.calls)
    await sink.aclose()
    assert receiver.taken == count
    assert await office.states() == {EventState.DELIVERED}
    print(f"{count} events, held after a tenth {held[0]:,} bytes, at the end {held[-1]:,}")
    assert held[-1] - held[0] < FLAT
    await office.store.close()


async def _drained(office: PostOffice, count: int, calls: list[str]) -> list[int]:
    """Work through everything; answer what was held after each tenth."""
    held: list[int] = []
    done = 0
    tracemalloc.start()
    try:
        while done < count:
            office.clock.current += MINUTE
            await office.wake()
            tasks = office.line.take_due()
            assert tasks, f"{done} of {count}"
            for start in range(0, len(tasks), AT_ONCE):
                done += await _at_once(office, tasks[start : start + AT_ONCE])
                if done >= (len(held) + 1) * count // 10:
                    calls.clear()  # what the test itself remembers
                    office.line.names.clear()
                    gc.collect()
                    held.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    return held


async def _at_once(office: PostOffice, tasks: list[Task]) -> int:
    await asyncio.gather(*(office.deliver(EventId(one.body["event_id"])) for one in tasks))
    return len(tasks)
