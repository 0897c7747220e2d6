"""The README's worked examples and the skill's commands, run as they are written."""

import ast
import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infra.archives import ROOT
from infra.local.connecting import connect
from infra.local.environment import API_KEY
from infra.local.google.settings import GoogleSettings
from infra.local.system import LocalSystem

README = ROOT / "shared" / "actions" / "README.md"
SYNCS = ROOT / "shared" / "actions" / "SYNCS.md"
SKILL = ROOT / ".agents" / "skills" / "postroom-functions" / "SKILL.md"
FILE = re.compile(r"^`([\w/]+\.py)`\n\n```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMANDS = re.compile(r"^ *```sh\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
TYPED = ROOT / "build" / "typed-examples"
"""Where mypy keeps what it knows of the copies: only the first has all of it to read."""
COPIED = ("shared", "infra", "tests", "Makefile", "pyproject.toml")
EMAIL = "ada@acme.example"


@dataclass
class Developer:
    """A copy of the project with the README's files in it, and a deployment to try them on."""

    folder: Path
    environ: dict[str, str]

    async def run(self, command: str) -> str:
        """Run a command as a person does; answer what it printed."""
        # The environment is there already: only what needs it is wanted of make.
        command = command.replace("make ", "make -o runtime -o develop ")
        process = await asyncio.create_subprocess_exec(
            *("bash", "-euo", "pipefail", "-c", command),
            cwd=self.folder,
            env=self.environ,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        assert process.returncode == 0, f"{command}\n{said.decode()}"
        return said.decode()


def commands_of(page: Path) -> list[str]:
    return [re.sub(r"^   ", "", one, flags=re.MULTILINE).strip()
            for one in COMMANDS.findall(page.read_text())]  # fmt: skip


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Copy the project and write every file that the README shows."""
    folder = tmp_path / "project"
    folder.mkdir()
    ignored = shutil.ignore_patterns("node_modules", "terraform")
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=ignored)
        else:
            shutil.copy(source, folder / name)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    files = dict(FILE.findall(README.read_text() + SYNCS.read_text()))
    assert len(files) >= 14, list(files)
    for path, content in files.items():
        assert not (folder / path).exists(), path
        (folder / path).write_text(content)
    return folder


def surroundings() -> dict[str, str]:
    """Return what a developer's shell has set."""
    home = os.environ.get("HOME", "/")
    return {"PATH": os.environ["PATH"], "HOME": home, "MYPY_CACHE_DIR": str(TYPED)}


@pytest.fixture
async def developer(copy: Path, tmp_path: Path) -> AsyncIterator[Developer]:
    google = GoogleSettings(units_per_minute=10**9)
    async with LocalSystem.start(tmp_path, google=google) as system:
        await system.control("/mailboxes", {"email": EMAIL, "messages": 5})
        connection = await connect(system.client, system.google, EMAIL)
        own = {"POSTROOM": system.url, "KEY": API_KEY, "CONNECTION": connection}
        yield Developer(copy, {**surroundings(), **system.environ, **own})


@pytest.mark.timeout(300)
async def test_a_developer_who_follows_the_skill_gets_there(developer: Developer) -> None:
    found, tests, sync_tests, style, dry_run, sync_dry_run = commands_of(SKILL)
    listed = await developer.run(found)
    assert "label-sender" in listed
    assert "find-invoices" in listed
    assert {"find-invoice-files", "sync-digests"} <= {*re.findall(r"[\w-]+", listed)}
    assert "summarize-thread" in listed
    assert re.search(r"9 passed|\[100%\]", await developer.run(tests))
    assert re.search(r"4 passed|\[100%\]", await developer.run(sync_tests))
    said = await developer.run(style)
    assert "All checks passed" in said
    assert "no issues found" in said
    assert "0 broken" in said
    shown = await developer.run(dry_run)
    assert re.search(r"POST\s+/labels\s+5 units\s+NOT SENT", shown)
    assert "It answers LabelSenderOutput" in shown
    shown_sync = await developer.run(sync_dry_run)
    assert re.search(r"GET\s+/labels\s+1 units", shown_sync)
    assert re.search(r"\+ Label .*INBOX", shown_sync)
    assert "1 request, 1 quota unit. Nothing was stored." in shown_sync


@pytest.mark.timeout(300)
async def test_every_printed_sync_passes_its_printed_test(copy: Path) -> None:
    """They are linted and typed, and those that follow one pattern have at most 40 lines."""
    files = dict(FILE.findall(SYNCS.read_text()))
    tests = [path for path in files if path.startswith("tests/")]
    assert len(tests) == len(files) - len(tests) >= 6
    cases = sum(len(re.findall(r"(?m)^(?:async )?def test_", files[one])) for one in tests)
    developer = Developer(copy, surroundings())
    python = ".venv/bin/python -m"
    await developer.run(f"{python} ruff check {' '.join(files)}")
    await developer.run(f"{python} ruff format --check {' '.join(files)}")
    await developer.run(f"{python} mypy --strict {' '.join(files)}")
    assert f"{cases} passed" in await developer.run(
        f"{python} pytest -p no:cacheprovider {' '.join(tests)}"
    )
    for path in (*files.keys() - {*tests, "shared/actions/custom/digests.py"},):
        assert _lines_beside_rows(files[path]) <= 40, path


def _lines_beside_rows(source: str) -> int:
    """Return the lines of a module that are neither rows, imports, docstrings nor blank."""
    module = ast.parse(source)
    imports = (ast.ClassDef, ast.Import, ast.ImportFrom)
    apart: list[Any] = [one for one in module.body if isinstance(one, imports)]
    apart += [one for one in ast.walk(module) if _is_docstring(one)]
    skipped = {line for one in apart for line in range(one.lineno, (one.end_lineno or 0) + 1)}
    lines = enumerate(source.splitlines(), start=1)
    left = [line for number, line in lines if line.strip() and number not in skipped]
    return len([line for line in left if not line.startswith("@")])


def _is_docstring(node: Any) -> bool:
    value = node.value if isinstance(node, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


async def test_the_readmes_commands_run_as_written(developer: Developer) -> None:
    (dry_run,) = [one for one in commands_of(README) if one.startswith("make dryrun")]
    (reading,) = [one for one in commands_of(README) if "model=Invoice" in one]
    assert "NOT SENT" in await developer.run(dry_run)
    # The running deployment is the one without the example: it says which models it has.
    assert "invalid_query_params" in await developer.run(reading)


def test_everything_the_skill_names_is_there() -> None:
    for path in re.findall(r"`(shared/[\w/.]+|tests/[\w/]+\.py)`", SKILL.read_text()):
        if "NAME" not in path:
            assert (ROOT / path).exists(), path
