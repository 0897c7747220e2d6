"""What is erased is erased: after a disconnect nothing of the mailbox is left but the receipt."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from infra.indexes import SUBCOLLECTIONS, collections
from shared.adapters.firestore import indexes as firestore_indexes
from shared.adapters.firestore.store import store_over
from shared.adapters.sqlite import schema as sqlite_schema
from shared.adapters.sqlite.database import SqliteDatabase
from shared.domain.connect.connection import Connection
from shared.domain.events.event import EventState
from shared.domain.ids import ConnectionId, EventId
from shared.ports.events import Outbox
from shared.ports.store import Store
from shared.usecases.connect.disconnect import Disconnect
from shared.usecases.events.deliver_event import DeliverEvent
from shared.usecases.sync.prune_tombstones import PruneDeleted
from tests.contracts.collections import SAMPLES
from tests.contracts.index_plans import IndexedRpc
from tests.harness.connecting import ADA, BEN, ConnectHarness
from tests.usecases.connect.remains import FirestoreRemains, Remains, SqliteRemains, naming
from tests.usecases.connect.test_disconnect import synced

MARK = "ada.personal@demo.example"
OWN = SUBCOLLECTIONS | {
    *("connections", "grants", "google_users", "mailboxes", "mailbox_names", "sync"),
    *("model_quarantine", "model_syncs"),
}
"""What the use case of disconnecting removes one by one."""
OWNED = frozenset(firestore_indexes.OWNED)
SHORT_LIVED = frozenset(
    {"connect_sessions", "connect_tickets", "oauth_states", "operations", "send_counts"}
)
"""What only its expiry removes: nobody could find it by the connection."""
DEPLOYMENTS = frozenset(
    {"api_keys", "console_sessions", "deployments", "observations", "troubles", "webhook_endpoints"}
)
"""What belongs to the product, not to a mailbox."""
RECEIPT = frozenset({"receipts"})
SIDE_TABLES = {
    *("connection_terms", "record_payloads", "record_labels", "record_terms"),
    "model_payloads",
}
PLANTED: dict[str, dict[str, Any]] = {
    "events": {"payload": {"to": MARK}, "state": EventState.DEAD, "next_attempt_at": None},
    "sends": {"error_message": MARK, "expires_at": None},
    "bulk_sends": {"sends": (MARK,)},
    "action_results": {"output": {"snippet": MARK}},
    "approvals": {"reason": MARK},
}
LONGEST = timedelta(days=45)


@pytest.fixture(params=["sqlite", pytest.param("firestore", marks=pytest.mark.emulators)])
async def place(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[ConnectHarness, Remains]]:
    harness = ConnectHarness(tmp_path)
    remains: Remains = SqliteRemains(tmp_path / "postroom.sqlite")
    if request.param == "firestore":
        host = request.getfixturevalue("firestore_emulator")
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", host)
        project = f"test-{secrets.token_hex(8)}"
        harness.container.bind(Store, store_over(IndexedRpc(project)))
        remains = FirestoreRemains(project)
    await harness.mailbox(ADA)
    await harness.mailbox(BEN)
    yield harness, remains
    await harness.close()


async def plant(store: Store, connection_id: ConnectionId, now: datetime) -> None:
    """Leave in every collection of the connection's what its use cases might."""
    for sample in SAMPLES:
        if changes := PLANTED.get(sample.collection):
            dated = {"expires_at": now + timedelta(days=3), "created_at": now, **changes}
            value = replace(sample.make(f"planted-{connection_id}"), connection_id=connection_id)
            await getattr(store, sample.port).create(replace(value, **dated))


async def pass_time(harness: ConnectHarness, remains: Remains, step: timedelta) -> None:
    """Let time pass, and the upkeep and the database do what they do."""
    harness.advance(step)
    await harness.container.use(PruneDeleted)()
    await remains.expire(harness.clock.now())


async def farewell_of(harness: ConnectHarness, connection: Connection) -> EventId:
    (event,) = await harness.container.use(Outbox).list(
        state=None, connection_id=connection.id, limit=9
    )
    assert event.is_farewell
    return event.id


def marks_of(connection: Connection) -> tuple[str, ...]:
    return (MARK, connection.email, connection.sub)


async def test_only_the_last_word_outlives_a_disconnect_and_then_it_is_gone(
    place: tuple[ConnectHarness, Remains],
) -> None:
    harness, remains = place
    other = await synced(harness, BEN)
    connection = await synced(harness)
    await plant(harness.container.use(Store), connection.id, harness.clock.now())
    await plant(harness.container.use(Store), other.id, harness.clock.now())
    await pass_time(harness, remains, timedelta(days=2))
    before = naming(await remains.rows(), connection.id)
    assert before.keys() >= OWNED | {"connections", "grants", "records", "sync"} - {"records"}

    await harness.container.use(Disconnect)(connection.id)
    rows = await remains.rows()
    # The other connection's plants are left, and name the mark.
    assert naming(rows, connection.email, connection.sub) == {"events": 1}
    assert naming(rows, connection.id).keys() == {"events", "operations", "receipts"}
    assert naming(rows, other.id).keys() >= OWNED

    await harness.container.use(DeliverEvent)(await farewell_of(harness, connection))
    assert naming(await remains.rows(), connection.email, connection.sub) == {}
    await harness.container.use(Disconnect)(other.id)
    await pass_time(harness, remains, timedelta(hours=1))
    assert naming(await remains.rows(), MARK) == {}
    assert not [mark for mark in marks_of(connection) if mark.encode() in remains.loose_bytes()]

    await pass_time(harness, remains, LONGEST)
    rows = await remains.rows()
    assert naming(rows, connection.id, *marks_of(connection)) == {"receipts": 1}
    assert naming(rows, *marks_of(connection)) == {}


async def test_a_last_word_that_no_receiver_takes_expires_too(
    place: tuple[ConnectHarness, Remains],
) -> None:
    harness, remains = place
    connection = await synced(harness)
    await harness.container.use(Disconnect)(connection.id)
    found = await harness.container.use(Outbox).get(await farewell_of(harness, connection))
    assert found is not None
    dead = replace(found.value, state=EventState.DEAD, next_attempt_at=None)
    await harness.container.use(Outbox).swap(found, dead)
    await pass_time(harness, remains, LONGEST)
    assert naming(await remains.rows(), *marks_of(connection)) == {}
    await pass_time(harness, remains, timedelta(days=3 * 365))
    assert naming(await remains.rows(), connection.id) == {}


def test_every_collection_has_an_owner_or_an_expiry() -> None:
    kinds = (OWN, OWNED, SHORT_LIVED, DEPLOYMENTS, RECEIPT)
    assert sorted(collections()) == sorted(name for kind in kinds for name in kind)
    assert OWNED == PLANTED.keys() == sqlite_schema.OWNED.keys()
    assert firestore_indexes.TTL.keys() >= (OWNED | SHORT_LIVED | RECEIPT)
    assert firestore_indexes.TTL.keys() == sqlite_schema.SWEPT
    assert set(firestore_indexes.TTL.values()) == {"expires_at"}, "what SQLite sweeps by"


def test_every_table_is_a_collection_or_beside_one() -> None:
    named = SqliteDatabase(":memory:").rows("SELECT name FROM sqlite_master WHERE type = 'table'")
    tables = {name for (name,) in named if not name.startswith("sqlite_")}
    assert tables == collections() | SIDE_TABLES


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_what_expires_always_says_when(sample: Any) -> None:
    if sample.collection not in firestore_indexes.TTL or sample.collection in DEPLOYMENTS:
        return
    value = sample.make("id-1")
    assert value.expires_at is not None
    assert replace(value, **PLANTED.get(sample.collection, {})).expires_at is not None
