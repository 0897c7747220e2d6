"""Each function as the platform runs it: its archive, alone, under the real console script.

In a clean environment that holds only the archive's locked requirements, with the variables that
Cloud Functions sets by itself.
"""

import json
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from select import select
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from infra.archives import build
from tests.harness.ports import free_ports
from tests.harness.samples import ENVIRON

SETTINGS = {**ENVIRON, "POSTROOM_GOOGLE_URL": "http://127.0.0.1:9"}
TIMEOUT_S = 30
ATTEMPTS = 150
GRACE_S = 10
"""What Cloud Run leaves an instance between SIGTERM and SIGKILL (FACTS 8.1)."""
PLATFORM = {"K_SERVICE": "service", "K_REVISION": "service-00001-abc", "K_CONFIGURATION": "service"}
PLATFORM |= {"FUNCTION_SIGNATURE_TYPE": "http", "LOG_EXECUTION_ID": "true"}
"""What Cloud Functions sets by itself (FACTS 18.1)."""


@dataclass(frozen=True, slots=True)
class Instance:
    """One running function: the framework's process and the worker it forked."""

    url: str
    process: subprocess.Popen[bytes]
    state: Path

    def freeze(self) -> None:
        """Take its CPU away, as between requests (FACTS 8.1)."""
        os.killpg(self.process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Give it CPU again, as for the next request."""
        os.killpg(self.process.pid, signal.SIGCONT)

    def kill(self) -> None:
        """End it without a word."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(GRACE_S)

    def end(self) -> int:
        """End it as Cloud Run does, and return its exit code."""
        self.process.terminate()
        return self.process.wait(GRACE_S)

    def lines(self) -> list[dict[str, Any]]:
        """Return the lines that Cloud Logging would take for structured ones."""
        lines = (self.state / "output.txt").read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]


@cache
def archive_of(name: str, extra: str | None) -> bytes:
    """Return a function's archive, built once: many tests look at the same."""
    with TemporaryDirectory() as folder:
        return build(name, Path(folder), extra).read_bytes()


def unpack(name: str, tmp_path: Path, extra: str | None = None) -> Path:
    unpacked = tmp_path / "unpacked"
    with zipfile.ZipFile(BytesIO(archive_of(name, extra))) as archive:
        archive.extractall(unpacked)
    return unpacked


@contextmanager
def running(
    name: str,
    environment: Path,
    directory: Path,
    state: Path,
    settings: Mapping[str, str] | None = None,
) -> Iterator[Instance]:
    """Run the real console script in the unpacked archive, as the platform does.

    `settings` are given beside the variables of a deployment with its files in `state`.
    """
    (port,) = free_ports(1)
    script = environment / "bin" / "functions-framework"
    command = [str(script), "--target", name, "--host", "127.0.0.1"]
    environ = {**platform_environ(), "FUNCTION_TARGET": name, "PORT": str(port)}
    environ |= {**local_files(state), **(settings or {})}
    with (state / "output.txt").open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=directory,
            env=environ,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    instance = Instance(f"http://127.0.0.1:{port}", process, state)
    try:
        yield instance
    finally:
        if process.poll() is None:
            instance.thaw()
            instance.end()
        print((state / "output.txt").read_text())


def platform_environ() -> Mapping[str, str]:
    """Leave out what would put the repository on the path."""
    own = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    return {**own, **PLATFORM, **SETTINGS, "PYTHONDONTWRITEBYTECODE": "1"}


def local_files(state: Path) -> Mapping[str, str]:
    return {
        "POSTROOM_STORE": f"sqlite:{state / 'postroom.sqlite'}",
        "POSTROOM_KEYRING": f"file:{state / 'keyring.json'}",
    }


def answered(url: str) -> httpx.Response:
    """Ask until the server listens, and return its answer."""
    for _ in range(ATTEMPTS):
        try:
            return httpx.get(url, timeout=TIMEOUT_S)
        except httpx.ConnectError:
            select([], [], [], 0.1)
    raise AssertionError(f"nothing answers at {url} ({sys.executable})")
