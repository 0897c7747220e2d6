"""Each alert fires at what it says and is silent below, also where log lines come late."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from infra.archives import ROOT
from tests.infra.terraform.alerting import HOUR, MINUTE, Series, fires, gauge, lines
from tests.infra.terraform.offline import TERRAFORM, Plan

pytestmark = pytest.mark.timeout(600)  # the plan is made by processes of its own
LATE_S = 10 * MINUTE
"""How late a log-based metric may be (FACTS 18.5)."""
GUIDE = ROOT / "infra" / "OPERATING.md"
Scene = Sequence[Series]


@dataclass(frozen=True, slots=True)
class Expected:
    """Of one policy: what must wake a person, and what must not."""

    wakes: Scene
    lets_sleep: Scene
    ours: bool = True
    """Whether it counts our log lines, which may come late; Google's own metrics do not."""


def burst(count: int, at: int = 2 * HOUR) -> Scene:
    return [lines([at + second % MINUTE for second in range(count)])]


def every(seconds: int, end: int) -> Scene:
    return [lines(range(HOUR // 2, end, seconds))]


def between_renewals() -> int:
    """Return the seconds between two runs of renew-watches, as they are scheduled."""
    (minutes,) = re.findall(
        r'renew-watches += \{.* schedule = "\*(?:/(\d+))? ',
        (TERRAFORM / "functions.tf").read_text(),
    )
    return int(minutes or 1) * MINUTE


EXPECTED = {
    "watches lapse": Expected(
        every(between_renewals(), HOUR // 2 + 1_800), every(between_renewals(), HOUR // 2 + 1_200)
    ),
    "watches are silent": Expected(burst(6), burst(5)),
    "a watch stays silent": Expected(burst(1), []),
    "Google refuses the deployment": Expected(burst(1), []),
    "Google differs": Expected(burst(1), []),
    "tokens cannot be refreshed": Expected(burst(11), burst(10)),
    "events are given up": Expected(burst(1), []),
    "an endpoint is disabled": Expected(burst(1), []),
    "work is dropped": Expected(burst(21), burst(20)),
    "unexpected errors": Expected(burst(1), []),
    "reconcile is silent": Expected(every(60, HOUR), every(60, 4 * HOUR)),
    "mail lags": Expected(
        [gauge(301, 0, 900)], [gauge(301, 0, 240), gauge(299, 0, HOUR)], ours=False
    ),
    "tasks pile up": Expected([gauge(5_001, 0, 1_800)], [gauge(5_001, 0, 600)], ours=False),
    "dead letters": Expected([gauge(1, 0, 600)], [gauge(0, 0, 600)], ours=False),
    "requests fail": Expected(burst(21), burst(20), ours=False),
    "the API is unreachable": Expected(
        [gauge(0, 0, HOUR), gauge(0, 0, HOUR), gauge(1, 0, HOUR)],
        [gauge(0, 0, HOUR), gauge(1, 0, HOUR), gauge(1, 0, HOUR)],
        ours=False,
    ),
}


def policies(plan: Plan) -> dict[str, Any]:
    return {
        one["display_name"].removeprefix("postroom: "): one
        for one in plan.of("google_monitoring_alert_policy").values()
    }


def late(scene: Scene, lag_s: int) -> Scene:
    return [replace(one, lag_s=lag_s) for one in scene]


def test_every_policy_has_what_is_expected_of_it(plan: Plan) -> None:
    """A policy that no series was thought of for was never tried."""
    assert policies(plan).keys() == EXPECTED.keys()


@pytest.mark.parametrize("name", EXPECTED)
def test_an_alert_fires_at_what_it_says(plan: Plan, name: str) -> None:
    """In time, and where each line is seen ten minutes after it was written."""
    expected = EXPECTED[name]
    for lag_s in (0, LATE_S) if expected.ours else (0,):
        assert fires(policies(plan)[name], late(expected.wakes, lag_s)), lag_s


@pytest.mark.parametrize("name", EXPECTED)
def test_an_alert_is_silent_below_what_it_says(plan: Plan, name: str) -> None:
    """Also where lines come late: what is late is not missing."""
    expected = EXPECTED[name]
    for lag_s in (0, LATE_S) if expected.ours else (0,):
        assert not fires(policies(plan)[name], late(expected.lets_sleep, lag_s)), lag_s


def test_counting_points_or_looking_too_briefly_would_not_pass_here(plan: Plan) -> None:
    """The two ways in which such policies never fire (FACTS 18.5)."""
    policy = policies(plan)["work is dropped"]
    counted = _changed(policy, per_series_aligner="ALIGN_COUNT")
    brief = _changed(policy, alignment_period="300s")
    assert not fires(counted, burst(21))
    assert not fires(brief, late(burst(21), LATE_S))
    assert fires(brief, burst(21))


def test_no_chart_counts_points_where_it_shows_lines(plan: Plan) -> None:
    """As the policies: a chart of ALIGN_COUNT shows one a minute, however many there were."""
    (dashboard,) = plan.of("google_monitoring_dashboard").values()
    assert "logging.googleapis.com/user/" in dashboard["dashboard_json"]
    assert "ALIGN_COUNT" not in dashboard["dashboard_json"]


def _changed(policy: Any, **changes: str) -> Any:
    (condition,) = policy["conditions"]
    (threshold,) = condition["condition_threshold"]
    (asked,) = threshold["aggregations"]
    changed = {**threshold, "aggregations": [{**asked, **changes}]}
    return {**policy, "conditions": [{**condition, "condition_threshold": [changed]}]}


def test_every_alert_leads_to_its_entry_in_the_guide(plan: Plan) -> None:
    """By the anchor that the heading gets, and there is no entry without an alert."""
    headings = re.findall(r"^### Alert: (.+)$", GUIDE.read_text(), re.MULTILINE)
    assert sorted(headings) == sorted(policies(plan))
    for name, one in policies(plan).items():
        anchor = f"infra/OPERATING.md#alert-{name.lower().replace(' ', '-')}"
        assert one["documentation"][0]["content"].endswith(anchor)


def test_alerts_wait_until_their_counters_are_known(plan: Plan) -> None:
    """FACTS 18.4: a policy on a metric made in the same apply is refused for ten minutes."""
    (wait,) = plan.of("time_sleep", "module.monitoring.time_sleep.metrics").values()
    assert wait["create_duration"] == f"{LATE_S}s"
    resources = plan.modules["monitoring"]["module"]["resources"]
    waiting = [one for one in resources if one["type"] == "google_monitoring_alert_policy"]
    assert waiting
    assert all(one["depends_on"] == ["time_sleep.metrics"] for one in waiting)
