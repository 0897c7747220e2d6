"""A stored document that does not read is named, and stops its own connection only."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from shared.domain.connect.connection import Connection, ConnectionStatus
from shared.domain.ids import ConnectionId, GoogleSub, HistoryId, first_mailbox_id
from shared.domain.sync.mailbox import GoogleUser, Mailbox
from shared.domain.sync.quota_units import UnitsPerMinute
from shared.domain.sync.state import SyncState
from shared.errors import CorruptStateError
from shared.usecases.reconcile import Reconcile
from shared.usecases.sync.watch.start import Armed
from shared.usecases.sync.work.pace import QuotaGovernor
from tests.contracts.backends import Backend, FirestoreBackend, SqliteBackend
from tests.harness.google import EMAIL
from tests.harness.syncing import BUDGET, CONNECTION, SyncHarness, sync_harness

BESIDE = ConnectionId("c-beside")
SUB = GoogleSub("sub-ada")
DOCUMENT = f"sync/{CONNECTION}"


@dataclass
class Torn:
    """Two connections on one address; the state of the first can be torn."""

    harness: SyncHarness
    backend: Backend

    async def tear(self) -> None:
        """Make the first connection's sync state unreadable."""
        await self.backend.set_field(("sync", CONNECTION), "schema_version", "torn")

    async def stored_beside(self) -> set[str]:
        """Return what is stored for the second."""
        pages = [page async for page in self.harness.store.records.all_heads(BESIDE, None)]
        return {head.message_id for page in pages for head in page if head.live}


@pytest.fixture(params=["sqlite", pytest.param("firestore", marks=pytest.mark.emulators)])
async def torn(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Torn]:
    if request.param == "sqlite":
        backend: Backend = SqliteBackend(tmp_path / "store.db")
    else:
        host = request.getfixturevalue("firestore_emulator")
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", host)
        backend = FirestoreBackend(f"test-{secrets.token_hex(8)}")
    async with sync_harness(store=backend.open()) as harness:
        await connect_both(harness)
        yield Torn(harness, backend)
    await backend.close()


async def connect_both(harness: SyncHarness) -> None:
    """Connect the address twice and read what is there."""
    store, now = harness.store, harness.clock.now()
    both = frozenset({CONNECTION, BESIDE})
    for id in both:
        await store.connections.create(
            Connection(id, EMAIL, SUB, frozenset(), ConnectionStatus.ACTIVE, now, now)
        )
    await store.google_users.create(GoogleUser(SUB, both))
    await store.mailboxes.create(Mailbox(first_mailbox_id(EMAIL), both))
    await store.sync_states.create(SyncState(BESIDE, next_due_at=now, delta_due_at=now))
    for id in both:
        await harness.sync(id, budget=BUDGET)


async def test_a_push_reaches_the_other_connections_and_names_the_document(torn: Torn) -> None:
    await torn.tear()
    arrived = torn.harness.deliver("For both")
    push = torn.harness.notifying()
    with pytest.raises(CorruptStateError) as caught:
        await push(EMAIL, HistoryId(torn.harness.google.store.history_id(EMAIL)))
    assert caught.value.document == DOCUMENT
    assert await torn.stored_beside() == {arrived}


async def test_a_task_for_it_ends_with_its_name(torn: Torn) -> None:
    await torn.tear()
    with pytest.raises(CorruptStateError, match=DOCUMENT):
        await torn.harness.run()


async def test_reconcile_still_finds_the_others(torn: Torn) -> None:
    harness = torn.harness
    await torn.tear()
    was = await harness.store.sync_states.get(BESIDE)
    assert was is not None
    await harness.store.sync_states.swap(was, was.value.due_by(harness.clock.now()))
    harness.queue.tasks.clear()
    store = harness.store
    await Reconcile(
        store.sync_states, store.sends, store.bulk_sends, harness.queue, harness.clock
    )()
    assert BESIDE in {task.body["connection_id"] for task in harness.queue.tasks}


async def test_the_quota_of_its_google_user_is_shared_without_it(torn: Torn) -> None:
    store = torn.harness.store
    await torn.tear()
    governor = QuotaGovernor(
        store.connections,
        store.google_users,
        store.sync_states,
        torn.harness.clock,
        UnitsPerMinute(6_000),
    )
    assert await governor.admit(BESIDE) is None
    assert governor.pace(BESIDE).units_per_minute == 6_000


async def test_the_watch_is_renewed_through_a_connection_that_reads(torn: Torn) -> None:
    harness, store = torn.harness, torn.harness.store
    await torn.backend.set_field(("connections", min(CONNECTION, BESIDE)), "status", "torn")
    assert isinstance(await harness.arming()(max(CONNECTION, BESIDE)), Armed)
    found = await store.mailboxes.get(first_mailbox_id(EMAIL))
    assert found is not None
    assert found.value.renew_at is not None
    harness.advance(found.value.renew_at - harness.clock.now())
    assert (await harness.renewing()()).armed == 1
