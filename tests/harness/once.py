"""What takes long to make and is the same for every worker: made once a run."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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


def run_id() -> str:
    """Return what names this run, the same in each of its workers."""
    return os.environ.get("PYTEST_XDIST_TESTRUNUID") or f"process {os.getpid()}"


def folder_of_the_run(factory: pytest.TempPathFactory) -> Path:
    """Return a folder that every worker of this run has, and no other run."""
    own = factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
