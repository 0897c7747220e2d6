"""The planned deployment, which several files look at."""

import pytest

from tests.infra.terraform import offline
from tests.infra.terraform.offline import Plan


@pytest.fixture(scope="session")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """One run of the real Terraform: fmt, init, validate, plan of all there is, own syncs too."""
    if reason := offline.missing():
        pytest.skip(reason)
    path = tmp_path_factory.mktemp("plan") / "plan.json"
    done = offline.run("--plan-json", str(path), "--var", "own_syncs=true")
    assert done.returncode == 0, done.stdout + done.stderr
    return Plan(path)
