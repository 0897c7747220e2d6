"""What Cloud Monitoring would make of a policy: its conditions run over made-up series.

After the reference of `AlertPolicy` in the Monitoring API: points are aligned within a window each
series, the series are reduced to one, and its value is compared at every minute. A word that is
not known here raises KeyError: what it does has to be thought about first.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

MINUTE: Final = 60
HOUR: Final = 3_600
Values = Sequence[float]


@dataclass(frozen=True, slots=True)
class Series:
    """Points at a second each; Monitoring sees each `lag_s` later."""

    points: tuple[tuple[int, float], ...]
    lag_s: int = 0

    def within(self, start: int, end: int) -> list[float]:
        """Return what is known at `end` of the time after `start`, oldest first."""
        return [v for at, v in self.points if start < at <= end and at + self.lag_s <= end]


def lines(times: Iterable[int], lag_s: int = 0) -> Series:
    """Return what a log-based counter makes of lines at these seconds: one point a minute."""
    minutes: dict[int, float] = {}
    for at in times:
        minute = (at // MINUTE + 1) * MINUTE
        minutes[minute] = minutes.get(minute, 0) + 1
    return Series(tuple(sorted(minutes.items())), lag_s)


def gauge(value: float, start: int, end: int) -> Series:
    """Return a gauge that has `value` at each minute of that time."""
    return Series(tuple((at, value) for at in range(start, end, MINUTE)))


ALIGNERS: Final[Mapping[str, Callable[[Values], float]]] = {
    "ALIGN_DELTA": sum,
    "ALIGN_SUM": sum,
    "ALIGN_COUNT": len,
    "ALIGN_MAX": max,
    "ALIGN_NEXT_OLDER": lambda values: values[-1],
}
REDUCERS: Final[Mapping[str, Callable[[Values], float]]] = {
    "REDUCE_SUM": sum,
    "REDUCE_MAX": max,
    "REDUCE_COUNT_FALSE": lambda values: sum(not value for value in values),
}
COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "COMPARISON_GT": lambda value, threshold: value > threshold,
    "COMPARISON_LT": lambda value, threshold: value < threshold,
}


def fires(policy: Mapping[str, Any], series: Sequence[Series], until: int = 3 * HOUR) -> bool:
    """Whether any condition of the policy is met at any minute before `until`."""
    assert policy["combiner"] == "OR"
    return any(
        _met(condition, series, now)
        for condition in policy["conditions"]
        for now in range(0, until, MINUTE)
    )


def _met(condition: Mapping[str, Any], series: Sequence[Series], now: int) -> bool:
    for absent in condition["condition_absent"]:
        began = any(one.within(-1, now) for one in series)
        return began and not any(
            one.within(now - seconds(absent["duration"]), now) for one in series
        )
    (wanted,) = condition["condition_threshold"]
    moments = range(now, now - seconds(wanted["duration"]) - 1, -MINUTE)
    return all(_violated(wanted, series, moment) for moment in moments)


def _violated(wanted: Mapping[str, Any], series: Sequence[Series], now: int) -> bool:
    (asked,) = wanted["aggregations"]
    window = seconds(asked["alignment_period"])
    align, reduce = ALIGNERS[asked["per_series_aligner"]], REDUCERS[asked["cross_series_reducer"]]
    aligned = [align(values) for one in series if (values := one.within(now - window, now))]
    compare = COMPARISONS[wanted["comparison"]]
    return bool(aligned) and compare(reduce(aligned), wanted["threshold_value"])


def seconds(duration: str) -> int:
    """Return the seconds of a duration such as 300s."""
    return int(duration.removesuffix("s"))
