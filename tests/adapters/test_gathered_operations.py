"""What the log keeps back for a moment, and what it never does."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from shared.adapters.sqlite.store import open_store
from shared.adapters.system_clock import SystemClock
from shared.adapters.telemetry import operations_log as gathered_operations
from shared.adapters.telemetry.operations_log import GATHERED, BatchedOperations
from shared.domain.operation import Operation, OperationState, OperationType
from shared.ports.events import Operations
from tests.contracts.samples import C1, operation


@pytest.fixture
def kept(tmp_path: Path) -> Operations:
    return open_store(tmp_path / "log.db", SystemClock()).operations


@pytest.fixture
def log(kept: Operations) -> BatchedOperations:
    return BatchedOperations(kept)


async def written(kept: Operations) -> list[Operation]:
    return list(await kept.list(connection_id=C1, type=None, state=None, limit=99))


def well(id: str, type: OperationType = OperationType.SYNC) -> Operation:
    return operation(id, type=type, state=OperationState.OK)


async def test_syncs_and_deliveries_that_went_well_wait_for_company(
    log: BatchedOperations, kept: Operations
) -> None:
    for number in range(GATHERED - 1):
        await log.append(
            well(f"o{number}", (OperationType.SYNC, OperationType.DELIVERY)[number % 2])
        )
    assert await written(kept) == []
    await log.append(well("last"))
    assert len(await written(kept)) == GATHERED
    await log.close()


@pytest.mark.parametrize(
    "urgent",
    [
        replace(well("bad"), state=OperationState.FAILED),
        replace(well("sent"), type=OperationType.SEND),
    ],
    ids=["failed", "a send"],
)
async def test_anything_else_is_written_at_once_with_what_waited(
    log: BatchedOperations, kept: Operations, urgent: Operation
) -> None:
    await log.append(well("o1"))
    await log.append(urgent)
    assert {one.id for one in await written(kept)} == {"o1", urgent.id}


async def test_a_reader_of_the_same_instance_sees_what_waits(log: BatchedOperations) -> None:
    await log.append(well("o1"))
    assert [one.id for one in await written(log)] == ["o1"]


async def test_what_waits_is_written_when_its_time_is_over_or_the_instance_ends(
    log: BatchedOperations, kept: Operations, monkeypatch: pytest.MonkeyPatch
) -> None:
    await log.append(well("o1"))
    await log.close()
    assert [one.id for one in await written(kept)] == ["o1"]
    monkeypatch.setattr(gathered_operations, "GATHERED_FOR", 0 * gathered_operations.GATHERED_FOR)
    await log.append(well("o2"))
    while len(await written(kept)) < 2:  # noqa: ASYNC110  the timer ends it, or the suite's limit
        await asyncio.sleep(0)
