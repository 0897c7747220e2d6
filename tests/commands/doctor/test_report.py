"""The whole run: what is well is said to be, the exit code tells, and machines can read it."""

import json
from pathlib import Path

from shared.commands.checks import CHECKS
from shared.commands.checks.context import Check, CheckContext
from shared.commands.checks.finding import Verdict, ok
from shared.commands.doctor import as_json, report, run_checks
from shared.errors import StoreUnavailableError
from tests.commands.running import called, started
from tests.harness.doctoring import DoctorHarness

NO_DATE = "Google's answer carries no date."


async def test_a_healthy_laptop_passes_every_check(harness: DoctorHarness):
    findings = await harness.whole()
    assert findings.keys() == {"configuration", *(check.name for check in CHECKS)}
    unwell = {name: one for name, one in findings.items() if one.verdict is not Verdict.OK}
    assert [(name, one.seen) for name, one in unwell.items()] == [("clock", NO_DATE)]
    assert not any(one.fix for one in findings.values())


async def test_the_command_says_the_same_to_people_and_machines_and_exits_with_0(
    harness: DoctorHarness,
):
    said = await started(harness.system.environ, "doctor")
    assert (said.code, said.out.splitlines()[-1]) == (0, f"{len(CHECKS)} ok, 1 not checked")
    said = await called(harness.system.environ, "doctor", "--json")
    told = json.loads(said.out)
    assert (said.code, told["ok"], len(told["checks"])) == (0, True, len(CHECKS) + 1)


async def test_a_failure_prints_its_fix_and_exits_with_1(harness: DoctorHarness):
    harness.system.emulated.watches.publishers.clear()
    said = await called(harness.system.environ, "doctor")
    lines = said.out.splitlines()
    at = next(index for index, line in enumerate(lines) if line.startswith("failed"))
    assert (said.code, "topic" in lines[at], "add-iam-policy-binding" in lines[at + 1]) == (
        1,
        True,
        True,
    )
    said = await called(harness.system.environ, "doctor", "--json")
    assert (said.code, json.loads(said.out)["ok"]) == (1, False)


async def test_without_settings_one_thing_failed_and_the_rest_was_not_checked():
    said = await called({}, "doctor", "--json")
    verdicts = [one["verdict"] for one in json.loads(said.out)["checks"]]
    assert (said.code, verdicts) == (1, ["failed", *["not checked"] * len(CHECKS)])


async def test_before_the_first_start_nothing_is_made_and_nothing_breaks(
    harness: DoctorHarness, tmp_path: Path
):
    empty = tmp_path / "elsewhere"
    context = harness.context(STORE=f"sqlite:{empty}/postroom.sqlite")
    findings = dict(await run_checks(context))
    assert findings["store"].verdict is Verdict.NOT_CHECKED
    assert "make demo" in findings["store"].seen
    assert not empty.exists()


async def test_a_check_that_breaks_keeps_none_of_the_others(harness: DoctorHarness):
    async def breaks(_: CheckContext):
        raise StoreUnavailableError("The store did not answer.")

    async def holds(_: CheckContext):
        return ok("well")

    found = await run_checks(harness.context(), [Check("one", breaks), Check("two", holds)])
    assert [one.verdict for _, one in found] == [Verdict.NOT_CHECKED, Verdict.OK]
    assert "The store did not answer." in report(found)
    assert json.loads(as_json(found))["ok"] is True
