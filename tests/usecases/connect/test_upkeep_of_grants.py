"""Grants are announced before they end, used before they are forgotten, and rewrapped unnoticed."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from infra.local.google.app import create_app
from infra.local.google.settings import GoogleSettings
from shared.adapters.keys.local import add_key
from shared.domain.connect.connection import Connection
from shared.domain.events.event import Event
from shared.domain.ids import ConnectionId
from shared.errors import GrantRevokedError
from shared.ports.connections import Connections, Grants
from shared.ports.events import Outbox
from shared.ports.oauth import Sealer
from shared.usecases.connect.access_tokens import AccessTokens
from shared.usecases.connect.maintain_grants import USE_AFTER, MaintainGrants, Tended
from shared.usecases.connect.settings import ConnectSettings
from shared.usecases.keys.rotate_keys import Rotated, RotateKeys
from tests.usecases.connect.town import ADA, BEN, Town

DAY = timedelta(days=1)
REFRESH = "POST /token refresh_token"


def testing(town: Town) -> None:
    """Make the deployment one whose OAuth client is in testing, at Google and here."""
    town.google = create_app(GoogleSettings(push_endpoint=None, refresh_token_days=7))
    town.control = httpx.AsyncClient(
        transport=httpx.ASGITransport(town.google), base_url="http://127.0.0.1:8085/_control"
    )
    container = town.instance()
    container.bind(ConnectSettings, replace(container.use(ConnectSettings), testing=True))
    town.container, town.app = container, town.serve(container)


async def found(town: Town, id: ConnectionId) -> Connection:
    stored = await town.container.use(Connections).get(id)
    assert stored is not None
    return stored.value


async def warnings(town: Town, id: ConnectionId) -> list[Event]:
    events = await town.container.use(Outbox).list(state=None, connection_id=id, limit=20)
    return [event for event in events if "warning" in event.payload]


async def test_the_product_is_told_once_before_a_testing_grant_dies(town: Town) -> None:
    testing(town)
    id = await town.connect(ADA)
    await town.advance(4 * DAY)
    assert (await town.container.use(MaintainGrants)()).warned == 0
    await town.advance(DAY + timedelta(hours=1))
    assert (await town.container.use(MaintainGrants)()).warned == 1
    assert (await town.container.use(MaintainGrants)()).warned == 0
    (event,) = await warnings(town, id)
    assert event.payload["success"] is True
    assert event.payload["operation"] == "refresh"
    assert event.payload["warning"]["type"] == "grant_ends"
    grant = await town.container.use(Grants).get(id)
    assert grant is not None
    ends_at = grant.value.ends_at(testing=True)
    assert ends_at is not None
    assert event.payload["warning"]["endsAt"] == ends_at.isoformat()


async def test_a_new_consent_is_announced_anew(town: Town) -> None:
    testing(town)
    id = await town.connect(ADA)
    await town.advance(6 * DAY)
    await town.container.use(MaintainGrants)()
    opened = await town.reconnect_session(id)
    await town.will_approve(ADA)
    await town.browser().get(f"/oauth/start?session_token={opened['token']}")
    assert (await town.container.use(MaintainGrants)()).warned == 0
    await town.advance(6 * DAY)
    assert (await town.container.use(MaintainGrants)()).warned == 1


async def test_a_grant_that_died_of_testing_says_so(town: Town) -> None:
    testing(town)
    id = await town.connect(ADA)
    await town.advance(7 * DAY + timedelta(minutes=1))
    with pytest.raises(GrantRevokedError):
        await town.container.use(AccessTokens)(id)
    assert (await found(town, id)).error == "expired"


async def test_a_production_grant_is_never_announced(town: Town) -> None:
    await town.connect(ADA)
    await town.advance(30 * DAY)
    assert await town.container.use(MaintainGrants)() == Tended()


async def test_a_grant_nobody_uses_is_kept_alive(town: Town) -> None:
    idle, busy = await town.connect(ADA), await town.connect(BEN)
    for _ in range(4):
        await town.advance(USE_AFTER - DAY)
        await town.container.use(AccessTokens)(busy)
        await town.advance(DAY)
        assert (await town.container.use(MaintainGrants)()).used == 1
    assert await town.container.use(AccessTokens)(idle)


async def test_without_upkeep_it_would_have_died_of_disuse(town: Town) -> None:
    id = await town.connect(ADA)
    await town.advance(181 * DAY)
    with pytest.raises(GrantRevokedError):
        await town.container.use(AccessTokens)(id)
    assert (await found(town, id)).error == "unused"


async def test_an_idle_grant_that_is_dead_is_marked_and_stops_nobody_else(town: Town) -> None:
    dead, other = await town.connect(ADA), await town.connect(BEN)
    await town.advance(USE_AFTER)
    await town.fault("grant_revoked", email=ADA)
    done = await town.container.use(MaintainGrants)()
    assert (done.used, done.failed) == (1, 1)
    assert (await found(town, dead)).error == "revoked"
    assert await town.container.use(AccessTokens)(other)
    assert (await town.container.use(MaintainGrants)()).failed == 0


async def test_an_outage_leaves_an_idle_grant_for_the_next_run(town: Town) -> None:
    id = await town.connect(ADA)
    await town.advance(USE_AFTER)
    await town.fault("token_5xx", times=1)
    assert (await town.container.use(MaintainGrants)()).failed == 1
    assert (await found(town, id)).error is None
    assert (await town.container.use(MaintainGrants)()).used == 1


async def test_a_run_out_of_time_goes_on_the_next_time(town: Town) -> None:
    await town.connect(ADA)
    await town.advance(USE_AFTER)
    assert (await town.container.use(MaintainGrants)(timedelta())).complete is False


async def test_keys_rotate_while_tokens_are_read_and_refreshed(town: Town) -> None:
    ids = [await town.connect(ADA), await town.connect(BEN)]
    old = {id: await town.container.use(AccessTokens)(id) for id in ids}
    current = add_key(town.folder / "keyring.json")
    assert await town.container.use(RotateKeys)() == Rotated(rewrapped=2)
    assert await town.container.use(RotateKeys)() == Rotated(current=2)
    for id in ids:
        grant = await town.container.use(Grants).get(id)
        assert grant is not None
        assert town.container.use(Sealer).key_of(grant.value.data_key) == current
        assert await town.instance().use(AccessTokens)(id) == old[id]
    await town.advance(timedelta(hours=2))
    for id in ids:
        assert await town.instance().use(AccessTokens)(id) != old[id]


async def test_a_rotation_cut_short_is_resumed(town: Town) -> None:
    for email in (ADA, BEN):
        await town.connect(email)
    add_key(town.folder / "keyring.json")
    (first, *_), _ = await town.container.use(Grants).walk(None, 1)
    key = await town.container.use(Sealer).rewrap(
        first.value.data_key, connection_id=first.value.connection_id
    )
    await town.container.use(Grants).swap(first, replace(first.value, data_key=key))
    assert await town.container.use(RotateKeys)() == Rotated(rewrapped=1, current=1)


async def test_one_unreadable_data_key_stops_no_rotation(town: Town) -> None:
    broken, sound = await town.connect(ADA), await town.connect(BEN)
    was = await town.container.use(Grants).get(broken)
    assert was is not None
    await town.container.use(Grants).swap(
        was, replace(was.value, data_key=b"\x01\x01x" + bytes(60))
    )
    add_key(town.folder / "keyring.json")
    done = await town.container.use(RotateKeys)()
    assert (done.rewrapped, done.unreadable) == (1, 1)
    assert await town.instance().use(AccessTokens)(sound)


async def test_a_rotation_during_a_refresh_costs_no_second_refresh(
    town: Town, tmp_path: Path
) -> None:
    """The refresh's answer is stored under the rewrapped key."""
    id = await town.connect(ADA)
    await town.advance(timedelta(hours=2))
    add_key(town.folder / "keyring.json")
    slow = town.instance()

    async def rotate(_request: httpx.Request) -> None:
        await town.container.use(RotateKeys)()

    slow.use(httpx.AsyncClient).event_hooks["request"].append(rotate)
    town.calls.seen.clear()
    token = await slow.use(AccessTokens)(id)
    assert town.calls.count(REFRESH) == 1
    assert await town.instance().use(AccessTokens)(id) == token
    assert await town.container.use(RotateKeys)() == Rotated(current=1)
