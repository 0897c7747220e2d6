"""What takes long to make and is the same for every worker: made once a run."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import pytest


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Keep other processes out that lock the same file, which is made where there is none."""
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def made_once(path: Path, make: Callable[[Path], object]) -> Path:
    """Return `path`, which `make` writes where no process has; a failed one leaves nothing."""
    with alone(path.with_name(f"{path.name}.lock")):
        if not path.exists():
            unfinished = path.with_name(f"{path.name}.unfinished")
            make(unfinished)
            unfinished.replace(path)
    return path


@contextmanager
def shared_by_workers(
    path: Path, start: Callable[[], AbstractContextManager[str]]
) -> Iterator[str]:
    """Return what the first process to ask started, at `path` for all; it ends after the last use.

    Who started it waits for the others at its own end.
    """
    with ExitStack() as stack:
        with alone(path.with_name(f"{path.name}.lock")):
            starts = not path.exists()
            if starts:
                path.write_text(stack.enter_context(start()))
            users = stack.enter_context(path.with_name(f"{path.name}.users").open("ab"))
            fcntl.flock(users, fcntl.LOCK_SH)
        yield path.read_text()
        if starts:
            with alone(path.with_name(f"{path.name}.lock")):
                path.unlink()
            fcntl.flock(users, fcntl.LOCK_EX)


def run_id() -> str:
    """Return what names this run, the same in each of its workers."""
    return os.environ.get("PYTEST_XDIST_TESTRUNUID") or f"process {os.getpid()}"


def folder_of_the_run(factory: pytest.TempPathFactory) -> Path:
    """Return a folder that every worker of this run has, and no other run."""
    own = factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
