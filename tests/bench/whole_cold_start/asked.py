"""The first request of each function: one that reads the store and, where it can, calls Google."""

import base64
import json
import time
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import httpx

from infra.local.connecting import connect
from infra.local.environment import (
    API_KEY,
    OPERATOR_KEY,
    PUSH_ACCOUNT,
    SCHEDULER_ACCOUNT,
    TASKS_ACCOUNT,
)
from infra.local.id_tokens import IdTokens
from infra.local.system import LocalSystem
from shared.domain.events.event import EventState
from shared.ports.events import Outbox

EMAIL = "ada@acme.example"
MAIL = b"From: bo@example.org\r\nTo: ada@acme.example\r\nSubject: Tea\r\n\r\nAt four?"


async def connected(system: LocalSystem) -> str:
    await system.control("/mailboxes", {"email": EMAIL, "messages": 3})
    connection = await connect(system.client, system.google, EMAIL)
    await system.settle()
    endpoint = {"url": f"{system.url}/health"}
    assert (await system.client.post("/webhook-endpoints", json=endpoint)).is_success
    return connection


class Asked:
    """The first request of each function: one that reads the store and calls Google."""

    def __init__(self, system: LocalSystem, connection: str) -> None:
        self.system, self.connection = system, connection

    async def request(self, name: str) -> Mapping[str, Any] | None:
        """Return it anew, None for the reference, which is no function."""
        if name == "reference":
            return None
        made: dict[str, Any] = await getattr(self, f"_{name}")()
        return {
            "method": "POST",
            "body": "{}",
            "headers": {},
            "ahead_s": self.system.clock.now().timestamp() - time.time(),
            "queue": str(self.system.directory / f"{uuid4().hex}.sqlite"),
            **made,
        }

    async def _gmail_push(self) -> dict[str, Any]:
        told = {"emailAddress": EMAIL, "historyId": int(await self._deliver())}
        data = base64.b64encode(json.dumps(told).encode()).decode()
        message = {"message": {"data": data, "messageId": uuid4().hex}, "subscription": "s"}
        audience = self.system.environ["POSTROOM_PUSH_AUDIENCE"]
        return {
            "path": "/push/gmail",
            "body": json.dumps(message),
            "headers": await self._signed(PUSH_ACCOUNT, audience),
        }

    async def _deliver_event(self) -> dict[str, Any]:
        outbox = self.system.container.use(Outbox)
        (event, *_) = await outbox.list(state=EventState.PENDING, connection_id=None, limit=1)
        return await self._task("/tasks/deliver", {"event_id": event.id})

    async def _sync_mailbox(self) -> dict[str, Any]:
        await self._deliver()
        body = {"provider_config_key": "google-mail", "connection_id": self.connection}
        state = await self.system.client.post("/sync/trigger", json={**body, "syncs": []})
        assert state.is_success, state.text
        return await self._task("/tasks/sync", {"connection_id": self.connection})

    async def _send(self) -> dict[str, Any]:
        message = {"to": "bo@example.org", "subject": "Tea", "body": "At four."}
        headers = {**self._tenant(), "Idempotency-Key": uuid4().hex}
        return {"path": "/send", "body": json.dumps(message), "headers": headers}

    async def _api(self) -> dict[str, Any]:
        body = {"action_name": "get-profile", "input": {}}
        return {
            "path": "/action/trigger",
            "body": json.dumps(body),
            "headers": self._tenant(),
        }

    async def _console(self) -> dict[str, Any]:
        origin = {"Origin": self.system.url}
        async with httpx.AsyncClient(base_url=self.system.url, headers=origin) as browser:
            await browser.post("/console/sign-in", data={"key": OPERATOR_KEY})
            cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        return {"method": "GET", "path": "/console/connections", "headers": {"Cookie": cookie}}

    async def _renew_watches(self) -> dict[str, Any]:
        audience = self.system.environ["POSTROOM_TASKS_AUDIENCE"]
        return {
            "path": "/jobs/renew-watches",
            "headers": await self._signed(SCHEDULER_ACCOUNT, audience),
        }

    async def _deliver(self) -> str:
        """Deliver a mail that no push announces, and return its history ID."""
        await self.system.control("/faults", {"fault": "push_drop", "times": 1})
        path = f"/_control/mailboxes/{EMAIL}/messages"
        answer = await self.system.google.post(path, content=MAIL)
        return str(answer.json()["historyId"])

    async def _task(self, path: str, body: Mapping[str, str]) -> dict[str, Any]:
        audience = self.system.environ["POSTROOM_TASKS_AUDIENCE"]
        headers = await self._signed(TASKS_ACCOUNT, audience)
        headers["X-CloudTasks-QueueName"] = "live"
        return {"path": path, "body": json.dumps(body), "headers": headers}

    async def _signed(self, account: str, audience: str) -> dict[str, str]:
        async with httpx.AsyncClient() as client:
            google = self.system.environ["POSTROOM_GOOGLE_URL"]
            token = await IdTokens(client, google, self.system.clock)(
                service_account=account, audience=audience
            )
        return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def _tenant(self) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {API_KEY}",
            "Content-Type": "application/json",
            "Connection-Id": self.connection,
            "Provider-Config-Key": "google-mail",
        }
