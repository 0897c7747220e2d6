"""Agents of a mailbox: API keys under a policy, and the person who decides about their calls."""

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import Any

import httpx

from shared.domain.events.event import EventType
from shared.domain.operation import OperationType
from shared.ports.events import Operations, Outbox
from tests.harness.acting import ActionHarness
from tests.harness.samples import a_key

BOB, EVE = "bob@acme.example", "eve@far.example"
HELLO = {"to": BOB, "subject": "Hello", "body": "It works."}
ACME = {"allowed_domains": ["acme.example"]}


@dataclass
class Agent:
    """Calls the API with a key of its own."""

    harness: ActionHarness
    token: str

    async def call(
        self, method: str, path: str, body: Any = None, key: str | None = None, **headers: str
    ) -> httpx.Response:
        named = {"Authorization": f"Bearer {self.token}", **headers}
        if key is not None:
            named["Idempotency-Key"] = key
        return await self.harness.api.request(method, path, json=body, headers=named)

    async def run(
        self, action: str, asked: Any = None, key: str | None = None, **headers: str
    ) -> httpx.Response:
        """Trigger an action."""
        body = {"action_name": action, "input": asked or {}}
        return await self.call("POST", "/action/trigger", body, key, **headers)

    async def rule(self, action: str, asked: Any = None, key: str | None = None) -> str:
        """Trigger an action that the policy refuses; answer by which rule."""
        return rule_of(await self.run(action, asked, key))


def rule_of(answer: httpx.Response) -> str:
    assert answer.status_code == 403, answer.text
    error = answer.json()["error"]
    assert error["code"] == "policy_refused"
    return str(error["payload"]["rule"])


async def agent(harness: ActionHarness, *permissions: str, **policy: Any) -> Agent:
    """Make a key with every permission under this policy, as an agent would be given it."""
    return Agent(harness, await a_key(harness.container, *(permissions or ("*",)), policy=policy))


async def person(harness: ActionHarness) -> Agent:
    """Make the key of a person's tool, which may decide."""
    return Agent(harness, await a_key(harness.container, "approvals"))


async def asked_for(caller: Agent, action: str, asked: Any, key: str | None = "k") -> str:
    """Make a call that waits; answer the approval's id."""
    answer = await caller.run(action, asked, key)
    assert answer.status_code == 202, answer.text
    assert answer.json()["status"] == "waiting_for_approval"
    return str(answer.json()["approval_id"])


async def shown(who: Agent, id: str) -> dict[str, Any]:
    """Look at a call that waits."""
    answer = await who.call("GET", f"/approvals/{id}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def decide(who: Agent, id: str, word: str, body: Any = None) -> dict[str, Any]:
    """Approve or reject a call that waits."""
    answer = await who.call("POST", f"/approvals/{id}/{word}", body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def raw(head: str) -> str:
    return urlsafe_b64encode(f"{head}\r\n\r\nx".encode()).decode()


def sent(harness: ActionHarness) -> list[dict[str, Any]]:
    """Return the messages that left the mailbox."""
    return [
        one
        for one in harness.google.store.messages("ada@acme.example")
        if "SENT" in one["labelIds"]
    ]


async def trail(harness: ActionHarness) -> list[dict[str, Any]]:
    """Return what the operations log tells of actions, oldest first."""
    found = await harness.container.use(Operations).list(
        connection_id=None, type=OperationType.ACTION, state=None, limit=100
    )
    return [{"name": one.name, "error": one.error, **one.detail} for one in reversed(found)]


async def told(harness: ActionHarness) -> list[str]:
    """Return the operations that approval events tell of, oldest first."""
    found = await harness.container.use(Outbox).list(state=None, connection_id=None, limit=100)
    payloads = [one.payload for one in found if one.type is EventType.APPROVAL]
    return [str(payload["operation"]) for payload in reversed(payloads)]
