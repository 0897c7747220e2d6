"""What every test folder may use: Google's official emulators, started once a session.

Whatever a test asks Postroom for, the answer is held against the API's description on the way.
"""

import os
import shutil
import signal
import socket
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer
from typing import IO

import httpx
import pytest
from hypothesis import HealthCheck, settings

from infra.local.system import LocalSystem
from shared.edge.web.logs import LOG, SHARED

START_LIMIT_S = 60
STOP_LIMIT_S = 10
REQUIRE = "POSTROOM_REQUIRE_EMULATORS"


async def _described(response: httpx.Response) -> None:
    """Hold an answer against the description, which most tests never need to load."""
    from tests.conformity import check_answer  # noqa: PLC0415

    await check_answer(response)


LocalSystem.on_answer.append(_described)

# Neither says anything of the code: they measure how busy the machine is.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the long evidence counted; log lines, which are JSON, are left out."""
    if terminalreporter.config.option.markexpr != "deep":
        return
    for report in terminalreporter.getreports(""):  # set-up and tear-down; the last has it all
        if report.when != "teardown":
            continue
        counted = [line for line in report.capstdout.splitlines() if line and line[0] != "{"]
        if counted:
            terminalreporter.write_line(f"\n{report.nodeid}")
            terminalreporter.write_line("\n".join(counted))


@pytest.fixture(autouse=True)
def every_test_hears_what_is_logged() -> Iterator[None]:
    """Take down where a test's system logged to: the next one's lines would go there too."""
    yield
    for logger in (LOG, SHARED):
        for handler in tuple(logger.handlers):
            logger.removeHandler(handler)
        logger.propagate = True


@pytest.fixture(scope="session")
def firestore_emulator() -> Iterator[str]:
    """Return host:port of the official Firestore emulator (FACTS 13.1)."""
    _need("gcloud", "java")
    host = f"127.0.0.1:{_free_port()}"
    command = ("gcloud", "beta", "emulators", "firestore", "start", f"--host-port={host}")
    with _emulator(command, ready="is now running"):
        yield host


@pytest.fixture(scope="session")
def pubsub_emulator() -> Iterator[str]:
    """Return host:port of the official Pub/Sub emulator, of project `demo` (FACTS 13.1)."""
    _need("gcloud", "java")
    host = f"127.0.0.1:{_free_port()}"
    command = ("gcloud", "beta", "emulators", "pubsub", "start", f"--host-port={host}")
    with _emulator((*command, "--project=demo"), ready="Server started"):
        yield host


def _need(*programs: str) -> None:
    missing = [program for program in programs if shutil.which(program) is None]
    if not missing:
        return
    reason = f"{', '.join(missing)} not found: nothing here was tested against the emulator"
    if os.environ.get(REQUIRE) == "1":
        pytest.fail(f"{reason}, and {REQUIRE}=1")
    warnings.warn(f"SKIPPED: {reason}", stacklevel=2)
    pytest.skip(reason)


@contextmanager
def _emulator(command: tuple[str, ...], *, ready: str) -> Iterator[None]:
    # gcloud leaves its Java child behind (FACTS 13.1): both go as one process group.
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    limit = Timer(START_LIMIT_S, _signal_group, (process.pid, signal.SIGKILL))
    try:
        limit.start()
        assert process.stdout is not None
        _read_until(process.stdout, ready)
        limit.cancel()
        drain = Timer(0, _read_until, (process.stdout, None))
        drain.daemon = True
        drain.start()
        yield
    finally:
        limit.cancel()
        _stop(process)


def _read_until(output: IO[str], ready: str | None) -> None:
    said = []
    for line in output:
        if ready is None:
            continue
        said.append(line)
        if ready in line:
            return
    if ready is not None:
        pytest.fail("The emulator did not start:\n" + "".join(said))


def _stop(process: "subprocess.Popen[str]") -> None:
    _signal_group(process.pid, signal.SIGTERM)
    try:
        process.wait(STOP_LIMIT_S)
    except subprocess.TimeoutExpired:
        pass
    finally:
        _signal_group(process.pid, signal.SIGKILL)
        process.wait(STOP_LIMIT_S)


def _signal_group(group: int, number: int) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
