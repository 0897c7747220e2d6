"""At SIGTERM all is closed, at once or with the last answer, and then the server stops."""

import asyncio
import os
import signal
from collections.abc import Iterator
from types import FrameType

import pytest

from shared.edge.composition.ending import close_at_sigterm
from shared.ports.container import RequestsInFlight


class Server:
    """A server's own handler of the signal, and what happened in which order."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.stopped = asyncio.Event()

    def on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.seen.append("server stops")
        self.stopped.set()

    async def close(self) -> None:
        self.seen.append("closed")

    async def failing(self) -> None:
        raise RuntimeError


@pytest.fixture
def server() -> Iterator[Server]:
    server, before = Server(), signal.getsignal(signal.SIGTERM)
    signal.signal(signal.SIGTERM, server.on_signal)
    yield server
    signal.signal(signal.SIGTERM, before)


async def test_an_idle_instance_closes_and_then_stops(server: Server) -> None:
    close_at_sigterm(RequestsInFlight(), server.close)
    os.kill(os.getpid(), signal.SIGTERM)
    await server.stopped.wait()
    assert server.seen == ["closed", "server stops"]


async def test_a_request_under_way_closes_with_its_answer(server: Server) -> None:
    """The server stops listening at once, and waits for the answer."""
    in_flight = RequestsInFlight()
    close_at_sigterm(in_flight, server.close)
    in_flight.begin()
    os.kill(os.getpid(), signal.SIGTERM)
    await server.stopped.wait()
    assert server.seen == ["server stops"]
    await in_flight.end()
    assert server.seen == ["server stops", "closed"]


async def test_what_cannot_be_closed_keeps_no_instance_from_ending(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    close_at_sigterm(RequestsInFlight(), server.failing)
    os.kill(os.getpid(), signal.SIGTERM)
    await server.stopped.wait()
    assert server.seen == ["server stops"]
    assert "not closed well" in caplog.text


async def test_where_no_server_handles_the_signal_nothing_is_changed(server: Server) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    close_at_sigterm(RequestsInFlight(), server.close)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
