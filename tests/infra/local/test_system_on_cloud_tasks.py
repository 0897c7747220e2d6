"""The whole system with Cloud Tasks, by its REST stand-in, in place of the laptop's queue."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from infra.local.connecting import connect
from infra.local.environment import TASKS_ACCOUNT
from infra.local.google.settings import GoogleSettings
from infra.local.id_tokens import IdTokens
from infra.local.system import LocalSystem
from infra.local.tasks.app import CloudTasks, create_app
from infra.local.tasks.queue import RateLimits
from shared.adapters.google.cloud_tasks import CloudTasksQueue
from shared.ports.queue import Queue, QueueName, Task
from shared.usecases.events.places import PLACES
from tests.adapters.listener import listening
from tests.functions.test_webhooks_out import Product, behind_forty_that_hang

EMAIL = "ada@acme.example"
LOCATION = "projects/demo/locations/europe-west1"


@dataclass
class Cloud:
    system: LocalSystem
    tasks: CloudTasks

    async def settle(self) -> None:
        """Wait for both: a push makes tasks, and a task may watch and so make a push."""
        while True:
            await self.tasks.settle()
            await self.system.settle()
            if not any(queue.busy for queue in self.tasks.queues.values()):
                return

    async def status(self, connection: str) -> str:
        query = {"provider_config_key": "google-mail", "syncs": "*", "connection_id": connection}
        answer = await self.system.client.get("/sync/status", params=query)
        return str(answer.json()["syncs"][0]["status"])


@pytest.fixture
async def cloud(tmp_path: Path) -> AsyncIterator[Cloud]:
    async with (
        LocalSystem.start(tmp_path, google=GoogleSettings(units_per_minute=10**7)) as system,
        httpx.AsyncClient() as network,
    ):
        tokens = IdTokens(network, str(system.google.base_url).rstrip("/"), system.clock)

        async def mint(account: str, audience: str) -> str:
            return await tokens(service_account=account, audience=audience)

        tasks = CloudTasks(system.clock, network, mint)
        for name in QueueName:
            tasks.create_queue(f"{LOCATION}/queues/{name}")
        system.container.bind(Queue, queue_on(tasks, system))
        async with tasks.dispatching():
            yield Cloud(system, tasks)


def queue_on(tasks: CloudTasks, system: LocalSystem) -> CloudTasksQueue:
    async def access_token() -> str:
        return "ya29.test"

    return CloudTasksQueue(
        client=httpx.AsyncClient(transport=httpx.ASGITransport(create_app(tasks))),
        access_token=access_token,
        location=LOCATION,
        target=system.url,
        audience=system.url,
        service_account=TASKS_ACCOUNT,
    )


async def test_a_mailbox_is_copied_by_tasks_that_cloud_tasks_brings(cloud: Cloud) -> None:
    await cloud.system.control("/mailboxes", {"email": EMAIL, "messages": 30})
    connection = await connect(cloud.system.client, cloud.system.google, EMAIL)
    await cloud.settle()
    assert await cloud.status(connection) == "SUCCESS"
    tenant = {"Connection-Id": connection, "Provider-Config-Key": "google-mail"}
    answer = await cloud.system.client.get(
        "/records", params={"model": "EmailMessage"}, headers=tenant
    )
    assert len(answer.json()["records"]) == 30


async def test_a_token_for_another_audience_opens_no_task(cloud: Cloud) -> None:
    await cloud.system.control("/mailboxes", {"email": EMAIL, "messages": 5})
    genuine = cloud.system.container.use(Queue)
    assert isinstance(genuine, CloudTasksQueue)
    cloud.system.container.bind(
        Queue,
        CloudTasksQueue(
            client=genuine.client,
            access_token=genuine.access_token,
            location=LOCATION,
            target=genuine.target,
            audience="https://elsewhere.example",
            service_account=TASKS_ACCOUNT,
        ),
    )
    connection = await connect(cloud.system.client, cloud.system.google, EMAIL)
    live = cloud.tasks.queues[f"{LOCATION}/queues/live"]
    async with asyncio.timeout(10):
        while not any(task.last_status for task in live.tasks.values()):  # noqa: ASYNC110 - no signal of its own
            await asyncio.sleep(0.01)
    assert {task.last_status for task in live.tasks.values()} == {401}
    assert await cloud.status(connection) == "RUNNING"


async def test_a_receiver_that_never_answers_delays_no_other(cloud: Cloud) -> None:
    cloud.tasks.queues[f"{LOCATION}/queues/events"].rate = RateLimits(500, PLACES)
    product = Product()
    async with listening(product):
        await behind_forty_that_hang(cloud.system, product)


@dataclass
class ForgetfulQueue:
    """A queue that accepts tasks and, while `losing`, loses them."""

    behind: Queue
    losing: bool = True

    async def enqueue(self, task: Task) -> None:
        if not self.losing:
            await self.behind.enqueue(task)


async def test_the_reconcile_job_finds_what_a_lost_task_left(cloud: Cloud) -> None:
    queue = ForgetfulQueue(cloud.system.container.use(Queue))
    cloud.system.container.bind(Queue, queue)
    await cloud.system.control("/mailboxes", {"email": EMAIL, "messages": 5})
    connection = await connect(cloud.system.client, cloud.system.google, EMAIL)
    await cloud.settle()
    assert await cloud.status(connection) == "RUNNING"
    queue.losing = False
    await cloud.system.advance(61)
    await cloud.settle()
    assert await cloud.status(connection) == "SUCCESS"
