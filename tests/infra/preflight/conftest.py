"""A gcloud that answers from a file, and notes what it was asked."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from infra.preflight.context import Preflight
from infra.preflight.gcloud import Gcloud
from infra.preflight.tfvars import defaults
from tests.infra.preflight.recorded import NUMBER, PROJECT, ready

PROGRAM = """#!{python} -IS
import json, pathlib, sys
here = pathlib.Path(__file__).parent
words = [one for one in sys.argv[1:] if one != "--format=json"]
with (here / "asked.txt").open("a") as asked:
    asked.write(" ".join(sys.argv[1:]) + "\\n")
answers = json.loads((here / "answers.json").read_text())
key = " ".join(one for one in words if one != "--project={project}")
answer = answers.get(key, {{"err": "ERROR: never recorded: " + key}})
sys.stderr.write(answer.get("err", ""))
sys.stdout.write(json.dumps(answer["out"]) if "out" in answer else "")
sys.exit("err" in answer)
"""
VARIABLES = {
    "project": PROJECT,
    "environment": "prod",
    "domain": "mail.acme.example",
    "product_name": "Acme",
    "product_origins": ["https://app.acme.example"],
    "oauth_client_id": f"{NUMBER}-abc.apps.googleusercontent.com",
    "api_key_hashes": ["ab" * 32],
    "alert_emails": ["operations@acme.example"],
    "instances_quota": 10,
}


class Recorded:
    """A folder that holds the gcloud of one test."""

    def __init__(self, folder: Path) -> None:
        self.program = folder / "gcloud"
        self._asked = folder / "asked.txt"
        self._answers = folder / "answers.json"
        self.program.write_text(PROGRAM.format(python=sys.executable, project=PROJECT))
        self.program.chmod(0o755)
        self.answer({})

    def answer(self, changes: Mapping[str, Any]) -> None:
        """Answer as for a ready project, but for these commands."""
        self._answers.write_text(json.dumps({**ready(), **changes}))

    def preflight(self, **variables: Any) -> Preflight:
        """Return what checks are given, with these variables beside the usual ones."""
        given = {**defaults(), **VARIABLES, **variables}
        return Preflight("prod", given, Gcloud(str(self.program)))

    def asked(self) -> list[str]:
        """Return every command that was run."""
        return self._asked.read_text().splitlines()


@pytest.fixture
def recorded(tmp_path: Path) -> Recorded:
    return Recorded(tmp_path)
