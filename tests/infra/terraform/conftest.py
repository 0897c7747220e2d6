"""The planned deployment, which several files look at."""

import os
from pathlib import Path

import pytest

from tests.harness.once import folder_of_the_run, made_once
from tests.infra.terraform import offline
from tests.infra.terraform.offline import Plan


@pytest.fixture(scope="session")
def plan_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One run of the real Terraform: fmt, init, validate, plan of all there is, own syncs too."""
    if reason := offline.missing():
        pytest.skip(reason)
    return made_once(folder_of_the_run(tmp_path_factory) / "plan.json", _plan)


@pytest.fixture(scope="session")
def plan(plan_file: Path) -> Plan:
    """Return what is planned, as tests read it."""
    return Plan(plan_file)


def _plan(path: Path) -> None:
    done = offline.run("--plan-json", os.fspath(path), "--var", "own_syncs=true")
    assert done.returncode == 0, done.stdout + done.stderr
