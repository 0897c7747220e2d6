"""Every route that takes the name of a sync: known ones, derived ones, and all others."""

from typing import Any

import httpx
import pytest
from pydantic import BaseModel

from shared.domain.connect.connection import Connection
from shared.domain.mail.reading.email_message import EmailMessage
from shared.domain.sync.records.projection import Projection
from shared.domain.sync.state import SyncState
from shared.edge.composition.container import AutowiredContainer
from shared.edge.table import whole_table
from shared.edge.web.routes import Route
from shared.ports.sync_store import SyncStates
from tests.harness.samples import CONNECTION, error_of


class Unread(BaseModel):
    subject: str


def unread(message: EmailMessage) -> Unread | None:
    return Unread(subject=message["subject"])


DERIVED = Projection(Unread, unread, "find-unread", "What nobody has read yet.")
TENANT = {"provider_config_key": "google-mail", "connection_id": CONNECTION}
RESET: tuple[dict[str, Any], ...] = (
    {"opts": {"reset": True}},
    {"opts": {"emptyCache": True}},
    {"sync_mode": "full_refresh"},
    {"sync_mode": "full_refresh_and_clear_cache"},
)
CONTROLS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("POST", "/sync/pause", {}),
    ("POST", "/sync/start", {}),
    *(("POST", "/sync/trigger", more) for more in RESET),
    ("PUT", "/sync/update-connection-frequency", {"frequency": "every 5 minutes"}),
)
"""What changes a sync's state."""
LOOKS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("POST", "/sync/trigger", {}),
    ("GET", "/sync/status", {}),
)


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("syncs", "mail.sync_models"):
        name = f"shared.edge.api.{module}.projections"
        monkeypatch.setattr(name, lambda *_: {DERIVED.name: DERIVED})


async def asked(
    api: httpx.AsyncClient, method: str, path: str, more: dict[str, Any], *names: str
) -> httpx.Response:
    """Name these syncs in the way the route takes them."""
    if method == "GET":
        return await api.get(path, params={**TENANT, "syncs": ",".join(names)})
    named = {"syncs": [*names]} if method == "POST" else {"sync_name": names[0]}
    return await api.request(method, path, json={**TENANT, **named, **more})


async def state(container: AutowiredContainer) -> SyncState:
    found = await container.use(SyncStates).get(CONNECTION)
    assert found is not None
    return found.value


def takes_a_name(route: Route) -> bool:
    models = [model for model in (route.body, route.query) if model is not None]
    return any({"syncs", "sync_name"} & {*model.model_fields} for model in models)


def test_no_route_that_takes_a_name_is_left_out_here() -> None:
    known = {(method, path) for method, path, _ in (*CONTROLS, *LOOKS)}
    assert {(one.method, one.path) for one in whole_table() if takes_a_name(one)} == known


@pytest.mark.parametrize(("method", "path", "more"), CONTROLS)
async def test_what_would_be_done_to_a_derived_sync_is_not_done_to_the_mailbox(
    api: httpx.AsyncClient,
    container: AutowiredContainer,
    connected: Connection,
    method: str,
    path: str,
    more: dict[str, Any],
) -> None:
    before = await state(container)
    refused = await asked(api, method, path, more, "find-unread")
    assert (refused.status_code, error_of(refused)["code"]) == (400, "derived_sync")
    assert "fetch-messages" in error_of(refused)["message"]
    if method == "POST":
        mixed = await asked(api, method, path, more, "fetch-messages", "find-unread")
        assert (mixed.status_code, error_of(mixed)["code"]) == (400, "derived_sync")
        objects = {**TENANT, "syncs": [{"name": "find-unread", "variant": "base"}], **more}
        assert (await api.request(method, path, json=objects)).status_code == 400
    assert await state(container) == before


@pytest.mark.parametrize(("method", "path", "more"), LOOKS)
async def test_a_derived_sync_is_shown_and_made_current(
    api: httpx.AsyncClient,
    connected: Connection,
    method: str,
    path: str,
    more: dict[str, Any],
) -> None:
    answer = await asked(api, method, path, more, "find-unread")
    assert answer.status_code == 200
    if method == "GET":
        (shown,) = answer.json()["syncs"]
        assert shown["name"] == "find-unread"


@pytest.mark.parametrize("name", ["contacts", "", "Fetch-Messages", "EmailMessage"])
@pytest.mark.parametrize(("method", "path", "more"), [*CONTROLS, *LOOKS])
async def test_an_unknown_sync_is_unknown_everywhere_and_never_means_all(
    api: httpx.AsyncClient,
    container: AutowiredContainer,
    connected: Connection,
    method: str,
    path: str,
    more: dict[str, Any],
    name: str,
) -> None:
    before = await state(container)
    answer = await asked(api, method, path, more, name)
    assert (answer.status_code, error_of(answer)["code"]) == (404, "unknown_sync")
    assert await state(container) == before


@pytest.mark.parametrize("names", [(), ("fetch-messages",), ("messages",)])
@pytest.mark.parametrize("path", ["/sync/pause", "/sync/start", "/sync/trigger"])
async def test_no_name_and_the_mailboxs_own_names_mean_the_mailbox(
    api: httpx.AsyncClient, connected: Connection, path: str, names: tuple[str, ...]
) -> None:
    assert (await asked(api, "POST", path, {}, *names)).json() == {"success": True}
