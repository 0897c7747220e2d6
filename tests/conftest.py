"""What every test folder may use: Google's official emulators, started once a session.

Whatever a test asks Postroom for, the answer is held against the API's description on the way.
"""

import gc
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from hypothesis import HealthCheck, settings

from infra.local.emulators import emulator, missing_programs
from infra.local.system import LocalSystem
from shared.edge.web.logs import LOG, SHARED
from tests.harness.once import folder_of_the_run, shared_by_workers
from tests.harness.ports import free_ports
from tests.order import longest_first

REQUIRE = "POSTROOM_REQUIRE_EMULATORS"


async def _described(response: httpx.Response) -> None:
    """Hold an answer against the description, which most tests never need to load."""
    from tests.conformity import check_answer  # noqa: PLC0415

    await check_answer(response)


LocalSystem.on_answer.append(_described)

# httpcore looks for this package at each request, and where there is none through all of the path.
sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type]  # what stops an import at once

# Neither says anything of the code: they measure how busy the machine is.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files: one that starts last leaves the other cores idle."""
    longest_first(items)


def pytest_collection_finish() -> None:
    """Keep what was imported out of every later collection of garbage: it stays to the end."""
    gc.collect()
    gc.freeze()


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
def firestore_emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return host:port of the official Firestore emulator (FACTS 13.1)."""
    yield from _running("firestore", tmp_path_factory)


@pytest.fixture(scope="session")
def pubsub_emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return host:port of the official Pub/Sub emulator, of project `demo` (FACTS 13.1)."""
    yield from _running("pubsub", tmp_path_factory)


def _running(name: str, factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run one for all workers: tests keep apart by projects and topics of their own."""
    _need_programs()
    with shared_by_workers(folder_of_the_run(factory) / name, lambda: _started(name)) as host:
        yield host


@contextmanager
def _started(name: str) -> Iterator[str]:
    (port,) = free_ports(1)
    host = f"127.0.0.1:{port}"
    with emulator(name, host):
        yield host


def _need_programs() -> None:
    if not (missing := missing_programs()):
        return
    reason = f"{', '.join(missing)} not found: nothing here was tested against the emulator"
    if os.environ.get(REQUIRE) == "1":
        pytest.fail(f"{reason}, and {REQUIRE}=1")
    warnings.warn(f"SKIPPED: {reason}", stacklevel=2)
    pytest.skip(reason)
