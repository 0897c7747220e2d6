"""The product is told, over real HTTP: connected, synced, new mail; through outages and crashes."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from infra.local.environment import WEBHOOK_SECRET
from infra.local.system import LocalSystem
from shared.domain.events.event import Event, EventType
from shared.domain.ids import ConnectionId, EventId
from shared.edge.triggers.deliver_task import GIVEN_UP
from shared.ports.events import Outbox
from shared.usecases.events.places import SHARE
from tests.adapters.listener import OK, Listener, listening
from tests.functions.test_main_job import backfilled, connected, live, records, truth
from tests.harness.whole import whole_system

ADA = "ada@acme.example"
BROKEN = b"HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n"
MAIL = b"From: bo@example.org\r\nTo: ada@acme.example\r\nSubject: Hi\r\n\r\nHello!"


class Product(Listener):
    """A product's webhook receiver."""

    @property
    def events(self) -> list[dict[str, Any]]:
        """Return the bodies of all webhooks, each signed as the reference implementation does."""
        return [_verified(one) for one in self.requests]

    def of_type(self, type: str) -> list[dict[str, Any]]:
        """Return those of one type."""
        return [one for one in self.events if one["type"] == type]


def _verified(request: bytes) -> dict[str, Any]:
    head, body = request.split(b"\r\n\r\n", 1)
    lines = head.decode().split("\r\n")[1:]
    headers = {name.lower(): value for name, value in (one.split(": ", 1) for one in lines)}
    at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
    expected = Webhook(WEBHOOK_SECRET).sign(headers["webhook-id"], at, body.decode())
    assert expected in headers["webhook-signature"].split(" ")
    parsed: dict[str, Any] = json.loads(body)
    return parsed


@pytest.fixture
async def product() -> AsyncIterator[Product]:
    made = Product()
    async with listening(made):
        yield made


@pytest.fixture
async def system(tmp_path: Path) -> AsyncIterator[LocalSystem]:
    async with whole_system(tmp_path, {ADA: 20}) as started:
        yield started


async def behind_forty_that_hang(system: LocalSystem, good: Product) -> None:
    """Write forty events to a receiver that never answers, then one to a good one, and wait."""
    hanging = Listener(hold=asyncio.Event())
    async with listening(hanging):
        addresses = [hanging.port] * 40 + [good.port]
        now = system.clock.now()
        for number, port in enumerate(addresses):
            event = Event(
                id=EventId(f"evt_{number:02}"),
                connection_id=ConnectionId("gone"),
                type=EventType.SEND,
                payload={"type": "send"},
                created_at=now,
                next_attempt_at=now,
                webhook_url_override=f"http://127.0.0.1:{port}/",
            )
            await system.container.use(Outbox).create(event)
        async with asyncio.timeout(15):  # less than one attempt at the other takes to end
            await good.reached.wait()
        assert len(hanging.requests) <= SHARE
        assert hanging.hold is not None
        hanging.hold.set()


async def test_a_receiver_that_never_answers_delays_no_other(
    system: LocalSystem, product: Product
) -> None:
    await behind_forty_that_hang(system, product)


async def _register(system: LocalSystem, product: Product, **more: Any) -> dict[str, Any]:
    body = {"url": f"http://127.0.0.1:{product.port}/hooks", "secret": WEBHOOK_SECRET, **more}
    answer = await system.client.post("/webhook-endpoints", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def _deliver_mail(system: LocalSystem, count: int = 1) -> None:
    for _ in range(count):
        answer = await system.google.post(f"/_control/mailboxes/{ADA}/messages", content=MAIL)
        answer.raise_for_status()


async def _events(system: LocalSystem, **query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await system.client.get("/events", params=query)).json()[
        "events"
    ]
    return found


async def test_a_product_that_follows_its_webhooks_has_every_record(
    system: LocalSystem, product: Product
) -> None:
    await _register(system, product)
    connection = await connected(system)
    await backfilled(system, connection)
    await system.settle()
    (auth,) = product.of_type("auth")
    assert (auth["operation"], auth["success"], auth["connectionId"]) == (
        "creation",
        True,
        connection,
    )
    assert product.of_type("sync")[-1]["responseResults"]["added"] == 20
    seen, cursor = await records(system, connection)
    told = len(product.events)
    await _deliver_mail(system, 3)
    await system.settle()
    fresh = product.events[told:]
    assert sum(one["responseResults"]["added"] for one in fresh) == 3
    assert {one["syncType"] for one in fresh} == {"WEBHOOK"}
    more, newest = await records(system, connection, cursor)
    assert live([*seen, *more]) == await truth(system, ADA)
    assert newest in {one["cursor"] for one in fresh}
    assert all(one["state"] == "delivered" for one in await _events(system))


async def test_a_receiver_that_is_down_for_a_day_gets_everything(
    system: LocalSystem, product: Product
) -> None:
    connection = await connected(system)
    await backfilled(system, connection)
    await _register(system, product)
    product.answer = BROKEN
    for _ in range(24):
        await _deliver_mail(system)
        await system.settle()
        await system.advance(3600)
        await system.settle()
    assert await _events(system, state="pending")
    product.requests.clear()
    product.answer = OK
    for _ in range(24):
        await system.advance(3600)
        await system.settle()
    assert await _events(system, state="pending") == []
    assert await _events(system, state="dead") == []
    assert sum(one["responseResults"]["added"] for one in product.of_type("sync")) == 24
    _, cursor = await records(system, connection)
    assert cursor in {one["cursor"] for one in product.of_type("sync")}


async def test_postroom_killed_in_the_middle_of_a_delivery_delivers_after_its_restart(
    system: LocalSystem, product: Product
) -> None:
    connection = await connected(system)
    await backfilled(system, connection)
    await system.settle()
    await _register(system, product)
    product.hold = asyncio.Event()
    await _deliver_mail(system)
    await asyncio.wait_for(product.reached.wait(), 20)
    await system.kill()
    product.hold.set()
    before = len(product.requests)
    await system.restart()
    await system.advance(180)
    await system.settle()
    assert len(product.requests) == before + 1
    first, last = product.events[0], product.events[-1]
    assert first == last
    assert await _events(system, state="pending") == []


async def test_an_endpoint_that_answers_410_is_disabled_and_can_be_enabled(
    capsys: pytest.CaptureFixture[str], system: LocalSystem, product: Product
) -> None:
    endpoint = await _register(system, product)
    product.answer = b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n"
    await connected(system)
    await system.settle()
    path = f"/webhook-endpoints/{endpoint['id']}"
    found = (await system.client.get(path)).json()
    assert (found["enabled"], found["disabled_reason"]) == (False, "gone")
    dead = await _events(system, state="dead")
    assert dead
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines() if GIVEN_UP in line]
    assert sorted(one["event"] for one in told) == sorted(one["id"] for one in dead)
    product.answer = OK
    product.requests.clear()
    assert (await system.client.patch(path, json={"enabled": True})).json()["enabled"] is True
    since = {"since": dead[-1]["created_at"]}
    answer = await system.client.post("/events/redeliver", json=since)
    assert answer.json() == {"redelivered": len(dead), "has_more": False}
    await system.settle()
    assert len(product.events) == len(dead)
    assert await _events(system, state="dead") == []
