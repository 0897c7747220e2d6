"""What is seen of Google adds up, stays small, and holds nothing of a mailbox."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.google.observations import (
    BOUNDS_S,
    LAST_SURPRISES,
    MOST_NAMES,
    OTHER,
    Amount,
    Count,
    Duration,
    Kinds,
    Measure,
    Observed,
    Sightings,
    cap_kinds,
    merge_observed,
)

NOW = datetime(2026, 11, 29, tzinfo=UTC)
SECONDS = st.lists(st.floats(0, 2e7), min_size=1, max_size=40)


def measured(seconds: list[float]) -> Measure:
    found = Measure()
    for one in seconds:
        found = found.with_one(one)
    return found


@given(SECONDS, SECONDS)
def test_two_measures_together_are_that_of_all(one: list[float], other: list[float]) -> None:
    together = measured(one).merge(measured(other))
    assert together == measured([*one, *other])
    assert (together.least, together.most) == (min(*one, *other), max(*one, *other))
    assert together.count == len(one) + len(other)


@given(SECONDS, st.sampled_from([0.5, 0.95, 1.0]))
def test_so_many_are_within_a_quantile(seconds: list[float], part: float) -> None:
    bound = measured(seconds).quantile(part)
    assert sum(one <= bound for one in seconds) >= part * len(seconds)
    assert bound <= max(seconds)


def test_nothing_measured_is_no_time_at_all() -> None:
    assert Measure().merge(Measure()) == Measure()
    assert Measure().merge(measured([2.0])) == measured([2.0])
    assert Measure().quantile(0.95) == 0
    assert list(BOUNDS_S) == sorted(BOUNDS_S)


def test_what_was_seen_is_taken_once() -> None:
    seen = Sightings()
    assert seen.take("0", NOW) is None
    seen.count(Count.NEVER_FOUND)
    seen.count_kind(Kinds.REFUSALS, "403.rateLimitExceeded.rate")
    seen.measure(Duration.PUSH_DELAY, timedelta(seconds=-3))
    taken = seen.take("0", NOW)
    assert taken is not None
    assert taken.counts == {"never_found": 1}
    assert taken.kind(Kinds.REFUSALS) == {"403.rateLimitExceeded.rate": 1}
    assert (taken.duration(Duration.PUSH_DELAY).most, taken.since) == (0, NOW)
    assert seen.take("0", NOW) is None


def test_amounts_are_taken_once_and_keep_their_ends() -> None:
    seen = Sightings()
    for units in (6_100, 5_900):
        seen.measure_amount(Amount.UNITS_AT_REFUSAL, units)
    first = seen.take("0", NOW)
    assert first is not None
    seen.measure_amount(Amount.UNITS_AT_REFUSAL, 6_000)
    second = seen.take("1", NOW)
    assert second is not None
    both = first.with_more(second).amount(Amount.UNITS_AT_REFUSAL)
    assert (both.count, both.least, both.most) == (3, 5_900, 6_100)
    assert first.amount(Amount.AT_ONCE_AT_REFUSAL) == Measure()


def test_a_name_that_may_hold_a_value_counts_as_other() -> None:
    seen = Sightings()
    for name in ("ada@demo.example", "two words", "x" * 61, ""):
        seen.count_kind(Kinds.REFUSALS, name)
    seen.surprise("key", "GET/profile", "ada@demo.example", NOW)
    taken = seen.take("0", NOW)
    assert taken is not None
    assert taken.kind(Kinds.REFUSALS) == {OTHER: 4}
    assert [one.told for one in taken.surprises] == [OTHER]


def test_a_surprise_is_told_once_and_counted_each_time() -> None:
    seen = Sightings()
    for _ in range(3):
        seen.surprise("key", "GET/profile", "newField", NOW)
    first = seen.take("0", NOW)
    assert first is not None
    assert (len(first.surprises), first.kind(Kinds.SURPRISES)) == (1, {"key": 3})
    seen.surprise("key", "GET/profile", "newField", NOW)
    second = seen.take("0", NOW)
    assert second is not None
    assert (second.surprises, second.kind(Kinds.SURPRISES)) == ((), {"key": 1})


def test_however_many_names_there_are_few_are_kept() -> None:
    seen = Sightings()
    for number in range(MOST_NAMES * 3):
        seen.count_kind(Kinds.REFUSALS, f"400.reason{number}.call")
        seen.surprise("refusal", "GET/profile", f"400.reason{number}", NOW)
    taken = seen.take("0", NOW)
    assert taken is not None
    assert len(taken.kind(Kinds.REFUSALS)) <= MOST_NAMES + 1
    assert sum(taken.kind(Kinds.REFUSALS).values()) == MOST_NAMES * 3
    others = {f"401.other{number}.call": 2 for number in range(MOST_NAMES)}
    whole = taken.with_more(Observed("1", NOW, kinds={Kinds.REFUSALS: others}))
    assert len(whole.kind(Kinds.REFUSALS)) == MOST_NAMES
    assert sum(whole.kind(Kinds.REFUSALS).values()) == MOST_NAMES * 5
    assert len(whole.surprises) == LAST_SURPRISES
    assert cap_kinds(whole.kind(Kinds.REFUSALS)) == whole.kind(Kinds.REFUSALS)


def test_shards_together_are_all_that_was_seen() -> None:
    assert merge_observed([]) is None
    early = Observed("0", NOW - timedelta(days=1), {"never_found": 1})
    late = Observed("1", NOW, {"never_found": 2}, durations={"push_delay": measured([1.0])})
    whole = merge_observed([late, early])
    assert whole is not None
    assert (whole.since, whole.counts) == (early.since, {"never_found": 3})
    assert whole.duration(Duration.PUSH_DELAY).count == 1
