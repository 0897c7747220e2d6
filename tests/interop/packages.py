"""The npm packages of a `package.json`, installed once for all tests that need Node."""

import fcntl
import os
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

HERE = Path(__file__).parent
REQUIRE = "POSTROOM_REQUIRE_EMULATORS"
INSTALL_S = 300


def installed(folder: Path = HERE) -> Path:
    """Return the folder's `node_modules` with exactly what its lock file pins.

    Without Node the test is skipped, loudly; an installation that fails fails where everything
    must run.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        _without("no Node.js with npm found: nothing was tested against other people's packages")
    modules = folder / "node_modules"
    with _alone(folder):
        lock = (folder / "package-lock.json").read_bytes()
        stamp = modules / ".postroom-lock"
        if not stamp.is_file() or stamp.read_bytes() != lock:
            command = [str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            ended = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, timeout=INSTALL_S, check=False
            )
            if ended.returncode:
                _without(f"npm ci failed: {ended.stderr[-500:]}")
            stamp.write_bytes(lock)
    return modules


def _without(reason: str) -> None:
    if os.environ.get(REQUIRE) == "1":
        pytest.fail(f"{reason}, and {REQUIRE}=1")
    warnings.warn(f"SKIPPED: {reason}", stacklevel=3)
    pytest.skip(reason)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one test process install at a time."""
    with (folder / "package.json").open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
