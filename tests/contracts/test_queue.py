"""What every Queue promises, held against both: SQLite, and Cloud Tasks' REST stand-in."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.local.deliveries import Deliveries
from infra.local.dispatcher import Dispatcher
from infra.local.environment import TASKS_ACCOUNT
from infra.local.google.app import create_app as create_google
from infra.local.google.settings import GoogleSettings
from infra.local.id_tokens import IdTokens
from infra.local.tasks.app import CloudTasks, create_app
from shared.adapters.google.cloud_tasks import CloudTasksQueue
from shared.adapters.sqlite.queue import SqliteQueue
from shared.adapters.system_clock import AdjustableClock
from shared.errors import QueueUnavailableError
from shared.ports.queue import Queue, QueueName, Task

TARGET = "http://postroom.test"
LOCATION = "projects/demo/locations/europe-west1"
DAY_S = 86_400


@dataclass
class Receiver:
    """Our own host: records what arrives and answers as scripted, 200 when out of script."""

    requests: list[tuple[str, Any, dict[str, str]]] = field(default_factory=list)
    script: list[Response] = field(default_factory=list)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: Request) -> Response:
        self.requests.append((request.url.path, await request.json(), dict(request.headers)))
        self.arrived.set()
        await self.open.wait()
        return self.script.pop(0) if self.script else Response()

    @property
    def bodies(self) -> list[Any]:
        return [body for _, body, _ in self.requests]

    async def arrival(self, body: Any) -> None:
        while body not in self.bodies:
            self.arrived.clear()
            await self.arrived.wait()

    def client(self) -> httpx.AsyncClient:
        app = Starlette(routes=[Route("/{path:path}", self.answer, methods=["POST"])])
        return httpx.AsyncClient(transport=httpx.ASGITransport(app))


@dataclass
class Bench:
    """A queue at work on its receiver, and what a test may do to it."""

    queue: Queue
    clock: AdjustableClock
    receiver: Receiver
    busy: Callable[[], bool]
    claims_of: Callable[[str], dict[str, Any] | None]
    break_it: Callable[[], Awaitable[None]]

    async def settle(self) -> None:
        async with asyncio.timeout(10):
            while self.busy():  # noqa: ASYNC110 - two implementations, one question
                await asyncio.sleep(0.001)

    async def advance(self, seconds: float) -> None:
        self.clock.advance(timedelta(seconds=seconds))
        await self.settle()


@asynccontextmanager
async def sqlite_bench(directory: Path, receiver: Receiver, tokens: IdTokens) -> AsyncIterator[Any]:
    clock = AdjustableClock()
    queue = SqliteQueue(directory / "queue.sqlite", clock)
    posts = Deliveries(receiver.client(), tokens, clock, TARGET)
    dispatcher = Dispatcher(queue, clock, posts.post_task)
    running = asyncio.create_task(dispatcher.run())

    async def break_it() -> None:
        running.cancel()
        queue.close()

    yield queue, clock, lambda: dispatcher.busy, break_it
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    queue.close()


@asynccontextmanager
async def cloud_bench(directory: Path, receiver: Receiver, tokens: IdTokens) -> AsyncIterator[Any]:
    async def mint(account: str, audience: str) -> str:
        return await tokens(service_account=account, audience=audience)

    async def access_token() -> str:
        return "ya29.test"

    clock = AdjustableClock()
    service = CloudTasks(clock, receiver.client(), mint)
    for name in QueueName:
        service.create_queue(f"{LOCATION}/queues/{name}")
    client = httpx.AsyncClient(transport=httpx.ASGITransport(create_app(service)))
    queue = CloudTasksQueue(
        client=client,
        access_token=access_token,
        location=LOCATION,
        target=TARGET,
        audience=TARGET,
        service_account=TASKS_ACCOUNT,
    )

    async def break_it() -> None:
        service.queues.clear()

    async with service.dispatching():
        yield queue, clock, lambda: any(q.busy for q in service.queues.values()), break_it


@pytest.fixture(params=[sqlite_bench, cloud_bench], ids=["sqlite", "cloud-tasks"])
async def bench(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bench]:
    google = create_google(GoogleSettings())
    signer = httpx.AsyncClient(transport=httpx.ASGITransport(google))
    receiver = Receiver()
    receiver.open.set()
    key_clock = AdjustableClock()
    tokens = IdTokens(signer, "http://google.test", key_clock)
    async with request.param(tmp_path, receiver, tokens) as (queue, clock, busy, break_it):
        claims_of = google.state.google.key.claims_of
        yield Bench(queue, clock, receiver, busy, claims_of, break_it)
    google.state.google.close()


async def test_a_task_arrives_as_a_post_of_its_body_to_its_path(bench: Bench) -> None:
    await bench.queue.enqueue(Task("/tasks/sync", {"connection_id": "c1"}))
    await bench.settle()
    ((path, body, headers),) = bench.receiver.requests
    assert (path, body) == ("/tasks/sync", {"connection_id": "c1"})
    assert headers["content-type"] == "application/json"


async def test_a_task_carries_a_token_that_google_signed_for_our_service_account(
    bench: Bench,
) -> None:
    await bench.queue.enqueue(Task("/tasks/sync", {}))
    await bench.settle()
    scheme, _, token = bench.receiver.requests[0][2]["authorization"].partition(" ")
    claims = bench.claims_of(token)
    assert scheme == "Bearer"
    assert claims is not None
    assert claims["iss"] == "https://accounts.google.com"
    assert (claims["aud"], claims["email"]) == (TARGET, TASKS_ACCOUNT)
    assert claims["email_verified"] is True


async def test_the_trace_id_travels_with_the_task(bench: Bench) -> None:
    await bench.queue.enqueue(Task("/tasks/sync", {}, trace_id="ab" * 16))
    await bench.settle()
    assert bench.receiver.requests[0][2]["traceparent"].split("-")[1] == "ab" * 16


async def test_a_task_waits_for_its_time(bench: Bench) -> None:
    later = bench.clock.now() + timedelta(seconds=90)
    await bench.queue.enqueue(Task("/tasks/sync", {}, not_before=later))
    await bench.advance(60)
    assert bench.receiver.requests == []
    await bench.advance(31)
    assert len(bench.receiver.requests) == 1


async def test_a_time_that_has_passed_means_now(bench: Bench) -> None:
    earlier = bench.clock.now() - timedelta(hours=1)
    await bench.queue.enqueue(Task("/tasks/sync", {}, not_before=earlier))
    await bench.settle()
    assert len(bench.receiver.requests) == 1


async def test_a_failed_attempt_is_made_again_after_a_pause(bench: Bench) -> None:
    bench.receiver.script = [Response(status_code=500)]
    await bench.queue.enqueue(Task("/tasks/sync", {"n": 1}))
    await bench.settle()
    await bench.advance(30)
    assert bench.receiver.bodies == [{"n": 1}, {"n": 1}]
    assert [h["x-cloudtasks-taskretrycount"] for _, _, h in bench.receiver.requests] == ["0", "1"]


async def test_the_receiver_says_how_long_to_stay_away(bench: Bench) -> None:
    bench.receiver.script = [Response(status_code=429, headers={"Retry-After": "600"})]
    await bench.queue.enqueue(Task("/tasks/sync", {}))
    await bench.settle()
    await bench.advance(590)
    assert len(bench.receiver.requests) == 1
    await bench.advance(15)
    assert len(bench.receiver.requests) == 2


async def test_a_task_that_succeeded_never_comes_again(bench: Bench) -> None:
    await bench.queue.enqueue(Task("/tasks/sync", {}))
    await bench.settle()
    await bench.advance(DAY_S)
    assert len(bench.receiver.requests) == 1


async def test_equal_tasks_without_a_name_all_arrive(bench: Bench) -> None:
    for _ in range(3):
        await bench.queue.enqueue(Task("/tasks/sync", {}))
    await bench.settle()
    assert len(bench.receiver.requests) == 3


async def test_a_second_task_of_a_name_is_dropped_without_an_error(bench: Bench) -> None:
    later = bench.clock.now() + timedelta(seconds=60)
    for n in range(2):
        await bench.queue.enqueue(Task("/tasks/sync", {"n": n}, not_before=later, name="lease 1/x"))
    await bench.advance(61)
    assert bench.receiver.bodies == [{"n": 0}]


async def test_a_name_stays_spent_for_a_day_after_its_task_ran(bench: Bench) -> None:
    async def enqueue(n: int) -> None:
        await bench.queue.enqueue(Task("/tasks/sync", {"n": n}, name="lease"))
        await bench.settle()

    await enqueue(0)
    await bench.advance(DAY_S - 60)
    await enqueue(1)
    await bench.advance(120)
    await enqueue(2)
    assert bench.receiver.bodies == [{"n": 0}, {"n": 2}]


async def test_the_same_name_on_two_queues_names_two_tasks(bench: Bench) -> None:
    for queue in (QueueName.LIVE, QueueName.BULK):
        await bench.queue.enqueue(Task("/tasks/sync", {}, queue=queue, name="same"))
    await bench.settle()
    assert len(bench.receiver.requests) == 2


async def test_bulk_work_under_way_does_not_hold_up_live_work(bench: Bench) -> None:
    bench.receiver.open.clear()
    for _ in range(20):
        await bench.queue.enqueue(Task("/tasks/sync", {"q": "bulk"}, queue=QueueName.BULK))
    await bench.queue.enqueue(Task("/tasks/sync", {"q": "live"}))
    async with asyncio.timeout(5):
        await bench.receiver.arrival({"q": "live"})
    bench.receiver.open.set()
    await bench.settle()
    assert len(bench.receiver.requests) == 21


async def test_a_queue_that_cannot_accept_says_so(bench: Bench) -> None:
    await bench.break_it()
    with pytest.raises(QueueUnavailableError):
        await bench.queue.enqueue(Task("/tasks/sync", {}))


async def test_a_task_for_a_function_with_its_own_address_goes_there_and_nowhere_else() -> None:
    """Cloud Run lets in only tokens whose audience is the function's own address (FACTS 7.3)."""
    created: list[Any] = []

    def answer(request: httpx.Request) -> httpx.Response:
        created.append(json.loads(request.content)["task"]["httpRequest"])
        return httpx.Response(200, json={})

    async def access_token() -> str:
        return "ya29.test"

    queue = CloudTasksQueue(
        client=httpx.AsyncClient(transport=httpx.MockTransport(answer)),
        access_token=access_token,
        location=LOCATION,
        target=TARGET,
        audience=f"{TARGET}/shared",
        service_account=TASKS_ACCOUNT,
        own_url={"/tasks/sync": "https://sync.example"}.get,
    )
    await queue.enqueue(Task("/tasks/sync", {}))
    await queue.enqueue(Task("/tasks/send", {}))
    assert [(one["url"], one["oidcToken"]["audience"]) for one in created] == [
        ("https://sync.example/tasks/sync", "https://sync.example"),
        (f"{TARGET}/tasks/send", f"{TARGET}/shared"),
    ]
