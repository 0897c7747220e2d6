"""Disconnecting leaves nothing, counts who shares, and resumes wherever it was killed."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from shared.adapters.telemetry.operations_log import BestEffortOperations
from shared.domain.connect.connection import Connection, ConnectionStatus
from shared.domain.connect.receipt import DeletionReceipt
from shared.domain.ids import ConnectionId, SequenceNumber, first_mailbox_id
from shared.domain.operation import OperationType
from shared.domain.sync.records.record import Record
from shared.edge.composition.container import AutowiredContainer
from shared.errors import (
    ConflictError,
    GrantRevokedError,
    StoreUnavailableError,
    UnknownConnectionError,
)
from shared.ports.connections import Connections, GoogleUsers, Grants, Mailboxes, Receipts
from shared.ports.events import Operations, Outbox
from shared.ports.sync_store import Batch, Records, SyncStates
from shared.usecases.connect.disconnect import (
    AcceptDisconnect,
    Disconnect,
    Disconnected,
    disconnect_task,
)
from shared.usecases.connect.tokens.access_tokens import AccessTokens
from shared.usecases.connect.update_connection import ChangeConnection
from shared.usecases.reconcile import ResumeDisconnects
from shared.usecases.sync.prune_tombstones import PruneDeleted
from shared.usecases.sync.sync_mailbox import SyncMailbox
from tests.harness.connecting import ADA, ConnectHarness
from tests.usecases.connect.interrupted import Bomb, Crash, Interrupted, representatives

REVOKE = "POST /revoke"
STOP = "POST /gmail/v1/users/me/stop"
PORTS = (
    "connections", "grants", "google_users", "mailboxes", "sync_states", "records", "outbox",
    "operations", "receipts", "retention", "gmail", "oauth", "sealer", "queue",
)  # fmt: skip


async def synced(harness: ConnectHarness, email: str = ADA) -> Connection:
    """Connect and sync a mailbox with one more mail."""
    id = await harness.connect(email)
    await harness.control.post("/mailboxes", json={"email": email, "messages": 1})
    await harness.container.use(SyncMailbox)(id, budget=timedelta(seconds=20))
    found = await harness.container.use(Connections).get(id)
    assert found is not None
    return found.value


def task_of(connection: Connection) -> tuple[str, object]:
    task = disconnect_task(connection.id, connection.created_at)
    return task.path, task.body


async def nothing_is_left(harness: ConnectHarness, connection: Connection) -> None:
    container, id = harness.container, connection.id
    assert await container.use(Connections).get(id) is None
    assert await container.use(Grants).get(id) is None
    assert await container.use(SyncStates).get(id) is None
    assert await container.use(GoogleUsers).get(connection.sub) is None
    assert await container.use(Mailboxes).get(connection.mailbox_id) is None
    batches = [batch async for batch in container.use(Records).all_heads(id, None)]
    assert not any(batches)
    events = await container.use(Outbox).list(state=None, connection_id=id, limit=100)
    assert [one.payload.get("operation") for one in events].count("deletion") == 1


async def test_disconnecting_stops_the_watch_revokes_and_leaves_nothing(
    harness: ConnectHarness,
) -> None:
    connection = await synced(harness)
    assert await harness.container.use(Disconnect)(connection.id) == Disconnected()
    await nothing_is_left(harness, connection)
    assert (harness.requests.count(STOP), harness.requests.count(REVOKE)) == (1, 1)
    entries = await harness.container.use(Operations).list(
        connection_id=connection.id, type=OperationType.AUTH, state=None, limit=10
    )
    assert "disconnect" in {one.name for one in entries}


async def test_accepting_marks_the_connection_and_enqueues_the_work(
    harness: ConnectHarness,
) -> None:
    connection = await synced(harness)
    await harness.tasks()
    await harness.container.use(AcceptDisconnect)(connection.id)
    found = await harness.container.use(Connections).get(connection.id)
    assert found is not None
    assert found.value.status is ConnectionStatus.DISCONNECTING
    assert await harness.tasks() == [task_of(connection)]


async def test_an_unknown_connection_is_not_accepted(harness: ConnectHarness) -> None:
    with pytest.raises(UnknownConnectionError):
        await harness.container.use(AcceptDisconnect)(ConnectionId("nobody"))
    assert await harness.container.use(Disconnect)(ConnectionId("nobody")) == Disconnected()


async def test_the_last_of_two_connections_stops_and_revokes(harness: ConnectHarness) -> None:
    first, second = await synced(harness), await synced(harness)
    await harness.container.use(Disconnect)(first.id)
    assert (harness.requests.count(STOP), harness.requests.count(REVOKE)) == (0, 0)
    assert await harness.container.use(AccessTokens)(second.id)
    mailbox = await harness.container.use(Mailboxes).get(first_mailbox_id(ADA))
    assert mailbox is not None
    assert mailbox.value.connections == {second.id}
    await harness.container.use(Disconnect)(second.id)
    assert (harness.requests.count(STOP), harness.requests.count(REVOKE)) == (1, 1)
    await nothing_is_left(harness, second)


async def test_a_dead_grant_counts_as_stopped_and_revoked(harness: ConnectHarness) -> None:
    connection = await synced(harness)
    harness.fault("grant_revoked", email=ADA)
    harness.advance(timedelta(hours=2))
    with pytest.raises(GrantRevokedError):
        await harness.container.use(AccessTokens)(connection.id)
    assert await harness.container.use(Disconnect)(connection.id) == Disconnected()
    await nothing_is_left(harness, connection)


async def test_a_late_writer_is_fenced_out(harness: ConnectHarness) -> None:
    connection = await synced(harness)
    before = await harness.container.use(SyncStates).get(connection.id)
    assert before is not None
    await harness.container.use(Disconnect)(connection.id)
    with pytest.raises(ConflictError):
        await harness.container.use(SyncStates).commit(
            before, replace(before.value, failures=1), Batch()
        )
    assert await harness.container.use(SyncStates).get(connection.id) is None


async def test_the_same_mailbox_connects_again_afterwards(harness: ConnectHarness) -> None:
    connection = await synced(harness)
    await harness.container.use(Disconnect)(connection.id)
    again = await harness.connect(ADA)
    assert again != connection.id
    harness.advance(timedelta(hours=2))
    assert await harness.container.use(AccessTokens)(again)


def interrupted(container: AutowiredContainer, bomb: Bomb) -> Disconnect:
    whole = container.use(Disconnect)
    ports = {name: Interrupted(getattr(whole, name), name, bomb) for name in PORTS}
    return replace(whole, **ports)  # type: ignore[arg-type]  # they behave as the ports


@pytest.mark.parametrize("every_call", [False, pytest.param(True, marks=pytest.mark.deep)])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_killed_at_any_call_it_finishes_the_second_time(
    tmp_path: Path, after: bool, every_call: bool
) -> None:
    """The calls are counted, not listed: a new one cannot be forgotten.

    One that was read before is killed in `make test-deep` too.
    """
    harness = ConnectHarness(tmp_path)
    survey = Bomb()
    await interrupted(harness.container, survey)((await synced(harness)).id)
    numbers = range(1, len(survey.calls) + 1) if every_call else representatives(survey.calls)
    for number in numbers:
        connection = await synced(harness)
        harness.requests.seen.clear()
        bomb = Bomb(number, after)
        with pytest.raises(Crash):
            await interrupted(harness.container, bomb)(connection.id)
        await harness.instance().use(Disconnect)(connection.id)
        await nothing_is_left(harness, connection)
        assert harness.requests.count(REVOKE) >= 1, bomb.calls
        assert harness.requests.count(STOP) >= 1, bomb.calls
        assert (await receipt_of(harness, connection.id)).finished_at is not None, bomb.calls
    assert len(numbers) > 20
    await harness.close()


async def receipt_of(harness: ConnectHarness, id: ConnectionId) -> DeletionReceipt:
    found = await harness.container.use(Receipts).get(id)
    assert found is not None
    return found.value


async def test_a_receipt_says_what_was_undone_and_not_whose_it_was(harness: ConnectHarness) -> None:
    connection = await synced(harness)
    await harness.container.use(Disconnect)(connection.id)
    receipt = await receipt_of(harness, connection.id)
    assert receipt.finished_at is not None
    assert receipt.steps == {
        "watch": "ended",
        "grant": "revoked",
        "tokens": "shredded",
        "records": "deleted",
    }
    assert receipt.records_deleted >= 1
    assert ADA not in str(receipt)
    answer = await harness.api.get(f"/receipts/{connection.id}")
    assert (answer.status_code, answer.json()["steps"]) == (200, dict(receipt.steps))
    assert answer.json()["in_backups_until"] is None
    assert (await harness.api.get("/receipts/nobody")).status_code == 404


async def test_a_receipt_says_until_when_backups_keep_what_was_erased(
    harness: ConnectHarness,
) -> None:
    """The one place where erased mail lives on, for as long as the deployment keeps backups."""
    connection = await synced(harness)
    harness.container.settings = replace(harness.container.settings, backup_days=7)
    await harness.container.use(Disconnect)(connection.id)
    shown = (await harness.api.get(f"/receipts/{connection.id}")).json()
    finished, until = (
        datetime.fromisoformat(shown[name]) for name in ("finished_at", "in_backups_until")
    )
    assert until - finished == timedelta(days=7)


async def test_the_receipt_names_what_others_still_need(harness: ConnectHarness) -> None:
    first, _ = await synced(harness), await synced(harness)
    await harness.container.use(Disconnect)(first.id)
    steps = (await receipt_of(harness, first.id)).steps
    assert (steps["watch"], steps["grant"]) == ("kept_for_others", "kept_for_others")


async def test_a_disconnect_whose_task_was_lost_is_found_again(harness: ConnectHarness) -> None:
    connection = await synced(harness)
    await harness.container.use(AcceptDisconnect)(connection.id)
    await harness.tasks()
    assert await harness.container.use(ResumeDisconnects)() == 0
    harness.advance(timedelta(minutes=10))
    assert await harness.container.use(ResumeDisconnects)() == 1
    assert task_of(connection) in await harness.tasks()
    await harness.container.use(Disconnect)(connection.id)
    assert await harness.container.use(ResumeDisconnects)() == 0


async def test_a_lost_log_line_fails_nothing(harness: ConnectHarness) -> None:
    """The log is the last thing that may stop a disconnect."""

    class Deaf:
        async def append(self, _operation: object) -> None:
            raise StoreUnavailableError("no log today")

        list = None

    connection = await synced(harness)
    deaf = BestEffortOperations(Deaf())  # type: ignore[arg-type]  # it behaves as far as it is asked
    await replace(harness.container.use(Disconnect), operations=deaf)(connection.id)
    await nothing_is_left(harness, connection)


async def test_tombstones_are_emptied_when_the_connections_retention_is_over(
    harness: ConnectHarness,
) -> None:
    connection = await synced(harness)
    (page,) = [
        batch
        async for batch in harness.container.use(Records).all_heads(connection.id, None)
        if batch
    ]
    state = await harness.container.use(SyncStates).get(connection.id)
    assert state is not None
    now = harness.clock.now()
    gone = Record(page[0].tombstone(SequenceNumber(99), now), b"what it said")
    await harness.container.use(SyncStates).commit(state, state.value, Batch(put=[gone]))
    await harness.container.use(ChangeConnection)(
        connection.id, lambda was: replace(was, retention=timedelta(days=2))
    )
    harness.advance(timedelta(days=1, hours=23))
    assert (await harness.container.use(PruneDeleted)()).emptied == 0
    harness.advance(timedelta(hours=2))
    assert (await harness.container.use(PruneDeleted)()).emptied == 1
    kept = await harness.container.use(Records).get(connection.id, page[0].message_id)
    assert kept is not None
    assert (kept.payload, kept.head.deleted_at) == (b"", now)
