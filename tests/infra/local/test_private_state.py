"""Whatever a process of ours leaves on disk is its owner's alone."""

import ast
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.setup import ROOT
from shared.adapters.keys.local import create_keyring
from shared.adapters.sqlite.queue import SqliteQueue
from shared.adapters.sqlite.store import open_store
from shared.adapters.system_clock import SystemClock

WRITERS = (
    "infra/local/__main__.py",
    "infra/local/google/__main__.py",
    "shared/commands/__main__.py",
)
"""Entry points of what runs on a person's machine and may leave files."""


@pytest.fixture
def generous() -> Iterator[None]:
    """Give way to everybody, as some systems do by default."""
    before = os.umask(0)
    yield
    os.umask(before)


def names_in(folder: Path) -> set[str]:
    return {one.name for one in folder.iterdir()}


def open_to_others(folder: Path) -> list[str]:
    return [
        one.name
        for one in folder.rglob("*")
        if stat.S_IMODE(one.stat().st_mode) & 0o077 and one.is_file()
    ]


async def test_databases_and_keys_are_private_whatever_the_umask(
    tmp_path: Path, generous: None
) -> None:
    store = open_store(tmp_path / "store.sqlite", SystemClock())
    queue = SqliteQueue(tmp_path / "queue.sqlite", SystemClock())
    create_keyring(tmp_path / "keyring.json")
    assert {"store.sqlite-wal", "store.sqlite-shm", "queue.sqlite-wal"} <= names_in(tmp_path)
    assert open_to_others(tmp_path) == []
    await store.close()
    queue.close()


@pytest.mark.parametrize("path", WRITERS)
def test_every_entry_point_sets_its_umask(path: str) -> None:
    nodes = ast.walk(ast.parse((ROOT / path).read_text()))
    named = {ast.unparse(one.func) for one in nodes if isinstance(one, ast.Call)}
    assert "os.umask" in named


def test_the_demos_folder_is_private_even_where_it_was_not(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o755)
    program = (
        "import infra.local.__main__ as demo, pathlib\n"
        "demo.serve = lambda settings: (settings.state / 'logs' / 'a.log').write_text('x')\n"
        f"demo.main(['postroom', '--state', {str(state)!r}])\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT, umask=0o022)
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    assert (state / "logs" / "a.log").exists()
    assert open_to_others(state) == []
