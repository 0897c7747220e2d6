"""What the tests' workers share is started once, and outlives the last use of it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import Thread

from tests.harness.once import shared_by_workers


def server(told: list[str]) -> Callable[[], AbstractContextManager[str]]:
    @contextmanager
    def start() -> Iterator[str]:
        told.append("started")
        yield f"address {told.count('started')}"
        told.append("ended")

    return start


def test_who_started_it_waits_for_the_others(tmp_path: Path) -> None:
    told: list[str] = []
    path = tmp_path / "server"
    first, second = (shared_by_workers(path, server(told)) for _ in range(2))
    assert first.__enter__() == second.__enter__() == "address 1"
    leaving = Thread(target=first.__exit__, args=(None, None, None))
    leaving.start()
    while path.exists():
        leaving.join(0.01)
    told.append("still used")
    second.__exit__(None, None, None)
    leaving.join()
    assert told == ["started", "still used", "ended"]


def test_it_is_started_again_for_who_comes_later(tmp_path: Path) -> None:
    told: list[str] = []
    for number in (1, 2):
        with shared_by_workers(tmp_path / "server", server(told)) as address:
            assert address == f"address {number}"
    assert told == ["started", "ended"] * 2
