"""What the deployment itself shows: addresses, time, queues, store, keys, mailboxes, events."""

import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest

from infra.local.kms.app import Kms, create_app
from infra.local.tasks.schema import problems
from shared.adapters.keys.kms import KmsSealer
from shared.adapters.keys.local import add_key, create_keyring
from shared.adapters.sqlite.queue import SqliteQueue
from shared.adapters.sqlite.store import open_store
from shared.commands.checks.context import CheckContext
from shared.commands.checks.finding import Verdict
from shared.domain.events.event import Event, EventState, EventType
from shared.domain.ids import EventId
from shared.domain.sync.state import SyncState
from shared.edge.composition.container import AutowiredContainer
from shared.edge.table import whole_table
from shared.edge.web.app import build_app
from shared.ports.clock import Clock
from shared.ports.connections import Grants
from shared.ports.events import Outbox
from shared.ports.google.oauth import Sealer
from shared.ports.queue import Task
from tests.harness.doctoring import NOBODY, DoctorHarness, answering, finding_of

FAILED = Verdict.FAILED
KEY = "projects/demo/locations/europe-west1/keyRings/postroom/cryptoKeys/grants"
LOCATION = "projects/demo/locations/europe-west1"


async def test_a_postroom_that_is_not_running_is_found(harness: DoctorHarness):
    finding = await harness.look("address", PUBLIC_URL=NOBODY)
    assert (finding.verdict, "make demo" in finding.fix) == (FAILED, True)


async def test_an_address_where_something_else_answers_is_found(harness: DoctorHarness):
    finding = await harness.look(
        "address", PUBLIC_URL=harness.system.environ["POSTROOM_GOOGLE_URL"]
    )
    assert (finding.verdict, "not as Postroom" in finding.seen) == (FAILED, True)


async def test_another_deployment_at_the_address_is_found(harness: DoctorHarness):
    finding = await harness.look("address", ENVIRONMENT="prod")
    assert (finding.verdict, "the environment dev, not prod" in finding.seen) == (FAILED, True)


async def test_a_function_that_trusts_claims_and_is_open_to_all_is_found(harness: DoctorHarness):
    """The one mistake that only the outside can see (FACTS 7.3)."""
    context = harness.context()
    trusting = AutowiredContainer(replace(context.settings, token_check="claims"))
    app = build_app("api", whole_table(), trusting)
    context.container.bind(httpx.AsyncClient, httpx.AsyncClient(transport=httpx.ASGITransport(app)))
    finding = await finding_of("push authentication", context)
    assert (finding.verdict, "/push/gmail" in finding.seen) == (FAILED, True)
    assert "POSTROOM_TOKEN_CHECK=signature" in finding.fix


async def test_private_entries_that_do_not_answer_are_found(harness: DoctorHarness):
    finding = await harness.look("push authentication", PUBLIC_URL=NOBODY)
    assert (finding.verdict, "did not answer" in finding.seen) == (FAILED, True)


async def test_an_entry_closed_to_the_outside_has_refused(harness: DoctorHarness):
    """With an ingress for internal callers only, Google's front end answers 404 to us."""
    url = "https://push-1.europe-west1.run.app"
    context = harness.context(FUNCTION_URLS=f"gmail_push={url}")

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(404 if request.url.host in url else 401)

    context.container.bind(httpx.AsyncClient, answering(answer))
    assert (await finding_of("push authentication", context)).verdict is Verdict.OK
    context = harness.context()
    context.container.bind(httpx.AsyncClient, answering(lambda _: httpx.Response(404)))
    assert (await finding_of("push authentication", context)).verdict is FAILED


@pytest.mark.parametrize(
    ("google_s", "deployment_s", "verdict", "words"),
    [
        (0, 0, Verdict.OK, ""),
        (-90, -90, FAILED, "This machine's clock is (90|91) s ahead of"),
        (90, 90, FAILED, "This machine's clock is (89|90) s behind"),
        (0, 300, FAILED, "The deployment's clock is (299|300) s ahead of"),
    ],
)
async def test_a_clock_that_is_wrong_is_named(
    harness: DoctorHarness, google_s: int, deployment_s: int, verdict: Verdict, words: str
):
    context = harness.context()

    def answer(request: httpx.Request) -> httpx.Response:
        ahead = deployment_s if request.url.path == "/health" else google_s
        date = format_datetime(context.now + timedelta(seconds=ahead), usegmt=True)
        return httpx.Response(200, headers={"date": date})

    context.container.bind(httpx.AsyncClient, answering(answer))
    finding = await finding_of("clock", context)
    assert (finding.verdict, bool(re.match(words, finding.seen))) == (verdict, True)
    assert verdict is Verdict.OK or "NTP" in finding.fix


async def test_a_store_that_is_no_database_is_found(harness: DoctorHarness, tmp_path: Path):
    broken = tmp_path / "broken.sqlite"
    broken.write_bytes(b"no database at all" * 1000)
    finding = await harness.look("store", STORE=f"sqlite:{broken}")
    assert (finding.verdict, "integrity_check" in finding.fix) == (FAILED, True)


async def test_a_damaged_page_is_found_though_nothing_reads_it(
    harness: DoctorHarness, tmp_path: Path
):
    path = tmp_path / "damaged.sqlite"
    await open_store(path, harness.system.clock).close()
    assert (await harness.look("store file", STORE=f"sqlite:{path}")).verdict is Verdict.OK
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        query = "SELECT rootpage FROM sqlite_master WHERE name = 'receipts'"
        (page,) = other.execute(query).fetchone()
        (size,) = other.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"mail" * (size // 4))
    finding = await harness.look("store file", STORE=f"sqlite:{path}")
    assert (finding.verdict, "recover" in finding.fix) == (FAILED, True)


async def test_a_store_that_takes_no_writes_is_found(harness: DoctorHarness, tmp_path: Path):
    full = tmp_path / "full.sqlite"
    open_store(full, harness.system.clock)
    context = harness.context(STORE=f"sqlite:{full}")
    with closing(sqlite3.connect(full)) as other:
        other.execute("CREATE TRIGGER full BEFORE INSERT ON connect_tickets "
                      "BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END")  # fmt: skip
        other.commit()
    finding = await finding_of("store", context)
    assert (finding.verdict, "the disk not full" in finding.fix) == (FAILED, True)


@pytest.fixture
def elsewhere(harness: DoctorHarness, tmp_path: Path) -> CheckContext:
    """Return the context of a Postroom that is not running: nobody works on its files."""
    path = tmp_path / "elsewhere" / "postroom.sqlite"
    path.parent.mkdir()
    return harness.context(STORE=f"sqlite:{path}", QUEUE="sqlite")


async def test_tasks_that_nobody_dispatches_are_found(elsewhere: CheckContext):
    queue = SqliteQueue(elsewhere.settings.queue_path, elsewhere.container.use(Clock))
    await queue.enqueue(Task("/tasks/sync", {"connection_id": "c"}))
    queue.close()
    assert (await finding_of("queues", elsewhere)).verdict is Verdict.OK
    elsewhere.container.use(Clock).advance(timedelta(minutes=6))  # type: ignore[attr-defined]
    finding = await finding_of("queues", elsewhere)
    assert (finding.verdict, "make demo" in finding.fix) == (FAILED, True)


async def test_a_queue_that_is_no_database_is_found(elsewhere: CheckContext):
    elsewhere.settings.queue_path.write_bytes(b"no database at all" * 1000)
    finding = await finding_of("queues", elsewhere)
    assert (finding.verdict, "remove the file" in finding.fix) == (FAILED, True)


@pytest.mark.parametrize(
    ("status", "state", "verdict", "words"),
    [
        (200, "RUNNING", Verdict.OK, ""),
        (200, "PAUSED", FAILED, "gcloud tasks queues resume live"),
        (404, "RUNNING", FAILED, "gcloud tasks queues create live"),
        (403, "RUNNING", Verdict.NOT_CHECKED, ""),
    ],
)
async def test_cloud_tasks_queues_that_are_missing_or_paused_are_found(
    harness: DoctorHarness, status: int, state: str, verdict: Verdict, words: str
):
    def answer(request: httpx.Request) -> httpx.Response:
        body = {"name": request.url.path.removeprefix("/v2/"), "state": state}
        assert problems("Queue", body) == []
        return httpx.Response(status, json=body)

    context = harness.context(QUEUE=f"cloud-tasks:{LOCATION}")
    context.container.bind(httpx.AsyncClient, answering(answer))
    finding = await finding_of("queues", context)
    assert (finding.verdict, words in finding.fix) == (verdict, True)


async def test_syncs_that_nobody_runs_are_found(elsewhere: CheckContext):
    store = open_store(str(elsewhere.settings.sqlite_path), elsewhere.container.use(Clock))
    due = elsewhere.now - timedelta(hours=1)
    await store.sync_states.create(SyncState("c-1", next_due_at=due))  # type: ignore[arg-type]
    finding = await finding_of("syncs", elsewhere)
    assert (finding.verdict, "c-1" in finding.seen, "make demo" in finding.fix) == (
        FAILED, True, True,
    )  # fmt: skip


async def test_a_keyring_that_is_gone_is_found(harness: DoctorHarness, tmp_path: Path):
    finding = await harness.look("keys", KEYRING=f"file:{tmp_path}/gone.json")
    assert (finding.verdict, "backup" in finding.fix) == (FAILED, True)


async def test_a_keyring_without_the_key_of_stored_grants_is_found(
    harness: DoctorHarness, tmp_path: Path
):
    create_keyring(tmp_path / "new.json")
    finding = await harness.look("keys", KEYRING=f"file:{tmp_path}/new.json")
    assert (finding.verdict, "1 grant lost" in finding.seen) == (FAILED, True)
    assert "backup" in finding.fix


async def test_grants_left_under_an_older_key_are_said(harness: DoctorHarness):
    add_key(harness.context().settings.keyring_path)
    finding = await harness.look("keys")
    assert (finding.verdict, "rotate-keys" in finding.fix) == (Verdict.WARNING, True)


async def test_a_keyring_that_others_can_read_is_said(harness: DoctorHarness):
    path = harness.context().settings.keyring_path
    path.chmod(0o644)
    finding = await harness.look("keys")
    assert (finding.verdict, finding.fix) == (Verdict.WARNING, f"chmod 600 {path}")


def under_kms(harness: DoctorHarness, kms: Kms) -> CheckContext:
    async def access_token() -> str:
        return "ya29.operator"

    context = harness.context(KEYRING=f"kms:{KEY}")
    client = httpx.AsyncClient(transport=httpx.ASGITransport(create_app(kms)))
    context.container.bind(
        Sealer, KmsSealer(client, access_token, KEY, context.container.use(Clock))
    )
    return context


async def test_a_kms_key_that_may_not_be_used_is_found(harness: DoctorHarness):
    finding = await finding_of("keys", under_kms(harness, Kms(f"{KEY}-of-another")))
    assert (finding.verdict, "cryptoKeyEncrypterDecrypter" in finding.fix) == (FAILED, True)


async def test_a_disabled_version_that_grants_still_need_is_found(harness: DoctorHarness):
    kms = Kms(KEY)
    grants = harness.system.container.use(Grants)
    was = await grants.get(harness.connection)
    assert was is not None
    sealer = under_kms(harness, kms).container.use(Sealer)
    key = await sealer.new_data_key(harness.connection)
    sealed = await sealer.seal(
        "1//x", data_key=key, connection_id=harness.connection, purpose="refresh_token"
    )
    await grants.swap(was, replace(was.value, data_key=key, refresh_token=sealed))
    kms.rotate()
    left = await finding_of("keys", under_kms(harness, kms))
    assert (left.verdict, "rotate-keys" in left.fix) == (Verdict.WARNING, True)
    kms.versions[0].state = "DISABLED"
    finding = await finding_of("keys", under_kms(harness, kms))
    assert (finding.verdict, "gcloud kms keys versions enable 1" in finding.fix) == (FAILED, True)


def an_event(state: EventState, at: datetime, due: datetime | None) -> Event:
    id = EventId(f"evt-{state}")
    error = "status_500" if state is EventState.DEAD else None
    return Event(id, "c-1", EventType.SYNC, {}, at, due, state=state, last_error=error)  # type: ignore[arg-type]


async def test_dead_letters_are_found(harness: DoctorHarness):
    outbox, now = harness.system.container.use(Outbox), harness.system.clock.now()
    await outbox.create(an_event(EventState.DEAD, now, None))
    finding = await harness.look("deliveries")
    assert (finding.verdict, "status_500" in finding.seen) == (FAILED, True)
    assert f"/events/redeliver with since {now:%Y-%m-%dT%H:%M}" in finding.fix


async def test_events_that_nobody_delivers_are_found(elsewhere: CheckContext):
    store = open_store(str(elsewhere.settings.sqlite_path), elsewhere.container.use(Clock))
    hour_ago = elsewhere.now - timedelta(hours=1)
    await store.outbox.create(an_event(EventState.PENDING, hour_ago, hour_ago))
    finding = await finding_of("deliveries", elsewhere)
    assert (finding.verdict, "make demo" in finding.fix) == (FAILED, True)


async def test_a_deployment_that_tells_nobody_is_said(elsewhere: CheckContext):
    open_store(str(elsewhere.settings.sqlite_path), elsewhere.container.use(Clock))
    finding = await finding_of("deliveries", elsewhere)
    assert (finding.verdict, "/webhook-endpoints" in finding.fix) == (Verdict.WARNING, True)
