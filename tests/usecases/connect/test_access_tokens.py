"""Refreshing: early, once, by whoever comes first; and only a real refusal ends a connection."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.connect.connection import ConnectionStatus
from shared.domain.google_trouble import DeploymentError, GrantEndedError, UnnamedRefusalError
from shared.domain.ids import ConnectionId
from shared.edge.composition.container import AutowiredContainer
from shared.errors import (
    ConfigurationError,
    GoogleOAuthUnavailableError,
    GrantRevokedError,
    PostroomError,
    SessionPolicyError,
    UnknownConnectionError,
)
from shared.ports.connections import Connections
from shared.ports.events import Outbox
from shared.ports.oauth import GoogleOAuth, Tokens
from shared.usecases.connect.access_tokens import AccessTokens
from tests.usecases.connect.town import ADA, Town, follow

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


async def connected(town: Town) -> ConnectionId:
    """Connect; count refreshes from here on."""
    id = await town.connect(ADA)
    town.calls.seen.clear()
    return id


async def status(town: Town, id: ConnectionId) -> tuple[ConnectionStatus, str | None]:
    found = await town.container.use(Connections).get(id)
    assert found is not None
    return found.value.status, found.value.error


def held_back(town: Town) -> tuple[AutowiredContainer, HeldBack]:
    instance = town.instance()
    held = HeldBack(instance.use(GoogleOAuth))
    instance.bind(GoogleOAuth, held)
    return instance, held


async def test_a_fresh_token_is_served_without_asking_google(town: Town) -> None:
    id = await connected(town)
    first = await town.container.use(AccessTokens)(id)
    assert await town.instance().use(AccessTokens)(id) == first
    assert town.calls.count(REFRESH) == 0


async def test_fifty_callers_on_five_instances_make_one_refresh(town: Town) -> None:
    id = await connected(town)
    await town.advance(timedelta(hours=2))
    instances = [town.instance() for _ in range(5)]
    tokens = await asyncio.gather(*(instances[n % 5].use(AccessTokens)(id) for n in range(50)))
    assert len(set(tokens)) == 1
    assert town.calls.count(REFRESH) == 1


async def test_a_token_is_refreshed_five_minutes_early(town: Town) -> None:
    id = await connected(town)
    old = await town.container.use(AccessTokens)(id)
    await town.advance(timedelta(minutes=56))
    assert await town.container.use(AccessTokens)(id) != old


async def test_while_one_refreshes_others_use_the_old_token_as_long_as_it_works(
    town: Town,
) -> None:
    id = await connected(town)
    old = await town.container.use(AccessTokens)(id)
    await town.advance(timedelta(minutes=56))
    slow, held = held_back(town)
    refreshing = asyncio.create_task(slow.use(AccessTokens)(id))
    await held.asked.wait()
    assert await town.instance().use(AccessTokens)(id) == old
    held.released.set()
    assert await refreshing != old
    assert town.calls.count(REFRESH) == 1


async def test_a_rejected_token_is_refreshed_however_young(town: Town) -> None:
    id = await connected(town)
    old = await town.container.use(AccessTokens)(id)
    new = await town.container.use(AccessTokens)(id, rejected=old)
    assert new != old
    assert await town.container.use(AccessTokens)(id, rejected=old) == new
    assert town.calls.count(REFRESH) == 1


async def test_a_claim_left_by_a_dead_instance_expires(town: Town) -> None:
    id = await connected(town)
    await town.advance(timedelta(hours=2))
    slow, held = held_back(town)
    abandoned = asyncio.create_task(slow.use(AccessTokens)(id))
    await held.asked.wait()
    waiting = asyncio.create_task(town.instance().use(AccessTokens)(id))
    await asyncio.sleep(0)
    town.clock.advance(timedelta(seconds=11))
    assert await waiting
    abandoned.cancel()


async def test_one_caller_giving_up_does_not_take_the_refresh_from_the_others(
    town: Town,
) -> None:
    id = await connected(town)
    await town.advance(timedelta(hours=2))
    instance, held = held_back(town)
    impatient = asyncio.create_task(instance.use(AccessTokens)(id))
    patient = asyncio.create_task(instance.use(AccessTokens)(id))
    await held.asked.wait()
    impatient.cancel()
    held.released.set()
    assert await patient
    assert town.calls.count(REFRESH) == 1


async def test_a_revoked_grant_ends_in_reauth_required_with_one_event(town: Town) -> None:
    id = await connected(town)
    await town.fault("grant_revoked", email=ADA)
    await town.advance(timedelta(hours=2))
    answers = await asyncio.gather(
        *(town.instance().use(AccessTokens)(id) for _ in range(5)), return_exceptions=True
    )
    assert all(isinstance(one, GrantRevokedError) for one in answers)
    assert await status(town, id) == (ConnectionStatus.REAUTH_REQUIRED, "revoked")
    events = await town.container.use(Outbox).list(state=None, connection_id=id, limit=10)
    refused = [one.payload for one in events if one.payload["operation"] == "refresh"]
    assert len(refused) == 1
    assert refused[0]["success"] is False
    assert refused[0]["error"]["type"] == "revoked"


async def test_a_connection_known_to_be_dead_is_not_asked_for_at_google(town: Town) -> None:
    id = await connected(town)
    await town.fault("grant_revoked", email=ADA)
    await town.advance(timedelta(hours=2))
    for _ in range(3):
        with pytest.raises(GrantRevokedError):
            await town.container.use(AccessTokens)(id)
    assert town.calls.count(REFRESH) == 1


async def test_a_session_policy_is_told_apart(town: Town) -> None:
    id = await connected(town)
    await town.fault("invalid_rapt", email=ADA)
    await town.advance(timedelta(hours=2))
    for _ in range(2):
        with pytest.raises(SessionPolicyError):
            await town.container.use(AccessTokens)(id)
    assert await status(town, id) == (ConnectionStatus.REAUTH_REQUIRED, "session_policy")


async def test_a_failure_in_passing_never_ends_a_connection(town: Town) -> None:
    id = await connected(town)
    await town.fault("token_5xx")
    await town.advance(timedelta(hours=2))
    with pytest.raises(GoogleOAuthUnavailableError):
        await town.container.use(AccessTokens)(id)
    assert await status(town, id) == (ConnectionStatus.ACTIVE, None)
    await town.control.delete("/faults")
    assert await town.container.use(AccessTokens)(id)


async def test_a_failure_in_passing_goes_unnoticed_while_the_old_token_works(
    town: Town,
) -> None:
    id = await connected(town)
    old = await town.container.use(AccessTokens)(id)
    await town.fault("token_5xx")
    await town.advance(timedelta(minutes=56))
    assert await town.container.use(AccessTokens)(id) == old


@dataclass
class Misconfigured:
    """A client that Google does not know."""

    async def refresh(self, refresh_token: str) -> Tokens:
        raise ConfigurationError("invalid_client")


async def test_a_misconfigured_client_never_ends_a_connection(town: Town) -> None:
    id = await connected(town)
    await town.advance(timedelta(hours=2))
    instance = town.instance()
    instance.bind(GoogleOAuth, Misconfigured())
    with pytest.raises(ConfigurationError):
        await instance.use(AccessTokens)(id)
    assert await status(town, id) == (ConnectionStatus.ACTIVE, None)


@dataclass
class Refusing:
    """A token endpoint that answers in one way until told otherwise."""

    error: PostroomError
    calls: int = 0

    async def refresh(self, refresh_token: str) -> Tokens:
        self.calls += 1
        raise self.error


async def test_an_unknown_refusal_passes_at_first_and_ends_the_grant_after_a_day(
    town: Town,
) -> None:
    id = await connected(town)
    await town.advance(timedelta(hours=2))
    instance = town.instance()
    instance.bind(GoogleOAuth, Refusing(UnnamedRefusalError("brand_new")))
    for _ in range(2):
        with pytest.raises(UnnamedRefusalError):
            await instance.use(AccessTokens)(id)
        assert await status(town, id) == (ConnectionStatus.ACTIVE, None)
        await town.advance(timedelta(hours=12, minutes=1))
    with pytest.raises(GrantEndedError):
        await instance.use(AccessTokens)(id)
    assert await status(town, id) == (ConnectionStatus.REAUTH_REQUIRED, "refused")


async def test_a_refresh_between_two_unknown_refusals_begins_the_day_anew(town: Town) -> None:
    id = await connected(town)
    for _ in range(2):
        await town.advance(timedelta(hours=25))
        instance = town.instance()
        instance.bind(GoogleOAuth, Refusing(UnnamedRefusalError("brand_new")))
        with pytest.raises(UnnamedRefusalError):
            await instance.use(AccessTokens)(id)
        assert await town.instance().use(AccessTokens)(id)
    assert await status(town, id) == (ConnectionStatus.ACTIVE, None)


@pytest.mark.parametrize("cause", ["account_deleted", "policy_enforced", "org_internal"])
async def test_a_grant_that_ended_says_why_and_is_not_asked_for_again(
    town: Town, cause: str
) -> None:
    id = await connected(town)
    await town.advance(timedelta(hours=2))
    instance = town.instance()
    google = Refusing(GrantEndedError("Ended.", cause=cause))
    instance.bind(GoogleOAuth, google)
    for _ in range(2):
        with pytest.raises(GrantEndedError) as ended:
            await instance.use(AccessTokens)(id)
        assert ended.value.cause == cause
    assert google.calls == 1
    assert await status(town, id) == (ConnectionStatus.REAUTH_REQUIRED, cause)


async def test_a_refused_client_never_ends_a_connection(town: Town) -> None:
    id = await connected(town)
    await town.advance(timedelta(hours=50))
    instance = town.instance()
    instance.bind(GoogleOAuth, Refusing(DeploymentError("oauth_client_refused")))
    with pytest.raises(DeploymentError):
        await instance.use(AccessTokens)(id)
    assert await status(town, id) == (ConnectionStatus.ACTIVE, None)


async def refreshed_meanwhile(town: Town, id: ConnectionId) -> None:
    town.clock.advance(timedelta(seconds=11))
    await town.instance().use(AccessTokens)(id)


async def reconnected_meanwhile(town: Town, id: ConnectionId) -> None:
    opened = await town.reconnect_session(id)
    await town.will_approve(ADA)
    await follow(town.browser(), opened["connect_link"])


@pytest.mark.parametrize("meanwhile", [refreshed_meanwhile, reconnected_meanwhile])
async def test_invalid_grant_raced_with_a_success_keeps_the_connection(
    town: Town, meanwhile: Callable[[Town, ConnectionId], Awaitable[None]]
) -> None:
    id = await connected(town)
    await town.advance(timedelta(hours=2))
    await town.fault("grant_revoked", email=ADA, times=1)
    instance, held = held_back(town)
    losing = asyncio.create_task(instance.use(AccessTokens)(id))
    await held.asked.wait()
    await meanwhile(town, id)
    held.released.set()
    assert await losing == await town.instance().use(AccessTokens)(id)
    assert await status(town, id) == (ConnectionStatus.ACTIVE, None)


async def test_an_unknown_connection_has_no_token(town: Town) -> None:
    with pytest.raises(UnknownConnectionError):
        await town.container.use(AccessTokens)(ConnectionId("nobody"))


async def test_no_token_is_stored_in_clear(town: Town) -> None:
    id = await connected(town)
    token = (await town.container.use(AccessTokens)(id)).encode()
    for path in town.folder.iterdir():
        assert token not in path.read_bytes()
