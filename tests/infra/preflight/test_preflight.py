"""Each finding before a first apply, on answers of gcloud as they were recorded."""

from typing import Any

import pytest

from infra.preflight.__main__ import finding_of, run_all, run_checks
from infra.preflight.checks import CHECKS, FIRST, questions
from shared.commands.checks.finding import Finding, Verdict
from tests.infra.preflight import cases, policy_cases
from tests.infra.preflight.cases import Case
from tests.infra.preflight.conftest import Recorded
from tests.infra.preflight.recorded import PROJECT, asked_policy, refused

ALL = {one.name: one for one in (*FIRST, *CHECKS)}
FAULTS = (*cases.FAULTS, *policy_cases.FAULTS)
SOUND = (*cases.SOUND, *policy_cases.SOUND)


async def test_a_project_that_is_ready_has_no_fault(recorded: Recorded) -> None:
    """And nothing is asked for that was not recorded; Firestore's API is off until the apply."""
    findings = dict(await run_all(recorded.preflight()))
    assert findings.keys() == ALL.keys()
    assert {name for name, one in findings.items() if one.verdict is not Verdict.OK} == {
        "database's place"
    }
    assert "never recorded" not in str(findings)


@pytest.mark.parametrize("case", FAULTS, ids=lambda one: f"{one.check}-{one.seen}")
async def test_a_fault_is_found_and_says_what_mends_it(recorded: Recorded, case: Case) -> None:
    recorded.answer(case.answers)
    finding = await only(recorded, case.check, **case.variables)
    assert finding.verdict is case.verdict, finding
    assert case.seen in finding.seen
    assert case.fix in finding.fix


def test_every_check_has_a_fault_that_it_finds() -> None:
    assert {one.check for one in FAULTS} == ALL.keys()


async def only(recorded: Recorded, check: str, **variables: Any) -> Finding:
    ((_, finding),) = await run_checks(recorded.preflight(**variables), [ALL[check]])
    return finding


@pytest.mark.parametrize("case", SOUND, ids=lambda one: f"{one.check}-{one.seen}")
async def test_what_is_well_is_said_to_be(recorded: Recorded, case: Case) -> None:
    recorded.answer(case.answers)
    finding = await only(recorded, case.check, **case.variables)
    assert (finding.verdict, finding.fix) == (Verdict.OK, "")
    assert case.seen in finding.seen


async def test_what_gcloud_refuses_leaves_the_check_open_and_says_why(recorded: Recorded) -> None:
    """A right that lacks here is no fault of the project."""
    denied = refused("org-policies.describe", "PERMISSION_DENIED: 'orgpolicy.policy.get' denied")
    recorded.answer({asked_policy("run.allowedIngress"): denied})
    finding = await only(recorded, "policy: ingress")
    assert finding.verdict is Verdict.NOT_CHECKED
    assert "orgpolicy.policy.get" in finding.seen
    assert "owner" in finding.fix


async def test_without_a_caller_nothing_else_is_asked(recorded: Recorded) -> None:
    recorded.answer({"auth list --filter=status:ACTIVE": {"out": []}})
    findings = dict(await run_all(recorded.preflight()))
    assert findings["project"] == Finding(Verdict.NOT_CHECKED, "Sign in first.")
    assert len(recorded.asked()) == 1


async def test_a_command_is_run_once_however_many_checks_ask(recorded: Recorded) -> None:
    await run_all(recorded.preflight())
    asked = recorded.asked()
    assert len(asked) == len({*asked}) >= 30
    assert all(one.endswith("--format=json") for one in asked)


def test_what_no_command_tells_is_asked_of_the_person(recorded: Recorded) -> None:
    """With the page, in its own words, and what to press where it is not so."""
    asked = {
        one.name: one for one in questions(recorded.preflight(console_operators=["@a.example"]))
    }
    assert asked.keys() == {"branding", "publishing status", "scopes", "redirect URIs"}
    redirects = asked["redirect URIs"]
    for uri in ("/oauth/callback", "/console/sign-in/answer"):
        assert f"https://mail.acme.example{uri}" in redirects.asked
    assert finding_of(redirects, lambda _: "y").verdict is Verdict.OK
    wrong = finding_of(redirects, lambda _: "no")
    assert (wrong.verdict, "Add URI" in wrong.fix) == (Verdict.FAILED, True)
    assert f"auth/clients?project={PROJECT}" in wrong.fix
    assert finding_of(redirects, lambda _: "").verdict is Verdict.NOT_CHECKED


@pytest.mark.parametrize("publishing", ["production", "internal", "testing"])
def test_the_publishing_status_that_is_claimed_is_the_one_asked_for(
    recorded: Recorded, publishing: str
) -> None:
    (asked,) = (
        one
        for one in questions(recorded.preflight(publishing=publishing))
        if one.name == "publishing status"
    )
    words = {"production": "In production", "internal": "Internal", "testing": "Testing"}
    assert f"*{words[publishing]}*" in asked.asked
