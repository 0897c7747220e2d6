"""The main job with nothing but HTTP: connect, back-fill, live mail, send, find it elsewhere."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser

from infra.local.loopback import loopback_client
from infra.local.system import LocalSystem
from tests.harness.whole import whole_system

ADA = "ada@acme.example"
BOB = "bob@acme.example"
SEEDED = 120


@pytest.fixture
async def system(tmp_path: Path) -> AsyncIterator[LocalSystem]:
    async with whole_system(tmp_path, {ADA: SEEDED, BOB: 0}) as started:
        yield started


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


async def test_connect_backfill_live_mail_and_send(system: LocalSystem) -> None:
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
    await system.settle()
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

    await system.settle()
    news, _ = await records(system, connection_id, cursor)
    assert sent.json()["id"] in {record["id"] for record in news}
    found, _ = await records(system, connection_id)
    assert live(found) == await truth(system, ADA)


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
