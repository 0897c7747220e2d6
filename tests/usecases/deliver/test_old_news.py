"""Events can be ordered, a failure that is over is not told as news, a dead endpoint is let go."""

import ast
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

import shared
from shared.domain.events.endpoint import GIVEN_UP_AFTER
from shared.domain.events.event import RECOVERED, Event, EventState, EventType
from shared.domain.ids import EventId
from tests.harness.delivering import C1, HOOK, MINUTE, OTHER, DeliveryHarness, fails

SHARED = Path(shared.__file__).parent


def builders() -> list[tuple[str, ast.Call]]:
    """Return every place of the product's code that makes an event."""
    found = []
    for file in sorted(SHARED.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                continue
            if node.func.id in {"Event", "new_event"} and "client" not in file.parts:
                found.append((f"{file.relative_to(SHARED)}:{node.lineno}", node))
    return found


def test_every_event_of_every_type_has_a_version() -> None:
    """Enumerated from the code, so that a new type cannot come without one."""
    made = builders()
    assert len(made) >= len(EventType)
    for place, call in made:
        assert "version" in {keyword.arg for keyword in call.keywords}, place


async def test_every_webhook_says_when_it_was_made_and_which_version_it_is(
    harness: DeliveryHarness,
) -> None:
    await harness.register()
    await harness.write(version=7)
    await harness.work()
    (told,) = harness.world.reached[HOOK]
    body = json.loads(told.body)
    assert (body["createdAt"], body["version"]) == (told.at.isoformat(), 7)


async def failing(
    harness: DeliveryHarness, type: EventType, version: int, *, success: bool
) -> EventId:
    now, id = harness.clock.now(), EventId(f"evt_{type}_{version}")
    payload = {"type": type.value, "connectionId": C1, "success": success}
    await harness.outbox.create(Event(id, C1, type, payload, now, now, version=version))
    return id


@pytest.mark.parametrize("type", sorted(RECOVERED))
async def test_a_failure_that_is_over_is_not_sent_late(
    harness: DeliveryHarness, type: EventType
) -> None:
    """The receiver was away when it failed; what it hears first is that it works again."""
    await harness.register()
    harness.world.answers[HOOK] = fails()
    old = await failing(harness, type, 1, success=False)
    await harness.work()
    del harness.world.answers[HOOK]
    harness.clock.current += timedelta(hours=1)
    new = await failing(harness, type, 2, success=True)
    await harness.deliver(new)
    await harness.deliver(old)
    assert harness.world.got(HOOK) == [new]
    assert (await harness.event(old)).state is EventState.OVERTAKEN


@pytest.mark.parametrize("type", sorted(RECOVERED))
async def test_a_failure_that_lasts_is_sent_however_late(
    harness: DeliveryHarness, type: EventType
) -> None:
    """Neither an older success nor that of another type makes it old."""
    await harness.register()
    harness.world.answers[HOOK] = fails()
    await failing(harness, type, 1, success=True)
    other = next(one for one in sorted(RECOVERED) if one is not type)
    late = await failing(harness, type, 2, success=False)
    await failing(harness, other, 3, success=True)
    await harness.work()
    del harness.world.answers[HOOK]
    harness.clock.current += timedelta(hours=1)
    await harness.deliver(late)
    assert late in harness.world.got(HOOK)


async def test_an_endpoint_that_took_nothing_for_days_is_disabled_and_says_since_when(
    harness: DeliveryHarness,
) -> None:
    """Another endpoint goes on; a single success begins the count anew."""
    bad, good = await harness.register(), await harness.register(OTHER)
    harness.world.answers[HOOK] = fails()
    began = harness.clock.now()
    for number in range(1, 8):
        await harness.deliver(await harness.write(number))
        endpoint = (await harness.endpoints.find(bad)).value
        assert endpoint.failing_since == began
        assert (endpoint.disabled_reason == "failing") == (
            harness.clock.now() - began >= GIVEN_UP_AFTER
        )
        harness.clock.current += timedelta(days=1)
    assert len(harness.world.got(OTHER)) == 7
    healthy = (await harness.endpoints.find(good)).value
    assert (healthy.failing_since, healthy.disabled_at) == (None, None)
    assert healthy.last_success_at is not None
    again = await harness.endpoints.change(bad, {"enabled": True})
    assert (again.failing_since, again.disabled_at) == (None, None)


async def test_a_success_ends_what_has_failed_for_days(harness: DeliveryHarness) -> None:
    id = await harness.register()
    harness.world.answers[HOOK] = fails()
    await harness.deliver(await harness.write(1))
    harness.clock.current += GIVEN_UP_AFTER - MINUTE
    del harness.world.answers[HOOK]
    was = await harness.endpoints.find(id)
    await harness.store.webhook_endpoints.swap(was, replace(was.value, deferred_until=None))
    await harness.deliver(await harness.write(2))
    assert (await harness.endpoints.find(id)).value.failing_since is None
