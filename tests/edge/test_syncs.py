"""/sync/*."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared.adapters.sqlite.queue import SqliteQueue
from shared.domain.connect.connection import Connection, ConnectionStatus
from shared.domain.connect.scopes import SEND
from shared.domain.ids import HistoryId, LeaseToken, MessageId
from shared.domain.sync.records.record import Origin, QuarantineEntry
from shared.domain.sync.state import Backfill, Lease, SyncState, SyncStatus
from shared.edge.composition.container import AutowiredContainer
from shared.ports.clock import Clock
from shared.ports.connections import Connections
from shared.ports.queue import Queue
from shared.ports.sync_store import Batch, SyncStates
from tests.harness.samples import CONNECTION, NOW, OTHER, a_connection, error_of

BODY = {
    "provider_config_key": "google-mail",
    "connection_id": CONNECTION,
    "syncs": ["fetch-messages"],
}


async def state_of(container: AutowiredContainer) -> SyncState:
    found = await container.use(SyncStates).get(CONNECTION)
    assert found is not None
    return found.value


def queued(container: AutowiredContainer) -> list[tuple[str, Any]]:
    queue = container.use(Queue)
    assert isinstance(queue, SqliteQueue)
    return [(task.path, task.body) for task in queue.waiting()]


@pytest.mark.parametrize(
    "syncs", [["fetch-messages"], ["messages"], [{"name": "messages", "variant": "base"}], []]
)
async def test_a_trigger_makes_the_sync_due_and_wakes_a_worker(
    api: httpx.AsyncClient, container: AutowiredContainer, connected: Connection, syncs: list[Any]
) -> None:
    answer = await api.post("/sync/trigger", json={**BODY, "syncs": syncs})
    assert answer.json() == {"success": True}
    assert (await state_of(container)).next_due_at is not None
    assert queued(container) == [("/tasks/sync", {"connection_id": CONNECTION})]


@pytest.mark.parametrize(
    "more",
    [
        {"opts": {"reset": True}},
        {"sync_mode": "full_refresh"},
        {"full_resync": True},
        {"opts": {"reset": True, "emptyCache": True}},
        {"sync_mode": "full_refresh_and_clear_cache"},
    ],
)
async def test_a_reset_reads_the_window_again_and_keeps_the_sequence(
    api: httpx.AsyncClient,
    container: AutowiredContainer,
    connected: Connection,
    more: dict[str, Any],
) -> None:
    before = await state_of(container)
    assert (await api.post("/sync/trigger", json={**BODY, **more})).status_code == 200
    after = await state_of(container)
    assert after.backfilling
    assert after.sequence == before.sequence


async def test_pause_and_start_decide_who_may_sync(
    api: httpx.AsyncClient, container: AutowiredContainer, connected: Connection
) -> None:
    await api.post("/sync/pause", json=BODY)
    assert (await state_of(container)).status is SyncStatus.PAUSED
    assert (await status(api))["status"] == "PAUSED"
    await api.post("/sync/start", json=BODY)
    assert (await state_of(container)).status is SyncStatus.RUNNING


async def test_without_a_connection_every_one_that_reads_is_meant(
    api: httpx.AsyncClient, container: AutowiredContainer, connected: Connection
) -> None:
    await container.use(Connections).create(a_connection(OTHER, scopes=frozenset({SEND})))
    answer = await api.post("/sync/trigger", json={"provider_config_key": "google-mail"})
    assert answer.status_code == 200
    assert queued(container) == [("/tasks/sync", {"connection_id": CONNECTION})]


async def test_a_connection_that_may_only_send_has_no_sync(
    api: httpx.AsyncClient, container: AutowiredContainer
) -> None:
    await container.use(Connections).create(a_connection(scopes=frozenset({SEND})))
    answer = await api.post("/sync/trigger", json=BODY)
    assert (answer.status_code, error_of(answer)["code"]) == (403, "not_granted")


@pytest.mark.parametrize(
    "body",
    [
        {**BODY, "syncs": "fetch-messages"},
        {**BODY, "syncs": [{"name": "messages", "variant": "other"}]},
        {**BODY, "sync_mode": "sideways"},
        {"connection_id": CONNECTION},
    ],
)
async def test_a_wrong_trigger_is_refused_and_wakes_nobody(
    api: httpx.AsyncClient,
    container: AutowiredContainer,
    connected: Connection,
    body: dict[str, Any],
) -> None:
    answer = await api.post("/sync/trigger", json=body)
    assert (answer.status_code, error_of(answer)["code"]) == (400, "invalid_body")
    assert queued(container) == []


@pytest.mark.parametrize("verb", ["trigger", "pause", "start"])
async def test_the_sync_of_an_unknown_connection_is_refused_by_name(
    api: httpx.AsyncClient, connected: Connection, verb: str
) -> None:
    answer = await api.post(f"/sync/{verb}", json={**BODY, "connection_id": OTHER})
    assert (answer.status_code, error_of(answer)["code"]) == (404, "unknown_connection")


async def status(api: httpx.AsyncClient, syncs: str = "*") -> Any:
    query = {"provider_config_key": "google-mail", "syncs": syncs, "connection_id": CONNECTION}
    answer = await api.get("/sync/status", params=query)
    assert answer.status_code == 200, answer.text
    (shown,) = answer.json()["syncs"]
    return shown


async def test_a_backfill_under_way_shows_how_far_it_is(
    api: httpx.AsyncClient, container: AutowiredContainer, connected: Connection
) -> None:
    was = await container.use(SyncStates).get(CONNECTION)
    assert was is not None
    started = container.use(Clock).now() - timedelta(seconds=10)
    backfill = Backfill(None, started, listed=60, stored=50, estimated_total=100)
    await container.use(SyncStates).swap(
        was,
        replace(
            was.value, backfill=backfill, live_records=50, last_delta_at=NOW, next_due_at=started
        ),
    )
    shown = await status(api, "fetch-messages,messages::base")
    assert (shown["status"], shown["type"]) == ("RUNNING", "INITIAL")
    assert shown["recordCount"] == {"EmailMessage": 50}
    assert shown["progress"]["stored"] == 50
    assert 9 <= shown["progress"]["eta_s"] <= 12


async def test_a_finished_sync_says_success_and_its_last_counts(
    api: httpx.AsyncClient, container: AutowiredContainer, connected: Connection
) -> None:
    was = await container.use(SyncStates).get(CONNECTION)
    assert was is not None
    whole = Backfill(None, NOW, finished_at=NOW)
    done = replace(was.value, backfill=whole, last_finished_at=NOW, checkpoint=HistoryId(7))
    await container.use(SyncStates).swap(was, done)
    shown = await status(api)
    assert (shown["status"], shown["finishedAt"]) == ("SUCCESS", "2026-10-01T12:00:00Z")
    assert shown["latestResult"] == {"EmailMessage": {"added": 0, "updated": 0, "deleted": 0}}
    assert shown["checkpoint"]["history_id"] == "7"
    assert shown["frequency"] == "every hour"


@pytest.mark.parametrize(
    ("asked", "answered"),
    [("every 30 minutes", "every 30 minutes"), ("2h", "every 2 hours"), (None, "every hour")],
)
async def test_the_frequency_changes_in_words(
    api: httpx.AsyncClient,
    container: AutowiredContainer,
    connected: Connection,
    asked: str | None,
    answered: str,
) -> None:
    body = {
        "sync_name": "messages",
        "provider_config_key": "google-mail",
        "connection_id": CONNECTION,
        "frequency": asked,
    }
    answer = await api.put("/sync/update-connection-frequency", json=body)
    assert answer.json() == {"frequency": answered}
    assert (await status(api))["frequency"] == answered


async def test_a_disconnecting_connection_is_not_triggered(
    api: httpx.AsyncClient, container: AutowiredContainer
) -> None:
    await container.use(Connections).create(a_connection(status=ConnectionStatus.DISCONNECTING))
    named = await api.post("/sync/trigger", json=BODY)
    everyone = await api.post("/sync/trigger", json={"provider_config_key": "google-mail"})
    assert (named.status_code, everyone.status_code) == (404, 200)
    assert queued(container) == []


async def changed(container: AutowiredContainer, **changes: Any) -> None:
    states = container.use(SyncStates)
    was = await states.get(CONNECTION)
    assert was is not None
    whole = Backfill(None, NOW, finished_at=NOW)
    await states.swap(was, replace(was.value, **{"backfill": whole, **changes}))


async def test_a_grant_that_ended_is_never_success(
    api: httpx.AsyncClient, container: AutowiredContainer, connected: Connection
) -> None:
    """Records that are whole say nothing of a mailbox that cannot be read any more."""
    await changed(container, last_finished_at=NOW)
    was = await container.use(Connections).get(CONNECTION)
    assert was is not None
    ended = replace(was.value, status=ConnectionStatus.REAUTH_REQUIRED, error="revoked")
    await container.use(Connections).swap(was, ended)
    shown = await status(api)
    assert (shown["status"], shown["jobStatus"]) == ("ERROR", "ERROR")
    assert (shown["error"]["type"], shown["error"]["docs"]) == ("revoked", "operating#revoked")
    assert shown["error"]["since"] == ended.updated_at.isoformat().replace("+00:00", "Z")
    assert shown["coverage"] == "whole"


async def test_status_counts_what_waits_and_what_is_missing(
    api: httpx.AsyncClient, container: AutowiredContainer, connected: Connection
) -> None:
    """A wait names its class and end, an unfinished window is partial and not RUNNING."""
    until = container.use(Clock).now() + timedelta(hours=5)
    unread = Backfill(None, NOW)
    await changed(container, backfill=unread, deferred_until=until, next_due_at=until)
    shown = await status(api)
    assert shown["deferred"]["class"] == "rate"
    assert (shown["status"], shown["coverage"]) == ("ERROR", "partial")
    assert shown["quarantined"] == {"count": 0, "oldest": None, "reasons": {}}


async def test_status_counts_the_messages_in_quarantine(
    api: httpx.AsyncClient, container: AutowiredContainer, connected: Connection
) -> None:
    """Each reason has its count, and the oldest failure is dated."""
    now = container.use(Clock).now()
    token = LeaseToken("worker")
    await changed(container, lease=Lease(token, now + timedelta(minutes=1)), quarantine_due_at=now)
    entries = [
        QuarantineEntry(MessageId(id), "too_large", 1, now, at, Origin.LIVE)
        for id, at in (("18f0a1", NOW), ("18f0a2", NOW - timedelta(days=1)))
    ]
    states = container.use(SyncStates)
    held = await states.get(CONNECTION)
    assert held is not None
    await states.commit(held, held.value, Batch(quarantine=entries))
    found = (await status(api))["quarantined"]
    assert (found["count"], found["reasons"]) == (2, {"too_large": 2})
    assert found["oldest"] == "2026-09-30T12:00:00Z"
