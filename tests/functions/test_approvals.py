"""A person decides about an agent's calls, in the whole system over HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from shared.domain.keys.approval import WAITS
from tests.harness.connected import BOB, ConnectedSystem, connected_system

HELLO = {"to": BOB, "subject": "Hello", "body": "Hi Bob."}


@pytest.fixture
async def product(tmp_path: Path) -> AsyncIterator[ConnectedSystem]:
    async with connected_system(tmp_path) as product:
        yield product


async def send(product: ConnectedSystem, agent: dict[str, str], key: str) -> httpx.Response:
    headers = {**agent, "Idempotency-Key": key}
    return await product.system.client.post("/send", json=HELLO, headers=headers, timeout=120)


async def test_an_agents_send_waits_for_a_person_and_leaves_once(product: ConnectedSystem) -> None:
    agent = await product.key("send", policy={"approval_required": ["send"]})
    person = await product.key("approvals")
    waiting = await send(product, agent, "k")
    assert (waiting.status_code, waiting.json()["status"]) == (202, "waiting_for_approval")
    client = product.system.client
    listed = (await client.get("/approvals?state=pending", headers=person)).json()["approvals"]
    assert [one["id"] for one in listed] == [waiting.json()["approval_id"]]
    path = f"/approvals/{listed[0]['id']}"
    shown = (await client.get(path, headers=person)).json()
    assert (shown["preview"]["to"], shown["preview"]["subject"]) == ([BOB], "Hello")
    assert len(product.received()) == 0
    done = await client.post(f"{path}/approve", headers=person, timeout=120)
    assert done.json()["output"]["status"] == "submitted"
    assert (await send(product, agent, "k")).json() == done.json()["output"]
    assert len(product.received()) == 1
    told = (await client.get("/events?limit=1000")).json()["events"]
    mine = [one["payload"]["operation"] for one in told if one["type"] == "approval"]
    assert sorted(mine) == ["approved", "finished", "requested"]


async def test_nobody_has_to_look_for_a_request_to_end(product: ConnectedSystem) -> None:
    """Reconcile finds it when its time has come."""
    agent = await product.key("send", policy={"approval_required": True})
    person = await product.key("approvals")
    id = (await send(product, agent, "k")).json()["approval_id"]
    await product.system.advance(WAITS.total_seconds() + 60)
    await product.system.settle()
    shown = (await product.system.client.get(f"/approvals/{id}", headers=person)).json()
    assert shown["state"] == "expired"
    assert len(product.received()) == 0
