"""Own syncs over the API: records, status and control of each by its name."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared.actions.ready.contacts import SYNC as PEOPLE
from shared.actions.ready.labels import SYNC as LABELS
from shared.actions.ready.threads import SYNC as THREADS
from shared.domain.connect.scopes import CONTACTS, SEND
from shared.domain.mail.reading.email_message import read_message
from shared.domain.models.state import state_id
from shared.domain.models.sync import OwnSyncs
from shared.domain.sync.records.payload import make_payload
from shared.domain.sync.records.record import Record
from shared.domain.sync.state import Backfill, SyncState
from shared.edge.composition.container import AutowiredContainer
from shared.edge.table import whole_table
from shared.ports.connections import Connections
from shared.ports.model_store import ModelRecords, ModelSyncs
from shared.ports.sync_store import SyncStates
from shared.usecases.connect.disconnect import Disconnect
from shared.usecases.sync.models.adopt import AdoptSyncs
from shared.usecases.sync.models.run_sync import RunSync
from tests.edge.conftest import ClientOf
from tests.harness.samples import (
    CONNECTION,
    NOW,
    a_connection,
    a_record,
    error_of,
    store_records,
    tenant,
)

BUDGET = timedelta(minutes=4)


def header(field: tuple[str, str]) -> dict[str, str]:
    """Return a header as Gmail has it."""
    return {"name": field[0], "value": field[1]}


def letter(number: int) -> Record:
    """Return a stored message with all that a thread is made of."""
    made = a_record(number)
    headers = {"From": "Bob <bob@far.example>", "Subject": f"Letter {number}"}
    ids = {"id": made.head.message_id, "threadId": made.head.thread_id}
    content = read_message({**ids, "payload": {"headers": [*map(header, headers.items())]}})
    return replace(made, payload=make_payload(content).data)


@pytest.fixture
async def api(container: AutowiredContainer, client_of: ClientOf) -> httpx.AsyncClient:
    """Return a client of a deployment with two own syncs and three messages."""
    container.bind(OwnSyncs, OwnSyncs((THREADS, LABELS)))
    await container.use(Connections).create(a_connection())
    whole = Backfill(None, NOW, finished_at=NOW)
    await container.use(SyncStates).create(SyncState(CONNECTION, backfill=whole))
    await store_records(container, *map(letter, (1, 2, 3)))
    client = client_of(whole_table())
    client.headers.update(tenant())
    return client


async def derive(container: AutowiredContainer) -> None:
    """Run the derived sync as its task does."""
    await container.use(RunSync)(CONNECTION, "sync-threads", budget=BUDGET, wake=True)


async def test_records_of_an_own_model_are_paged_and_its_cursors_are_its_own(
    api: httpx.AsyncClient, container: AutowiredContainer
) -> None:
    """A page in commit order; a cursor of another model is refused, never a skip."""
    await derive(container)
    asked: dict[str, str | int] = {"model": "GmailThread", "limit": 2}
    first = (await api.get("/records", params=asked)).json()
    plain = await api.get("/records", params=asked, headers={"Accept-Encoding": "identity"})
    assert plain.json() == first
    assert [one["subject"] for one in first["records"]] == ["Letter 1", "Letter 2"]
    assert first["records"][0]["_nango_metadata"]["last_action"] == "ADDED"
    rest = await api.get(
        "/records", params={"model": "GmailThread", "cursor": first["next_cursor"]}
    )
    assert [one["subject"] for one in rest.json()["records"]] == ["Letter 3"]
    assert rest.json()["next_cursor"] is None
    for model in ("EmailMessage", "GmailLabel"):
        crossed = await api.get("/records", params={"model": model, "cursor": first["next_cursor"]})
        assert crossed.status_code == 400
    mail = (await api.get("/records", params={"limit": 1})).json()["next_cursor"]
    crossed = await api.get("/records", params={"model": "GmailThread", "cursor": mail})
    assert error_of(crossed)["code"] == "invalid_query_params"
    unknown = await api.get("/records", params={"model": "Nothing"})
    assert "GmailThread" in error_of(unknown)["message"]
    screen = await api.get("/records", params={"model": "GmailThread", "order": "date_desc"})
    assert screen.status_code == 400


async def test_each_sync_has_a_status_and_control_of_its_own(
    api: httpx.AsyncClient, container: AutowiredContainer
) -> None:
    """Pausing one by name leaves the mailbox and the others running."""
    await derive(container)
    body = {"provider_config_key": "google-mail", "connection_id": CONNECTION}
    paused = await api.post("/sync/pause", json={**body, "syncs": ["sync-threads"]})
    assert paused.status_code == 200, paused.text
    found = await statuses(api)
    assert found["sync-threads"]["status"] == "PAUSED"
    assert found["fetch-messages"]["status"] != "PAUSED"
    assert found["sync-threads"]["recordCount"] == {"GmailThread": 3}
    assert found["sync-threads"]["behind"] == 0
    await api.post("/sync/start", json={**body, "syncs": ["sync-threads"]})
    assert (await statuses(api))["sync-threads"]["status"] == "SUCCESS"
    await api.post("/sync/pause", json={**body, "syncs": []})
    assert {one["status"] for one in (await statuses(api)).values()} == {"PAUSED"}
    pace = {**body, "sync_name": "sync-labels", "frequency": "every 2 hours"}
    answer = await api.put("/sync/update-connection-frequency", json=pace)
    assert answer.json() == {"frequency": "every 2 hours"}
    emptied = {**body, "syncs": ["sync-threads"], "opts": {"reset": True, "emptyCache": True}}
    await api.post("/sync/start", json={**body, "syncs": ["sync-threads"]})
    assert (await api.post("/sync/trigger", json=emptied)).status_code == 200
    state = await container.use(ModelSyncs).get(state_id(CONNECTION, "sync-threads"))
    assert state
    assert state.value.emptying
    mail = await container.use(SyncStates).get(CONNECTION)
    assert mail
    assert not mail.value.emptying


@pytest.mark.parametrize("frequency", ["32 days", "99999 hours", "0 minutes"])
async def test_a_frequency_out_of_bounds_is_refused_with_the_bounds(
    api: httpx.AsyncClient, frequency: str
) -> None:
    """One of an own sync lies between a minute and 31 days; one that follows mail has none."""
    body = {"provider_config_key": "google-mail", "connection_id": CONNECTION}
    path = "/sync/update-connection-frequency"
    asked = {**body, "sync_name": "sync-labels", "frequency": frequency}
    refused = await api.put(path, json=asked)
    assert refused.status_code == 400
    assert "1 minute and 31 days" in error_of(refused)["message"]
    for allowed in ("every 1 minute", "31 days"):
        assert (await api.put(path, json={**asked, "frequency": allowed})).status_code == 200
    follows = await api.put(path, json={**asked, "sync_name": "sync-threads"})
    assert (follows.status_code, error_of(follows)["code"]) == (400, "derived_sync")
    assert "follows fetch-messages" in error_of(follows)["message"]


CONTROLS = ("/sync/trigger", "/sync/start", "/sync/pause")


@pytest.mark.parametrize("path", CONTROLS)
async def test_a_sync_whose_scope_was_not_granted_is_refused_by_name_and_else_passed_over(
    api: httpx.AsyncClient, container: AutowiredContainer, path: str
) -> None:
    """Each sync needs its own scopes, and no other one's."""
    container.bind(OwnSyncs, OwnSyncs((LABELS, PEOPLE)))
    body = {"provider_config_key": "google-mail", "connection_id": CONNECTION}
    refused = await api.post(path, json={**body, "syncs": ["sync-contacts"]})
    assert error_of(refused)["code"] == "missing_scope"
    assert error_of(refused)["payload"] == {"scope": CONTACTS}
    assert (await api.post(path, json={**body, "syncs": ["sync-labels"]})).status_code == 200
    assert (await api.post(path, json={**body, "syncs": []})).status_code == 200
    states = await container.use(ModelSyncs).of_connection(CONNECTION)
    assert [one.value.sync for one in states] == ["sync-labels"]


async def test_a_connection_that_only_sends_has_the_syncs_that_its_grant_allows(
    api: httpx.AsyncClient, container: AutowiredContainer
) -> None:
    """Contacts need no mail; labels do, by name and with the mailbox."""
    container.bind(OwnSyncs, OwnSyncs((LABELS, PEOPLE)))
    was = await container.use(Connections).get(CONNECTION)
    assert was
    scopes = frozenset({SEND, CONTACTS})
    await container.use(Connections).swap(was, replace(was.value, scopes=scopes))
    body = {"provider_config_key": "google-mail", "connection_id": CONNECTION}
    for path in CONTROLS:
        for names, code in (
            (["sync-labels"], "missing_scope"),
            (["fetch-messages", "sync-contacts"], "not_granted"),
            ([], "not_granted"),
        ):
            refused = await api.post(path, json={**body, "syncs": names})
            assert error_of(refused)["code"] == code, (path, names)
        granted = await api.post(path, json={**body, "syncs": ["sync-contacts"]})
        assert granted.status_code == 200
    pace = {**body, "sync_name": "sync-labels", "frequency": "2h"}
    refused = await api.put("/sync/update-connection-frequency", json=pace)
    assert error_of(refused)["code"] == "missing_scope"
    everywhere = {"provider_config_key": "google-mail", "syncs": []}
    del api.headers["Connection-Id"]
    assert (await api.post("/sync/start", json=everywhere)).status_code == 200
    states = await container.use(ModelSyncs).of_connection(CONNECTION)
    assert [one.value.sync for one in states] == ["sync-contacts"]


async def statuses(api: httpx.AsyncClient) -> dict[str, Any]:
    """Return the entries by name."""
    answer = await api.get("/sync/status", params={"syncs": "*", "connection_id": CONNECTION})
    assert answer.status_code == 200, answer.text
    return {one["name"]: one for one in answer.json()["syncs"]}


async def test_they_are_listed_with_their_schemas(api: httpx.AsyncClient) -> None:
    """GET /scripts/config names each with its model's fields, scopes and pace."""
    (found,) = (await api.get("/scripts/config")).json()
    listed = {one["name"]: one for one in found["syncs"]}
    assert listed["sync-labels"]["runs"] == "every hour"
    fields = listed["sync-threads"]["json_schema"]["definitions"]["GmailThread"]["properties"]
    assert {"id", "subject", "messages"} <= fields.keys()


async def test_a_disconnect_leaves_nothing_of_an_own_sync(
    api: httpx.AsyncClient, container: AutowiredContainer
) -> None:
    """States, records and quarantine go, and no late task makes a state anew."""
    await derive(container)
    assert await container.use(ModelSyncs).of_connection(CONNECTION)
    await container.use(Disconnect)(CONNECTION)
    await derive(container)
    assert not await container.use(ModelSyncs).of_connection(CONNECTION)
    assert await container.use(ModelRecords).purge(CONNECTION, 10) == 0


async def test_a_new_table_of_syncs_reaches_every_connection_once(
    api: httpx.AsyncClient, container: AutowiredContainer
) -> None:
    """The look enqueues each connection where names or versions changed, and then none."""
    assert await container.use(AdoptSyncs)() == 1
    assert await container.use(AdoptSyncs)() == 0
    container.bind(OwnSyncs, OwnSyncs((THREADS,)))
    assert await container.use(AdoptSyncs)() == 1


async def test_pruning_an_own_model_empties_it_alone(
    api: httpx.AsyncClient, container: AutowiredContainer
) -> None:
    """PATCH /records/prune takes a model's own cursor."""
    await derive(container)
    page = (await api.get("/records", params={"model": "GmailThread", "limit": 2})).json()
    body = {"model": "GmailThread", "until_cursor": page["next_cursor"]}
    assert (await api.patch("/records/prune", json=body)).json() == {"count": 2, "has_more": False}
    again = (await api.get("/records", params={"model": "GmailThread"})).json()["records"]
    assert [one.get("subject") for one in again] == [None, None, "Letter 3"]
