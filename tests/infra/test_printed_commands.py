"""Each path and module that a page prints is there, and make takes each command as printed.

The skill's commands run for real in `tests/actions/test_worked_examples.py`.
"""

import importlib.util
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from infra.archives import ROOT

PAGES: Final = {
    name: ROOT / name
    for name in (
        "README.md",
        "AGENTS.md",
        ".agents/skills/postroom-functions/SKILL.md",
        ".github/CONTRIBUTING.md",
        "shared/actions/README.md",
        "infra/OPERATING.md",
        "infra/terraform/README.md",
        "shared/docs/guides/quick-start.md",
    )
}
CODE: Final = re.compile(
    r"^ *```(?:sh|console)?\n(.*?)^ *```$|`([^`\n]+)`", re.MULTILINE | re.DOTALL
)
MAKE: Final = re.compile(r"(?:^|[;&|] )\s*make(?= [a-z])[^\n;|>]*", re.MULTILINE)
MODULE: Final = re.compile(r"python -m ([\w.]+)")
TOOL: Final = re.compile(r"\.venv/bin/([\w-]+)")
PLACES: Final = "shared|infra|tests|functions|\\.github|\\.agents|\\.ci"
PATH: Final = re.compile(rf"(?<![\w/.:-])((?:{PLACES})/[\w./-]+[\w])(?![\w*{{<(]|/\*|\*|::)")
SHOWN: Final = re.compile(r"^`([\w/]+\.py)`\n\n```python", re.MULTILINE)
OF_THE_READER: Final = re.compile(r"NAME|\.tfvars$")
"""Files that the reader names and writes."""


def printed(page: Path) -> Iterator[str]:
    """Yield the text of each block of commands and of each span of code."""
    for block, span in CODE.findall(page.read_text("utf-8")):
        yield block or span


def make_commands(page: Path) -> list[list[str]]:
    """Return the arguments of each make command; a comment after it is not one."""
    found = [line for text in printed(page) for line in MAKE.findall(text)]
    commands = [shlex.split(line.lstrip("&; "), comments=True) for line in found]
    return [one[1:] for one in commands]


def shown_files() -> set[str]:
    """Return the files that the guides tell a reader to write, with what is in them."""
    guides = [ROOT / "shared" / "actions" / name for name in ("README.md", "SYNCS.md")]
    return {path for guide in guides for path in SHOWN.findall(guide.read_text("utf-8"))}


def test_commands_are_found_on_every_page() -> None:
    assert all(make_commands(page) for page in PAGES.values())
    assert ["demo"] in make_commands(PAGES["README.md"])


@pytest.mark.parametrize("name", PAGES)
def test_make_takes_every_command_as_printed(name: str) -> None:
    """`make -n` reads the command and every recipe it leads to, and runs none."""
    for arguments in {tuple(one) for one in make_commands(PAGES[name])}:
        told = subprocess.run(
            ["make", "-n", *arguments],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            env={"PYTHON": sys.executable, **os.environ},
        )
        assert told.returncode == 0, f"make {' '.join(arguments)}\n{told.stderr}"


@pytest.mark.parametrize("name", PAGES)
def test_every_variable_given_to_make_is_one_it_reads(name: str) -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for arguments in make_commands(PAGES[name]):
        for given in arguments:
            variable = given.partition("=")[0] if "=" in given else None
            read = variable is None or re.search(rf"\b{variable}\b", makefile)
            assert read, f"make {' '.join(arguments)}"


@pytest.mark.parametrize("name", PAGES)
def test_every_module_and_tool_named_is_installed(name: str) -> None:
    text = "\n".join(printed(PAGES[name]))
    for module in MODULE.findall(text):
        assert importlib.util.find_spec(module), module
    for tool in TOOL.findall(text):
        assert (ROOT / ".venv" / "bin" / tool).exists(), tool


@pytest.mark.parametrize("name", PAGES)
def test_every_path_printed_is_there(name: str) -> None:
    text = "\n".join(printed(PAGES[name]))
    paths = {one for one in PATH.findall(text) if not OF_THE_READER.search(one)} - shown_files()
    missing = {one for one in paths if not (ROOT / one).exists()}
    assert not missing


def test_help_names_every_target_that_a_page_prints() -> None:
    told = subprocess.run(
        ["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    targets = {*re.findall(r"^  make ([a-z-]+)", told, re.MULTILINE)} | {"develop"}
    named = {one[0] for page in PAGES.values() for one in make_commands(page)}
    assert named <= targets
