"""Refreshing: early, once, by the first that comes."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.connect.connection import ConnectionStatus
from shared.domain.ids import ConnectionId
from shared.edge.composition.container import AutowiredContainer
from shared.errors import (
    GoogleOAuthUnavailableError,
    UnknownConnectionError,
)
from shared.ports.connections import Connections
from shared.ports.google.oauth import GoogleOAuth, Tokens
from shared.usecases.connect.tokens.access_tokens import NOT_REFRESHED, AccessTokens
from tests.harness.connecting import ADA, ConnectHarness

REFRESH = "POST /token refresh_token"


@dataclass
class HeldBack:
    """Google's OAuth whose refresh answers arrive only when the test lets them."""

    google: GoogleOAuth
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.google, name)

    async def refresh(self, refresh_token: str) -> Tokens:
        answer = await asyncio.gather(self.google.refresh(refresh_token), return_exceptions=True)
        self.asked.set()
        await self.released.wait()
        if isinstance(answer[0], BaseException):
            raise answer[0]
        return answer[0]


async def connected(harness: ConnectHarness) -> ConnectionId:
    """Connect; count refreshes from here on."""
    id = await harness.connect(ADA)
    harness.requests.seen.clear()
    return id


async def status(harness: ConnectHarness, id: ConnectionId) -> tuple[ConnectionStatus, str | None]:
    found = await harness.container.use(Connections).get(id)
    assert found is not None
    return found.value.status, found.value.error


def held_back(harness: ConnectHarness) -> tuple[AutowiredContainer, HeldBack]:
    instance = harness.instance()
    held = HeldBack(instance.use(GoogleOAuth))
    instance.bind(GoogleOAuth, held)
    return instance, held


async def test_a_fresh_token_is_served_without_asking_google(harness: ConnectHarness) -> None:
    id = await connected(harness)
    first = await harness.container.use(AccessTokens)(id)
    assert await harness.instance().use(AccessTokens)(id) == first
    assert harness.requests.count(REFRESH) == 0


async def test_fifty_callers_on_five_instances_make_one_refresh(harness: ConnectHarness) -> None:
    id = await connected(harness)
    harness.advance(timedelta(hours=2))
    instances = [harness.instance() for _ in range(5)]
    tokens = await asyncio.gather(*(instances[n % 5].use(AccessTokens)(id) for n in range(50)))
    assert len(set(tokens)) == 1
    assert harness.requests.count(REFRESH) == 1


async def test_a_token_is_refreshed_five_minutes_early(harness: ConnectHarness) -> None:
    id = await connected(harness)
    old = await harness.container.use(AccessTokens)(id)
    harness.advance(timedelta(minutes=56))
    assert await harness.container.use(AccessTokens)(id) != old


async def test_while_one_refreshes_others_use_the_old_token_as_long_as_it_works(
    harness: ConnectHarness,
) -> None:
    id = await connected(harness)
    old = await harness.container.use(AccessTokens)(id)
    harness.advance(timedelta(minutes=56))
    slow, held = held_back(harness)
    refreshing = asyncio.create_task(slow.use(AccessTokens)(id))
    await held.asked.wait()
    assert await harness.instance().use(AccessTokens)(id) == old
    held.released.set()
    assert await refreshing != old
    assert harness.requests.count(REFRESH) == 1


async def test_a_rejected_token_is_refreshed_however_young(harness: ConnectHarness) -> None:
    id = await connected(harness)
    old = await harness.container.use(AccessTokens)(id)
    new = await harness.container.use(AccessTokens)(id, rejected=old)
    assert new != old
    assert await harness.container.use(AccessTokens)(id, rejected=old) == new
    assert harness.requests.count(REFRESH) == 1


async def test_a_claim_left_by_a_dead_instance_expires(harness: ConnectHarness) -> None:
    id = await connected(harness)
    harness.advance(timedelta(hours=2))
    slow, held = held_back(harness)
    abandoned = asyncio.create_task(slow.use(AccessTokens)(id))
    await held.asked.wait()
    waiting = asyncio.create_task(harness.instance().use(AccessTokens)(id))
    await asyncio.sleep(0)
    harness.clock.advance(timedelta(seconds=11))
    assert await waiting
    abandoned.cancel()


async def test_one_caller_giving_up_does_not_take_the_refresh_from_the_others(
    harness: ConnectHarness,
) -> None:
    id = await connected(harness)
    harness.advance(timedelta(hours=2))
    instance, held = held_back(harness)
    impatient = asyncio.create_task(instance.use(AccessTokens)(id))
    patient = asyncio.create_task(instance.use(AccessTokens)(id))
    await held.asked.wait()
    impatient.cancel()
    held.released.set()
    assert await patient
    assert harness.requests.count(REFRESH) == 1


async def test_a_refresh_that_fails_for_googles_sake_is_counted(
    harness: ConnectHarness, caplog: pytest.LogCaptureFixture
) -> None:
    """Also where the old token still serves, and nobody hears of it."""
    id = await connected(harness)
    old = await harness.container.use(AccessTokens)(id)
    harness.fault("token_5xx", times=100)
    harness.advance(timedelta(minutes=56))
    assert await harness.container.use(AccessTokens)(id) == old
    harness.advance(timedelta(hours=1))
    with pytest.raises(GoogleOAuthUnavailableError):
        await harness.container.use(AccessTokens)(id)
    lines = [one for one in caplog.records if one.getMessage() == NOT_REFRESHED]
    assert [vars(one)["connection"] for one in lines] == [id, id]
    assert {vars(one)["error"] for one in lines} == {"GoogleOAuthUnavailableError"}


async def test_an_unknown_connection_has_no_token(harness: ConnectHarness) -> None:
    with pytest.raises(UnknownConnectionError):
        await harness.container.use(AccessTokens)(ConnectionId("nobody"))


async def test_no_token_is_stored_in_clear(harness: ConnectHarness) -> None:
    id = await connected(harness)
    token = (await harness.container.use(AccessTokens)(id)).encode()
    for path in harness.folder.iterdir():
        assert token not in path.read_bytes()
