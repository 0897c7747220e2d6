"""Two customers of one deployment: a victim with all there can be, and a key for the other."""

import sqlite3
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx

from shared.actions.policy.guard import GuardedActions, Waiting
from shared.domain.connect.connection import Connection
from shared.domain.ids import ConnectionId
from shared.domain.keys.policy import Actor, Policy
from shared.edge.table import whole_table
from shared.edge.web.app import build_app
from shared.ports.connections import Connections
from shared.ports.events import Outbox
from shared.ports.sends import ActionResult, ActionResults
from shared.ports.sync_store import NewestQuery, Records
from shared.usecases.keys.api_keys import CreateApiKey, KeyRequest
from shared.usecases.sync.sync_mailbox import SyncMailbox
from tests.harness.connecting import ADA, BEN, ConnectHarness

SUBJECT = "canary-subject-5f2c"
MAIL = f"From: eve@elsewhere.example\r\nTo: {ADA}\r\nSubject: {SUBJECT}\r\n\r\ncanary-body-91d0\r\n"
LOGS = frozenset({"operations"})


@dataclass
class Tenants:
    """A deployment with Ada as the victim and Ben's key in the wrong hands."""

    harness: ConnectHarness
    ada: Connection
    ben: Connection
    message_id: str
    event_id: str
    action_id: str
    key_id: str
    endpoint_id: str
    approval_id: str
    attacker: httpx.AsyncClient
    """Ben's key: every permission, his own connection only."""
    owner: httpx.AsyncClient
    """Ada's key: the same for hers."""

    def victim(self, path: str, name: str) -> str:
        """Return Ada's id for a parameter."""
        ids = {
            "connection_id": self.ada.id,
            "connectionId": self.ada.id,
            "message_id": self.message_id,
            "part_id": "0",
            "path": "users/me/messages",
            "key": "canary-key",
        }
        by_path = {
            "/events": self.event_id,
            "/action": self.action_id,
            "/api-keys": self.key_id,
            "/webhook-endpoints": self.endpoint_id,
            "/approvals": self.approval_id,
        }
        started = next((id for start, id in by_path.items() if path.startswith(start)), "x")
        return ids.get(name, started)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no stranger may read."""
        return (ADA, SUBJECT, "canary-body-91d0", self.ada.sub, "canary-output")

    def holdings(self) -> list[str]:
        """Return every stored line about Ada, logs left out."""
        with sqlite3.connect(self.harness.folder / "postroom.sqlite") as file:
            tables = [
                name
                for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            ]
            rows = [
                f"{table} {row}"
                for table in tables
                if table not in LOGS
                for row in file.execute(f"SELECT * FROM {table}")
            ]
        return sorted(row for row in rows if self.ada.id in row or ADA in row)


async def two_tenants(folder: Path) -> Tenants:
    """Connect and sync both, and give Ada one of everything that has an id."""
    harness = ConnectHarness(folder)
    harness.app = build_app("api", whole_table(), harness.container)
    ada, ben = await _synced(harness, ADA), await _synced(harness, BEN)
    (newest,) = await harness.container.use(Records).newest(ada.id, NewestQuery(limit=1))
    (event, *_) = await harness.container.use(Outbox).list(
        state=None, connection_id=ada.id, limit=1
    )
    now = harness.clock.now()
    result = ActionResult(
        "canary-action", ada.id, "get-profile", "h", now, now + timedelta(days=1),
        output={"said": "canary-output"}, finished_at=now,
    )  # fmt: skip
    await harness.container.use(ActionResults).create(result)
    root = _client(harness, "postroom-local-key")
    endpoint = await root.post(
        "/webhook-endpoints",
        json={"url": "https://hooks.example.com/ada", "connection_ids": [ada.id]},
    )
    assert endpoint.status_code in {200, 201}, endpoint.text
    ada_key, ada_id = await _key(harness, ada.id)
    ben_key, _ = await _key(harness, ben.id)
    return Tenants(
        harness=harness,
        ada=ada,
        ben=ben,
        message_id=newest.head.message_id,
        event_id=event.id,
        action_id=result.id,
        key_id=ada_id,
        endpoint_id=endpoint.json().get("id") or endpoint.json()["data"]["id"],
        approval_id=await _approval(harness, ada),
        attacker=_client(harness, ben_key),
        owner=_client(harness, ada_key),
    )


async def _synced(harness: ConnectHarness, email: str) -> Connection:
    id = await harness.connect(email)
    mail = MAIL if email == ADA else MAIL.replace(ADA, email).replace("canary", "plain")
    await harness.control.post(f"/mailboxes/{email}/messages", content=mail.encode())
    await harness.container.use(SyncMailbox)(id, budget=timedelta(seconds=20))
    found = await harness.container.use(Connections).get(id)
    assert found is not None
    return found.value


async def _approval(harness: ConnectHarness, ada: Connection) -> str:
    agent = Actor("key-agent", Policy(approval_required=True))
    letter = {"to": ADA, "subject": SUBJECT, "body": "canary-body-91d0"}
    waiting = await harness.container.use(GuardedActions)(agent, ada, "send-email", letter)
    assert isinstance(waiting, Waiting)
    return waiting.approval_id


async def _key(harness: ConnectHarness, id: ConnectionId) -> tuple[str, str]:
    issued = await harness.container.use(CreateApiKey)(
        KeyRequest("narrow", frozenset({"*"}), frozenset({id}))
    )
    return issued.token, issued.key.id


def _client(harness: ConnectHarness, key: str) -> httpx.AsyncClient:
    made = harness.browser(harness.app)
    made.follow_redirects = False
    made.headers["Authorization"] = f"Bearer {key}"
    return made
