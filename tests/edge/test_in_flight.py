"""What waits for company is handed over before the last answer, and never costs an answer."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from starlette.responses import StreamingResponse
from starlette.types import Message

from shared.edge.composition.container import AutowiredContainer
from shared.edge.web.app import build_app
from shared.edge.web.call import Call
from shared.edge.web.routes import Access, Route
from shared.ports.container import RequestsInFlight
from shared.usecases.troubles import ReportTroubles

Ask = Callable[[str], Awaitable[None]]


@dataclass
class Caller:
    """Reads an answer as HTTP frames it: by its status, its length, or its end."""

    method: str
    left: int | None = None
    complete: bool = False

    def has_all_with(self, message: Message) -> bool:
        """Whether the answer is complete with this message, and was not before."""
        if message["type"] == "http.response.start":
            length = dict(message["headers"]).get(b"content-length")
            self.left = int(length) if length is not None else None
            if message["status"] == 204 or self.method == "HEAD":
                self.left = 0
        elif self.left is not None:
            self.left -= len(message["body"])
        ended = message["type"] == "http.response.body" and not message.get("more_body")
        before, self.complete = self.complete, self.complete or ended or self.left == 0
        return self.complete and not before


class Requests:
    """An app whose answers, log lines and handovers are noted in order."""

    def __init__(self, container: AutowiredContainer) -> None:
        self.seen: list[str] = []
        self.open = asyncio.Event()
        in_flight = container.use(RequestsInFlight)
        in_flight.handovers.append(self._hand_over)
        routes = [
            Route("GET", "/now", Access.PUBLIC, self._now, "Now"),
            Route("GET", "/later", Access.PUBLIC, self._later, "Later"),
            Route("GET", "/broken", Access.PUBLIC, self._broken, "Broken"),
            Route("GET", "/empty", Access.PUBLIC, self._empty, "Empty"),
            Route("GET", "/pieces", Access.PUBLIC, self._pieces, "Pieces"),
        ]
        self.app = build_app("api", routes, container)

    async def ask(self, path: str, method: str = "GET") -> None:
        """Make a request and note when the caller has all of its answer."""
        scope = {"type": "http", "method": method, "path": path, "headers": [], "query_string": b""}
        caller = Caller(method)

        asked: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]

        async def receive() -> Message:
            return asked.pop() if asked else await asyncio.Future()

        async def send(message: Message) -> None:
            if caller.has_all_with(message):
                self.seen.append(f"{path} answered")

        await self.app(scope, receive, send)

    async def _hand_over(self) -> None:
        self.seen.append("handed over")

    async def _now(self, call: Call) -> Any:
        return {}

    async def _later(self, call: Call) -> Any:
        await self.open.wait()
        return {}

    async def _empty(self, call: Call) -> Any:
        return None

    async def _pieces(self, call: Call) -> Any:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"one"
            yield b"two"

        return StreamingResponse(pieces(), headers={"content-length": "6"})

    async def _broken(self, call: Call) -> Any:
        raise ValueError


@pytest.fixture
def requests(container: AutowiredContainer) -> Requests:
    return Requests(container)


@pytest.mark.parametrize("path", ["/now", "/broken", "/unknown", "/empty", "/pieces"])
async def test_the_handover_comes_before_the_answer(requests: Requests, path: str) -> None:
    """An empty one is complete with its headers, one of a known length with its last byte."""
    await requests.ask(path)
    assert requests.seen == ["handed over", f"{path} answered"]


async def test_the_handover_comes_before_the_headers_of_an_answer_to_head(
    requests: Requests,
) -> None:
    await requests.ask("/now", "HEAD")
    assert requests.seen == ["handed over", "/now answered"]


async def test_where_another_request_is_answered_what_waits_goes_on_waiting(
    requests: Requests,
) -> None:
    slow = asyncio.ensure_future(requests.ask("/later"))
    await asyncio.sleep(0)
    await requests.ask("/now")
    assert requests.seen == ["/now answered"]
    requests.open.set()
    await slow
    assert requests.seen == ["/now answered", "handed over", "/later answered"]


async def test_a_handover_that_fails_is_logged_and_the_answer_is_as_it_was(
    container: AutowiredContainer, capsys: pytest.CaptureFixture[str]
) -> None:
    requests = Requests(container)

    async def failing() -> None:
        raise RuntimeError

    container.use(RequestsInFlight).handovers.append(failing)
    await requests.ask("/now")
    await requests.ask("/now")
    assert requests.seen.count("/now answered") == 2
    assert requests.seen.count("handed over") == 2
    assert "handover failed" in capsys.readouterr().out


async def test_a_report_that_fails_leaves_the_count_of_requests_right(
    container: AutowiredContainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else no request would ever be the last one again, and nothing be handed over."""

    async def failing(_: ReportTroubles) -> None:
        raise RuntimeError

    monkeypatch.setattr(ReportTroubles, "__call__", failing)
    requests = Requests(container)
    await requests.ask("/now")
    await requests.ask("/now")
    assert container.use(RequestsInFlight).count == 0
    assert requests.seen.count("handed over") == 2
