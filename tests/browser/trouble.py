"""A mailbox with something for every page of the console: trouble, sends, keys, an agent's wish."""

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

from infra.local.loopback import loopback_client
from shared.domain.events.delivery import Failure
from shared.domain.events.event import Delivery, DeliveryState, Event, EventState, EventType
from shared.domain.ids import ConnectionId, EventId, OperationId
from shared.domain.operation import LIFETIME, Operation, OperationState, OperationType
from shared.domain.send.entry import DeliveryMode, SendEntry, SendState, send_id
from shared.edge.composition.container import AutowiredContainer
from shared.ports.clock import Clock
from shared.ports.events import Operations
from shared.ports.store import Store
from tests.browser.console import ADA, GRACE, Console

TROUBLE = (
    (OperationType.SYNC, "rate_limited"),
    (OperationType.DELIVERY, "throttled"),
    (OperationType.ACTION, "upstream_error"),
)


async def plant_events(container: AutowiredContainer, id: ConnectionId) -> None:
    now = container.use(Clock).now()
    dead = Delivery(DeliveryState.DEAD, 10, None, now, 503, Failure.THROTTLED)
    payload = {"from": "postroom", "type": "sync", "connectionId": id, "success": True}
    for number, state in enumerate([EventState.DEAD, EventState.DELIVERED, EventState.PENDING]):
        at = now - timedelta(minutes=5 * (number + 1))
        event = Event(
            id=EventId(f"evt-{state.value}"),
            connection_id=id,
            type=EventType.SYNC,
            payload=payload,
            created_at=at,
            next_attempt_at=now + timedelta(days=1) if state is EventState.PENDING else None,
            attempts=10 if state is EventState.DEAD else 1,
            state=state,
            last_error=Failure.THROTTLED if state is EventState.DEAD else None,
            deliveries={"we_7f3a": dead} if state is EventState.DEAD else {},
        )
        await container.use(Store).outbox.create(event)


async def plant_sends(container: AutowiredContainer, id: ConnectionId) -> None:
    now = container.use(Clock).now()
    made = SendEntry(
        id="",
        connection_id=id,
        request_hash="h",
        marker="m",
        mode=DeliveryMode.EXACTLY_ONCE,
        state=SendState.SUBMITTED,
        created_at=now - timedelta(hours=1),
        updated_at=now,
    )
    tomorrow = now + timedelta(days=1)
    for key, changes in {
        "invoice-2031": {"submitted_at": now, "message_id": "18f3a0c1d2e4b596"},
        "invoice-2032": {"state": SendState.ACCEPTED, "send_at": tomorrow, "next_due_at": tomorrow},
        "reminder-88": {
            "state": SendState.UNKNOWN,
            "error": "unknown_outcome",
            "error_message": "The answer was lost and the mailbox tells nothing.",
            "mode": DeliveryMode.DIRECT,
        },
        "welcome-5": {
            "state": SendState.FAILED,
            "error": "draft_removed",
            "error_message": "The draft was deleted before it was sent.",
        },
    }.items():
        entry = replace(made, id=send_id(id, key), idempotency_key=key, **changes)  # type: ignore[arg-type]
        await container.use(Store).sends.create(entry)


def a_run(container: AutowiredContainer, id: ConnectionId, **detail: Any) -> Operation:
    """Return a sync that has just ended."""
    now = container.use(Clock).now()
    return Operation(
        OperationId(f"op_{uuid4().hex}"),
        id,
        OperationType.SYNC,
        "fetch-messages",
        OperationState.OK,
        now,
        now,
        now + LIFETIME,
        detail=detail,
    )


async def plant_operations(container: AutowiredContainer, id: ConnectionId) -> None:
    """Twelve hours of a mailbox's life, seeded, with an hour in which Google had enough."""
    now, chance = container.use(Clock).now(), random.Random(7)
    for minutes in range(0, 720, 5):
        ended = now - timedelta(minutes=minutes)
        crowded = 200 < minutes < 260
        late_s = chance.lognormvariate(0.6, 0.5) * (6 if crowded else 1)
        told = {"added": 1, "pushed": True, "lateness_ms": late_s * 1000}
        run = a_run(container, id, units=chance.randrange(22, 180), **told)
        began = ended - timedelta(seconds=late_s / 3)
        await container.use(Operations).append(replace(run, started_at=began, finished_at=ended))
        if crowded or minutes % 145 == 0:
            kind, code = chance.choice(TROUBLE)
            failed = replace(
                a_run(container, id), type=kind, error=code, state=OperationState.FAILED
            )
            await container.use(Operations).append(
                replace(failed, started_at=ended, finished_at=ended)
            )


async def plant_approval(console: Console, id: ConnectionId, key: str) -> None:
    """Have an agent ask for a mail that a person has to read first."""
    text = "Dear Ada,\n\nwe can do 900 a month, from June.\n\nGrace"
    mail = {"to": ADA, "subject": "Our offer", "body": text}
    headers = {"Authorization": f"Bearer {key}", "Connection-Id": id}
    async with loopback_client(base_url=console.system.url, headers=headers) as agent:
        answer = await agent.post("/send", json=mail, headers={"Idempotency-Key": "offer-1"})
        assert answer.json()["status"] == "waiting_for_approval"


async def plant_endpoints(console: Console, id: ConnectionId) -> None:
    """Register one receiver of everything and one of a mailbox, which is disabled."""
    client = console.system.client
    bodies: tuple[dict[str, Any], ...] = (
        {"url": "https://app.acme.example/webhooks/postroom", "description": "production"},
        {"url": "https://test.acme.example/", "types": ["sync", "send"], "connection_ids": [id]},
    )
    for body in bodies:
        made = await client.post("/webhook-endpoints", json=body)
        made.raise_for_status()
    path = f"/webhook-endpoints/{made.json()['id']}"
    (await client.patch(path, json={"enabled": False})).raise_for_status()


async def plant(console: Console) -> ConnectionId:
    """Connect Grace and give every page something to show."""
    id = ConnectionId(await console.connect(GRACE, 5))
    container = console.system.container
    await plant_events(container, id)
    await plant_sends(container, id)
    await plant_operations(container, id)
    bodies: dict[str, dict[str, Any]] = {
        "billing service": {"permissions": ["send", "records:read"]},
        "assistant": {
            "permissions": ["mcp", "send"],
            "connections": [id],
            "policy": {"no_bcc": True, "daily_sends": 20, "approval_required": ["send"]},
        },
    }
    for name, body in bodies.items():
        answer = await console.system.client.post("/api-keys", json={"name": name, **body})
        answer.raise_for_status()
    await plant_approval(console, id, answer.json()["key"])
    await plant_endpoints(console, id)
    key = {"key": f"key-{answer.json()['id']}", "via": "mcp"}
    calls = [
        replace(a_run(container, id, **key), type=OperationType.ACTION, name="list-labels"),
        replace(
            a_run(container, id, **key, rule="no_bcc"),
            type=OperationType.ACTION,
            name="send-email",
            state=OperationState.FAILED,
            error="policy_refused",
        ),
    ]
    await container.use(Operations).append(*calls)
    return id
