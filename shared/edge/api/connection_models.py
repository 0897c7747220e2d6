"""What the connections resource takes and answers, and a connection as it is shown (API 3)."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any, Literal

from pydantic import Field

from shared.domain.connect.connection import INTEGRATION, Connection, ConnectionStatus
from shared.domain.connect.end_user import shown_end_user
from shared.domain.connect.grant import Grant
from shared.domain.connect.integration_names import IntegrationNames
from shared.domain.connect.scopes import SIGN_IN
from shared.domain.sync.mailbox import Mailbox
from shared.domain.sync.state import SyncState
from shared.domain.sync.status import Coverage, failure, set_aside
from shared.edge.api.mail.sync_view import (
    DeferredView,
    FailureView,
    QuarantinedView,
    SyncView,
    failure_view,
    sync_view,
)
from shared.edge.web.deployment import Deployment
from shared.edge.web.routes import LEFT_OUT, RequestModel, ResponseModel
from shared.ports.clock import Clock
from shared.ports.connections import Grants, Mailboxes
from shared.ports.sync_store import Quarantine, SyncStates, entries_of

TAGS = 10
METADATA_FIELDS = 100
LAST_PAGE = 1_000_000
"""Beyond any deployment, and its rows can still be counted by every store."""

TagKey = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.:/-]{0,63}$")]
TagValue = Annotated[str, Field(max_length=255)]
Tags = Annotated[dict[TagKey, TagValue], Field(max_length=TAGS)]


class Organization(RequestModel):
    """The end user's organization, in the older body shape."""

    id: str = Field(max_length=255)
    display_name: str | None = Field(None, max_length=255)


class EndUser(RequestModel):
    """Who the product says is connected."""

    id: str = Field(max_length=255)
    email: str | None = Field(None, max_length=255)
    display_name: str | None = Field(None, max_length=255)
    tags: Tags | None = None
    organization: Organization | None = None


class ConnectionsQuery(RequestModel):
    """Filters of the listing; every one given must hold."""

    connection_id: str | None = Field(None, alias="connectionId")
    search: str | None = Field(None, max_length=255)
    end_user_id: str | None = Field(None, alias="endUserId")
    end_user_organization_id: str | None = Field(None, alias="endUserOrganizationId")
    integration_id: str | None = Field(None, alias="integrationId")
    tags: Mapping[str, str] = Field(default_factory=dict)
    limit: int = Field(100, ge=1, le=1000)
    page: int = Field(0, ge=0, le=LAST_PAGE)


class ConnectionQuery(RequestModel):
    """`refresh_github_app_jwt_token` comes with every call of the client; it means nothing here."""

    force_refresh: bool = False
    refresh_token: bool = False
    refresh_github_app_jwt_token: bool = False


GivenLabelId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{1,64}$")]


class SyncPatch(RequestModel):
    """How the mailbox is kept."""

    window: str | None = Field(None, max_length=40)
    frequency: str | None = Field(None, max_length=40)
    labels: list[GivenLabelId] | None = Field(
        None, max_length=50, description="Gmail label ids; a message under any of them is kept."
    )
    exclude: list[GivenLabelId] | None = Field(
        None,
        max_length=50,
        description="Gmail label ids; a message under any of them is left out, as DRAFT or SPAM.",
    )
    senders: list[Annotated[str, Field(pattern=r"^[^@\s]*@[^@\s]+$")]] | None = Field(
        None, max_length=200, description="Addresses, or domains as @example.com."
    )
    headers: list[Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]] | None = Field(
        None, max_length=20, description="Names of headers that records keep too, as X-Ticket-Id."
    )


class ConnectionPatch(RequestModel):
    """What is absent stays as it is."""

    tags: Tags | None = None
    end_user: EndUser | None = None
    webhook_url_override: str | None = Field(None, max_length=2000)
    sync: SyncPatch | None = None
    retention: str | None = Field(None, pattern=r"^[0-9]{1,4}d$")


class MetadataBody(RequestModel):
    """Metadata for one connection or several."""

    connection_id: str | Annotated[list[str], Field(min_length=1, max_length=100)]
    provider_config_key: str
    metadata: Annotated[dict[str, Any], Field(max_length=METADATA_FIELDS)]


class ConnectionError_(ResponseModel):  # noqa: N801  ConnectionError is Python's
    """Something that keeps the connection from working; look it up in GET /operations."""

    type: Literal["auth", "sync"]
    log_id: str


class ConnectionView(ResponseModel):
    """A connection as a listing shows it."""

    id: int
    connection_id: str
    provider: str
    provider_config_key: str
    created: datetime
    metadata: dict[str, Any]
    tags: dict[str, str]
    end_user: dict[str, Any] | None
    errors: list[ConnectionError_]
    status: str
    email: str


class ConnectionsPage(ResponseModel):
    """Connections, newest first."""

    connections: list[ConnectionView]


class Credentials(ResponseModel):
    """A live access token; needs the permission connections:credentials."""

    type: Literal["OAUTH2"] = "OAUTH2"
    access_token: str
    expires_at: datetime
    raw: dict[str, Any]
    refresh_token: str | None = LEFT_OUT


class WatchView(ResponseModel):
    """Push registration that all connections on the mailbox share: `error` says why there is none.

    `stopped_at` is set while it is stopped by hand (`stop-watch`); it is armed again at `renew_at`.
    """

    expires_at: datetime | None
    last_push_at: datetime | None
    error: str | None
    stopped_at: datetime | None
    renew_at: datetime | None


class GrantView(ResponseModel):
    """The consent: `ends_at` is set where Google ends it by itself, as for apps in testing."""

    issued_at: datetime | None
    refreshed_at: datetime | None
    ends_at: datetime | None


class ConnectionDetails(ConnectionView):
    """One connection in full; `credentials` only where the key may see them.

    What counts its mail is its sync's, and null where it has none: it may send only, or is new.
    """

    created_at: datetime
    updated_at: datetime
    last_fetched_at: datetime | None
    connection_config: dict[str, Any]
    webhook_url_override: str | None
    scopes: list[str]
    watch: WatchView
    sync: SyncView | None
    error: FailureView | None
    coverage: Coverage | None
    deferred: DeferredView | None
    quarantined: QuarantinedView | None
    grant: GrantView | None
    credentials: Credentials | None = LEFT_OUT


AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class ConnectionViews:
    """Connections as the API shows them, with how their sync and watch stand."""

    states: SyncStates
    mailboxes: Mailboxes
    grants: Grants
    quarantine: Quarantine
    deployment: Deployment
    integration: IntegrationNames
    clock: Clock

    async def for_listing(self, connections: Sequence[Connection]) -> list[ConnectionView]:
        """Return the listing's entries; a sync that fails shows among the errors."""
        views: list[ConnectionView] = []
        for start in range(0, len(connections), AT_ONCE):
            part = connections[start : start + AT_ONCE]
            states = await asyncio.gather(*(self.states.get(one.id) for one in part))
            views += [
                ConnectionView(**connection_view(one, state.value if state else None, self._key))
                for one, state in zip(part, states, strict=True)
            ]
        return views

    async def details(self, connection: Connection) -> ConnectionDetails:
        """Return one connection in full, without credentials."""
        state, mailbox, grant = await asyncio.gather(
            self.states.get(connection.id),
            self.mailboxes.get(connection.mailbox_id),
            self.grants.get(connection.id),
        )
        sync = await self._sync(connection, state.value) if state else None
        return ConnectionDetails(
            **connection_view(connection, state.value if state else None, self._key),
            created_at=connection.created_at,
            updated_at=connection.updated_at,
            last_fetched_at=state.value.last_delta_at if state else None,
            connection_config={},
            webhook_url_override=connection.webhook_url_override,
            scopes=sorted(connection.scopes - {*SIGN_IN}),
            watch=_watch(mailbox.value if mailbox else None),
            sync=sync,
            error=failure_view(failure(connection, state.value if state else None)),
            coverage=sync.coverage if sync else None,
            deferred=sync.deferred if sync else None,
            quarantined=sync.quarantined if sync else None,
            grant=_grant(grant.value, testing=self.deployment.testing) if grant else None,
        )

    async def _sync(self, connection: Connection, state: SyncState) -> SyncView:
        aside = set_aside(await entries_of(self.quarantine, state))
        view = sync_view(state, self.clock.now(), connection, aside)
        return view.model_copy(update={"provider_config_key": self._key})

    @property
    def _key(self) -> str:
        return self.integration.first_alias


def connection_view(connection: Connection, state: SyncState | None, key: str) -> dict[str, Any]:
    """Return what a listing shows; `id` is a stable number, `connection_id` the name to use.

    `key` is what the product calls the integration.
    """
    return {
        "id": int.from_bytes(sha256(connection.id.encode()).digest()[:6], "big"),
        "connection_id": connection.id,
        "provider": INTEGRATION,
        "provider_config_key": key,
        "created": connection.created_at,
        "metadata": dict(connection.metadata),
        "tags": dict(connection.tags),
        "end_user": shown_end_user(connection.end_user),
        "errors": _errors(connection, state),
        "status": connection.status,
        "email": connection.email,
    }


def _errors(connection: Connection, state: SyncState | None) -> list[ConnectionError_]:
    if connection.status is ConnectionStatus.REAUTH_REQUIRED:
        return [ConnectionError_(type="auth", log_id=connection.id)]
    if state is not None and state.last_error is not None:
        return [ConnectionError_(type="sync", log_id=connection.id)]
    return []


def _grant(grant: Grant, *, testing: bool) -> GrantView:
    return GrantView(
        issued_at=grant.issued_at,
        refreshed_at=grant.refreshed_at,
        ends_at=grant.ends_at(testing=testing),
    )


def _watch(mailbox: Mailbox | None) -> WatchView:
    return WatchView(
        expires_at=mailbox.watch_expires_at if mailbox else None,
        last_push_at=mailbox.last_push_at if mailbox else None,
        error=mailbox.watch_error if mailbox else None,
        stopped_at=mailbox.stopped_at if mailbox else None,
        renew_at=mailbox.renew_at if mailbox else None,
    )
