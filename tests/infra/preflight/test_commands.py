"""The preflight as a process, what it is of one mind with, and the commands it runs and names."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from infra.archives import ROOT
from infra.preflight.__main__ import main, run_all
from infra.preflight.checks.constraints import APIS, POLICIES
from infra.preflight.checks.project import BOOTSTRAPPED
from infra.preflight.tfvars import TERRAFORM, defaults, read
from shared.commands.checks.finding import Verdict
from tests.infra.gcloud_commands import refused_by_gcloud
from tests.infra.preflight.conftest import Recorded
from tests.infra.preflight.test_preflight import FAULTS, only


def preflight(*words: str, path: str) -> subprocess.CompletedProcess[str]:
    """Run it as `make preflight` does, with these programs to find."""
    command = [sys.executable, "-m", "infra.preflight", *words]
    environ = {**os.environ, "PATH": path}
    return subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )


def test_without_gcloud_it_says_where_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["example"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "gcloud is not installed" in said.err
    assert "https://cloud.google.com/sdk/docs/install" in said.err


def test_an_environment_that_is_not_there_is_asked_for(
    recorded: Recorded, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(recorded.program.parent))
    assert main(["nowhere"]) == 2
    assert "ENV=NAME" in capsys.readouterr().err


def test_the_example_as_it_stands_fails_and_the_questions_stay_open(recorded: Recorded) -> None:
    done = preflight("example", path=str(recorded.program.parent))
    assert done.returncode == 1, done.stderr
    assert "Still as in the example: project, domain" in done.stdout
    assert "auth/clients?project=your-project-id" in done.stdout
    assert "Look yourself" in done.stdout
    assert "not-a-real-token" not in done.stdout + done.stderr


async def test_an_answer_of_another_form_leaves_its_check_open(recorded: Recorded) -> None:
    """The forms are known from Google's reference alone."""
    recorded.answer({"services list --enabled": {"out": {"services": []}}})
    finding = await only(recorded, "first APIs")
    assert (finding.verdict, "another form" in finding.seen) == (Verdict.NOT_CHECKED, True)


async def test_gcloud_knows_every_command_that_is_run_or_named(recorded: Recorded) -> None:
    """Those that checks run, and those that mend what they find."""
    await run_all(recorded.preflight())
    asked = [f"gcloud {one}" for one in recorded.asked()]
    fixes = []
    for case in FAULTS:
        recorded.answer(case.answers)
        fixes.append((await only(recorded, case.check, **case.variables)).fix)
    named = [one for fix in fixes for one in re.findall(r"gcloud [a-z][^;,()&]+", fix)]
    assert len({one.split("--")[0] for one in named}) > 10
    assert refused_by_gcloud([*asked, *sorted({*named})]) == []


def test_what_bootstrap_switches_on_is_what_is_looked_for() -> None:
    script = (TERRAFORM / "bootstrap").read_text()
    assert set(re.findall(r" ([a-z]+)\.googleapis\.com", script)) == BOOTSTRAPPED


def test_the_apis_that_a_policy_may_forbid_are_those_terraform_switches_on() -> None:
    (listed,) = re.findall(
        r"apis = toset\(concat\(\[(.*?)\]", (TERRAFORM / "routes.tf").read_text(), re.DOTALL
    )
    assert set(re.findall(r'"(\w+)"', listed)) == APIS


def test_the_readme_counts_the_policies() -> None:
    assert len(POLICIES) == 14
    assert "fourteen policies" in (TERRAFORM / "README.md").read_text()


def test_every_default_is_read_as_terraform_reads_it() -> None:
    """Each variable with a default, whatever its type."""
    declared = "".join(file.read_text() for file in TERRAFORM.glob("variables*.tf"))
    assert len(defaults()) == len(re.findall(r"^  default +=", declared, re.MULTILINE))
    assert defaults()["vcpu_quota"] == 20
    assert defaults()["adopt_keys"] is False
    assert defaults()["budget"] is None
    assert defaults()["sizes"] == {}


def test_an_environment_is_read_with_all_that_a_tfvars_file_may_hold(tmp_path: Path) -> None:
    file = tmp_path / "prod.tfvars"
    file.write_text("""
# a comment
project = "acme-mail" // another
sizes = {
  api  = { max_instances = "3" },
  send = { memory : "2Gi" }
} /* one
more */
product_origins = ["https://a.example", "https://b.example",]
budget = { billing_account = "0-\\"0", units = 1.5 }
adopt_keys = true
""")
    assert read(file) == {
        "project": "acme-mail",
        "sizes": {"api": {"max_instances": "3"}, "send": {"memory": "2Gi"}},
        "product_origins": ["https://a.example", "https://b.example"],
        "budget": {"billing_account": '0-"0', "units": 1.5},
        "adopt_keys": True,
    }


@pytest.mark.parametrize("text", ["project = ", "project = yes", "project = $", 'sizes = {"'])
def test_what_is_no_tfvars_file_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "prod.tfvars"
    file.write_text(text)
    with pytest.raises(ValueError, match=r".+"):
        read(file)
