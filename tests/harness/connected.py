"""A whole system with one connected mailbox, as the product's backend calls it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from infra.local.connecting import connect
from infra.local.system import LocalSystem
from shared.ports.events import Outbox
from tests.harness.whole import whole_system

ADA, BOB = "ada@acme.example", "bob@acme.example"


@dataclass
class ConnectedSystem:
    """Ada's mailbox is connected; Bob's receives."""

    system: LocalSystem
    connection_id: str

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers that name the connection."""
        return {"Connection-Id": self.connection_id, "Provider-Config-Key": "google-mail"}

    async def post(self, path: str, body: Any, key: str | None = None) -> httpx.Response:
        """POST as the product, under an idempotency key."""
        headers = {**self.headers, **({"Idempotency-Key": key} if key else {})}
        return await self.system.client.post(path, json=body, headers=headers, timeout=120)

    async def get(self, path: str, **query: Any) -> Any:
        """Return the body of a GET that must succeed."""
        answer = await self.system.client.get(path, headers=self.headers, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def delete(self, path: str) -> httpx.Response:
        return await self.system.client.delete(path, headers=self.headers)

    async def key(self, *permissions: str, **more: Any) -> dict[str, str]:
        """Make an API key over the API; return the headers of a call with it."""
        body = {"name": "made", "permissions": permissions, **more}
        made = await self.system.client.post("/api-keys", json=body)
        assert made.status_code == 201, made.text
        return {"Authorization": f"Bearer {made.json()['key']}", **self.headers}

    def received(self, email: str = BOB) -> list[str]:
        """Return the ids of the messages that lie in a mailbox at the emulated Google."""
        return [message["id"] for message in self.system.emulated.store.messages(email)]

    async def events(self, type: str) -> list[dict[str, Any]]:
        """Return what the outbox holds of one type."""
        outbox = self.system.container.use(Outbox)
        found = await outbox.list(state=None, connection_id=None, limit=2_000)
        return [dict(one.payload) for one in found if one.type == type]

    async def gmail_calls(self) -> dict[str, int]:
        """Return how often each Gmail method was called."""
        stats = (await self.system.google.get("/_control/stats")).json()
        return {name: tally["calls"] for name, tally in stats["methods"].items()}


@asynccontextmanager
async def connected_system(
    folder: Path,
    mailboxes: Mapping[str, int] | None = None,
    environ: Mapping[str, str] | None = None,
    **google: Any,
) -> AsyncIterator[ConnectedSystem]:
    """Run a system and connect its first mailbox; the arguments are those of `whole_system`."""
    mailboxes = mailboxes or {ADA: 0, BOB: 0}
    async with whole_system(folder, mailboxes, environ, **google) as system:
        connection = await connect(system.client, system.google, next(iter(mailboxes)))
        yield ConnectedSystem(system, connection)
