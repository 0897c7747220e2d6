"""A connected mailbox to act on: the real API and container, SQLite, the emulated Google."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx

from infra.local.google.app import create_app
from infra.local.google.parts import Google
from infra.local.google.settings import GoogleSettings
from shared.adapters.keys.local import create_keyring
from shared.adapters.system_clock import AdjustableClock
from shared.domain.connect.grant import Grant
from shared.domain.connect.scopes import MODIFY
from shared.domain.ids import ConnectionId
from shared.domain.sync.mailbox import Mailbox
from shared.domain.sync.state import SyncState
from shared.edge.composition.container import AutowiredContainer
from shared.edge.settings.deployment import settings_from
from shared.edge.table import whole_table
from shared.edge.web.app import build_app
from shared.ports.clock import Clock
from shared.ports.connections import Connections, Grants, Mailboxes
from shared.ports.oauth import Sealer
from shared.ports.sync_store import SyncStates
from shared.usecases.connect.access_tokens import AccessTokens
from tests.edge.samples import API_KEY, CONNECTION, ENVIRON, a_connection, tenant

EMAIL = "ada@acme.example"
GOOGLE = "http://127.0.0.1:8085"


class HurriedClock(AdjustableClock):
    """Real time in which waiting takes none."""

    async def sleep(self, duration: timedelta) -> None:
        """Move on at once."""
        self.advance(duration)


@dataclass
class Desk:
    """One mailbox, and the API over it."""

    google: Google
    container: AutowiredContainer
    api: httpx.AsyncClient
    control: httpx.AsyncClient
    clock: HurriedClock

    async def run(self, action: str, asked: Any = None, **headers: str) -> httpx.Response:
        """Trigger an action."""
        return await self.api.post(
            "/action/trigger",
            json={"action_name": action, "input": {} if asked is None else asked},
            headers=headers,
        )

    async def ran(self, action: str, asked: Any = None, **headers: str) -> Any:
        """Trigger an action that must succeed; answer its output."""
        answer = await self.run(action, asked, **headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def refused(self, action: str, asked: Any = None) -> tuple[int, Any]:
        """Trigger an action that must not; answer the status and the error."""
        answer = await self.run(action, asked)
        return answer.status_code, answer.json()["error"]

    def deliver(self, mail: EmailMessage | bytes | None = None, **headers: str) -> str:
        """Deliver a mail; answer its message id."""
        if not isinstance(mail, bytes):
            mail = (mail or letter(**headers)).as_bytes()
        return self.google.store.deliver(EMAIL, mail).id

    def labels(self, id: str) -> set[str]:
        """Return the labels a message truly has."""
        held = {one["id"]: one for one in self.google.store.messages(EMAIL)}
        return {*held[id]["labelIds"]}

    def held(self) -> set[str]:
        """Return the ids of all messages."""
        return {one["id"] for one in self.google.store.messages(EMAIL)}

    async def fault(self, fault: str, **named: Any) -> None:
        """Script a fault of Google's."""
        answer = await self.control.post("/faults", json={"fault": fault, **named})
        answer.raise_for_status()

    def calls(self) -> dict[str, int]:
        """Return how often each Gmail method was called."""
        methods = self.google.stats.as_json()["methods"]
        return {name: tally["calls"] for name, tally in methods.items() if tally["calls"]}


def letter(subject: str = "Hello", text: str = "A few words.", **headers: str) -> EmailMessage:
    """Make a mail to the mailbox."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "bob@far.example", EMAIL, subject
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail


@asynccontextmanager
async def open_desk(folder: Path, scopes: Sequence[str] = (MODIFY,)) -> AsyncIterator[Desk]:
    """Connect a mailbox with these scopes."""
    clock = HurriedClock()
    app = create_app(GoogleSettings(push_endpoint=None, units_per_minute=10**9))
    google: Google = app.state.google
    google.store.create_mailbox(EMAIL)
    create_keyring(folder / "keyring.json")
    container = AutowiredContainer(
        settings_from(
            {
                **ENVIRON,
                "POSTROOM_STORE": f"sqlite:{folder / 'postroom.sqlite'}",
                "POSTROOM_KEYRING": f"file:{folder / 'keyring.json'}",
                "POSTROOM_GOOGLE_URL": GOOGLE,
            }
        )
    )
    issued = google.grants.new_access_token(EMAIL, list(scopes), clock.now().timestamp())

    async def token(connection_id: ConnectionId, *, rejected: str | None = None) -> str:
        return issued

    container.bind(Clock, clock)
    container.bind(AccessTokens, token)
    transport = httpx.ASGITransport(app)
    container.bind(httpx.AsyncClient, httpx.AsyncClient(transport=transport))
    await connect(container, scopes)
    api = httpx.AsyncClient(
        transport=httpx.ASGITransport(build_app("api", whole_table(), container)),
        base_url="http://127.0.0.1:8080",
        headers={"Authorization": f"Bearer {API_KEY}", **tenant()},
    )
    async with (
        api,
        httpx.AsyncClient(transport=transport, base_url=f"{GOOGLE}/_control") as control,
    ):
        yield Desk(google, container, api, control, clock)
    await container.close()


async def connect(container: AutowiredContainer, scopes: Sequence[str]) -> None:
    """Store what a finished connect flow leaves."""
    granted = frozenset({"openid", "email", *scopes})
    connection = a_connection(email=EMAIL, scopes=granted)
    await container.use(Connections).create(connection)
    await container.use(Mailboxes).create(Mailbox(connection.email_key, frozenset({CONNECTION})))
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
