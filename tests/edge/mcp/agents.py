"""Agents of a mailbox: the official Python client, and bare HTTP, over real sockets."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import httpx
import httpx2
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client

from infra.local.connecting import connect
from infra.local.environment import API_KEY
from infra.local.loopback import TRUSTS_NO_CERTIFICATE, loopback_client
from infra.local.system import LocalSystem
from shared.actions.loading import actions
from shared.domain.connect.scopes import DEFAULT, implied_scopes
from shared.domain.ids import ConnectionId
from shared.usecases.keys.api_keys import CreateApiKey, KeyRequest
from tests.harness.whole import whole_system

TOOLS = {
    name
    for name, action in actions().items()
    if action.for_agents and not action.agents_need and implied_scopes(DEFAULT) & {*action.scopes}
}
"""What a mailbox of the default grant offers."""
ADA = "ada@acme.example"
BOB = "bob@acme.example"
MODERN = "2026-07-28"
LEGACY = "2025-11-25"
Era = Literal["legacy", "2026-07-28"]
ERAS: tuple[Era, ...] = ("legacy", "2026-07-28")
MAIL = "From: Eve <eve@far.example>\r\nTo: {to}\r\nSubject: {subject}\r\n\r\n{body}\r\n"


@dataclass
class AgentHarness:
    """A running system with two mailboxes, of which each test connects what it needs."""

    system: LocalSystem
    connections: dict[str, str] = field(default_factory=dict)

    async def connection(self, email: str = ADA) -> str:
        """Return the connection of this mailbox, connected when first asked for."""
        if email not in self.connections:
            found = await connect(self.system.client, self.system.google, email)
            await self.system.settle()
            self.connections[email] = found
        return self.connections[email]

    async def key(self, *permissions: str, email: str = ADA, **policy: Any) -> str:
        """Return a key for one mailbox with these permissions and this policy."""
        mine = frozenset({ConnectionId(await self.connection(email))})
        request = KeyRequest("an agent's", frozenset(permissions), mine, policy=policy)
        return (await self.system.container.use(CreateApiKey)(request)).token

    async def headers(self, key: str = API_KEY, email: str = ADA) -> dict[str, str]:
        """Return the three headers that `claude mcp add --transport http` is given."""
        return {
            "Authorization": f"Bearer {key}",
            "connection-id": await self.connection(email),
            "provider-config-key": "google-mail",
        }

    @asynccontextmanager
    async def agent(
        self,
        era: Era = "2026-07-28",
        key: str = API_KEY,
        email: str = ADA,
        chosen: str = "all",
    ) -> AsyncIterator[Client]:
        """Yield the official client, connected with the three headers."""
        headers = await self.headers(key, email)
        async with httpx2.AsyncClient(
            headers=headers, timeout=60, verify=TRUSTS_NO_CERTIFICATE
        ) as http:
            transport = streamable_http_client(
                f"{self.system.url}/mcp?tools={chosen}", http_client=http
            )
            async with Client(transport, mode=era) as client:
                yield client

    async def post(
        self, message: Any, headers: Mapping[str, str] | None = None, **changes: str | None
    ) -> httpx.Response:
        """POST one message with the three headers, changed or left out (None) by name."""
        sent = {**(await self.headers()), "Accept": "application/json, text/event-stream"}
        sent |= headers or {}
        named = {name.replace("_", "-"): value for name, value in changes.items()}
        kept = {k: v for k, v in {**sent, **named}.items() if v is not None}
        async with loopback_client(base_url=self.system.url, timeout=60) as client:
            return await client.post("/mcp", json=message, headers=kept)

    async def deliver(self, subject: str, body: str, to: str = ADA) -> str:
        """Deliver a mail; answer its id."""
        mail = MAIL.format(to=to, subject=subject, body=body)
        path = f"/_control/mailboxes/{to}/messages"
        answer = await self.system.google.post(path, content=mail.encode())
        return str(answer.json()["id"])

    async def arrived(self, email: str = BOB) -> int:
        """Return how many messages lie in a mailbox, by the oracle."""
        answer = await self.system.google.get(f"/_control/mailboxes/{email}/messages")
        return len(answer.json()["messages"])


@asynccontextmanager
async def agent_harness(
    folder: Path, environ: Mapping[str, str] | None = None
) -> AsyncIterator[AgentHarness]:
    """Run a system with its files in `folder` for the block's length."""
    async with whole_system(folder, {ADA: 0, BOB: 0}, environ) as started:
        yield AgentHarness(started)


def modern(method: str, id: int = 1, **params: Any) -> dict[str, Any]:
    """Return a request of the stateless era."""
    meta = {
        "io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
    }
    return {"jsonrpc": "2.0", "id": id, "method": method, "params": {**params, "_meta": meta}}


def modern_headers(method: str, name: str | None = None) -> dict[str, str]:
    """Return the headers that era requires of a request."""
    found = {"MCP-Protocol-Version": MODERN, "Mcp-Method": method}
    return found | ({"Mcp-Name": name} if name else {})


def legacy(method: str, id: int = 1, **params: Any) -> dict[str, Any]:
    """Return a request of the era with a handshake."""
    return {"jsonrpc": "2.0", "id": id, "method": method, "params": params}


def initialize(version: str = LEGACY) -> dict[str, Any]:
    """Return the handshake's first message."""
    info = {"name": "test", "version": "1"}
    return legacy("initialize", protocolVersion=version, capabilities={}, clientInfo=info)
