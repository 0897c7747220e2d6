"""The scripts of a deployment, with a gcloud and a Terraform that only note what they hear."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.infra.terraform.offline import TERRAFORM

RECORDER = """#!/usr/bin/env bash
echo "${0##*/} $*" >> "$HEARD"
case "$*" in
    *describe*) exit "$KNOWN" ;;
    *"-json unchecked"*) echo "${UNCHECKED:-[]}" ;;
    *"-raw region"*) echo europe-west1 ;;
    *"state list"*) echo "$MADE" ;;
esac
"""


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    for name in ("gcloud", "terraform"):
        tool = tmp_path / "bin" / name
        tool.parent.mkdir(exist_ok=True)
        tool.write_text(RECORDER)
        tool.chmod(0o755)
    return tmp_path


def run(tools: Path, script: str, *arguments: str, known: bool = False) -> tuple[int, str, str]:
    """Run a script; answer its exit code, what it said, and what the tools heard."""
    heard = tools / "heard.txt"
    heard.write_text("")
    path = f"{tools / 'bin'}:{os.environ['PATH']}"
    environ = {**os.environ, "PATH": path, "HEARD": str(heard), "KNOWN": "0" if known else "1"}
    environ.setdefault("MADE", "module.state.google_firestore_database.this")
    command = [str(TERRAFORM / script), *arguments]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr, heard.read_text()


def test_an_empty_project_gets_what_terraform_needs(tools: Path) -> None:
    code, said, heard = run(tools, "bootstrap", "acme-mail", "europe-west1", "0000-1111")
    assert code == 0, said
    assert "projects create acme-mail" in heard
    assert "billing projects link acme-mail --billing-account=0000-1111" in heard
    assert "buckets create gs://acme-mail-postroom-state" in heard
    assert "--public-access-prevention" in heard
    assert "services identity create --project=acme-mail --service=pubsub" in heard
    assert "auth/clients/create?project=acme-mail" in said
    assert "`make preflight ENV=NAME` asks gcloud" in said  # and it was not run


def test_preparing_a_prepared_project_creates_nothing(tools: Path) -> None:
    code, said, heard = run(tools, "bootstrap", "acme-mail", "europe-west1", known=True)
    assert code == 0, said
    assert "projects create" not in heard
    assert "buckets create" not in heard


@pytest.mark.parametrize(
    ("action", "does"), [("plan", "plan"), ("deploy", "apply"), ("destroy", "destroy")]
)
def test_an_environment_keeps_its_state_in_its_projects_bucket(
    tools: Path, action: str, does: str
) -> None:
    code, said, heard = run(tools, "run", action, "example")
    assert code == 0, said
    assert "-backend-config=bucket=your-project-id-postroom-state" in heard
    assert "-backend-config=prefix=example" in heard
    assert f"terraform {does} " in heard
    assert "-var-file=envs/example.tfvars" in heard


def test_a_deployments_settings_are_printed_for_a_shell(tools: Path) -> None:
    code, said, heard = run(tools, "run", "environment", "example")
    assert (code, said) == (0, "")
    assert "-backend-config=prefix=example" in heard
    assert "terraform output -raw environment" in heard


def test_without_an_environment_nothing_is_run(tools: Path) -> None:
    for name in ("", "nowhere"):
        code, said, heard = run(tools, "run", "deploy", name)
        assert (code, heard) == (2, "")
        assert "Name it by ENV=NAME" in said


def test_a_first_deployment_asks_before_anything_is_made(
    tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here no account is signed in, which the preflight finds."""
    monkeypatch.setenv("MADE", "")
    code, said, heard = run(tools, "run", "deploy", "example")
    assert (code, "terraform apply" in heard) == (1, False)
    assert "No account is signed in to gcloud." in said
    assert "make deploy ENV=example PREFLIGHT=no" in said
    monkeypatch.setenv("PREFLIGHT", "no")
    code, said, heard = run(tools, "run", "deploy", "example")
    assert (code, "terraform apply" in heard, "gcloud" in heard) == (0, True, False), said


def test_the_invoker_check_is_taken_off_after_a_deployment_where_it_must_be(
    tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each time, for a deployment may put it back; elsewhere gcloud is not even called."""
    code, said, heard = run(tools, "run", "deploy", "example")
    assert (code, "gcloud" in heard) == (0, False), said
    monkeypatch.setenv("UNCHECKED", '["postroom-api","postroom-mcp"]')
    code, said, heard = run(tools, "run", "deploy", "example")
    assert code == 0, said
    after = heard[heard.index("terraform apply") :].splitlines()
    calls = [one for one in after if one.startswith("gcloud")]
    assert [one.split()[4] for one in calls] == ["postroom-api", "postroom-mcp"]
    assert all("--no-invoker-iam-check" in one for one in calls)
    assert all("--region=europe-west1" in one for one in calls)
