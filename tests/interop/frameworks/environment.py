"""Where the agent frameworks are installed: once, by their lock, apart from Postroom's own."""

import fcntl
import json
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.interop.packages import REQUIRE

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
ENVIRONMENT = ROOT / ".local" / "frameworks"
LOCK = HERE / "requirements.txt"
INSTALL_S = 300
PROGRAM_S = 100


def framework_python() -> Path:
    """Return the interpreter of an environment with exactly what the lock pins.

    An installation that fails skips the test, loudly, and fails it where everything must run.
    """
    python, stamp = ENVIRONMENT / "bin" / "python", ENVIRONMENT / "lock"
    with _alone():
        if not stamp.is_file() or stamp.read_bytes() != LOCK.read_bytes():
            uv = str(Path(sys.executable).parent / "uv")
            _install(uv, "venv", "-q", "--clear", "--python", sys.executable, str(ENVIRONMENT))
            install = (uv, "pip", "install", "-q", "--require-hashes", "-r", str(LOCK))
            _install(*install, "--python", str(python))
            stamp.write_bytes(LOCK.read_bytes())
    return python


def ran(program: str, *arguments: str, given: Any = None) -> Any:
    """Return the JSON that a program of this folder prints, run there with JSON as its input."""
    command = [str(framework_python()), str(HERE / program), *arguments]
    ended = subprocess.run(
        command,
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=PROGRAM_S,
        check=False,
        env={"PATH": os.environ["PATH"], "HOME": str(ENVIRONMENT)},
    )
    assert ended.returncode == 0, ended.stderr[-3_000:]
    return json.loads(ended.stdout.splitlines()[-1])


def _install(*command: str) -> None:
    ended = subprocess.run(
        command, capture_output=True, text=True, timeout=INSTALL_S, check=False, cwd=ROOT
    )
    if ended.returncode == 0:
        return
    reason = f"the agent frameworks could not be installed: {ended.stderr[-500:]}"
    if os.environ.get(REQUIRE) == "1":
        pytest.fail(f"{reason}, and {REQUIRE}=1")
    warnings.warn(f"SKIPPED: {reason}", stacklevel=4)
    pytest.skip(reason)


@contextmanager
def _alone() -> Iterator[None]:
    """Let one test process install at a time."""
    with LOCK.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
