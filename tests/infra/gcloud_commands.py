"""gcloud commands as this project writes them, and what gcloud itself says of their flags."""

import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

LINT = ("gcloud", "meta", "lint-gcloud-commands")
PLACEHOLDERS = {
    "PROJECT": "acme-mail",
    "REGION": "europe-west1",
    "BILLING_ACCOUNT": "000000-AAAAAA-BBBBBB",
    "ACCOUNT": "000000-AAAAAA-BBBBBB",
    "BACKUP": "projects/acme-mail/locations/europe-west1/backups/one",
}
TOO_NEW = frozenset({"gcloud firestore databases clone"})
"""Younger than gclouds still in use; OPERATING says which version it needs."""
COMMAND = re.compile(r"(?:^|\bif ! |; do |&& |\$\()(gcloud [a-z].*?)(?=$|; |\)| [|>&2]|\)| #)")
SPAN = re.compile(r"`(gcloud [^`]+)`|^```.*?\n(.*?)^```", re.MULTILINE | re.DOTALL)


def commands_in_script(text: str) -> list[str]:
    """Return each gcloud command of a shell script."""
    lines = (line.strip() for line in text.replace("\\\n", " ").splitlines())
    return [found[1].strip() for line in lines for found in COMMAND.finditer(line)]


def commands_in_page(text: str) -> list[str]:
    """Return each gcloud command of a page's code."""
    code = (span or block for span, block in SPAN.findall(text))
    return [command for one in code for command in commands_in_script(one)]


def filled_in(command: str) -> str:
    """Return the command with something for each name that a reader replaces."""
    command = re.sub(r"\$\(date [^)]*\)?", "2026-11-29T05:00:00Z", command)
    for name, value in PLACEHOLDERS.items():
        command = re.sub(rf"\b{name}\b", value, command)
    return re.sub(r"\$\{?\w+\}?", "some-thing", command).replace('"', "")


def refused_by_gcloud(commands: Sequence[str]) -> list[str]:
    """Return what gcloud says of the commands it does not know; skip where there is none."""
    if shutil.which("gcloud") is None:
        pytest.skip("gcloud is not installed: no command was checked")
    known = [one for one in commands if not any(map(one.startswith, TOO_NEW))]
    with TemporaryDirectory() as folder:
        file = Path(folder) / "commands.json"
        file.write_text(json.dumps([{"command_string": filled_in(one)} for one in known]))
        linting = [*LINT, f"--commands-file={file}"]
        done = subprocess.run(linting, capture_output=True, text=True, check=False)
    if "Invalid choice" in done.stderr:
        pytest.skip("this gcloud cannot check commands")
    assert done.stdout, done.stderr
    return [
        f"{one['command_string']}: {one['error_message']}"
        for one in json.loads(done.stdout)
        if not one["success"]
    ]
