"""A person decides about an agent's calls, in the whole system over HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from infra.local.connecting import connect
from infra.local.system import LocalSystem
from shared.domain.keys.approval import WAITS
from tests.harness.whole import whole_system

ADA, BOB = "ada@acme.example", "bob@acme.example"
HELLO = {"to": BOB, "subject": "Hello", "body": "Hi Bob."}


class Desk:
    """An agent that works on Ada's mailbox, and a person who looks after it."""

    def __init__(self, system: LocalSystem, connection_id: str) -> None:
        self.system = system
        self.connection_id = connection_id

    async def key(self, permission: str, **more: Any) -> dict[str, str]:
        """Make a key over the API; answer its headers."""
        body = {"name": permission, "permissions": [permission], **more}
        made = await self.system.client.post("/api-keys", json=body)
        assert made.status_code == 201, made.text
        return {
            "Authorization": f"Bearer {made.json()['key']}",
            "Connection-Id": self.connection_id,
        }

    async def send(self, agent: dict[str, str], key: str) -> httpx.Response:
        headers = {**agent, "Idempotency-Key": key}
        return await self.system.client.post("/send", json=HELLO, headers=headers, timeout=120)

    def received(self) -> int:
        return len(self.system.emulated.store.messages(BOB))


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with whole_system(tmp_path, {ADA: 0, BOB: 0}) as system:
        yield Desk(system, await connect(system.client, system.google, ADA))


async def test_an_agents_send_waits_for_a_person_and_leaves_once(desk: Desk) -> None:
    agent = await desk.key("send", policy={"approval_required": ["send"]})
    person = await desk.key("approvals")
    waiting = await desk.send(agent, "k")
    assert (waiting.status_code, waiting.json()["status"]) == (202, "waiting_for_approval")
    client = desk.system.client
    listed = (await client.get("/approvals?state=pending", headers=person)).json()["approvals"]
    assert [one["id"] for one in listed] == [waiting.json()["approval_id"]]
    path = f"/approvals/{listed[0]['id']}"
    shown = (await client.get(path, headers=person)).json()
    assert (shown["preview"]["to"], shown["preview"]["subject"]) == ([BOB], "Hello")
    assert desk.received() == 0
    done = await client.post(f"{path}/approve", headers=person, timeout=120)
    assert done.json()["output"]["status"] == "submitted"
    assert (await desk.send(agent, "k")).json() == done.json()["output"]
    assert desk.received() == 1
    told = (await client.get("/events?limit=1000")).json()["events"]
    mine = [one["payload"]["operation"] for one in told if one["type"] == "approval"]
    assert sorted(mine) == ["approved", "finished", "requested"]


async def test_nobody_has_to_look_for_a_request_to_end(desk: Desk) -> None:
    """Reconcile finds it when its time has come."""
    agent = await desk.key("send", policy={"approval_required": True})
    person = await desk.key("approvals")
    id = (await desk.send(agent, "k")).json()["approval_id"]
    await desk.system.advance(WAITS.total_seconds() + 60)
    await desk.system.settle()
    shown = (await desk.system.client.get(f"/approvals/{id}", headers=person)).json()
    assert shown["state"] == "expired"
    assert desk.received() == 0
