"""The Cloud Tasks stand-in, driven by Google's own Python client and held to Google's schemas."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build_from_document
from googleapiclient.errors import HttpError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.local.serving import LoopServer, listener
from infra.local.tasks.app import CloudTasks, create_app
from infra.local.tasks.schema import discovery, problems
from shared.adapters.system_clock import AdjustableClock

LOCATION = "projects/demo/locations/europe-west1"
QUEUE = f"{LOCATION}/queues/live"


@dataclass
class Cloud:
    """The stand-in, its official client, and what its targets received."""

    tasks: CloudTasks
    api: Any
    received: list[dict[str, str]] = field(default_factory=list)
    status: int = 200

    async def call(self, build: Callable[[Any], Any]) -> Any:
        """Run one call of the blocking official client."""
        collection = self.api.projects().locations().queues()
        return await asyncio.to_thread(lambda: build(collection).execute())

    async def create(self, **task: Any) -> Any:
        request = {"url": "http://target.test/x", "body": b64encode(b"{}").decode()}
        body = {"task": {"httpRequest": request, **task}}
        return await self.call(lambda q: q.tasks().create(parent=QUEUE, body=body))

    async def refusal(self, **task: Any) -> tuple[int, str]:
        with pytest.raises(HttpError) as refused:
            await self.create(**task)
        return refused.value.status_code, refused.value.reason

    async def answer(self, request: Request) -> Response:
        self.received.append(dict(request.headers))
        return Response(status_code=self.status)


@pytest.fixture
async def cloud() -> AsyncIterator[Cloud]:
    async def mint(account: str, audience: str) -> str:
        return f"token of {account} for {audience}"

    clock = AdjustableClock()
    target = Starlette()
    tasks = CloudTasks(clock, httpx.AsyncClient(transport=httpx.ASGITransport(target)), mint)
    server = LoopServer(create_app(tasks), listener())
    await server.open()
    document = discovery("cloudtasks.v2") | {
        "rootUrl": f"{server.address}/",
        "baseUrl": f"{server.address}/",
    }
    credentials = Credentials("ya29.test")
    api = build_from_document(document, credentials=credentials)
    cloud = Cloud(tasks, api)
    target.routes.append(Route("/x", cloud.answer, methods=["POST"]))
    async with tasks.dispatching():
        await cloud.call(
            lambda q: q.create(
                parent=LOCATION,
                body={"name": QUEUE, "retryConfig": {"minBackoff": "1s", "maxAttempts": 3}},
            )
        )
        yield cloud
    await server.close()


async def test_a_created_task_is_answered_in_googles_shape(cloud: Cloud) -> None:
    later = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    created = await cloud.create(scheduleTime=later, name=f"{QUEUE}/tasks/one")
    assert problems("Task", created) == []
    assert created["name"] == f"{QUEUE}/tasks/one"
    assert created["scheduleTime"].startswith(later[:19])
    assert "body" not in created["httpRequest"]
    assert await cloud.call(lambda q: q.tasks().get(name=created["name"])) == created


async def test_a_name_in_use_is_already_exists(cloud: Cloud) -> None:
    name = f"{QUEUE}/tasks/twice"
    await cloud.create(name=name)
    assert (await cloud.refusal(name=name))[0] == 409


async def test_a_deleted_task_is_gone_and_its_name_spent(cloud: Cloud) -> None:
    name = f"{QUEUE}/tasks/gone"
    cloud.status = 500
    await cloud.create(name=name)
    await cloud.call(lambda q: q.tasks().delete(name=name))
    with pytest.raises(HttpError, match="404"):
        await cloud.call(lambda q: q.tasks().get(name=name))
    assert (await cloud.refusal(name=name))[0] == 409


@pytest.mark.parametrize(
    "task",
    [
        {"httpRequest": {"url": "ftp://target.test/x"}},
        {"httpRequest": {"url": "http://target.test/x", "verb": "POST"}},
        {"httpRequest": {"url": "http://target.test/x", "body": "not base64"}},
        {"httpRequest": {"url": "http://target.test/x", "httpMethod": "GET", "body": "e30="}},
        {"httpRequest": {"url": "http://target.test/x", "oidcToken": {"audience": "a"}}},
        {"httpRequest": {}},
        {"name": f"{QUEUE}/tasks/no spaces"},
        {"name": f"{LOCATION}/queues/other/tasks/x"},
        {"dispatchDeadline": "14s"},
        {"dispatchDeadline": "ten minutes"},
        {"scheduleTime": "2099-01-01T00:00:00Z"},
        {"scheduleTime": "tomorrow"},
    ],
    ids=str,
)
async def test_what_cloud_tasks_would_refuse_is_refused(cloud: Cloud, task: Any) -> None:
    status, reason = await cloud.refusal(**task)
    assert status == 400, reason
    assert cloud.tasks.queues[QUEUE].tasks == {}


async def test_an_unknown_queue_is_not_found(cloud: Cloud) -> None:
    with pytest.raises(HttpError, match="404"):
        await cloud.call(lambda q: q.get(name=f"{LOCATION}/queues/none"))


async def test_what_is_not_emulated_is_refused_loudly(cloud: Cloud) -> None:
    with pytest.raises(HttpError, match="501"):
        await cloud.call(lambda q: q.purge(name=QUEUE, body={}))


async def test_a_task_gives_up_after_its_last_attempt(cloud: Cloud) -> None:
    cloud.status = 500
    await cloud.create()
    for _ in range(6):
        await cloud.tasks.settle()
        cloud.tasks.clock.advance(timedelta(minutes=5))
    await cloud.tasks.settle()
    assert len(cloud.received) == 3
    assert cloud.received[-1]["x-cloudtasks-taskpreviousresponse"] == "500"


async def test_a_throttled_target_gets_nothing_until_the_pause_is_over(cloud: Cloud) -> None:
    cloud.status = 503
    await cloud.create()
    await cloud.tasks.settle()
    await cloud.create()
    queue = cloud.tasks.queues[QUEUE]
    await asyncio.sleep(0)
    assert len(cloud.received) == 1
    cloud.status = 200
    queue.clock.advance(timedelta(seconds=2))
    await cloud.tasks.settle()
    assert len(cloud.received) == 3
