"""What the connections resource takes and answers (API 3)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from shared.edge.http.routes import Answer, Strict
from shared.edge.http.sync_models import SyncView

TAGS = 10
METADATA_FIELDS = 100
LAST_PAGE = 1_000_000
"""Beyond any deployment, and its rows can still be counted by every store."""

TagKey = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.:/-]{0,63}$")]
TagValue = Annotated[str, Field(max_length=255)]
Tags = Annotated[dict[TagKey, TagValue], Field(max_length=TAGS)]


class Organization(Strict):
    """The end user's organization, in the older body shape."""

    id: str = Field(max_length=255)
    display_name: str | None = Field(None, max_length=255)


class EndUser(Strict):
    """Who the product says is connected."""

    id: str = Field(max_length=255)
    email: str | None = Field(None, max_length=255)
    display_name: str | None = Field(None, max_length=255)
    tags: Tags | None = None
    organization: Organization | None = None


class ConnectionsQuery(Strict):
    """Filters of the listing; every one given must hold."""

    connection_id: str | None = Field(None, alias="connectionId")
    search: str | None = Field(None, max_length=255)
    end_user_id: str | None = Field(None, alias="endUserId")
    end_user_organization_id: str | None = Field(None, alias="endUserOrganizationId")
    integration_id: str | None = Field(None, alias="integrationId")
    tags: Mapping[str, str] = Field(default_factory=dict)
    limit: int = Field(100, ge=1, le=1000)
    page: int = Field(0, ge=0, le=LAST_PAGE)


class ConnectionQuery(Strict):
    """`refresh_github_app_jwt_token` comes with every call of the client; it means nothing here."""

    force_refresh: bool = False
    refresh_token: bool = False
    refresh_github_app_jwt_token: bool = False


class SyncPatch(Strict):
    """How the mailbox is kept."""

    window: str | None = Field(None, max_length=40)
    frequency: str | None = Field(None, max_length=40)
    labels: list[Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{1,64}$")]] | None = Field(
        None, max_length=50, description="Gmail label ids; a message under any of them is kept."
    )
    senders: list[Annotated[str, Field(pattern=r"^[^@\s]*@[^@\s]+$")]] | None = Field(
        None, max_length=200, description="Addresses, or domains as @example.com."
    )


class ConnectionPatch(Strict):
    """What is absent stays as it is."""

    tags: Tags | None = None
    end_user: EndUser | None = None
    webhook_url_override: str | None = Field(None, max_length=2000)
    sync: SyncPatch | None = None
    retention: str | None = Field(None, pattern=r"^[0-9]{1,4}d$")


class MetadataBody(Strict):
    """Metadata for one connection or several."""

    connection_id: str | Annotated[list[str], Field(min_length=1, max_length=100)]
    provider_config_key: str
    metadata: Annotated[dict[str, Any], Field(max_length=METADATA_FIELDS)]


class ConnectionError_(Answer):  # noqa: N801  ConnectionError is Python's
    """Something that keeps the connection from working; look it up in GET /operations."""

    type: Literal["auth", "sync"]
    log_id: str


class ConnectionView(Answer):
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


class ConnectionsPage(Answer):
    """Connections, newest first."""

    connections: list[ConnectionView]


class Credentials(Answer):
    """A live access token; needs the permission connections:credentials."""

    type: Literal["OAUTH2"] = "OAUTH2"
    access_token: str
    refresh_token: str | None = None
    expires_at: datetime
    raw: dict[str, Any]


class WatchView(Answer):
    """Push registration that all connections on the mailbox share: `error` says why there is none.

    `stopped_at` is set while it is stopped by hand (`stop-watch`); it is armed again at `renew_at`.
    """

    expires_at: datetime | None
    last_push_at: datetime | None
    error: str | None
    stopped_at: datetime | None
    renew_at: datetime | None


class GrantView(Answer):
    """The consent: `ends_at` is set where Google ends it by itself, as for apps in testing."""

    issued_at: datetime | None
    refreshed_at: datetime | None
    ends_at: datetime | None


class ConnectionDetails(ConnectionView):
    """One connection in full; `credentials` only where the key may see them."""

    created_at: datetime
    updated_at: datetime
    last_fetched_at: datetime | None
    connection_config: dict[str, Any]
    webhook_url_override: str | None
    credentials: Credentials | None = None
    scopes: list[str]
    watch: WatchView
    grant: GrantView | None
    sync: SyncView | None
