"""/webhook-endpoints and redelivery over HTTP."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from infra.local.environment import WEBHOOK_SECRET
from shared.adapters.keys.local import create_keyring
from shared.domain.connect.connection import Connection
from shared.domain.events.event import Delivery, DeliveryState, Event, EventState, EventType
from shared.domain.events.flavour import Flavour
from shared.domain.ids import ConnectionId, EventId
from shared.edge.composition.container import AutowiredContainer
from shared.edge.settings.deployment import settings_from
from shared.edge.settings.events import EventOptions
from shared.edge.web.routes import Permission
from shared.errors import ConfigurationError
from shared.ports.events import WebhookEndpoints
from shared.ports.google.oauth import Sealer
from shared.ports.store import Store
from shared.usecases.events.receivers import opened_secret
from tests.harness import samples
from tests.harness.samples import a_key

URL = "https://product.example.com/hooks"


@pytest.fixture
def environ(tmp_path: Path) -> Mapping[str, str]:
    return samples.environ(tmp_path)


@pytest.fixture(autouse=True)
def keyring(container: AutowiredContainer) -> None:
    create_keyring(container.settings.keyring_path)


async def _made(api: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    answer = await api.post("/webhook-endpoints", json={"url": URL, **body})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def _opened(container: AutowiredContainer, id: str) -> list[str]:
    found = await container.use(WebhookEndpoints).get(id)
    assert found is not None
    return [await opened_secret(container.use(Sealer), id, one) for one in found.value.secrets]


async def test_a_secret_is_shown_once_and_kept_sealed(
    api: httpx.AsyncClient, container: AutowiredContainer
) -> None:
    made = await _made(api, description="main", types=["sync"])
    assert made["secret"].startswith("whsec_")
    (listed,) = (await api.get("/webhook-endpoints")).json()["webhook_endpoints"]
    assert "secret" not in listed
    assert {**listed, "secret": made["secret"]} == made
    assert await _opened(container, made["id"]) == [made["secret"]]
    stored = (container.settings.sqlite_path or container.settings.keyring_path).read_bytes()
    assert made["secret"].encode() not in stored
    assert made["secret"].removeprefix("whsec_").encode() not in stored


async def test_a_secret_of_ones_own_is_taken(api: httpx.AsyncClient) -> None:
    assert (await _made(api, secret=WEBHOOK_SECRET))["secret"] == WEBHOOK_SECRET


async def test_a_rotated_secret_leaves_two_and_never_three(
    api: httpx.AsyncClient, container: AutowiredContainer
) -> None:
    first = await _made(api)
    path = f"/webhook-endpoints/{first['id']}/rotate-secret"
    second = (await api.post(path, json={})).json()
    third = (await api.post(path, json={"overlap_s": 60})).json()
    assert third["live_secrets"] == 2
    assert await _opened(container, first["id"]) == [third["secret"], second["secret"]]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"url": "http://product.example.com/"}, "invalid_webhook_url"),
        ({"url": "https://169.254.169.254/"}, "invalid_webhook_url"),
        ({"url": "https://[::1]/"}, "invalid_webhook_url"),
        ({"url": "https://0x7f.1/"}, "invalid_webhook_url"),
        ({"url": "pubsub:projects/p/topics/t"}, "invalid_webhook_url"),
        ({"url": URL, "secret": "short"}, "invalid_secret"),
        ({"url": URL, "types": ["nonsense"]}, "invalid_body"),
        ({"url": URL, "unknown": 1}, "invalid_body"),
        ({}, "invalid_body"),
    ],
)
async def test_what_cannot_work_is_refused_with_its_reason(
    api: httpx.AsyncClient, body: dict[str, Any], code: str
) -> None:
    answer = await api.post("/webhook-endpoints", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


async def test_an_endpoint_is_changed_disabled_enabled_and_removed(
    api: httpx.AsyncClient,
) -> None:
    path = f"/webhook-endpoints/{(await _made(api))['id']}"
    changed = (await api.patch(path, json={"url": f"{URL}/2", "types": ["auth"]})).json()
    assert (changed["url"], changed["types"]) == (f"{URL}/2", ["auth"])
    assert (await api.patch(path, json={"enabled": False})).json()["enabled"] is False
    assert (await api.patch(path, json={"enabled": True})).json()["enabled"] is True
    refused = await api.patch(path, json={"url": "https://127.0.0.1/"})
    assert refused.json()["error"]["code"] == "invalid_webhook_url"
    assert (await api.delete(path)).json() == {"success": True}
    assert (await api.get(path)).status_code == 404
    assert (await api.delete(path)).status_code == 404


async def test_a_sink_that_the_operator_allows_may_be_named(
    api: httpx.AsyncClient, container: AutowiredContainer
) -> None:
    sink = "pubsub:projects/p/topics/t"
    events = EventOptions(sink_choices=frozenset({sink}))
    container.settings = replace(container.settings, events=events)
    assert (await _made(api, url=sink))["secret"] is None


async def test_a_receiver_of_messages_is_registered_by_who_may_read_them(
    api: httpx.AsyncClient, container: AutowiredContainer
) -> None:
    made = await _made(api, content="summary")
    assert made["content"] == "summary"
    path = f"/webhook-endpoints/{made['id']}"
    assert (await api.patch(path, json={"content": "full"})).json()["content"] == "full"
    key = await a_key(container, Permission.EVENTS_WRITE, Permission.EVENTS_READ)
    headers = {"Authorization": f"Bearer {key}"}
    body = {"url": URL, "content": "full"}
    refused = [
        await api.post("/webhook-endpoints", json=body, headers=headers),
        await api.patch(path, json={"url": f"{URL}/mine"}, headers=headers),
    ]
    assert [one.status_code for one in refused] == [403, 403]
    taken = await api.patch(path, json={"content": "none"}, headers=headers)
    assert taken.json()["content"] == "none"


async def _event(container: AutowiredContainer, id: str, **changes: Any) -> None:
    now = datetime.now(UTC)
    payload = {"type": "sync", "cursorSequence": 3}
    event = Event(EventId(id), ConnectionId("c-1"), EventType.SYNC, payload, now, None)
    await container.use(Store).outbox.create(replace(event, **changes))


async def test_events_show_how_they_stand_with_each_receiver(
    api: httpx.AsyncClient, container: AutowiredContainer
) -> None:
    told = Delivery(DeliveryState.DEAD, 10, status=500, error="refused")
    await _event(container, "e1", state=EventState.DEAD, deliveries={"whe_1": told})
    (shown,) = (await api.get("/events", params={"state": "dead"})).json()["events"]
    assert shown["deliveries"] == [
        {
            "receiver": "whe_1",
            "state": "dead",
            "attempts": 10,
            "status": 500,
            "error": "refused",
            "last_attempt_at": None,
            "next_attempt_at": None,
        }
    ]


async def test_dead_events_since_a_moment_are_made_due(
    api: httpx.AsyncClient, container: AutowiredContainer
) -> None:
    now = datetime.now(UTC)
    for age in range(4):
        state = EventState.DELIVERED if age == 1 else EventState.DEAD
        await _event(container, f"e{age}", state=state, created_at=now - timedelta(hours=age))
    since = (now - timedelta(hours=2, minutes=30)).isoformat()
    answer = await api.post("/events/redeliver", json={"since": since})
    assert answer.json() == {"redelivered": 2, "has_more": False}
    pending = (await api.get("/events", params={"state": "pending"})).json()["events"]
    assert {one["id"] for one in pending} == {"e0", "e2"}


async def test_an_unknown_event_is_not_redelivered(api: httpx.AsyncClient) -> None:
    assert (await api.post("/events/nobody/redeliver")).status_code == 404
    without = await api.post("/events/redeliver", json={})
    assert without.json()["error"]["code"] == "invalid_body"


def test_settings_of_events_are_read(environ: dict[str, str]) -> None:
    queue = "sqs:https://sqs.eu-central-1.amazonaws.com/123456789012/events.fifo"
    events = settings_from(
        {
            **environ,
            "POSTROOM_WEBHOOK_ALLOW": "hooks.internal, 127.0.0.1:8090",
            "POSTROOM_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "POSTROOM_EVENT_SINKS": f"pubsub:projects/p/topics/t,{queue}",
            "POSTROOM_SQS_ROLE": "arn:aws:iam::123456789012:role/postroom",
        }
    ).events
    assert events.allowed.allow("127.0.0.1", 8090)
    assert events.sinks == ("pubsub:projects/p/topics/t", queue)
    assert WEBHOOK_SECRET not in repr(events)


def test_the_nango_flavour_is_signed_with_any_text(environ: dict[str, str]) -> None:
    chosen = {"POSTROOM_WEBHOOK_FLAVOUR": "nango", "POSTROOM_WEBHOOK_SECRET": "prod, the key"}
    events = settings_from({**environ, **chosen}).events
    assert (events.flavour, events.secrets) == (Flavour.NANGO, ("prod, the key",))
    for wrong in ({"POSTROOM_WEBHOOK_FLAVOUR": "other"}, {"POSTROOM_WEBHOOK_SECRET": "a\nb"}):
        with pytest.raises(ConfigurationError, match=next(iter(wrong))):
            settings_from({**environ, **chosen, **wrong})


async def test_a_flavour_has_secrets_of_its_own(api: httpx.AsyncClient) -> None:
    asked = {"url": "https://product.example.com/hooks", "flavour": "nango", "secret": "my key"}
    made = (await api.post("/webhook-endpoints", json=asked)).json()
    assert (made["flavour"], made["secret"]) == ("nango", "my key")
    path = f"/webhook-endpoints/{made['id']}/rotate-secret"
    assert (await api.post(path, json={"secret": "next"})).json()["secret"] == "next"
    assert (await api.post(path, json={})).json()["secret"].startswith("whsec_")
    for refused in ({**asked, "secret": ""}, {**asked, "flavour": "postroom"}):
        answer = await api.post("/webhook-endpoints", json=refused)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_secret")


def test_every_wrong_setting_of_events_is_named(environ: dict[str, str]) -> None:
    wrong = {
        "POSTROOM_WEBHOOK_ALLOW": "https://hooks.internal/",
        "POSTROOM_WEBHOOK_SECRET": "whsec_short",
        "POSTROOM_EVENT_SINKS": "sqs:https://sqs.eu-central-1.amazonaws.com/123456789012/events",
        "POSTROOM_SINK_CHOICES": "kafka:x",
        "POSTROOM_AWS_URL": "localhost",
    }
    with pytest.raises(ConfigurationError) as refused:
        settings_from({**environ, **wrong})
    for name in (*wrong, "POSTROOM_SQS_ROLE"):
        assert (name in str(refused.value)) is (name != "POSTROOM_EVENT_SINKS")


@pytest.mark.parametrize("url", ["https://10.0.0.1/", "http://product.example.com/"])
async def test_a_connections_own_address_is_judged_where_it_is_given(
    api: httpx.AsyncClient, connected: Connection, url: str
) -> None:
    own = {"webhook_url_override": url}
    session = await api.post(
        "/connect/sessions", json={"tags": {}, "allowed_integrations": ["google-mail"], **own}
    )
    patch = await api.patch(
        f"/connections/{connected.id}", params={"provider_config_key": "google-mail"}, json=own
    )
    for answer in (session, patch):
        assert answer.json()["error"]["code"] == "invalid_webhook_url", answer.text
