"""Numbers over time for the console's charts, from the newest operations; pure.

The caller reads a bounded number of operations, so the charts reach back as far as those do,
and say how far that is.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any, Final

from shared.domain.operation import Operation, OperationType

MOST_POINTS: Final = 60
STEPS: Final = tuple(
    timedelta(seconds=seconds)
    for seconds in (10, 30, 60, 300, 900, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400)
)
MOST_REASONS: Final = 6
OTHERS: Final = "other"


@dataclass(frozen=True, slots=True)
class Line:
    """One series: its name, and a number for each point, None where there was nothing."""

    label: str
    values: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Chart:
    """Series over the same points; `unit` is s, units or errors; `stacked` adds them up."""

    key: str
    title: str
    unit: str
    summary: str
    """The same in a sentence, for who cannot see it."""
    lines: Sequence[Line]
    stacked: bool = False

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw."""
        return all(value is None or value == 0 for line in self.lines for value in line.values)

    def data(self, points: Sequence[int], step: timedelta) -> dict[str, Any]:
        """Return what the script draws."""
        return {
            "key": self.key,
            "unit": self.unit,
            "stacked": self.stacked,
            "points": list(points),
            "step": step.total_seconds(),
            "lines": [{"label": line.label, "values": list(line.values)} for line in self.lines],
        }


@dataclass(frozen=True, slots=True)
class Figures:
    """Charts over the points of time `points` (seconds since 1970), `step` apart."""

    since: datetime
    step: timedelta
    points: Sequence[int]
    runs: int
    charts: Sequence[Chart]


def figures(
    runs: Sequence[Operation],
    failures: Sequence[Operation],
    *,
    now: datetime,
    reach: timedelta,
    most: int,
) -> Figures:
    """Return the charts of sync runs and of whatever failed, over `reach` up to `now`.

    Each of the two is the newest `most` there are: what is cut off by that shortens the reach of
    all charts, so that none shows a gap where there was none.
    """
    cut = [min(one.finished_at for one in some) for some in (runs, failures) if len(some) >= most]
    since = min(max([now - reach, *cut]), now)
    axis = _Axis.over(since, now)
    shown = [one for one in runs if one.finished_at >= since]
    charts = (_lateness(shown, axis), _latency(shown, axis), _units(shown, axis))
    failed = [one for one in failures if one.finished_at >= since and _is_work(one)]
    return Figures(since, axis.step, axis.points, len(shown), (*charts, _errors(failed, axis)))


@dataclass(frozen=True, slots=True)
class _Axis:
    """Points in time; what happened before a point and after the one before belongs to it."""

    first: int
    step: timedelta
    count: int

    @classmethod
    def over(cls, since: datetime, now: datetime) -> "_Axis":
        step = next((one for one in STEPS if (now - since) / one < MOST_POINTS), STEPS[-1])
        seconds = int(step.total_seconds())
        first = int(since.timestamp()) // seconds * seconds + seconds
        count = min(ceil((now.timestamp() - first) / seconds) + 1, MOST_POINTS + 1)
        return cls(first, step, max(count, 1))

    @property
    def points(self) -> list[int]:
        return [self.first + index * self._seconds for index in range(self.count)]

    def place(self, moment: datetime) -> int:
        after = ceil((moment.timestamp() - self.first) / self._seconds)
        return min(max(after, 0), self.count - 1)

    def values_at_points(self, summary: Iterable[tuple[datetime, float]]) -> list[list[float]]:
        """Return the numbers at each point."""
        found: list[list[float]] = [[] for _ in range(self.count)]
        for moment, value in summary:
            found[self.place(moment)].append(value)
        return found

    @property
    def _seconds(self) -> int:
        return int(self.step.total_seconds())


def _lateness(runs: Sequence[Operation], axis: _Axis) -> Chart:
    summary = [(one.finished_at, _seconds(one.detail, "lateness_ms")) for one in runs]
    times = [(moment, value) for moment, value in summary if value is not None]
    return _spread("lag", "Lag: received at Gmail until stored", times, axis)


def _latency(runs: Sequence[Operation], axis: _Axis) -> Chart:
    times = [
        (one.finished_at, (one.finished_at - one.started_at).total_seconds())
        for one in runs
        if one.detail.get("pushed") and _has_changes(one.detail)
    ]
    return _spread("latency", "Push received until record committed", times, axis)


def _spread(key: str, title: str, times: Sequence[tuple[datetime, float]], axis: _Axis) -> Chart:
    gathered = axis.values_at_points(times)
    lines = (
        Line("median", [_quantile(some, 0.5) for some in gathered]),
        Line("95 of 100", [_quantile(some, 0.95) for some in gathered]),
    )
    every = [value for _, value in times]
    median, most = _quantile(every, 0.5), _quantile(every, 0.95)
    summary = (
        f"Median {_time(median)}, 95 of 100 within {_time(most)}." if every else "None measured."
    )
    return Chart(key, title, "s", summary, lines)


def _time(seconds: float | None) -> str:
    """Say a time as the chart's axis does: below a second in milliseconds."""
    seconds = seconds or 0.0
    return f"{seconds * 1e3:.0f} ms" if seconds < 1 else f"{seconds:.3g} s"


def _units(runs: Sequence[Operation], axis: _Axis) -> Chart:
    spent = [(one.finished_at, float(one.detail.get("units") or 0)) for one in runs]
    sums = [sum(some) for some in axis.values_at_points(spent)]
    summary = f"{sum(sums):.0f} units in {len(runs)} sync runs."
    return Chart(
        "units", "Gmail quota units used by syncs", "units", summary, (Line("units", sums),)
    )


def _errors(failed: Sequence[Operation], axis: _Axis) -> Chart:
    counted = Counter(reason_of(one) for one in failed)
    shown = [reason for reason, _ in counted.most_common(MOST_REASONS)]
    places: dict[str, list[float]] = defaultdict(lambda: [0.0] * axis.count)
    for one in failed:
        reason = reason_of(one)
        places[reason if reason in shown else OTHERS][axis.place(one.finished_at)] += 1
    names = [*shown, *([OTHERS] if OTHERS in places else [])]
    lines = [Line(name, places[name]) for name in names]
    summary = ", ".join(f"{name}: {sum(places[name]):.0f}" for name in names) or "None."
    return Chart("errors", "Errors by reason", "errors", summary, lines, stacked=True)


def reason_of(operation: Operation) -> str:
    """Return why an operation failed, with what kind of work it was."""
    kind = operation.type.value
    return f"{kind} · {operation.error or 'unknown'}"


def _is_work(operation: Operation) -> bool:
    """Whether it failed in the work itself, not in what a person asked of the console."""
    return operation.type is not OperationType.CONSOLE


def _seconds(detail: Mapping[str, Any], name: str) -> float | None:
    value = detail.get(name)
    return value / 1000 if isinstance(value, int | float) else None


def _has_changes(detail: Mapping[str, Any]) -> bool:
    return any(detail.get(name) for name in ("added", "updated", "deleted"))


def _quantile(values: Sequence[float], share: float) -> float | None:
    if not values:
        return None
    return sorted(values)[min(int(share * len(values)), len(values) - 1)]
