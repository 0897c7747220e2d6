"""The charts' numbers: nothing counted twice, nothing left out, no gap that was none."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.ids import ConnectionId, OperationId
from shared.domain.operation import LIFETIME, Operation, OperationState, OperationType
from shared.edge.console.layout.charts import MOST_POINTS, Chart, Figures, figures
from shared.pages.console.render import ASSETS

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
MOST = 300


def run(ago: timedelta, took_s: float = 1.0, **detail: object) -> Operation:
    ended = NOW - ago
    return Operation(
        OperationId(f"op-{ago}-{took_s}"),
        ConnectionId("c"),
        OperationType.SYNC,
        "fetch-messages",
        OperationState.OK,
        ended - timedelta(seconds=took_s),
        ended,
        ended + LIFETIME,
        detail=detail,
    )


def failure(ago: timedelta, type: OperationType, error: str) -> Operation:
    return replace(run(ago), type=type, state=OperationState.FAILED, error=error)


def drawn(runs: list[Operation], failures: list[Operation] | None = None) -> Figures:
    return figures(runs, failures or [], now=NOW, reach=DAY, most=MOST)


def chart(found: Figures, key: str) -> Chart:
    return next(one for one in found.charts if one.key == key)


@given(st.lists(st.integers(0, 86_399), max_size=40), st.integers(60, 10**6))
def test_every_unit_is_counted_at_one_point(seconds: list[int], reach_s: int) -> None:
    runs = [run(timedelta(seconds=one), units=one + 1) for one in seconds]
    found = figures(runs, [], now=NOW, reach=timedelta(seconds=reach_s), most=MOST)
    within = [one + 1 for one in seconds if one <= reach_s]
    (line,) = chart(found, "units").lines
    assert sum(value or 0 for value in line.values) == sum(within)
    assert len(line.values) == len(found.points) <= MOST_POINTS + 1
    assert found.points[-1] >= NOW.timestamp() > found.points[-1] - found.step.total_seconds()


def test_only_pushes_that_stored_something_have_a_latency() -> None:
    runs = [
        run(timedelta(minutes=1), 0.4, pushed=True, added=1),
        run(timedelta(minutes=2), 0.6, pushed=True, updated=1),
        run(timedelta(minutes=3), 30, pushed=True),
        run(timedelta(minutes=4), 30, pushed=False, added=400),
    ]
    assert chart(drawn(runs), "latency").summary == "Median 600 ms, 95 of 100 within 600 ms."


def test_lag_is_how_long_live_mail_had_waited() -> None:
    runs = [run(timedelta(minutes=n), lateness_ms=n * 1000.0) for n in range(1, 11)]
    assert chart(drawn(runs), "lag").summary == "Median 6 s, 95 of 100 within 10 s."
    assert chart(drawn([run(DAY / 2)]), "lag").empty


def test_errors_are_counted_by_reason_the_rarest_together() -> None:
    kinds = [f"code_{n}" for n in range(9)]
    failures = [
        failure(timedelta(minutes=1 + n), OperationType.SYNC, kind)
        for n, kind in enumerate(kinds)
        for _ in range(10 - n)
    ]
    lines = {
        line.label: sum(value or 0 for value in line.values)
        for line in chart(drawn([], failures), "errors").lines
    }
    assert lines["sync · code_0"] == 10
    assert lines["other"] == 4 + 3 + 2
    assert sum(lines.values()) == len(failures)


def test_what_a_person_was_refused_on_the_console_is_no_error_of_the_work() -> None:
    refused = failure(timedelta(minutes=1), OperationType.CONSOLE, "forbidden")
    assert chart(drawn([], [refused]), "errors").empty


def test_charts_begin_where_the_newest_operations_begin() -> None:
    """Cut off after MOST entries, an earlier hour would look as if nothing had happened in it."""
    runs = [run(timedelta(seconds=n), units=1) for n in range(MOST)]
    early = failure(timedelta(hours=5), OperationType.DELIVERY, "timeout")
    found = drawn(runs, [early])
    assert found.since == NOW - timedelta(seconds=MOST - 1)
    assert chart(found, "errors").empty
    assert drawn(runs[:-1], [early]).since == NOW - DAY


def test_nothing_happened_is_no_error() -> None:
    found = drawn([])
    assert all(one.empty for one in found.charts)
    assert found.since == NOW - DAY


@pytest.mark.parametrize(
    "path", [one for one in ASSETS.files.values() if one.name.startswith("uplot")]
)
def test_the_vendored_library_is_what_its_licence_comment_says(path: Path) -> None:
    head, _, rest = path.read_bytes().partition(b"*/\n")
    assert b"The MIT License" in head
    assert sha256(rest).hexdigest().encode() in head
