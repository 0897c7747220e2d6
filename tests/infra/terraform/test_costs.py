"""The cost table of the deploy guide is what the script makes of the counted operations."""

from dataclasses import fields, replace
from typing import Any

import pytest

from infra.costs import (
    LEAST,
    LOADS,
    MOST,
    Assumptions,
    Load,
    Prices,
    counts,
    monthly,
    operations,
    table,
)
from tests.infra.terraform.offline import TERRAFORM, Plan


def test_the_guides_table_is_the_scripts() -> None:
    """Made by `python -m infra.costs`."""
    assert table(counts(), LOADS) in (TERRAFORM / "README.md").read_text()


def test_twice_the_mailboxes_cost_less_than_twice_as_much() -> None:
    small = sum(monthly(counts(), Load(1_000, 50)).values())
    large = sum(monthly(counts(), Load(2_000, 50)).values())
    assert small < large < 2 * small


@pytest.mark.parametrize("price", [field.name for field in fields(Prices)])
def test_every_price_counts(price: str) -> None:
    dearer = Prices(**{price: getattr(Prices(), price) * 10})
    load = Load(1_000, 50)
    assert sum(monthly(counts(), load, dearer).values()) > sum(monthly(counts(), load).values())


@pytest.mark.parametrize("more", [{"receivers": 3}, {"telemetry": True}])
def test_what_a_product_adds_costs_something(more: dict[str, Any]) -> None:
    load = Load(1_000, 50)
    richer = sum(monthly(counts(), replace(load, **more)).values())
    without = sum(monthly(counts(), replace(load, receivers=0)).values())
    assert without < sum(monthly(counts(), load).values()) < richer


def test_each_assumption_lies_within_its_range() -> None:
    for one in fields(Assumptions):
        low, usual, high = (getattr(it, one.name) for it in (LEAST, Assumptions(), MOST))
        assert low <= usual <= high


def test_a_mail_that_nobody_touches_is_one_notification() -> None:
    untouched = Assumptions(changes_per_mail=0)
    assert operations(counts(), Load(1, 1), untouched)["notifications"] == pytest.approx(30.4)


def test_what_is_billed_by_the_piece_is_counted_as_planned(plan: Plan) -> None:
    """A job or a secret more is a line more on the bill; functions cost only what they do."""
    assert Assumptions().jobs == len(plan.of("google_cloud_scheduler_job"))
    assert Assumptions().secrets == len(plan.of("google_secret_manager_secret"))
