"""Grants that end: only a real refusal ends a connection, and what ends it is told."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from shared.domain.connect.connection import ConnectionStatus
from shared.domain.google.observations import Duration, Kinds, Sightings
from shared.domain.google.trouble import DeploymentError, GrantEndedError, UnnamedRefusalError
from shared.domain.ids import ConnectionId
from shared.errors import (
    ConfigurationError,
    GoogleOAuthUnavailableError,
    GrantRevokedError,
    PostroomError,
    SessionPolicyError,
)
from shared.ports.connections import Grants
from shared.ports.events import Outbox
from shared.ports.google.oauth import GoogleOAuth, Tokens
from shared.usecases.connect.tokens.access_tokens import AccessTokens
from tests.harness.connecting import ADA, ConnectHarness, follow
from tests.usecases.connect.test_access_tokens import REFRESH, connected, held_back, status


async def test_a_revoked_grant_ends_in_reauth_required_with_one_event(
    harness: ConnectHarness,
) -> None:
    id = await connected(harness)
    harness.fault("grant_revoked", email=ADA)
    harness.advance(timedelta(hours=2))
    answers = await asyncio.gather(
        *(harness.instance().use(AccessTokens)(id) for _ in range(5)), return_exceptions=True
    )
    assert all(isinstance(one, GrantRevokedError) for one in answers)
    assert await status(harness, id) == (ConnectionStatus.REAUTH_REQUIRED, "revoked")
    events = await harness.container.use(Outbox).list(state=None, connection_id=id, limit=10)
    refused = [one.payload for one in events if one.payload["operation"] == "refresh"]
    assert len(refused) == 1
    assert refused[0]["success"] is False
    assert refused[0]["error"]["type"] == "revoked"


async def test_how_old_a_grant_was_at_its_end_is_noted(harness: ConnectHarness) -> None:
    id = await connected(harness)
    harness.fault("grant_revoked", email=ADA)
    harness.advance(timedelta(days=5))
    with pytest.raises(GrantRevokedError):
        await harness.container.use(AccessTokens)(id)
    seen = harness.container.use(Sightings).take("0", harness.clock.now())
    assert seen is not None
    assert seen.kind(Kinds.GRANTS_ENDED) == {"revoked": 1}
    age = timedelta(seconds=seen.duration(Duration.GRANT_AGE).most)
    assert timedelta(days=5) <= age < timedelta(days=6)


async def test_a_connection_known_to_be_dead_is_not_asked_for_at_google(
    harness: ConnectHarness,
) -> None:
    id = await connected(harness)
    harness.fault("grant_revoked", email=ADA)
    harness.advance(timedelta(hours=2))
    for _ in range(3):
        with pytest.raises(GrantRevokedError):
            await harness.container.use(AccessTokens)(id)
    assert harness.requests.count(REFRESH) == 1


async def test_a_session_policy_is_told_apart(harness: ConnectHarness) -> None:
    id = await connected(harness)
    harness.fault("invalid_rapt", email=ADA)
    harness.advance(timedelta(hours=2))
    for _ in range(2):
        with pytest.raises(SessionPolicyError):
            await harness.container.use(AccessTokens)(id)
    assert await status(harness, id) == (ConnectionStatus.REAUTH_REQUIRED, "session_policy")


async def test_a_failure_in_passing_never_ends_a_connection(harness: ConnectHarness) -> None:
    id = await connected(harness)
    harness.fault("token_5xx")
    harness.advance(timedelta(hours=2))
    with pytest.raises(GoogleOAuthUnavailableError):
        await harness.container.use(AccessTokens)(id)
    assert await status(harness, id) == (ConnectionStatus.ACTIVE, None)
    await harness.control.delete("/faults")
    assert await harness.container.use(AccessTokens)(id)


async def test_a_failure_in_passing_goes_unnoticed_while_the_old_token_works(
    harness: ConnectHarness,
) -> None:
    id = await connected(harness)
    old = await harness.container.use(AccessTokens)(id)
    harness.fault("token_5xx")
    harness.advance(timedelta(minutes=56))
    assert await harness.container.use(AccessTokens)(id) == old


@dataclass
class Misconfigured:
    """A client that Google does not know."""

    async def refresh(self, refresh_token: str) -> Tokens:
        raise ConfigurationError("invalid_client")


async def test_a_misconfigured_client_never_ends_a_connection(harness: ConnectHarness) -> None:
    id = await connected(harness)
    harness.advance(timedelta(hours=2))
    instance = harness.instance()
    instance.bind(GoogleOAuth, Misconfigured())
    with pytest.raises(ConfigurationError):
        await instance.use(AccessTokens)(id)
    assert await status(harness, id) == (ConnectionStatus.ACTIVE, None)


@dataclass
class Refusing:
    """A token endpoint that answers in one way until told otherwise."""

    error: PostroomError
    calls: int = 0

    async def refresh(self, refresh_token: str) -> Tokens:
        self.calls += 1
        raise self.error


async def test_an_unknown_refusal_passes_at_first_and_ends_the_grant_after_a_day(
    harness: ConnectHarness,
) -> None:
    id = await connected(harness)
    harness.advance(timedelta(hours=2))
    instance = harness.instance()
    instance.bind(GoogleOAuth, Refusing(UnnamedRefusalError("brand_new")))
    for _ in range(2):
        with pytest.raises(UnnamedRefusalError):
            await instance.use(AccessTokens)(id)
        assert await status(harness, id) == (ConnectionStatus.ACTIVE, None)
        harness.advance(timedelta(hours=12, minutes=1))
    with pytest.raises(GrantEndedError):
        await instance.use(AccessTokens)(id)
    assert await status(harness, id) == (ConnectionStatus.REAUTH_REQUIRED, "refused")


async def test_a_refresh_between_two_unknown_refusals_begins_the_day_anew(
    harness: ConnectHarness,
) -> None:
    id = await connected(harness)
    for _ in range(2):
        harness.advance(timedelta(hours=25))
        instance = harness.instance()
        instance.bind(GoogleOAuth, Refusing(UnnamedRefusalError("brand_new")))
        with pytest.raises(UnnamedRefusalError):
            await instance.use(AccessTokens)(id)
        assert await harness.instance().use(AccessTokens)(id)
    assert await status(harness, id) == (ConnectionStatus.ACTIVE, None)


@pytest.mark.parametrize("cause", ["account_deleted", "policy_enforced", "org_internal"])
async def test_a_grant_that_ended_says_why_and_is_not_asked_for_again(
    harness: ConnectHarness, cause: str
) -> None:
    id = await connected(harness)
    harness.advance(timedelta(hours=2))
    instance = harness.instance()
    google = Refusing(GrantEndedError("Ended.", cause=cause))
    instance.bind(GoogleOAuth, google)
    for _ in range(2):
        with pytest.raises(GrantEndedError) as ended:
            await instance.use(AccessTokens)(id)
        assert ended.value.cause == cause
    assert google.calls == 1
    assert await status(harness, id) == (ConnectionStatus.REAUTH_REQUIRED, cause)


async def test_a_refused_client_never_ends_a_connection(harness: ConnectHarness) -> None:
    id = await connected(harness)
    harness.advance(timedelta(hours=50))
    instance = harness.instance()
    instance.bind(GoogleOAuth, Refusing(DeploymentError("oauth_client_refused")))
    with pytest.raises(DeploymentError):
        await instance.use(AccessTokens)(id)
    assert await status(harness, id) == (ConnectionStatus.ACTIVE, None)


async def refreshed_meanwhile(harness: ConnectHarness, id: ConnectionId) -> None:
    harness.clock.advance(timedelta(seconds=11))
    await harness.instance().use(AccessTokens)(id)


async def reconnected_meanwhile(harness: ConnectHarness, id: ConnectionId) -> None:
    opened = await harness.reconnect_session(id)
    await harness.will_approve(ADA)
    await follow(harness.browser(), opened["connect_link"])


@pytest.mark.parametrize("meanwhile", [refreshed_meanwhile, reconnected_meanwhile])
async def test_invalid_grant_raced_with_a_success_keeps_the_connection(
    harness: ConnectHarness, meanwhile: Callable[[ConnectHarness, ConnectionId], Awaitable[None]]
) -> None:
    id = await connected(harness)
    harness.advance(timedelta(hours=2))
    harness.fault("grant_revoked", email=ADA, times=1)
    instance, held = held_back(harness)
    losing = asyncio.create_task(instance.use(AccessTokens)(id))
    await held.asked.wait()
    await meanwhile(harness, id)
    held.released.set()
    assert await losing == await harness.instance().use(AccessTokens)(id)
    assert await status(harness, id) == (ConnectionStatus.ACTIVE, None)


async def test_a_lost_connection_is_renewed_when_its_end_user_connects_again(
    harness: ConnectHarness,
) -> None:
    """Its id and records live on; another end user gets a connection of its own."""
    id = await connected(harness)
    harness.advance(timedelta(hours=2))
    harness.fault("grant_revoked", email=ADA, times=1)
    with pytest.raises(GrantRevokedError):
        await harness.container.use(AccessTokens)(id)
    opened = await harness.session_for(ADA)
    await harness.will_approve(ADA)
    await follow(harness.browser(), opened["connect_link"])
    assert (await harness.look(opened["token"]))["connection_id"] == id
    assert await status(harness, id) == (ConnectionStatus.ACTIVE, None)
    assert await harness.connect(ADA) != id


@pytest.mark.parametrize("changed", [True, False])
async def test_a_grant_of_a_former_client_ends_and_one_of_this_client_does_not(
    harness: ConnectHarness, *, changed: bool
) -> None:
    """Google says unauthorized_client to both: whose the grant is, we know ourselves."""
    id = await connected(harness)
    grants = harness.container.use(Grants)
    was = await grants.get(id)
    assert was is not None
    assert was.value.client_id
    if changed:
        await grants.swap(was, replace(was.value, client_id="of-another.example"))
    harness.advance(timedelta(hours=2))
    harness.fault("unauthorized_client", times=1)
    error = GrantEndedError if changed else DeploymentError
    with pytest.raises(error):
        await harness.container.use(AccessTokens)(id)
    ended = (ConnectionStatus.REAUTH_REQUIRED, "client_changed")
    assert await status(harness, id) == (ended if changed else (ConnectionStatus.ACTIVE, None))
