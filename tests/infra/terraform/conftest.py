"""The planned deployment, which several files look at."""

import os
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.harness.once import folder_of_the_run, made_once
from tests.infra.terraform import offline
from tests.infra.terraform.offline import Plan


def _run(path: Path, *options: str) -> CompletedProcess[str]:
    return offline.run("--plan-json", os.fspath(path), "--var", "own_syncs=true", *options)


def _plan(path: Path) -> None:
    done = _run(path)
    assert done.returncode == 0, done.stdout + done.stderr


def planned(factory: pytest.TempPathFactory, make: Callable[[Path], object] = _plan) -> Path:
    """Return the plan of this run, which `make` writes where there is none."""
    return made_once(folder_of_the_run(factory) / "plan.json", make)


@pytest.fixture(scope="session")
def plan_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One run of the real Terraform: fmt, init, validate, plan of all there is, own syncs too."""
    if reason := offline.missing():
        pytest.skip(reason)
    return planned(tmp_path_factory)


@pytest.fixture(scope="session")
def plan(plan_file: Path) -> Plan:
    """Return what is planned, as tests read it."""
    return Plan(plan_file)


@pytest.fixture(scope="session")
def own_tests(tmp_path_factory: pytest.TempPathFactory) -> CompletedProcess[str]:
    """Run Terraform's own tests, with the plan where no worker has made one: each takes a plan."""
    if reason := offline.missing():
        pytest.skip(reason)
    done: list[CompletedProcess[str]] = []

    def with_tests(path: Path) -> None:
        done.append(_run(path, "--test"))
        assert path.is_file(), done[0].stdout + done[0].stderr

    planned(tmp_path_factory, with_tests)
    return done[0] if done else offline.run("--test")
