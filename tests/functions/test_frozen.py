"""An instance has CPU during requests only: whatever it holds is handed over before it answers.

A real process in its archive: after each answer it is stopped, as the platform takes its CPU away,
and what it did is looked for from outside; at the end it is killed where it stands.
"""

import json
import threading
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from infra.local.environment import PUSH_ACCOUNT, WEBHOOK_SECRET
from infra.local.id_tokens import IdTokens
from infra.local.system import LocalSystem
from infra.requirements import locked_for
from shared.adapters.google.id_tokens import SIGNATURE_REMOVED
from shared.adapters.sqlite.queue import SqliteQueue
from shared.adapters.sqlite.store import open_store
from shared.adapters.system_clock import SystemClock
from shared.domain.ids import ConnectionId
from shared.domain.operation import OperationState, OperationType
from shared.ports.store import Store
from shared.ports.sync_store import RecordQuery
from shared.usecases.events.attempt import DELIVER_TASK
from tests.adapters.listener import Listener, listening
from tests.functions.test_main_job import ADA, backfilled, connected
from tests.harness.environments import DEPLOYED, clean_environment
from tests.harness.platform import (
    TIMEOUT_S,
    Instance,
    answered,
    running,
    unpack,
)
from tests.harness.whole import whole_system

ROUNDS = 3
BROKEN = b"HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n"
MAIL = b"From: Eve <eve@far.example>\r\nTo: ada@acme.example\r\nSubject: Knock\r\n\r\nHello.\r\n"


@dataclass
class Collector:
    """An OpenTelemetry collector that notes the names of the spans it is given."""

    url: str
    spans: list[str] = field(default_factory=list)


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as started:
        yield started


@contextmanager
def collecting() -> Iterator[Collector]:
    noted = Collector("")

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.path == "/v1/traces":
                told = ExportTraceServiceRequest.FromString(body)
                noted.spans += [
                    span.name
                    for one in told.resource_spans
                    for scope in one.scope_spans
                    for span in scope.spans
                ]
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
    noted.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield noted
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass(frozen=True)
class Frozen:
    """A mailbox that is synced by one instance, which is frozen after each answer."""

    system: LocalSystem
    connection: ConnectionId
    instance: Instance
    token: str

    async def push_a_new_mail(self) -> None:
        """Deliver a mail, push it, and take the CPU away with the answer."""
        delivered = await self.system.google.post(
            f"/_control/mailboxes/{ADA}/messages", content=MAIL
        )
        notification = {"emailAddress": ADA, "historyId": int(delivered.json()["historyId"])}
        data = b64encode(json.dumps(notification).encode()).decode()
        self.instance.thaw()
        async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
            answer = await client.post(
                f"{self.instance.url}/push/gmail",
                json={"message": {"data": data, "messageId": "1"}, "subscription": "s"},
                headers={"Authorization": f"Bearer {self.token}"},
            )
            self.instance.freeze()
        assert answer.status_code == 204, answer.text

    def store(self) -> Store:
        """Open the store from outside, as another instance has it open."""
        path = self.system.directory / "postroom.sqlite"
        return open_store(str(path), SystemClock())

    async def events(self) -> dict[str, int]:
        """Return the events in the outbox, each with the records it tells of that are new."""
        store = self.store()
        found = await store.outbox.list(state=None, connection_id=self.connection, limit=100)
        await store.close()
        told = {event.id: event.payload.get("responseResults", {}) for event in found}
        return {id: results.get("added", 0) for id, results in told.items()}

    def deliveries(self) -> set[str]:
        """Return the ids of the events that a task is to deliver, as the dispatcher finds them."""
        queue = SqliteQueue(self.system.directory / "postroom-queue.sqlite", SystemClock())
        waiting = [one for one in queue.waiting() if one.path == DELIVER_TASK]
        queue.close()
        return {str(one.body["event_id"]) for one in waiting}

    async def stored(self) -> tuple[int, int]:
        """Return how many syncs are logged and how many records stored, as others find them."""
        store = self.store()
        syncs = await store.operations.list(
            connection_id=self.connection,
            type=OperationType.SYNC,
            state=OperationState.OK,
            limit=100,
        )
        records = await store.records.page(self.connection, RecordQuery())
        await store.close()
        return len(syncs), len(records.records)


@pytest.fixture
async def product() -> AsyncIterator[Listener]:
    """Listen as the product's receiver of webhooks does."""
    async with listening(Listener()) as started:
        yield started


@pytest.fixture
async def frozen(tmp_path: Path, collector: Collector, product: Listener) -> AsyncIterator[Frozen]:
    environment = clean_environment(DEPLOYED, locked_for("gmail_push"))
    unpacked = unpack("gmail_push", tmp_path)
    async with whole_system(tmp_path, {ADA: 3}) as system:
        connection = ConnectionId(await connected(system))
        await backfilled(system, connection)
        await system.settle()
        body = {"url": f"http://127.0.0.1:{product.port}/hooks", "secret": WEBHOOK_SECRET}
        made = await system.client.post("/webhook-endpoints", json=body)
        assert made.status_code == HTTPStatus.CREATED, made.text
        token = await token_without_signature(system)
        await system.kill()
        settings = {
            **system.environ,
            "POSTROOM_TOKEN_CHECK": "claims",
            "POSTROOM_TELEMETRY": "otlp",
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        }
        with running("gmail_push", environment, unpacked, tmp_path, settings) as instance:
            answered(f"{instance.url}/health")
            yield Frozen(system, connection, instance, token)


async def token_without_signature(system: LocalSystem) -> str:
    """Return a token of Pub/Sub as Cloud Run hands it on (FACTS 7.3)."""
    audience = system.environ["POSTROOM_PUSH_AUDIENCE"]
    async with httpx.AsyncClient() as client:
        tokens = IdTokens(client, system.environ["POSTROOM_GOOGLE_URL"], system.clock)
        signed = await tokens(service_account=PUSH_ACCOUNT, audience=audience)
    return f"{signed.rpartition('.')[0]}.{SIGNATURE_REMOVED}"


async def test_an_instance_that_is_frozen_after_each_answer_loses_nothing(
    frozen: Frozen, collector: Collector
) -> None:
    """Each round is whole before the next, and the last survives the end of the process."""
    syncs, records = await frozen.stored()
    for number in range(1, ROUNDS + 1):
        await frozen.push_a_new_mail()
        assert await frozen.stored() == (syncs + number, records + number)
        assert sum("/push/gmail" in one for one in collector.spans) == number, collector.spans
        asked = [one for one in frozen.instance.lines() if one.get("route") == "/push/gmail"]
        assert len(asked) == number
    frozen.instance.kill()
    assert await frozen.stored() == (syncs + ROUNDS, records + ROUNDS)


async def test_the_product_is_told_before_each_answer(frozen: Frozen, product: Listener) -> None:
    """A task would come later: what the receiver took within the push needs none."""
    for number in range(1, ROUNDS + 1):
        await frozen.push_a_new_mail()
        assert len(product.requests) == number
        assert frozen.deliveries() == set()


async def test_what_the_product_did_not_take_has_a_task_by_the_answer(
    frozen: Frozen, product: Listener
) -> None:
    """The dispatcher is not running: what a push leaves to be done is in its file, or is lost."""
    product.answer = BROKEN
    before = await frozen.events()
    for number in range(1, ROUNDS + 1):
        await frozen.push_a_new_mail()
        new = {id: added for id, added in (await frozen.events()).items() if id not in before}
        assert sum(new.values()) == number
        assert frozen.deliveries() == set(new)
    frozen.instance.kill()
    assert frozen.deliveries() == set(new)
    assert await frozen.events() == {**before, **new}


async def test_an_instance_that_is_ended_closes_what_it_holds_and_exits_well(
    frozen: Frozen,
) -> None:
    """SQLite takes its journal away only with the last connection that is closed."""
    journal = frozen.system.directory / "postroom.sqlite-wal"
    await frozen.push_a_new_mail()
    assert journal.exists()
    frozen.instance.thaw()
    assert frozen.instance.end() == 0
    assert not journal.exists()
