"""An access token that works, refreshed early and by one caller at a time (DESIGN 5.5)."""

import asyncio
import logging
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from shared.domain.bounded import BoundedMap
from shared.domain.connect.connection import Connection, ConnectionStatus
from shared.domain.connect.grant import CLAIM_LIFETIME, REFRESH_EARLY, Grant
from shared.domain.google import refusals as google_refusals
from shared.domain.google.observations import Duration, Kinds, Sightings
from shared.domain.google.trouble import (
    OTHER_CLIENT,
    DeploymentError,
    GrantEndedError,
    UnnamedRefusalError,
)
from shared.domain.ids import ConnectionId
from shared.errors import (
    ConfigurationError,
    ConflictError,
    GoogleOAuthUnavailableError,
    GrantRevokedError,
    PostroomError,
    ReauthRequiredError,
    SessionPolicyError,
    TransientError,
    UnknownConnectionError,
)
from shared.ports.clock import Clock
from shared.ports.connections import Connections, Grants
from shared.ports.documents import Versioned, update_by
from shared.ports.google.oauth import GoogleOAuth, Sealer, Tokens
from shared.usecases.connect.tokens.require_reauth import RequireReauth
from shared.usecases.connect.tokens.token_seal import (
    opened_access_token,
    opened_refresh_token,
    refreshed_grant,
)

POLL = timedelta(milliseconds=200)
MOST_HELD = 2_000
"""Tokens in the memory of one process; any other is opened from its grant."""
RECHECK = timedelta(minutes=1)
"""How long a token is served from memory before the grant is read again: a reconnect may have
widened it, a disconnect ended it."""
SESSION_POLICY = google_refusals.SESSION_POLICY.detail
NAMED_ENDS = frozenset(
    {"account_deleted", "policy_enforced", "org_internal", "refused", "client_changed"}
)
NOT_REFRESHED = "token not refreshed"
"""A deployment counts these lines, and alerts: a sync only tries again later, and says nothing."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Held:
    token: str
    expires_at: datetime
    read_at: datetime

    def serves(self, now: datetime, rejected: str | None) -> bool:
        young = now < self.read_at + RECHECK
        return self.token != rejected and young and now < self.expires_at - REFRESH_EARLY


@dataclass(frozen=True)
class AccessTokens:
    """Return a connection's access token.

    One refresh at a time across instances, by a claim in the grant that expires after 10 s.
    Meanwhile others use the old token while it is valid. Only a refusal that a second reading
    of the grant confirms ends in `reauth_required`.
    """

    grants: Grants
    connections: Connections
    sealer: Sealer
    oauth: GoogleOAuth
    clock: Clock
    require_reauth: RequireReauth
    sightings: Sightings = field(default_factory=Sightings)
    held: BoundedMap[ConnectionId, _Held] = field(default_factory=lambda: BoundedMap(MOST_HELD))
    flights: dict[ConnectionId, asyncio.Task[str]] = field(default_factory=dict)

    async def __call__(self, connection_id: ConnectionId, *, rejected: str | None = None) -> str:
        """Return a token other than `rejected`, the one Google has just answered 401 to.

        Raises UnknownConnectionError, ReauthRequiredError and its kinds,
        DeploymentError, GoogleOAuthUnavailableError, ConfigurationError, CorruptStateError.
        """
        held = self.held.get(connection_id)
        if held is not None and held.serves(self.clock.now(), rejected):
            return held.token
        flight = self.flights.get(connection_id)
        if flight is None:
            flight = asyncio.create_task(self._find(connection_id, rejected))
            self.flights[connection_id] = flight
            flight.add_done_callback(lambda _: self.flights.pop(connection_id, None))
        # One caller giving up must not take the refresh from the others.
        token = await asyncio.shield(flight)
        return await self(connection_id, rejected=rejected) if token == rejected else token

    def forget(self, connection_id: ConnectionId) -> None:
        """Serve nothing from memory for this connection any more."""
        self.held.pop(connection_id, None)

    async def _find(self, id: ConnectionId, rejected: str | None) -> str:
        while True:
            was = await self._grant(id)
            now = self.clock.now()
            token = await opened_access_token(self.sealer, was.value)
            if was.value.fresh(now) and token != rejected:
                return self._remember(id, token, was.value.access_expires_at)
            usable = was.value.usable(now) and token != rejected
            if _is_claimed(was.value, now):
                if usable:
                    return token
                await self.clock.sleep(POLL)
                continue
            refreshed = await self._refresh(was, token if usable else None)
            if refreshed is not None:
                return refreshed

    async def _grant(self, id: ConnectionId) -> Versioned[Grant]:
        found = await self.grants.get(id)
        if found is not None:
            return found
        self.forget(id)
        if await self.connections.get(id) is None:
            raise UnknownConnectionError("No such connection.")
        raise GrantRevokedError("This connection has no grant: the end user must connect again.")

    async def _refresh(self, was: Versioned[Grant], fallback: str | None) -> str | None:
        """Claim and refresh; None where another instance was faster and the grant is to be read."""
        connection = await self._require_authorized(was.value.connection_id)
        try:
            now = self.clock.now()
            claim = replace(was.value, refresh_claimed_until=now + CLAIM_LIFETIME)
            claimed = await self.grants.swap(was, claim)
        except ConflictError:
            return None
        try:
            refresh_token = await opened_refresh_token(self.sealer, claimed.value)
            return await self._store(claimed, await self.oauth.refresh(refresh_token))
        except ReauthRequiredError as error:
            stands = await self._confirm_end(claimed.value, connection, error)
            # Only now: the next holder of the claim finds the connection marked.
            await self._give_back(claimed)
            if stands:
                raise
            return None
        except UnnamedRefusalError as error:
            return await self._count_refusal(claimed, connection, error, fallback)
        except (TransientError, ConfigurationError) as error:
            if self._is_of_another_client(was.value, error):
                await self._end(claimed, connection, error)
                return None
            if isinstance(error, GoogleOAuthUnavailableError | ConfigurationError):
                extra = {"connection": was.value.connection_id, "error": type(error).__name__}
                log.warning(NOT_REFRESHED, extra=extra)
            await self._give_back(claimed)
            if fallback is None:
                raise
            return fallback

    def _is_of_another_client(self, grant: Grant, error: PostroomError) -> bool:
        """Whether one grant alone is refused, because the deployment's client was changed."""
        told = isinstance(error, DeploymentError) and error.told == OTHER_CLIENT
        return told and grant.client_id not in {"", self._client_id}

    @property
    def _client_id(self) -> str:
        return self.require_reauth.settings.oauth_client_id

    async def _end(
        self,
        claimed: Versioned[Grant],
        connection: Versioned[Connection] | None,
        error: PostroomError,
    ) -> None:
        """Mark the connection of a former client's grant. Raises GrantEndedError if it stands."""
        ended = GrantEndedError("It was given to another OAuth client.", cause="client_changed")
        stands = await self._confirm_end(claimed.value, connection, ended)
        await self._give_back(claimed)
        if stands:
            raise ended from error

    async def _count_refusal(
        self,
        claimed: Versioned[Grant],
        connection: Versioned[Connection] | None,
        error: UnnamedRefusalError,
        fallback: str | None,
    ) -> str | None:
        """Count an unknown refusal as passing; after a day of nothing else the grant has ended."""
        now = self.clock.now()
        tried = replace(claimed.value, refused_since=claimed.value.refused_since or now)
        ended = GrantEndedError("Google refuses this grant, and not why.", cause="refused")
        stands = tried.given_up(now) and await self._confirm_end(tried, connection, ended)
        await self._give_back(claimed, tried)
        if stands:
            raise ended from error
        if fallback is None:
            raise error
        return fallback

    async def _require_authorized(self, id: ConnectionId) -> Versioned[Connection] | None:
        """Return the connection; raise at once where it is known that Google will refuse."""
        found = await self.connections.get(id)
        if found is not None and found.value.status is ConnectionStatus.REAUTH_REQUIRED:
            raise _known_end(found.value.error or "")
        return found

    async def _store(self, claimed: Versioned[Grant], tokens: Tokens) -> str | None:
        """Store what the refresh brought; None where a newer grant or refresh is there already.

        A data key that was rewrapped meanwhile is no reason to refresh again.
        """
        id, now = claimed.value.connection_id, self.clock.now()

        async def refresh(was: Grant) -> Grant | None:
            if _is_renewed(claimed.value, was):
                return None
            fresh = await refreshed_grant(self.sealer, was, tokens, now)
            return replace(fresh, client_id=self._client_id)

        if await update_by(self.grants, id, refresh, claimed) is None:
            return None
        rotated = tokens.refresh_token is not None
        self.sightings.count_kind(Kinds.REFRESHES, "rotated" if rotated else "kept")
        return self._remember(id, tokens.access_token, tokens.expires_at)

    async def _confirm_end(
        self,
        tried: Grant,
        connection: Versioned[Connection] | None,
        error: ReauthRequiredError,
    ) -> bool:
        """Whether the refusal stands: a reconnect or another refresh may have won meanwhile.

        The connection was read before the grant is read again, and is swapped at that version:
        a reconnect in between changes one or the other.
        """
        fresh = await self.grants.get(tried.connection_id)
        if fresh is not None and _is_renewed(tried, fresh.value):
            return False
        self.forget(tried.connection_id)
        if connection is None:
            return True
        code = self._cause(tried, error)
        self.sightings.count_kind(Kinds.GRANTS_ENDED, code)
        if tried.issued_at is not None:
            self.sightings.measure(Duration.GRANT_AGE, self.clock.now() - tried.issued_at)
        return await self.require_reauth(connection, code, generation=tried.generation)

    def _cause(self, grant: Grant, error: ReauthRequiredError) -> str:
        """Return why, as far as it can be told: Google says `invalid_grant` to most of them."""
        if isinstance(error, SessionPolicyError):
            return SESSION_POLICY
        if isinstance(error, GrantEndedError):
            return error.cause
        now = self.clock.now()
        ends_at = grant.ends_at(testing=self.require_reauth.settings.testing)
        if ends_at is not None and now >= ends_at:
            return "expired"
        return "unused" if grant.is_unused(now) else "revoked"

    async def _give_back(self, claimed: Versioned[Grant], tried: Grant | None = None) -> None:
        free = replace(tried or claimed.value, refresh_claimed_until=None)
        try:
            await self.grants.swap(claimed, free)
        except TransientError:
            return  # the claim expires by itself

    def _remember(self, id: ConnectionId, token: str, expires_at: datetime) -> str:
        self.held[id] = _Held(token, expires_at, self.clock.now())
        return token


def _known_end(cause: str) -> ReauthRequiredError:
    text = "The end user must connect again."
    if cause == SESSION_POLICY:
        return SessionPolicyError(text)
    if cause in NAMED_ENDS:
        return GrantEndedError(text, cause=cause)
    return GrantRevokedError(text)


def _is_claimed(grant: Grant, now: datetime) -> bool:
    return grant.refresh_claimed_until is not None and now < grant.refresh_claimed_until


def _is_renewed(tried: Grant, fresh: Grant) -> bool:
    same = tried.generation == fresh.generation and tried.refreshed_at == fresh.refreshed_at
    return not same
