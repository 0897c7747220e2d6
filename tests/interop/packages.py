"""The npm packages of `package.json`, installed once for all tests that need Node."""

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
MODULES = HERE / "node_modules"
REQUIRE = "POSTROOM_REQUIRE_EMULATORS"
INSTALL_S = 300


def installed() -> Path:
    """Return `node_modules` with exactly what the lock file pins.

    Without Node the test is skipped, loudly; an installation that fails fails where everything
    must run.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        _without("no Node.js with npm found: nothing was tested against Nango's own packages")
    with _alone():
        lock = (HERE / "package-lock.json").read_bytes()
        stamp = MODULES / ".postroom-lock"
        if not stamp.is_file() or stamp.read_bytes() != lock:
            command = [str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            ended = subprocess.run(
                command, cwd=HERE, capture_output=True, text=True, timeout=INSTALL_S, check=False
            )
            if ended.returncode:
                _without(f"npm ci failed: {ended.stderr[-500:]}")
            stamp.write_bytes(lock)
    return MODULES


def _without(reason: str) -> None:
    if os.environ.get(REQUIRE) == "1":
        pytest.fail(f"{reason}, and {REQUIRE}=1")
    warnings.warn(f"SKIPPED: {reason}", stacklevel=3)
    pytest.skip(reason)


@contextmanager
def _alone() -> Iterator[None]:
    """Let one test process install at a time."""
    with (HERE / "package.json").open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
