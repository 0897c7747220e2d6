"""The `webhooks` of the OpenAPI document, held against the bodies that are really sent."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import jsonschema
import pytest

from shared.actions.background import _event as action_event
from shared.domain.connect.connection import Connection
from shared.domain.events.delivery import shown_payload
from shared.domain.events.event import Event, EventType
from shared.domain.ids import HistoryId, MessageId
from shared.domain.keys.approval import STEPS, approval_event
from shared.domain.mail.reading.bounce import FailedRecipient
from shared.domain.models.event import failed_model_event, model_event
from shared.domain.send.event import bounce_event, send_event
from shared.domain.sync.event import failed_sync_event, sync_event
from shared.domain.sync.records.record import Origin
from shared.domain.sync.state import Tally
from shared.domain.sync.status import SetAside
from shared.edge.composition.container import AutowiredContainer
from shared.edge.web.openapi.webhooks import BODIES, example_of
from shared.usecases.connect.auth_record import AuthOperation, auth_event
from shared.usecases.follow_address import FollowAddress
from shared.usecases.sync.watch.events import TellWatch, WatchNews
from tests.conformity import description
from tests.contracts import samples

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def hold(type: EventType, body: Any) -> None:
    content = description()["webhooks"][type.value]["post"]["requestBody"]["content"]
    schema = content["application/json"]["schema"]
    whole = {**schema, "components": description()["components"]}
    jsonschema.Draft202012Validator(whole).validate(body)


def test_every_type_of_event_is_described() -> None:
    assert {*description()["webhooks"]} == {*EventType} == {*BODIES}


@pytest.mark.parametrize("type", EventType)
def test_every_example_is_a_body_of_its_type(type: EventType) -> None:
    hold(type, example_of(type))


def sent() -> Iterator[Event]:
    """Yield an event of every builder that needs nothing but values."""
    state, tally = samples.sync_state(), Tally(added=1, updated=2, deleted=3)
    for aside in (SetAside(0, None, {}), SetAside(1, NOW, {"too_large": 1})):
        for was in (None, HistoryId(7)):
            about: Any = {"since": NOW, "was": was, "before": state.sequence, "aside": aside}
            yield sync_event(state, tally, Origin.LIVE, NOW, None, **about)
        failed: Any = {"started_at": NOW, "now": NOW, "trace_id": None, "aside": aside}
        yield failed_sync_event(state, "reauth_required", "Connect again.", **failed)
    own = samples.model_sync("own")
    yield model_event(own, own, "Label", tally, NOW, sync_type="INITIAL", trace_id=None)
    yield failed_model_event(own, "Label", "action_crashed", NOW, None)
    yield action_event(samples.action_result(), NOW, None)
    entry = samples.send()
    yield from (send_event(entry, one, NOW) for one in ("submitted", "failed", "unknown"))
    failed_one = FailedRecipient("bo@example.org", "5.1.1")
    yield bounce_event(entry, MessageId("m1"), [failed_one], NOW)
    yield from (approval_event(samples.approval(), one, NOW) for one in STEPS)
    error = {"type": "invalid_grant", "description": "Connect again."}
    cases: tuple[Any, ...] = ({}, {"error": error}, {"warning": error})
    for operation in AuthOperation:
        for told in cases:
            given: Any = {"occasion": "x", "generation": 1, "environment": "prod", "now": NOW}
            yield auth_event(samples.connection(), operation, **given, **told)


def test_every_body_is_as_described() -> None:
    for event in sent():
        hold(event.type, shown_payload(event))


async def test_what_is_told_of_watches_and_addresses_is_as_described(
    api: httpx.AsyncClient, container: AutowiredContainer, connected: Connection
) -> None:
    mailbox = samples.mailbox(connections=frozenset({connected.id}))
    for armings, news in enumerate(WatchNews):
        reason = "watch_expired" if news.trouble else None
        await container.use(TellWatch)(replace(mailbox, armings=armings), news, reason)
    await container.use(FollowAddress).tell(connected.id, "ada.byron@acme.example")
    events = (await api.get("/events")).json()["events"]
    assert {one["type"] for one in events} == {"watch", "connection"}
    for one in events:
        hold(EventType(one["type"]), one["payload"])


def test_no_type_is_left_unheld() -> None:
    held = {event.type for event in sent()} | {EventType.WATCH, EventType.CONNECTION}
    assert held == {*EventType}
