"""Names that never resolve cost their own receivers, and nobody's connections."""

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

import shared
from shared.adapters.sinks.name_lookups import MOST_NEW, BusyError, NameLookups, UnresolvedError

SOON_S = 0.5


class Resolver:
    """The system's: some names hang until they are let go, some are unknown."""

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.asked: Counter[str] = Counter()

    def __call__(self, host: str) -> Sequence[str]:
        self.asked[host] += 1
        if host.startswith("dead"):
            self.let_go.wait()
            raise OSError("timed out")
        if host == "unknown":
            raise OSError("no such name")
        return ["192.0.2.1"]


@pytest.fixture
async def resolver() -> AsyncIterator[Resolver]:
    made = Resolver()
    yield made
    made.let_go.set()


async def test_names_that_never_answer_leave_the_others_alone(resolver: Resolver) -> None:
    names = NameLookups(resolver, limit_s=SOON_S)
    dead = [names(f"dead{number}", 443) for number in range(100)]
    ended = await asyncio.gather(*dead, return_exceptions=True)
    assert {type(one) for one in ended} == {UnresolvedError}
    assert await names("good", 443) == ["192.0.2.1"]
    assert await asyncio.to_thread(lambda: True)


async def test_a_name_is_looked_up_once_at_a_time(resolver: Resolver) -> None:
    names = NameLookups(resolver, limit_s=SOON_S)
    for _ in range(3):
        several = [names("dead", 443) for _ in range(20)]
        ended = await asyncio.gather(*several, return_exceptions=True)
        assert {type(one) for one in ended} == {UnresolvedError}
    assert resolver.asked["dead"] == 1


async def test_a_name_is_asked_for_again_once_its_thread_is_free(resolver: Resolver) -> None:
    names = NameLookups(resolver, limit_s=SOON_S)
    for times in (1, 2):
        with pytest.raises(UnresolvedError):
            await names("unknown", 443)
        assert resolver.asked["unknown"] == times


async def test_names_that_have_not_resolved_leave_threads_to_those_that_have(
    resolver: Resolver,
) -> None:
    names = NameLookups(resolver, limit_s=1.0)  # starting so many threads takes a while
    await names("good", 443)
    dead = [names(f"dead{number}", 443) for number in range(MOST_NEW + 50)]
    ended = Counter(type(one) for one in await asyncio.gather(*dead, return_exceptions=True))
    assert ended == {UnresolvedError: MOST_NEW, BusyError: 50}
    assert await names("good", 443) == ["192.0.2.1"]
    with pytest.raises(BusyError):
        await names("new", 443)


async def test_a_resolver_that_fails_in_its_own_way_leaves_no_name_pending() -> None:
    def broken(_host: str) -> list[str]:
        raise KeyError

    names = NameLookups(broken)
    for _ in range(2):
        with pytest.raises(UnresolvedError):
            await names("odd.example", 443)


async def test_a_name_that_is_no_name_is_unresolved() -> None:
    with pytest.raises(UnresolvedError):
        await NameLookups()("a" * 64 + ".example", 443)


async def test_the_systems_resolver_is_asked() -> None:
    assert "127.0.0.1" in await NameLookups()("localhost", 443)


def test_nothing_else_looks_names_up() -> None:
    """What connects by the loop's own look-ups goes to Google and to the operator's hosts only."""
    files = {path: path.read_text() for path in Path(shared.__path__[0]).rglob("*.py")}
    calls = {path.name for path, text in files.items() if "getaddrinfo(" in text}
    assert calls == {"name_lookups.py"}
    connectors = {path.name for path, text in files.items() if "TCPConnector(" in text}
    assert connectors == {"http_client.py", "vetted.py"}
