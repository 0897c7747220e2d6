"""The plan holds against checkov's rules; what is skipped is skipped for a reason.

checkov pins too many packages to share the project's environment: `.ci/run` installs it in one of
its own, build/checkov. Elsewhere put it on the path, or name it in CHECKOV.
"""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from infra.archives import ROOT
from tests.infra.terraform.offline import TERRAFORM

pytestmark = pytest.mark.timeout(600)  # several processes of their own
INSTALLED = ROOT / "build" / "checkov" / "bin" / "checkov"
CONFIG = TERRAFORM / ".checkov.yaml"
SKIPPED = re.compile(r"^  - (CKV\w+)(?: # (.+))?$", re.MULTILINE)


def test_every_skipped_rule_has_its_reason() -> None:
    listed = SKIPPED.findall(CONFIG.read_text())
    assert listed
    for rule, reason in listed:
        assert len(reason.split()) >= 5, rule


def test_the_plan_breaks_no_rule_and_every_skip_is_needed(plan_file: Path, tmp_path: Path) -> None:
    checkov = os.environ.get("CHECKOV") or shutil.which("checkov") or shutil.which(INSTALLED)
    if checkov is None:
        pytest.skip("checkov is not installed: the plan was not held against its rules (.ci/run)")
    config = tmp_path / "no-skips.yaml"
    config.write_text(CONFIG.read_text().partition("skip-check:")[0])
    command = [checkov, "--config-file", str(config), "-f", str(plan_file), "-o", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    failed = json.loads(done.stdout)["results"]["failed_checks"]
    broken = {one["check_id"]: one["resource"] for one in failed}
    assert broken.keys() == {rule for rule, _ in SKIPPED.findall(CONFIG.read_text())}, broken
