"""How the platform calls is counted, by what it names and never by what anyone writes into it."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from starlette.requests import Request

from shared.domain.google.observations import Count, Duration, Kinds, Sightings
from shared.edge.web.platform import BEAT_S, REMOVED, Standstill, note_call
from shared.ports.clock import Clock
from shared.ports.container import Container

NOW = datetime(2026, 11, 29, tzinfo=UTC)


class Still:
    """A container of a clock and of what is seen."""

    def __init__(self) -> None:
        self.seen = Sightings()

    def use(self, wanted: Any) -> Any:
        return self if wanted is Clock else self.seen

    def now(self) -> datetime:
        return NOW


def called(token: str = "a.b.c", outcome: str = "taken", **headers: str) -> Sightings:
    container = Still()
    named = [(name.replace("_", "-").encode(), one.encode()) for name, one in headers.items()]
    request = Request({"type": "http", "headers": named})
    note_call(request, "push", token, cast("Container", container), outcome)
    return container.seen


@pytest.mark.parametrize(
    ("headers", "token", "name"),
    [
        ({"user_agent": "CloudPubSub-Google"}, "a.b.c", "push.CloudPubSub-Google.kept.taken"),
        (
            {"user_agent": "APIs-Google; (+https://example)"},
            f"a.b{REMOVED}",
            "push.APIs-Google.removed.taken",
        ),
        ({"user_agent": "ada@demo.example"}, "", "push.other.kept.taken"),
        ({}, "", "push.other.kept.taken"),
    ],
)
def test_a_call_is_counted_by_agent_and_signature(
    headers: dict[str, str], token: str, name: str
) -> None:
    assert dict(called(token, **headers).kinds[Kinds.CALLS]) == {name: 1}


def test_how_late_a_task_comes_is_measured() -> None:
    eta = f"{(NOW - timedelta(seconds=4)).timestamp():.6f}"
    seen = called(x_cloudtasks_tasketa=eta, x_cloudtasks_taskretrycount="11")
    assert seen.durations[Duration.TASK_LATENESS].most == pytest.approx(4)
    assert seen.counts == {Count.TASKS_RETRIED: 1}


@pytest.mark.parametrize("eta", ["soon", "1e400", "9" * 400, "9" * 11, "-1", ""])
def test_a_time_that_is_none_is_passed_over(eta: str) -> None:
    assert called(x_cloudtasks_tasketa=eta).durations == {}


class Late:
    """A loop whose timer fires so many seconds late."""

    def __init__(self, late: float) -> None:
        self.late = late

    def time(self) -> float:
        return asyncio.get_running_loop().time() + BEAT_S + self.late


@pytest.mark.parametrize(("late", "count"), [(0.0, 0), (BEAT_S / 2, 0), (30.0, 1)])
async def test_a_process_that_got_no_cpu_is_noticed(late: float, count: int) -> None:
    seen = Sightings()
    standstill = Standstill(seen)
    standstill.watch()
    standstill.watch()
    standstill.look(cast("asyncio.AbstractEventLoop", Late(late)))
    assert sum(one.count for one in seen.durations.values()) == count
