"""What waits for company is handed over before the last answer, and never costs an answer."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from starlette.types import Message

from shared.edge.composition.container import AutowiredContainer
from shared.edge.web.app import build_app
from shared.edge.web.call import Call
from shared.edge.web.routes import Access, Route
from shared.ports.container import RequestsInFlight
from shared.usecases.troubles import ReportTroubles

Ask = Callable[[str], Awaitable[None]]


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
        ]
        self.app = build_app("api", routes, container)

    async def ask(self, path: str) -> None:
        """Make a request and note when its answer is complete."""
        scope = {"type": "http", "method": "GET", "path": path, "headers": [], "query_string": b""}

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.body" and not message.get("more_body"):
                self.seen.append(f"{path} answered")

        await self.app(scope, receive, send)

    async def _hand_over(self) -> None:
        self.seen.append("handed over")

    async def _now(self, call: Call) -> Any:
        return {}

    async def _later(self, call: Call) -> Any:
        await self.open.wait()
        return {}

    async def _broken(self, call: Call) -> Any:
        raise ValueError


@pytest.fixture
def requests(container: AutowiredContainer) -> Requests:
    return Requests(container)


@pytest.mark.parametrize("path", ["/now", "/broken", "/unknown"])
async def test_the_handover_comes_before_the_answer(requests: Requests, path: str) -> None:
    await requests.ask(path)
    assert requests.seen == ["handed over", f"{path} answered"]


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
