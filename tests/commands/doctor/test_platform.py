"""LEVEL= of the doctor: a message, a task and a line of ours are sent, and looked at on arrival."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, cast

import httpx
import pytest

from shared.commands.checks.context import CheckContext
from shared.commands.checks.finding import Finding, Verdict
from shared.commands.checks.platform import (
    LEVELS,
    STILL,
    TASK_HEADERS,
    how_it_came,
    look_for_line,
    new_probe,
)
from shared.commands.doctor import probes_of, run_checks
from shared.domain.google.observations import OTHER, Duration, Kinds, Observed
from shared.edge.triggers.probe import BEAT_S, MOST_BEATS, Beats
from shared.usecases.observe import ReportObservations
from shared.usecases.probe import Probes
from tests.harness.doctoring import DoctorHarness, answering

ENTRY = {
    "severity": "INFO",
    "timestamp": "2026-11-30T00:00:00Z",
    "trace": "projects/p/traces/t",
    "labels": {"goog-managed-by": "cloudfunctions"},
    "jsonPayload": {"message": "probe"},
}


async def probe(context: CheckContext, name: str) -> Finding:
    checks = [one for one in probes_of("all") if one.name == f"probe: {name}"]
    [(_, finding)] = await run_checks(context, checks)
    return finding


async def test_a_message_of_ours_comes_as_gmails_do(harness: DoctorHarness) -> None:
    finding = await probe(harness.context(), "Pub/Sub")
    assert finding.verdict is Verdict.OK
    assert "as CloudPubSub-Google, signature kept, after" in finding.seen


async def test_a_message_that_never_comes_is_a_failure(harness: DoctorHarness) -> None:
    harness.system.emulated.pushes.endpoint = None
    finding = await looked_at_later(harness, "Pub/Sub", timedelta(minutes=1))
    assert finding.verdict is Verdict.FAILED
    assert "did not reach gmail_push" in finding.seen


async def test_a_task_of_ours_comes_as_cloud_tasks_brings_them(harness: DoctorHarness) -> None:
    finding = await probe(harness.context(), "Cloud Tasks")
    assert finding.verdict is Verdict.OK
    assert "as Google-Cloud-Tasks, signature kept, after" in finding.seen


async def test_a_task_that_never_comes_is_a_failure(harness: DoctorHarness) -> None:
    """It waits in a file that is not dispatched from."""
    other = f"sqlite:{harness.system.directory / 'other.sqlite'}"
    finding = await looked_at_later(harness, "Cloud Tasks", timedelta(minutes=1), QUEUE=other)
    assert finding.verdict is Verdict.FAILED
    assert "did not reach it" in finding.seen


async def looked_at_later(
    harness: DoctorHarness, name: str, after: timedelta, **changes: str
) -> Finding:
    """Probe while time moves on."""
    return await as_time_moves_on(harness, probe(harness.context(**changes), name), after / 10)


async def as_time_moves_on(
    harness: DoctorHarness, probing: Coroutine[Any, Any, Finding], step: timedelta
) -> Finding:
    """Let every sleeper's moment come until the probe ends."""
    task = asyncio.create_task(probing)
    while not task.done():
        await harness.system.settle()
        harness.system.clock.advance(step)
    return await task


async def test_between_two_tasks_a_process_that_has_cpu_stands_still_for_no_time(
    harness: DoctorHarness,
) -> None:
    finding = await looked_at_later(harness, "standstill", STILL)
    assert finding.verdict is Verdict.OK
    assert f"no CPU for 0.0 of {STILL.seconds} s" in finding.seen


@pytest.mark.parametrize(("beats", "seconds"), [(0, 19.5), (1, 19.0), (39, 0.0)])
def test_how_long_a_process_had_no_cpu_is_what_its_beats_leave_over(
    beats: int, seconds: float
) -> None:
    loop, counted = Timers(), Beats()
    assert look(counted, loop) is None
    for _ in range(beats):
        loop.fire()
    loop.now += 20
    assert look(counted, loop) == timedelta(seconds=seconds)


def test_a_process_is_kept_awake_for_two_minutes_at_most() -> None:
    loop, counted = Timers(), Beats()
    look(counted, loop)
    fired = sum(loop.fire() for _ in range(MOST_BEATS * 2))
    assert fired * BEAT_S == 120
    assert look(counted, loop) is None


class Timers:
    """A loop whose time stands still, and whose timers are fired by hand."""

    def __init__(self) -> None:
        self.now, self.waiting = 0.0, list[Callable[[], None]]()

    def time(self) -> float:
        return self.now

    def call_later(self, _delay: float, callback: Callable[..., None], *args: object) -> None:
        self.waiting.append(partial(callback, *args))

    def fire(self) -> bool:
        if not self.waiting:
            return False
        self.waiting.pop()()
        return True


def look(beats: Beats, loop: Timers) -> timedelta | None:
    return beats.look(cast("asyncio.AbstractEventLoop", loop))


async def test_on_a_laptop_no_line_is_looked_for(harness: DoctorHarness) -> None:
    finding = await probe(harness.context(), "log fields")
    assert finding.verdict is Verdict.NOT_CHECKED


@pytest.mark.parametrize(
    ("entry", "verdict", "words"),
    [
        (ENTRY, Verdict.OK, "severity INFO, trace and time are fields; labels: goog-managed-by"),
        ({**ENTRY, "severity": "DEFAULT"}, Verdict.WARNING, "severity DEFAULT"),
        ({**ENTRY, "trace": ""}, Verdict.WARNING, "without trace"),
        ({**ENTRY, "jsonPayload": {"severity": "INFO"}}, Verdict.WARNING, "takes severity for"),
        (None, Verdict.FAILED, "not in Cloud Logging"),
    ],
)
async def test_what_cloud_logging_made_of_a_line_is_told(
    harness: DoctorHarness, entry: Mapping[str, Any] | None, verdict: Verdict, words: str
) -> None:
    """A stand-in for Cloud Logging answers; the task runs in this system."""
    context, asked = harness.context(), list[bytes]()

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.content)
        return httpx.Response(200, json={"entries": [entry]} if entry else {})

    context.container.bind(httpx.AsyncClient, answering(answer))
    step = timedelta(seconds=1)
    finding = await as_time_moves_on(harness, look_for_line(context, "p"), step)
    assert finding.verdict is verdict
    assert words in finding.seen
    assert b"jsonPayload.probe=" in asked[0]


async def test_a_note_holds_names_only_and_is_taken_away(harness: DoctorHarness) -> None:
    container = harness.context().container
    probes, id = container.use(Probes), new_probe()
    names = ("header.x-cloudtasks-queuename", "claim.aud", "ada@demo.example", "x" * 200)
    for _ in range(2):
        await probes.note(id, names, {Duration.TASK_LATENESS: timedelta(seconds=2)})
    found = await probes.take(id)
    assert found is not None
    assert set(found.kind(Kinds.PROBED)) == {*names[:2], OTHER}
    assert await probes.take(id) is None
    of_mail = await container.use(ReportObservations).read_all()
    assert of_mail is None or not of_mail.kind(Kinds.PROBED)


def test_what_lacks_a_header_that_is_expected_is_warned_of() -> None:
    came = {"agent.other": 1, "signature.removed": 1, "header.authorization": 1}
    seen = Observed("x", datetime(2026, 11, 30, tzinfo=UTC), kinds={Kinds.PROBED: came})
    finding = how_it_came(seen, TASK_HEADERS, Duration.TASK_LATENESS)
    assert finding.verdict is Verdict.WARNING
    assert "as other, signature removed" in finding.seen
    assert "x-cloudtasks-taskname" in finding.seen
    assert "email_verified" in finding.seen


async def test_a_probe_is_sent_by_no_one_without_a_token(harness: DoctorHarness) -> None:
    body = {"probe_id": new_probe()}
    answer = await harness.system.client.post("/tasks/probe", json=body)
    assert answer.status_code == 401


@pytest.mark.parametrize("level", [*LEVELS, "all", None])
def test_a_level_adds_its_own_probes(level: str | None) -> None:
    of_all = [check for checks in LEVELS.values() for check in checks]
    assert list(probes_of(level)) == ([] if level is None else [*LEVELS.get(level, of_all)])
