"""Postroom as it is deployed, each function a process of its own, and what it does counted."""

import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from infra.local import dispatcher
from infra.local.dispatcher import QueuePolicy
from infra.local.google.settings import GoogleSettings
from infra.local.kms.app import Kms
from infra.local.kms.app import create_app as create_kms
from infra.local.serving import LoopServer, address_of, listener
from infra.local.system import LocalSystem
from shared.adapters.firestore.rpc import FirestoreRpc
from shared.adapters.keys.kms import KmsSealer
from shared.adapters.sqlite.queue import SqliteQueue
from shared.edge.composition import container as containers
from shared.edge.composition.container import AutowiredContainer
from shared.edge.settings.deployment import Settings
from shared.ports.clock import Clock
from shared.ports.google.oauth import Sealer
from shared.ports.queue import Queue, QueueName

PLENTY = 10**9
KMS_KEY = "projects/demo/locations/local/keyRings/postroom/cryptoKeys/grants"


class Meter(logging.Handler):
    """Counts Firestore's billed operations, calls, tasks and requests while it is attached."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()
        self._expiring: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        if record.getMessage() == "request":
            self.counts["requests"] += 1

    def attach(self, monkeypatch: pytest.MonkeyPatch) -> None:
        counts = self.counts
        get, commit, stream = FirestoreRpc._get, FirestoreRpc.commit, FirestoreRpc.stream
        enqueue = SqliteQueue.enqueue

        async def counted_get(rpc: Any, names: Any, fields: Any) -> Any:
            counts["reads"] += len(names)
            counts["store_calls"] += 1
            return await get(rpc, names, fields)

        async def counted_commit(rpc: Any, writes: Any) -> Any:
            results = await commit(rpc, writes)
            gone = sum(1 for write in writes if write.delete)
            counts["deletes"] += gone
            counts["writes"] += len(writes) - gone
            counts["store_calls"] += 1
            self._count_expiring(writes)
            return results

        async def counted_stream(rpc: Any, structured: Any, parent: Any = None) -> Any:
            counts["store_calls"] += 1
            found = 0
            async for document in stream(rpc, structured, parent):
                found += 1
                yield document
            counts["reads"] += max(1, found)  # an empty answer is billed as one read

        async def counted_enqueue(queue: Any, task: Any) -> Any:
            counts["tasks"] += 1
            return await enqueue(queue, task)

        monkeypatch.setattr(FirestoreRpc, "_get", counted_get)
        monkeypatch.setattr(FirestoreRpc, "commit", counted_commit)
        monkeypatch.setattr(FirestoreRpc, "stream", counted_stream)
        monkeypatch.setattr(SqliteQueue, "enqueue", counted_enqueue)
        logger = logging.getLogger("postroom")
        logger.addHandler(self)
        monkeypatch.setattr(logger, "level", logging.INFO)

    def _count_expiring(self, writes: Any) -> None:
        """Count each document once that TTL will delete, which is billed (FACTS 9.6)."""
        for write in writes:
            if "expires_at" in write.update.fields and write.update.name not in self._expiring:
                self._expiring.add(write.update.name)
                self.counts["expiring"] += 1


class Sheet:
    """What was counted, per thing that happened."""

    def __init__(self, meter: Meter, deployment: "Deployment") -> None:
        self.meter, self.deployment = meter, deployment
        self.rows: dict[str, dict[str, float]] = {}

    @contextmanager
    def row(self, name: str, per: int = 1) -> Iterator[None]:
        self.meter.counts.clear()
        before = self._outside()
        yield
        spent = {key: value - before[key] for key, value in self._outside().items()}
        counted = {**self.meter.counts, **spent}
        self.rows[name] = {key: round(value / per, 2) for key, value in sorted(counted.items())}

    def subtract(self, name: str, other: str, share: float = 1) -> None:
        """Take out of one row what another one of them brought along."""
        for key, value in self.rows[other].items():
            self.rows[name][key] = round(self.rows[name].get(key, 0) - value * share, 2)

    def _outside(self) -> dict[str, int]:
        stats = self.deployment.system.emulated.stats.as_json()
        return {
            "gmail_calls": _total(stats["calls"]),
            "units": _total(stats["units"]),
            "kms_calls": len(self.deployment.kms.calls),
            "told": self.deployment.product.told,
            "exports": self.deployment.product.exports,
        }


def _total(counted: Any) -> int:
    return sum(map(_total, counted.values())) if isinstance(counted, dict) else int(counted)


@dataclass
class Product:
    """Who is told of events, and who takes the telemetry."""

    address: str
    told: int = 0
    exports: int = 0

    async def take(self, request: Request) -> Response:
        await request.body()
        if request.url.path.startswith("/v1/"):
            self.exports += 1
        else:
            self.told += 1
        return Response()


@dataclass
class Deployment:
    """The system, the key service behind it and the product before it."""

    system: LocalSystem
    product: Product
    kms: Kms
    apart: list[AutowiredContainer] = field(default_factory=list)

    async def add_receivers(self, number: int) -> None:
        for one in range(number):
            body = {"url": f"{self.product.address}/{uuid4().hex[:6]}/{one}"}
            answer = await self.system.client.post("/webhook-endpoints", json=body)
            assert answer.is_success, answer.text


def containers_apart(
    kms: Kms, made: list[AutowiredContainer]
) -> Callable[[Settings], AutowiredContainer]:
    """Return a `container_for` whose every caller gets its own: nothing is shared but the outside.

    The first is the host's own, whose clock and queue are everyone's.
    """

    async def token() -> str:
        return "ya29.app"

    def container_for(settings: Settings) -> AutowiredContainer:
        container = AutowiredContainer(settings)
        if made:
            container.bind(Clock, made[0].use(Clock))
            container.bind(Queue, made[0].use(Queue))
            client = httpx.AsyncClient(transport=httpx.ASGITransport(create_kms(kms)))
            container.bind(
                Sealer, KmsSealer(client, token, KMS_KEY, made[0].use(Clock), "https://kms.test")
            )
        made.append(container)
        return container

    return container_for


@asynccontextmanager
async def deployed(
    directory: Path, monkeypatch: pytest.MonkeyPatch, *, telemetry: bool = False
) -> AsyncIterator[Deployment]:
    """Run every function apart from the others, on Firestore's emulator and an emulated KMS.

    Looks at mailboxes come one at a time: reads that they would share by chance are not counted on.
    """
    monkeypatch.setitem(dispatcher.POLICIES, QueueName.LIVE, QueuePolicy(concurrency=1))
    sockets = listener()
    product, kms = Product(address_of(sockets)), Kms(KMS_KEY)
    app = Starlette()
    app.add_route("/{path:path}", product.take, methods=["POST"])
    server, made = LoopServer(app, sockets), list[AutowiredContainer]()
    await server.open()
    monkeypatch.setattr(containers, "container_for", containers_apart(kms, made))
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", product.address)
    environ = {
        "POSTROOM_UNITS_PER_MINUTE": str(PLENTY),
        "POSTROOM_STORE": f"firestore:demo-{uuid4().hex[:12]}/(default)",
        "POSTROOM_QUEUE": f"sqlite:{directory / 'queue.sqlite'}",
        **({"POSTROOM_TELEMETRY": "otlp"} if telemetry else {}),
    }
    google = GoogleSettings(units_per_minute=PLENTY)
    async with LocalSystem.start(directory, environ=environ, google=google, jobs=()) as system:
        yield Deployment(system, product, kms)
        for container in made[1:]:
            await container.close()
    await server.close()
