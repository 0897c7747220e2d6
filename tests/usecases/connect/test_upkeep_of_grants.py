"""Grants are announced before they end, used before they are forgotten, and rewrapped unnoticed."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from shared.adapters.keys.local import add_key
from shared.domain.connect.connection import Connection
from shared.domain.events.event import Event
from shared.domain.ids import ConnectionId
from shared.errors import GrantRevokedError
from shared.ports.connections import Connections, Grants
from shared.ports.events import Outbox
from shared.ports.google.oauth import Sealer
from shared.usecases.connect.settings import ConnectSettings
from shared.usecases.connect.tokens.access_tokens import AccessTokens
from shared.usecases.connect.tokens.maintain_grants import USE_AFTER, MaintainGrants, Tended
from shared.usecases.keys.rotate_keys import Rotated, RotateKeys
from tests.harness.connecting import ADA, BEN, ConnectHarness

DAY = timedelta(days=1)
REFRESH = "POST /token refresh_token"


def testing(harness: ConnectHarness) -> None:
    """Make the deployment one whose OAuth client is in testing, at Google and here."""
    harness.serve_google(refresh_token_days=7)
    container = harness.instance()
    container.bind(ConnectSettings, replace(container.use(ConnectSettings), testing=True))
    harness.container, harness.app = container, harness.serve(container)


async def found(harness: ConnectHarness, id: ConnectionId) -> Connection:
    stored = await harness.container.use(Connections).get(id)
    assert stored is not None
    return stored.value


async def warnings(harness: ConnectHarness, id: ConnectionId) -> list[Event]:
    events = await harness.container.use(Outbox).list(state=None, connection_id=id, limit=20)
    return [event for event in events if "warning" in event.payload]


async def test_the_product_is_told_once_before_a_testing_grant_dies(
    harness: ConnectHarness,
) -> None:
    testing(harness)
    id = await harness.connect(ADA)
    harness.advance(4 * DAY)
    assert (await harness.container.use(MaintainGrants)()).warned == 0
    harness.advance(DAY + timedelta(hours=1))
    assert (await harness.container.use(MaintainGrants)()).warned == 1
    assert (await harness.container.use(MaintainGrants)()).warned == 0
    (event,) = await warnings(harness, id)
    assert event.payload["success"] is True
    assert event.payload["operation"] == "refresh"
    assert event.payload["warning"]["type"] == "grant_ends"
    grant = await harness.container.use(Grants).get(id)
    assert grant is not None
    ends_at = grant.value.ends_at(testing=True)
    assert ends_at is not None
    assert event.payload["warning"]["endsAt"] == ends_at.isoformat()


async def test_a_new_consent_is_announced_anew(harness: ConnectHarness) -> None:
    testing(harness)
    id = await harness.connect(ADA)
    harness.advance(6 * DAY)
    await harness.container.use(MaintainGrants)()
    opened = await harness.reconnect_session(id)
    await harness.will_approve(ADA)
    await harness.browser().get(f"/oauth/start?session_token={opened['token']}")
    assert (await harness.container.use(MaintainGrants)()).warned == 0
    harness.advance(6 * DAY)
    assert (await harness.container.use(MaintainGrants)()).warned == 1


async def test_a_grant_that_died_of_testing_says_so(harness: ConnectHarness) -> None:
    testing(harness)
    id = await harness.connect(ADA)
    harness.advance(7 * DAY + timedelta(minutes=1))
    with pytest.raises(GrantRevokedError):
        await harness.container.use(AccessTokens)(id)
    assert (await found(harness, id)).error == "expired"


async def test_a_production_grant_is_never_announced(harness: ConnectHarness) -> None:
    await harness.connect(ADA)
    harness.advance(30 * DAY)
    assert await harness.container.use(MaintainGrants)() == Tended()


async def test_a_grant_nobody_uses_is_kept_alive(harness: ConnectHarness) -> None:
    idle, busy = await harness.connect(ADA), await harness.connect(BEN)
    for _ in range(4):
        harness.advance(USE_AFTER - DAY)
        await harness.container.use(AccessTokens)(busy)
        harness.advance(DAY)
        assert (await harness.container.use(MaintainGrants)()).used == 1
    assert await harness.container.use(AccessTokens)(idle)


async def test_without_upkeep_it_would_have_died_of_disuse(harness: ConnectHarness) -> None:
    id = await harness.connect(ADA)
    harness.advance(181 * DAY)
    with pytest.raises(GrantRevokedError):
        await harness.container.use(AccessTokens)(id)
    assert (await found(harness, id)).error == "unused"


async def test_an_idle_grant_that_is_dead_is_marked_and_stops_nobody_else(
    harness: ConnectHarness,
) -> None:
    dead, other = await harness.connect(ADA), await harness.connect(BEN)
    harness.advance(USE_AFTER)
    harness.fault("grant_revoked", email=ADA)
    done = await harness.container.use(MaintainGrants)()
    assert (done.used, done.failed) == (1, 1)
    assert (await found(harness, dead)).error == "revoked"
    assert await harness.container.use(AccessTokens)(other)
    assert (await harness.container.use(MaintainGrants)()).failed == 0


async def test_an_outage_leaves_an_idle_grant_for_the_next_run(harness: ConnectHarness) -> None:
    id = await harness.connect(ADA)
    harness.advance(USE_AFTER)
    harness.fault("token_5xx", times=1)
    assert (await harness.container.use(MaintainGrants)()).failed == 1
    assert (await found(harness, id)).error is None
    assert (await harness.container.use(MaintainGrants)()).used == 1


async def test_a_run_out_of_time_goes_on_the_next_time(harness: ConnectHarness) -> None:
    await harness.connect(ADA)
    harness.advance(USE_AFTER)
    assert (await harness.container.use(MaintainGrants)(timedelta())).complete is False


async def test_keys_rotate_while_tokens_are_read_and_refreshed(harness: ConnectHarness) -> None:
    ids = [await harness.connect(ADA), await harness.connect(BEN)]
    old = {id: await harness.container.use(AccessTokens)(id) for id in ids}
    current = add_key(harness.folder / "keyring.json")
    assert await harness.container.use(RotateKeys)() == Rotated(rewrapped=2)
    assert await harness.container.use(RotateKeys)() == Rotated(current=2)
    for id in ids:
        grant = await harness.container.use(Grants).get(id)
        assert grant is not None
        assert harness.container.use(Sealer).key_of(grant.value.data_key) == current
        assert await harness.instance().use(AccessTokens)(id) == old[id]
    harness.advance(timedelta(hours=2))
    for id in ids:
        assert await harness.instance().use(AccessTokens)(id) != old[id]


async def test_a_rotation_cut_short_is_resumed(harness: ConnectHarness) -> None:
    for email in (ADA, BEN):
        await harness.connect(email)
    add_key(harness.folder / "keyring.json")
    (first, *_), _ = await harness.container.use(Grants).walk(None, 1)
    key = await harness.container.use(Sealer).rewrap(
        first.value.data_key, connection_id=first.value.connection_id
    )
    await harness.container.use(Grants).swap(first, replace(first.value, data_key=key))
    assert await harness.container.use(RotateKeys)() == Rotated(rewrapped=1, current=1)


async def test_one_unreadable_data_key_stops_no_rotation(harness: ConnectHarness) -> None:
    broken, sound = await harness.connect(ADA), await harness.connect(BEN)
    was = await harness.container.use(Grants).get(broken)
    assert was is not None
    await harness.container.use(Grants).swap(
        was, replace(was.value, data_key=b"\x01\x01x" + bytes(60))
    )
    add_key(harness.folder / "keyring.json")
    done = await harness.container.use(RotateKeys)()
    assert (done.rewrapped, done.unreadable) == (1, 1)
    assert await harness.instance().use(AccessTokens)(sound)


async def test_a_rotation_during_a_refresh_costs_no_second_refresh(
    harness: ConnectHarness, tmp_path: Path
) -> None:
    """The refresh's answer is stored under the rewrapped key."""
    id = await harness.connect(ADA)
    harness.advance(timedelta(hours=2))
    add_key(harness.folder / "keyring.json")
    slow = harness.instance()

    async def rotate(_request: httpx.Request) -> None:
        await harness.container.use(RotateKeys)()

    slow.use(httpx.AsyncClient).event_hooks["request"].append(rotate)
    harness.requests.seen.clear()
    token = await slow.use(AccessTokens)(id)
    assert harness.requests.count(REFRESH) == 1
    assert await harness.instance().use(AccessTokens)(id) == token
    assert await harness.container.use(RotateKeys)() == Rotated(current=1)
