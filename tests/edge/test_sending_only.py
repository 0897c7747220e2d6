"""A connection made for sending only: `not_granted` where its mail is asked for, no fault."""

from typing import Any

import httpx
import pytest

from shared.domain.connect.connection import Connection
from shared.domain.connect.scopes import SEND
from shared.domain.sync.state import SyncState, SyncStatus
from shared.edge.api.connection_models import ConnectionViews
from shared.edge.composition.container import AutowiredContainer
from shared.ports.connections import Connections
from shared.ports.sync_store import SyncStates
from tests.harness.samples import CONNECTION, a_connection, error_of

NAMED = {"provider_config_key": "google-mail", "connection_id": CONNECTION}
TENANT = {"Connection-Id": CONNECTION, "Provider-Config-Key": "google-mail"}


@pytest.fixture
async def sending(container: AutowiredContainer) -> Connection:
    made = await container.use(Connections).create(a_connection(scopes=frozenset({SEND})))
    paused = SyncState(CONNECTION, status=SyncStatus.PAUSED)
    await container.use(SyncStates).create(paused)
    return made.value


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/sync/trigger", {**NAMED, "syncs": []}),
        ("POST", "/sync/start", {**NAMED, "syncs": ["messages"]}),
        ("POST", "/sync/pause", {**NAMED, "syncs": []}),
        (
            "PUT",
            "/sync/update-connection-frequency",
            {**NAMED, "sync_name": "messages", "frequency": "2h"},
        ),
        ("POST", "/sync/audit", NAMED),
        ("GET", "/quarantine", None),
        ("POST", "/quarantine/18c0/retry", None),
        ("GET", "/records?model=EmailMessage", None),
        ("PATCH", "/records/prune", {"model": "EmailMessage", "until_cursor": "x"}),
    ],
)
async def test_its_mail_is_refused_by_that_name(
    api: httpx.AsyncClient, sending: Connection, method: str, path: str, body: Any
) -> None:
    """Not an empty list, and nothing of Gmail's."""
    answer = await api.request(method, path, json=body, headers=TENANT)
    error = error_of(answer)
    assert (answer.status_code, error["code"]) == (403, "not_granted")
    assert (error["docs"], error["payload"]["scope"]) == ("operating#not_granted", "gmail.readonly")


async def test_its_status_has_a_reason_and_no_failure(
    api: httpx.AsyncClient, container: AutowiredContainer, sending: Connection
) -> None:
    answer = await api.get("/sync/status", params={**NAMED, "syncs": "messages"})
    (shown,) = answer.json()["syncs"]
    assert (shown["status"], shown["jobStatus"]) == ("PAUSED", "SUCCESS")
    assert shown["error"]["type"] == "not_granted"
    told = await container.use(ConnectionViews).details(sending)
    assert (told.status, told.errors, told.error) == ("active", [], None)


async def test_explain_says_so_without_asking_gmail(
    api: httpx.AsyncClient, sending: Connection
) -> None:
    for asked in ({"message_id": "18c0"}, {"message": "from:bo"}):
        answer = await api.get("/explain", params=asked, headers=TENANT)
        assert answer.json()["verdict"] == "not_granted"


async def test_one_that_may_read_is_not_meant(
    api: httpx.AsyncClient, connected: Connection
) -> None:
    answer = await api.get("/records?model=EmailMessage", headers=TENANT)
    assert answer.status_code == 200
