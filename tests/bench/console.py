"""What a page of the console takes among 10,000 connections: nothing may scan.

`python -m tests.bench --only console`. Every page is asked for over HTTP, signed in, 20 times.
"""

import statistics
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import httpx

from infra.local.environment import OPERATOR_KEY
from infra.local.system import LocalSystem
from shared.domain.cursor import page_token_of
from shared.domain.events.event import Event, EventState, EventType
from shared.domain.ids import ConnectionId, EventId, HistoryId, MessageId, OperationId
from shared.domain.operation import Operation, OperationState, OperationType
from shared.domain.send.entry import DeliveryMode, SendEntry, SendState, send_id
from shared.domain.sync.mailbox import Mailbox
from shared.domain.sync.state import SyncState
from shared.edge.composition.container import AutowiredContainer
from shared.edge.console.connections.listing import LIST
from shared.ports.clock import Clock
from shared.ports.connections import Connections, Mailboxes
from shared.ports.events import Operations
from shared.ports.store import Store
from shared.ports.sync_store import SyncStates
from tests.bench.figures import Figure
from tests.bench.scale import QUICK, Scale
from tests.harness.samples import a_connection

CONNECTIONS = 10_000
TIMES = 20
AIM_MS = 200.0
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


async def measure(folder: Path, scale: Scale) -> list[Figure]:
    """Return the median and the slowest of each page, in milliseconds."""
    count = CONNECTIONS // 10 if scale is QUICK else CONNECTIONS
    async with LocalSystem.start(folder, jobs=()) as system:
        await fill(system.container, count)
        async with httpx.AsyncClient(
            base_url=system.url, headers={"Origin": system.url}, timeout=60
        ) as browser:
            await browser.post("/console/sign-in", data={"key": OPERATOR_KEY})
            first = await opened(browser, "/console/connections")
            figures = [Figure("console", "the first page of an instance", first, "ms")]
            colds = [await opened(browser, path) for path in pages(count).values()]
            figures += [
                Figure("console", "the first of each other page, slowest", max(colds), "ms")
            ]
            for name, path in pages(count).items():
                took = [await opened(browser, path) for _ in range(TIMES)]
                median = Figure("console", f"{name}, median", statistics.median(took), "ms", AIM_MS)
                figures += [median, Figure("console", f"{name}, slowest", max(took), "ms", AIM_MS)]
            return figures


def pages(count: int) -> Mapping[str, str]:
    """Return the pages by what they show; the deep one begins near the list's end."""
    place = page_token_of(LIST, created(50), MessageId(id_of(50)))
    one = f"/console/connections/{id_of(count // 2)}"
    return {
        "connections, first page": "/console/connections",
        "connections, last page": f"/console/connections?after={place}",
        "connections of a status nearly all have": "/console/connections?status=active",
        "connections of a rare tag": "/console/connections?tags=team%3Dt7",
        "a rare tag and a common status": "/console/connections?tags=team%3Dt7&status=active",
        "connections by the start of an address": "/console/connections?search=person99",
        "a search that finds nothing": "/console/connections?search=nobody",
        "one connection": one,
        "one connection's live part": f"{one}#live",
        "operations": "/console/operations",
        "deliveries": "/console/deliveries",
        "deliveries in a state none has": "/console/deliveries?state=dead",
        "sends": "/console/sends",
        "sends in a state none has": "/console/sends?state=failed",
        "approvals": "/console/approvals",
        "API keys": "/console/api-keys",
        "playground": f"/console/playground?action=send-email&connection={id_of(7)}",
        "overview": "/console/overview",
        "overview of a week": "/console/overview?reach=7d",
    }


async def opened(browser: httpx.AsyncClient, path: str) -> float:
    """Ask for a page; answer the milliseconds until all of it was here."""
    live = {"X-Console-Live": "1"} if path.endswith("#live") else {}
    began = time.perf_counter()
    answer = await browser.get(path, headers=live)
    took = (time.perf_counter() - began) * 1_000
    if answer.status_code != httpx.codes.OK:
        raise RuntimeError(f"{path}: {answer.status_code}")
    return took


async def fill(container: AutowiredContainer, count: int) -> None:
    """Store connections with their syncs and mailboxes, and some operations of each."""
    now = container.use(Clock).now()
    for number in range(count):
        id, email = id_of(number), f"person{number}@example.com"
        tags = {"team": f"t{number % 500}", "end_user_id": f"u{number}"}
        made = a_connection(id, email=email, created_at=created(number), tags=tags)
        await container.use(Connections).create(made)
        state = SyncState(id, checkpoint=HistoryId(1000), last_delta_at=now)
        await container.use(SyncStates).create(replace(state, next_due_at=now + timedelta(hours=1)))
        await container.use(Mailboxes).create(
            Mailbox(made.mailbox_id, frozenset({id}), watch_expires_at=now + timedelta(days=6))
        )
        at = now - timedelta(seconds=number)
        for turn in range(3):
            await container.use(Operations).append(operation(id, turn, at))
        await container.use(Store).outbox.create(event(id, at))
        await container.use(Store).sends.create(send(id, at))


def operation(id: ConnectionId, turn: int, at: datetime) -> Operation:
    """Return an ordinary sync."""
    return Operation(
        id=OperationId(f"{id}-{turn}"),
        connection_id=id,
        type=OperationType.SYNC,
        name="fetch-messages",
        state=OperationState.OK,
        started_at=at,
        finished_at=at,
        expires_at=at + timedelta(days=15),
        detail={"added": 1, "updated": 0, "deleted": 0, "units": 22, "pushed": True},
    )


def event(id: ConnectionId, at: datetime) -> Event:
    """Return an event that its receiver has."""
    payload = {"from": "postroom", "type": "sync", "connectionId": id}
    delivered = EventState.DELIVERED
    return Event(EventId(f"evt-{id}"), id, EventType.SYNC, payload, at, None, 1, delivered)


def send(id: ConnectionId, at: datetime) -> SendEntry:
    """Return a send that Gmail took."""
    mode, state = DeliveryMode.EXACTLY_ONCE, SendState.SUBMITTED
    entry = SendEntry(send_id(id, "k"), id, "h", f"m-{id}", mode, state, at, at)
    return replace(entry, idempotency_key="k")


def id_of(number: int) -> ConnectionId:
    """Return a connection id."""
    return ConnectionId(str(UUID(int=number)))


def created(number: int) -> datetime:
    """Return when a connection was made."""
    return BEGAN + timedelta(minutes=number)
