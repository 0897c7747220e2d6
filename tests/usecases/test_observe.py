"""Sightings are written at most once a minute, added up by every process, and told once."""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from shared.adapters.sqlite.store import open_store
from shared.adapters.telemetry.silent import SilentTelemetry
from shared.domain.google.observations import SHARDS, Count, Kinds, Observed, Sightings
from shared.edge.web.logs import FIELDS
from shared.ports.store import Store
from shared.usecases.observe import WRITTEN_EVERY, ReportObservations
from tests.harness.clock import HurriedClock


@dataclass
class Counted(SilentTelemetry):
    """Remembers what was counted."""

    surprises: list[tuple[str, str]] = field(default_factory=list)

    def count_surprise(self, kind: str, method: str) -> None:
        self.surprises.append((kind, method))


async def no_wake(_event: object) -> None:
    """Wake nothing: no event is written here."""


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = open_store(tmp_path / "store.sqlite", HurriedClock(), no_wake)
    yield opened
    await opened.close()


def process(store: Store, clock: HurriedClock) -> ReportObservations:
    return ReportObservations(store.observations, Sightings(), Counted(), clock)


async def documents(store: Store) -> list[Observed]:
    found = [await store.observations.get(str(shard)) for shard in range(SHARDS)]
    return [one.value for one in found if one]


async def test_it_is_written_at_most_once_a_minute(store: Store) -> None:
    clock = HurriedClock()
    one = process(store, clock)
    for _ in range(3):
        one.sightings.count(Count.NEVER_FOUND)
        await one()
    assert [each.counts for each in await documents(store)] == [{"never_found": 1}]
    clock.advance(WRITTEN_EVERY)
    await one()
    known = await one.read_all()
    assert known is not None
    assert known.counts == {"never_found": 3}


async def test_nothing_seen_is_nothing_written(store: Store) -> None:
    one = process(store, HurriedClock())
    await one()
    assert await documents(store) == []
    assert await one.read_all() is None
    assert one.sightings.written_at is None


async def test_many_processes_add_up(store: Store) -> None:
    clock = HurriedClock()
    processes = [process(store, clock) for _ in range(30)]
    for one in processes:
        one.sightings.count_kind(Kinds.REFUSALS, "429.rateLimitExceeded.rate")
    await asyncio.gather(*(one() for one in processes))
    known = await processes[0].read_all()
    assert known is not None
    assert known.kind(Kinds.REFUSALS) == {"429.rateLimitExceeded.rate": 30}
    assert len(await documents(store)) <= SHARDS


async def test_a_surprise_is_a_line_and_a_count(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    clock = HurriedClock()
    one = process(store, clock)
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            one.sightings.surprise("key", "GET/profile", "newField", clock.now())
            await one()
            clock.advance(WRITTEN_EVERY)
    (line,) = caplog.records
    assert line.getMessage() == "google surprise"
    assert {"code", "reason"} <= FIELDS
    assert (vars(line)["code"], vars(line)["reason"]) == ("key", "newField")
    assert isinstance(one.telemetry, Counted)
    assert one.telemetry.surprises == [("key", "GET/profile")]


async def test_a_store_that_does_not_answer_fails_no_request(store: Store) -> None:
    one = process(store, HurriedClock())
    one.sightings.count(Count.NEVER_FOUND)
    await store.close()
    await one()
    one.clock.advance(timedelta(hours=1))  # type: ignore[attr-defined]
    await one()
