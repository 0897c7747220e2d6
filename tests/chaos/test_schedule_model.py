"""Whatever the mailbox does between two answers, the records come to equal it."""

import pytest

from tests.chaos.schedule_model import explored
from tests.chaos.schedule_rules import RULES, Rule, explored_with, explored_without
from tests.chaos.schedule_scenarios import SCENARIOS
from tests.chaos.schedule_setting import OPS

ALL = tuple(OPS)
CORE = ("deliver", "deliver, history late", "star m2", "trash m1", "delete m1", "die")
SOME = ("deliver", "archive m2", "delete m1", "expire")
PUSHED = pytest.mark.parametrize("at_once", [True, False], ids=["pushed at once", "pushed later"])


SHARE = 4
"""Of long enumerations one schedule in so many is tried: as few as the fewest changes there are."""
CHIEF = [
    ("first sync", CORE),
    ("first sync", SOME),
    ("reset", CORE),
    ("audit", CORE),
    ("recovery", SOME),
]


def check(
    scenario: str, ops: tuple[str, ...], length: int, *, at_once: bool, share: int = 1
) -> None:
    found = explored(SCENARIOS[scenario], ops, length, at_once=at_once, share=share)
    print(f"{scenario}, {length} of {len(ops)} changes: {found.schedules} schedules")
    assert found.broken is None, "\n".join((found.broken, *found.schedule))


@PUSHED
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_one_change_at_any_moment(scenario: str, at_once: bool) -> None:
    check(scenario, ALL, 1, at_once=at_once)


@PUSHED
def test_two_changes_at_most_moments_of_a_delta(at_once: bool) -> None:
    """Cover any three of both changes and both moments; all are tried in the long evidence."""
    check("delta", ALL, 2, at_once=at_once, share=SHARE)


@pytest.mark.deep
@PUSHED
def test_two_changes_at_any_moments_of_a_delta(at_once: bool) -> None:
    check("delta", ALL, 2, at_once=at_once)


@PUSHED
@pytest.mark.parametrize(("scenario", "ops"), CHIEF)
def test_two_of_the_chief_changes_at_most_moments(
    scenario: str, ops: tuple[str, ...], at_once: bool
) -> None:
    """Cover the same of other scenarios."""
    check(scenario, ops, 2, at_once=at_once, share=SHARE)


@pytest.mark.deep
@PUSHED
@pytest.mark.parametrize(("scenario", "ops"), CHIEF)
def test_two_of_the_chief_changes_at_any_moments(
    scenario: str, ops: tuple[str, ...], at_once: bool
) -> None:
    check(scenario, ops, 2, at_once=at_once)


@pytest.mark.deep
@pytest.mark.timeout(900)
@PUSHED
@pytest.mark.parametrize("scenario", [name for name in SCENARIOS if name != "delta"])
def test_two_changes_of_every_kind(scenario: str, at_once: bool) -> None:
    """Cover any three of both changes and both moments: all of a delta's are tried by themselves.

    All 340,000 schedules take an hour. What they find goes wrong by two changes and a moment, not
    by one second moment out of twenty alone.
    """
    check(scenario, ALL, 2, at_once=at_once, share=SHARE)


@pytest.mark.deep
@pytest.mark.timeout(1800)
@PUSHED
@pytest.mark.parametrize(
    ("scenario", "ops"), [("delta", ALL), ("reset", CORE), ("first sync", CORE), ("recovery", SOME)]
)
def test_three_changes(scenario: str, ops: tuple[str, ...], at_once: bool) -> None:
    """Cover any five of the three changes and their moments."""
    check(scenario, ops, 3, at_once=at_once, share=SHARE)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.sentence)
def test_without_this_rule_the_records_go_wrong(rule: Rule) -> None:
    found = explored_without(rule)
    print(f"without: {rule.sentence}: {found.broken}; {', '.join(found.schedule)}")
    assert found.broken is not None


@pytest.mark.deep
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.sentence)
def test_with_every_rule_the_same_schedules_go_right(rule: Rule) -> None:
    assert explored_with(rule).broken is None
