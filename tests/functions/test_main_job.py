"""The main job with nothing but HTTP: connect, back-fill, live mail, send, find it elsewhere.

On the laptop's store and push, and on what is deployed: Firestore and Pub/Sub, by their official
emulators.
"""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser

from infra.local.emulators import HOST_VARIABLE
from infra.local.environment import OPERATOR_KEY, TOPIC, WEBHOOK_SECRET
from infra.local.loopback import loopback_client
from infra.local.pubsub import (
    EVENTS_SUBSCRIPTION,
    EVENTS_TOPIC,
    SUBSCRIPTIONS,
    create_topics,
)
from infra.local.system import LocalSystem
from tests.adapters.listener import Listener, listening
from tests.harness.whole import whole_system

ADA = "ada@acme.example"
BOB = "bob@acme.example"
SEEDED = 120


@pytest.fixture
async def system(tmp_path: Path) -> AsyncIterator[LocalSystem]:
    async with whole_system(tmp_path, {ADA: SEEDED, BOB: 0}) as started:
        yield started


@pytest.fixture(params=["laptop", pytest.param("deployed", marks=pytest.mark.emulators)])
async def either(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[LocalSystem]:
    """Return a system on the laptop's adapters, or on those that are deployed."""
    mailboxes = {ADA: SEEDED, BOB: 0}
    if request.param == "laptop":
        async with whole_system(tmp_path, mailboxes) as started:
            yield started
        return
    hosts = {name: request.getfixturevalue(f"{name}_emulator") for name in HOST_VARIABLE}
    variables = {HOST_VARIABLE[name]: host for name, host in hosts.items()}
    for name, host in variables.items():
        monkeypatch.setenv(name, host)
    environ = {
        **variables,
        "POSTROOM_STORE": f"firestore:demo-{uuid4().hex[:12]}/(default)",
        "POSTROOM_EVENT_SINKS": f"pubsub:{EVENTS_TOPIC}",
    }
    async with (
        whole_system(tmp_path, mailboxes, environ, pubsub_emulator=hosts["pubsub"]) as started,
        topics(hosts["pubsub"], started.url),
    ):
        yield started


@asynccontextmanager
async def topics(host: str, postroom: str) -> AsyncIterator[None]:
    """Create the topics, and take them away again: the emulator is the whole session's."""
    async with loopback_client() as client:
        await create_topics(client, host, postroom)
        yield
        for name in (f"{SUBSCRIPTIONS}/gmail-push", EVENTS_SUBSCRIPTION, TOPIC, EVENTS_TOPIC):
            await client.delete(f"http://{host}/v1/{name}")


async def settle(system: LocalSystem) -> None:
    """Settle, also what is on its way through Pub/Sub's emulator."""
    await system.settle()
    if HOST_VARIABLE["pubsub"] in system.environ:
        relay, counts = system.postroom.relay, system.emulated.pushes.counts
        async with asyncio.timeout(30):
            while relay.acknowledged < counts["acknowledged"]:  # noqa: ASYNC110 - counted elsewhere
                await asyncio.sleep(0.01)
        assert relay.acknowledged
        await system.settle()


async def connect(system: LocalSystem, **consent: Any) -> httpx.Response:
    """Follow a connect link as a browser without JavaScript would; answer the last page."""
    body = {
        "tags": {"end_user_id": "user-1", "end_user_email": ADA},
        "allowed_integrations": ["google-mail"],
    }
    session = await system.client.post("/connect/sessions", json=body)
    assert session.status_code == 201, session.text
    answer = {"email": ADA, "decision": "approve", **consent}
    await system.control("/consent", answer)
    async with loopback_client(follow_redirects=True) as browser:
        page = await browser.get(session.json()["data"]["connect_link"])
        step = LexborHTMLParser(page.text).css_first("a#continue")
        assert step is not None, page.text
        return await browser.get(page.url.join(step.attributes["href"] or ""))


async def connected(system: LocalSystem) -> str:
    await connect(system)
    found = (await system.client.get("/connections")).json()["connections"]
    assert len(found) == 1, found
    return str(found[0]["connection_id"])


async def backfilled(system: LocalSystem, connection_id: str) -> dict[str, Any]:
    """Poll the sync status until the backfill is done."""
    query = {
        "provider_config_key": "google-mail",
        "syncs": "*",
        "connection_id": connection_id,
    }
    async with asyncio.timeout(60):
        while True:
            await system.settle()
            answer = await system.client.get("/sync/status", params=query)
            (sync,) = answer.json()["syncs"]
            if sync["status"] == "SUCCESS":
                return dict(sync)


async def records(
    system: LocalSystem, connection_id: str, cursor: str | None = None
) -> tuple[list[dict[str, Any]], str | None]:
    """Page through the records after `cursor`; answer them and the newest cursor."""
    headers = {"Connection-Id": connection_id, "Provider-Config-Key": "google-mail"}
    found: list[dict[str, Any]] = []
    while True:
        query = {"model": "EmailMessage", "limit": "50", **({"cursor": cursor} if cursor else {})}
        answer = await system.client.get("/records", params=query, headers=headers)
        assert answer.status_code == 200, answer.text
        found += answer.json()["records"]
        if found:
            cursor = found[-1]["_nango_metadata"]["cursor"]
        if answer.json()["next_cursor"] is None:
            return found, cursor


async def truth(system: LocalSystem, email: str) -> dict[str, set[str]]:
    answer = await system.google.get(f"/_control/mailboxes/{email}/messages")
    return {message["id"]: set(message["labelIds"]) for message in answer.json()["messages"]}


def live(found: list[dict[str, Any]]) -> dict[str, set[str]]:
    return {
        record["id"]: set(record["labelIds"])
        for record in found
        if record["_nango_metadata"]["deleted_at"] is None
    }


async def test_connect_backfill_live_mail_and_send(either: LocalSystem) -> None:
    system = either
    connection_id = await connected(system)
    status = await backfilled(system, connection_id)
    assert status["recordCount"]["EmailMessage"] == SEEDED

    found, cursor = await records(system, connection_id)
    assert live(found) == await truth(system, ADA)

    mail = (
        b"From: Eve <eve@far.example>\r\nTo: ada@acme.example\r\nSubject: Knock\r\n\r\nHello.\r\n"
    )
    delivered = (
        await system.google.post(f"/_control/mailboxes/{ADA}/messages", content=mail)
    ).json()
    await settle(system)
    news, cursor = await records(system, connection_id, cursor)
    assert [record["id"] for record in news] == [delivered["id"]]
    assert news[0]["subject"] == "Knock"
    assert news[0]["text"].strip() == "Hello."

    sent = await system.client.post(
        "/action/trigger",
        json={
            "action_name": "send-email",
            "input": {"to": BOB, "subject": "Bonjour, Zoë", "body": "From the product."},
        },
        headers={
            "Connection-Id": connection_id,
            "Provider-Config-Key": "google-mail",
            "Idempotency-Key": "order-17",
        },
    )
    assert sent.status_code == 200, sent.text
    assert sent.json()["status"] == "submitted"
    assert len(await truth(system, BOB)) == 1

    await settle(system)
    news, _ = await records(system, connection_id, cursor)
    assert sent.json()["id"] in {record["id"] for record in news}
    found, _ = await records(system, connection_id)
    assert live(found) == await truth(system, ADA)


async def test_the_product_is_told_by_webhook_and_by_every_sink(either: LocalSystem) -> None:
    """A webhook on both; Pub/Sub where it is deployed."""
    product = Listener()
    async with listening(product):
        body = {"url": f"http://127.0.0.1:{product.port}/hooks", "secret": WEBHOOK_SECRET}
        made = await either.client.post("/webhook-endpoints", json=body)
        assert made.status_code == 201, made.text
        connection_id = await connected(either)
        await backfilled(either, connection_id)
        await settle(either)
    told = [json.loads(one.split(b"\r\n\r\n", 1)[1]) for one in product.requests]
    assert {one["type"] for one in told} >= {"auth", "sync"}
    assert {one["connectionId"] for one in told} == {connection_id}
    if (host := either.environ.get(HOST_VARIABLE["pubsub"])) is None:
        return
    async with loopback_client() as client:
        address = f"http://{host}/v1/{EVENTS_SUBSCRIPTION}:pull"
        pulled = (await client.post(address, json={"maxMessages": 20})).json()
    data = [one["message"]["data"] for one in pulled["receivedMessages"]]
    assert {json.loads(base64.b64decode(one))["type"] for one in data} >= {"auth", "sync"}


async def test_the_same_idempotency_key_sends_once(system: LocalSystem) -> None:
    connection_id = await connected(system)
    headers = {"Connection-Id": connection_id, "Idempotency-Key": "k1"}
    body = {"to": BOB, "subject": "Once", "body": "Only."}
    first = await system.client.post("/send", json=body, headers=headers)
    again = await system.client.post("/send", json=body, headers=headers)
    other = await system.client.post("/send", json={**body, "body": "No"}, headers=headers)
    assert first.json() == again.json()
    assert again.headers["Idempotent-Response"] == "true"
    assert (other.status_code, other.json()["error"]["code"]) == (409, "idempotency_conflict")
    assert len(await truth(system, BOB)) == 1


async def test_a_message_is_explained_by_id_by_message_id_and_by_words(
    system: LocalSystem,
) -> None:
    """The console's page and the API take the same, and mean the same message."""
    connection_id = await connected(system)
    await backfilled(system, connection_id)
    head = b"Message-ID: <knock@far.example>\r\nFrom: eve@far.example\r\nTo: ada@acme.example\r\n"
    mail = head + b"Subject: Zanzibar\r\n\r\nHello.\r\n"
    posted = await system.google.post(f"/_control/mailboxes/{ADA}/messages", content=mail)
    await system.settle()
    id, tenant = posted.json()["id"], {"Connection-Id": connection_id}
    same = {"Origin": system.url}
    async with loopback_client(base_url=system.url, follow_redirects=True) as operator:
        await operator.post("/console/sign-in", data={"key": OPERATOR_KEY}, headers=same)
        for said in (id, "<knock@far.example>", "knock@far.example", "subject:zanzibar"):
            answer = await system.client.get("/explain", params={"message": said}, headers=tenant)
            assert (answer.json()["message_id"], answer.json()["verdict"]) == (id, "stored")
            address = f"/console/connections/{connection_id}/explain"
            page = await operator.get(address, params={"message": said})
            assert f'data-message="{id}"' in page.text
    nothing = await system.client.get("/explain", headers=tenant)
    assert nothing.status_code == 400
    body = {"name": "status", "permissions": ["syncs:read"]}
    made = (await system.client.post("/api-keys", json=body)).json()
    narrow = {**tenant, "Authorization": f"Bearer {made['key']}"}
    for said, status in ((id, 200), ("subject:zanzibar", 403)):
        answer = await system.client.get("/explain", params={"message": said}, headers=narrow)
        assert answer.status_code == status
