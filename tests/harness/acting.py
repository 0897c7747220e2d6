"""A connected mailbox to act on: the real API and container, SQLite, the emulated Google."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from shared.adapters.keys.local import create_keyring
from shared.domain.connect.grant import Grant
from shared.domain.connect.scopes import MODIFY
from shared.domain.sync.mailbox import Mailbox
from shared.domain.sync.state import SyncState
from shared.edge.composition.container import AutowiredContainer
from shared.edge.settings.deployment import settings_from
from shared.edge.table import whole_table
from shared.edge.web.app import build_app
from shared.ports.clock import Clock
from shared.ports.connections import Connections, Grants, Mailboxes
from shared.ports.google.oauth import Sealer
from shared.ports.outside import OutsideHttp
from shared.ports.sync_store import SyncStates
from shared.usecases.connect.tokens.access_tokens import AccessTokens
from tests.harness.clock import HurriedClock
from tests.harness.google import EMAIL, Harness, IssuedTokens, emulated_google
from tests.harness.outside import Host
from tests.harness.samples import (
    API_KEY,
    CONNECTION,
    a_connection,
    environ,
    environ_in_memory,
    tenant,
)


@dataclass
class ActionHarness(Harness):
    """One mailbox, and the API over it."""

    container: AutowiredContainer
    api: httpx.AsyncClient

    async def run(self, action: str, asked: Any = None, **headers: str) -> httpx.Response:
        """Trigger an action."""
        return await self.api.post(
            "/action/trigger",
            json={"action_name": action, "input": {} if asked is None else asked},
            headers=headers,
        )

    async def ran(self, action: str, asked: Any = None, **headers: str) -> Any:
        """Trigger an action that must succeed; return its output."""
        answer = await self.run(action, asked, **headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def host(self, answer: Any, status: int = 200) -> Host:
        """Have other hosts answer this; return what they are asked."""
        host = Host(answer, status)
        self.container.bind(OutsideHttp, host)
        return host

    async def refused(self, action: str, asked: Any = None) -> tuple[int, Any]:
        """Trigger an action that must not; return the status and the error."""
        answer = await self.run(action, asked)
        return answer.status_code, answer.json()["error"]


@asynccontextmanager
async def action_harness(
    folder: Path, scopes: Sequence[str] = (MODIFY,), *, on_disk: bool = False
) -> AsyncIterator[ActionHarness]:
    """Connect a mailbox with these scopes."""
    create_keyring(folder / "keyring.json")
    settings = environ(folder) if on_disk else environ_in_memory(folder)
    container, clock = AutowiredContainer(settings_from(settings)), HurriedClock()
    with emulated_google(EMAIL) as (google, transport):
        container.bind(Clock, clock)
        container.bind(AccessTokens, IssuedTokens(google, scopes))
        container.bind(httpx.AsyncClient, httpx.AsyncClient(transport=transport))
        await connect(container, scopes)
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(build_app("api", whole_table(), container)),
            base_url="http://127.0.0.1:8080",
            headers={"Authorization": f"Bearer {API_KEY}", **tenant()},
        ) as api:
            yield ActionHarness(google, clock, container, api)
        await container.close()


async def connect(container: AutowiredContainer, scopes: Sequence[str]) -> None:
    """Store what a finished connect flow leaves."""
    granted = frozenset({"openid", "email", *scopes})
    connection = a_connection(email=EMAIL, scopes=granted)
    await container.use(Connections).create(connection)
    await container.use(Mailboxes).create(Mailbox(connection.mailbox_id, frozenset({CONNECTION})))
    await container.use(Grants).create(
        Grant(
            connection_id=CONNECTION,
            refresh_token=b"",
            access_token=b"",
            access_expires_at=container.use(Clock).now(),
            scopes=granted,
            data_key=await container.use(Sealer).new_data_key(CONNECTION),
        )
    )
    await container.use(SyncStates).create(SyncState(CONNECTION))
