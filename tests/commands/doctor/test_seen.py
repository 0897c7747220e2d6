"""What was seen of Google stands beside what is assumed, and what contradicts it is warned of."""

from datetime import timedelta

import pytest

from shared.commands.checks.finding import Verdict
from shared.domain.google.observations import Amount, Count, Duration, Kinds, Sightings
from shared.ports.clock import Clock
from shared.usecases.observe import ReportObservations
from tests.harness.doctoring import EMAIL, DoctorHarness, a_mail
from tests.harness.google import PLENTY

DAY = timedelta(days=1)


async def note(harness: DoctorHarness, *seen: tuple[Duration, timedelta]) -> None:
    """Write durations down as a function would."""
    container = harness.context().container
    sightings = container.use(Sightings)
    for name, duration in seen:
        sightings.measure(name, duration)
    await container.use(ReportObservations)()


async def test_what_a_running_system_sees_is_shown(harness: DoctorHarness) -> None:
    await harness.system.google.post(f"/_control/mailboxes/{EMAIL}/messages", content=a_mail())
    await harness.system.settle()
    harness.system.clock.advance(timedelta(minutes=2))
    await harness.system.google.post(f"/_control/mailboxes/{EMAIL}/messages", content=a_mail())
    await harness.system.settle()
    push = await harness.look("push delay")
    assert push.verdict is Verdict.OK
    assert "history id as number" in push.seen
    assert "7.0 d of 1 watch" in (await harness.look("watch life")).seen
    assert "none refused (assumed: a week)" in (await harness.look("history ids")).seen
    assert (await harness.look("refusals")).seen.endswith("nothing that is not known")
    assert "brought nothing" in (await harness.look("announced")).seen
    assert "of internalDate" in (await harness.look("arrival")).seen
    assert "a watch's first after" in push.seen


@pytest.mark.parametrize(
    ("check", "name", "duration", "verdict", "told"),
    [
        ("history ids", Duration.HISTORY_REFUSED, 9 * DAY, Verdict.OK, "refused from 9.0 d on"),
        ("history ids", Duration.HISTORY_REFUSED, DAY / 2, Verdict.WARNING, "from 12.0 h on"),
        ("watch life", Duration.WATCH_LIFE, DAY, Verdict.WARNING, "1.0 d of"),
        ("early 404s", Duration.FOUND_AFTER, DAY / 1440, Verdict.OK, "after at most 1.0 min"),
    ],
)
async def test_what_contradicts_is_warned_of(
    harness: DoctorHarness,
    check: str,
    name: Duration,
    duration: timedelta,
    verdict: Verdict,
    told: str,
) -> None:
    await note(harness, (name, duration))
    finding = await harness.look(check)
    assert finding.verdict is verdict
    assert told in finding.seen


async def test_ends_of_grants_are_told_by_code_and_age(harness: DoctorHarness) -> None:
    container = harness.context().container
    sightings = container.use(Sightings)
    sightings.measure(Duration.GRANT_AGE, 7 * DAY)
    sightings.count_kind(Kinds.GRANTS_ENDED, "expired")
    sightings.count(Count.NEVER_FOUND)
    await container.use(ReportObservations)()
    assert "expired 1x, at 7.0 d to 7.0 d" in (await harness.look("ended grants")).seen
    assert "1 never" in (await harness.look("early 404s")).seen


async def test_a_surprise_is_warned_of_by_name(harness: DoctorHarness) -> None:
    now = harness.context().container.use(Clock).now()
    container = harness.context().container
    container.use(Sightings).surprise("key", "GET/profile", "newField", now)
    await container.use(ReportObservations)()
    finding = await harness.look("refusals")
    assert finding.verdict is Verdict.WARNING
    assert finding.seen == "not known: key 1x; the last: key newField (GET/profile)"
    assert "make verify-google" in finding.fix


async def test_what_pushes_brought_and_how_sends_ended_is_counted(harness: DoctorHarness) -> None:
    container = harness.context().container
    sightings = container.use(Sightings)
    sightings.count_kind(Kinds.LOOKS, "pushed", 3)
    sightings.count_kind(Kinds.LOOKS, "pushed.nothing", 1)
    sightings.count_kind(Kinds.LOOKS, "unannounced", 1)
    sightings.count_kind(Kinds.HISTORY_RECORDS, "told", 5)
    sightings.count_kind(Kinds.HISTORY_RECORDS, "silent", 2)
    sightings.count_kind(Kinds.SENDS, "answered", 8)
    sightings.count_kind(Kinds.SENDS, "found", 1)
    sightings.count_kind(Kinds.REFRESHES, "rotated", 2)
    await container.use(ReportObservations)()
    announced = (await harness.look("announced")).seen
    assert "4 pushes, 1 brought nothing, 1 change without one; 2 of 7 records" in announced
    assert "9 sends, answers lost: found 1x" in (await harness.look("sends")).seen
    assert "2 new refresh tokens" in (await harness.look("ended grants")).seen


async def test_what_gmail_refused_for_quota_stands_beside_what_is_assumed(
    harness: DoctorHarness,
) -> None:
    assert f"none refused for quota (assumed: {PLENTY} units" in (await harness.look("quota")).seen
    assert (
        "none was one too many (assumed: never with 5)"
        in (await harness.look("calls at once")).seen
    )
    container = harness.context().container
    sightings = container.use(Sightings)
    for units in (5_900, 6_100):
        sightings.measure_amount(Amount.UNITS_AT_REFUSAL, units)
    sightings.measure(Duration.WAIT_TOLD, DAY / 1440)
    sightings.measure(Duration.WAIT_ENOUGH, DAY / 1440)
    sightings.measure_amount(Amount.AT_ONCE_AT_REFUSAL, 11)
    await container.use(ReportObservations)()
    quota = (await harness.look("quota")).seen
    assert "refused 2x, at 5900 to 6100 units, told to wait 1.0 min" in quota
    assert "1.0 min were enough" in quota
    assert "with 11 in flight at least" in (await harness.look("calls at once")).seen
