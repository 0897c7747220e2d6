"""Deliveries and sends on the console: what is seen, what may be done, and by whom."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.domain.events.event import Event, EventState, EventType
from shared.domain.ids import ConnectionId, EventId
from shared.domain.send.entry import DeliveryMode, SendEntry, SendState, send_id
from shared.edge.composition.container import AutowiredContainer
from shared.edge.console.layout.paging import PAGE_SIZE
from shared.edge.settings.console import Role
from shared.ports.clock import Clock
from shared.ports.connections import Connections
from shared.ports.events import Outbox
from shared.ports.sends import Sends
from shared.ports.store import Store
from tests.edge.console.visitors import Visitor, texts, visiting
from tests.harness.samples import a_connection

HERE = ConnectionId("c-here")
ELSEWHERE = ConnectionId("c-elsewhere")


@pytest.fixture
async def operator(container: AutowiredContainer) -> AsyncIterator[Visitor]:
    async with visiting(container, Role.OPERATOR) as visitor:
        yield visitor


@pytest.fixture
async def viewer(container: AutowiredContainer) -> AsyncIterator[Visitor]:
    async with visiting(container, Role.VIEWER) as visitor:
        yield visitor


async def an_event(
    container: AutowiredContainer, id: str, at: datetime, **changes: object
) -> Event:
    made = Event(EventId(id), HERE, EventType.SYNC, {"type": "sync"}, at, at)
    return (await container.use(Store).outbox.create(replace(made, **changes))).value  # type: ignore[arg-type]


async def a_send(container: AutowiredContainer, key: str, **changes: object) -> SendEntry:
    now = container.use(Clock).now()
    connection = changes.get("connection_id", HERE)
    made = SendEntry(
        id=send_id(ConnectionId(str(connection)), key),
        connection_id=HERE,
        request_hash="h",
        marker=key,
        mode=DeliveryMode.EXACTLY_ONCE,
        state=SendState.ACCEPTED,
        created_at=now,
        updated_at=now,
        idempotency_key=key,
    )
    return (await container.use(Store).sends.create(replace(made, **changes))).value  # type: ignore[arg-type]


async def test_events_are_shown_by_their_state(
    container: AutowiredContainer, operator: Visitor
) -> None:
    now = container.use(Clock).now()
    await an_event(container, "dead-one", now, state=EventState.DEAD, last_error="timeout")
    await an_event(container, "waiting-one", now)
    page = await operator.see("/console/deliveries?state=dead")
    assert texts(page, "tbody summary code") == ["dead-one"]
    assert "timeout" in texts(page, "tbody td[data-label=State]")[0]
    every = await operator.see("/console/deliveries?state=nonsense")
    assert len(every.css("tbody tr")) == 2


async def test_a_dead_event_is_sent_again_from_its_row(
    container: AutowiredContainer, operator: Visitor
) -> None:
    await an_event(
        container, "e1", container.use(Clock).now(), state=EventState.DEAD, next_attempt_at=None
    )
    answer = await operator.send("/console/deliveries/e1/redeliver", state="dead")
    assert answer.url.params["state"] == "dead"
    assert "on its way again" in answer.text
    found = await container.use(Outbox).get(EventId("e1"))
    assert found is not None
    assert found.value.state is EventState.PENDING


async def test_dead_events_since_a_moment_are_sent_again(
    container: AutowiredContainer, operator: Visitor
) -> None:
    now = container.use(Clock).now()
    for id, hours, owner in (("old", 9, HERE), ("new", 1, HERE), ("other", 1, ELSEWHERE)):
        at = now - timedelta(hours=hours)
        await an_event(container, id, at, state=EventState.DEAD, connection_id=owner)
    since = (now - timedelta(hours=3)).strftime("%Y-%m-%dT%H:%M")
    answer = await operator.send(
        "/console/deliveries/redeliver", which="dead", since=since, connection=HERE
    )
    assert "1 events are on their way" in answer.text
    states = [await container.use(Outbox).get(EventId(id)) for id in ("old", "new", "other")]
    assert [one.value.state.value for one in states if one] == ["dead", "pending", "dead"]


@pytest.mark.parametrize(("field", "value"), [("since", "soon"), ("which", "lost")])
async def test_a_wrong_wish_is_refused_with_words(
    operator: Visitor, field: str, value: str
) -> None:
    fields: dict[str, Any] = {"which": "dead", "since": "2026-01-01T00:00", field: value}
    answer = await operator.send("/console/deliveries/redeliver", **fields)
    assert answer.status_code == 400


async def test_a_moment_that_no_store_can_be_asked_for_is_the_nearest(operator: Visitor) -> None:
    fields = {"which": "dead", "since": "0001-01-01T00:00+23:59"}
    answer = await operator.send("/console/deliveries/redeliver", **fields)
    assert "0 events are on their way" in answer.text
    assert await operator.see("/console/deliveries?before=0001-01-01T00:00%2B23:59~e1")


async def test_pages_of_a_log_miss_nothing_and_repeat_nothing(
    container: AutowiredContainer, operator: Visitor
) -> None:
    start, total = container.use(Clock).now(), 2 * PAGE_SIZE + 7
    for number in range(total):
        at = start + timedelta(seconds=number // 5)  # five of each moment
        await an_event(container, f"e{number:03}", at, state=EventState.DELIVERED)
    seen: list[str] = []
    path = "/console/deliveries"
    while path:
        page = await operator.see(path)
        seen += texts(page, "tbody summary code")
        older = [one for one in page.css(".pager a") if "Older" in one.text()]
        path = str(older[0].attributes["href"]) if older else ""
    assert seen == [f"e{number:03}" for number in reversed(range(total))]


async def test_unknown_sends_come_first(container: AutowiredContainer, operator: Visitor) -> None:
    await a_send(container, "fine", state=SendState.SUBMITTED)
    await a_send(
        container,
        "who-knows",
        state=SendState.UNKNOWN,
        created_at=container.use(Clock).now() - timedelta(days=2),
        error="unknown_outcome",
    )
    page = await operator.see("/console/sends")
    assert texts(page, ".attention .key") == ["who-knows"]
    assert texts(page, "[aria-label=Ledger] .key") == ["fine", "who-knows"]
    assert not (await operator.see("/console/sends?state=submitted")).css(".attention")


async def test_a_scheduled_send_is_called_off(
    container: AutowiredContainer, operator: Visitor
) -> None:
    await a_send(container, "order 17/a", send_at=container.use(Clock).now() + timedelta(days=1))
    answer = await operator.send(f"/console/sends/{HERE}/cancel", key="order 17/a")
    assert "called off" in answer.text
    found = await container.use(Sends).get(send_id(HERE, "order 17/a"))
    assert found is not None
    assert found.value.state is SendState.CANCELLED


async def test_a_send_under_way_is_not_called_off(
    container: AutowiredContainer, operator: Visitor
) -> None:
    await a_send(container, "going", state=SendState.SUBMITTING)
    assert not (await operator.see("/console/sends")).css(".row-act form")
    answer = await operator.send(f"/console/sends/{HERE}/cancel", key="going")
    assert answer.status_code == 409


async def test_a_connection_is_named_by_its_address_too(
    container: AutowiredContainer, operator: Visitor
) -> None:
    await container.use(Connections).create(a_connection(HERE, email="here@acme.example"))
    await a_send(container, "mine")
    await a_send(container, "other", connection_id=ELSEWHERE)
    page = await operator.see("/console/sends?connection=HERE@acme.example")
    assert texts(page, "[aria-label=Ledger] .key") == ["mine"]
    assert texts(page, "[aria-label=Ledger] .mailbox") == ["here@acme.example"]
    both = await operator.see("/console/sends")
    assert "gone" in texts(both, "[aria-label=Ledger] td[data-label=Connection]")[0]


async def test_sends_of_one_connection_are_shown_alone(
    container: AutowiredContainer, operator: Visitor
) -> None:
    await a_send(container, "mine")
    await a_send(container, "other", connection_id=ELSEWHERE)
    page = await operator.see(f"/console/sends?connection={ELSEWHERE}")
    assert texts(page, "[aria-label=Ledger] .key") == ["other"]


@pytest.mark.parametrize("path", ["/console/deliveries", "/console/sends"])
async def test_a_viewer_sees_the_logs_and_changes_nothing(
    container: AutowiredContainer, viewer: Visitor, path: str
) -> None:
    await an_event(container, "e1", container.use(Clock).now(), state=EventState.DEAD)
    await a_send(container, "k1")
    page = await viewer.see(path)
    assert page.css("tbody tr")
    assert not page.css("main form[method=post]")


@pytest.mark.parametrize(
    "path",
    [
        "/console/deliveries/e1/redeliver",
        "/console/deliveries/redeliver",
        "/console/sends/c/cancel",
    ],
)
async def test_what_changes_something_is_refused_to_viewers_and_forgers(
    container: AutowiredContainer, viewer: Visitor, operator: Visitor, path: str
) -> None:
    await an_event(container, "e1", container.use(Clock).now(), state=EventState.DEAD)
    fields: dict[str, Any] = {"which": "dead", "since": "2020-01-01T00:00", "key": "k"}
    assert (await viewer.send(path, **fields)).status_code == 403
    assert (await operator.send(path, token="forged", **fields)).status_code == 403
    found = await container.use(Outbox).get(EventId("e1"))
    assert found is not None
    assert found.value.state is EventState.DEAD


@pytest.mark.parametrize("path", ["/console/deliveries", "/console/sends"])
async def test_a_stranger_is_led_to_the_sign_in(container: AutowiredContainer, path: str) -> None:
    async with visiting(container, None) as stranger:
        answer = await stranger.http.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/console/sign-in")


async def test_the_overview_counts_what_wants_attention_and_leads_there(
    container: AutowiredContainer, viewer: Visitor
) -> None:
    now = container.use(Clock).now()
    for number in range(60):
        await an_event(container, f"e{number}", now, state=EventState.DEAD)
    await a_send(container, "who-knows", state=SendState.UNKNOWN)
    page = await viewer.see("/console/overview?reach=7d")
    counts = dict(zip(texts(page, ".tile span"), texts(page, ".tile b"), strict=True))
    assert counts["dead deliveries"] == "50+"
    assert counts["unknown sends"] == "1"
    assert counts["must connect again"] == "0"
    for tile in page.css(".tile"):
        await viewer.see(str(tile.attributes["href"]))
