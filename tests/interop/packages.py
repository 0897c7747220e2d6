"""The npm packages of a `package.json`, installed once for all tests that need Node."""

import fcntl
import os
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

HERE = Path(__file__).parent
REQUIRE = "POSTROOM_REQUIRE_EMULATORS"
INSTALL_S = 300


class NoPackagesError(Exception):
    """They could not be had; the message says why."""


def node_modules(folder: Path = HERE) -> Path:
    """Return the folder's `node_modules` with exactly what its lock file pins.

    Raises NoPackagesError.
    """
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise NoPackagesError("no Node.js with npm found")
    modules = folder / "node_modules"
    with _alone(folder):
        lock = (folder / "package-lock.json").read_bytes()
        stamp = modules / ".postroom-lock"
        if not stamp.is_file() or stamp.read_bytes() != lock:
            command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            ended = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, timeout=INSTALL_S, check=False
            )
            if ended.returncode:
                raise NoPackagesError(f"npm ci failed: {ended.stderr[-500:]}")
            stamp.write_bytes(lock)
    return modules


def installed(folder: Path = HERE) -> Path:
    """Return the folder's `node_modules`; without Node the test is skipped, loudly.

    An installation that fails fails where everything must run.
    """
    try:
        return node_modules(folder)
    except NoPackagesError as error:
        _without(f"{error}: nothing was tested against other people's packages")


def _without(reason: str) -> NoReturn:
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
