"""Connecting mailboxes, and the connections that come of it (API 2, 3)."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, TypedDict

from pydantic import Field

from .errors import NotFoundError
from .syncs import Deferred, Failure, SetAside, SyncStatus
from .transport import INTEGRATION, Request, ResponseModel, Transport, at, present, query_of

PAGE: Final = 100
Access = Literal["send", "read", "full"]
"""What the end user is asked for: to send, to read, or both and more (the default)."""


class ConnectSession(ResponseModel):
    """The right to connect one mailbox for one end user, for 30 minutes."""

    token: str
    """For the connect page in an iframe; give it to that page alone."""
    connect_link: str
    """The same page as a plain link."""
    expires_at: datetime


class Trouble(ResponseModel):
    """Something that keeps a connection from working."""

    type: Literal["auth", "sync"]
    log_id: str


class Connection(ResponseModel):
    """One authorised mailbox of one end user."""

    id: str = Field(alias="connection_id")
    email: str
    status: str
    """`active`, `reauth_required`, `paused` or `disconnecting`."""
    created: datetime
    tags: Mapping[str, str]
    metadata: Mapping[str, Any]
    end_user: Mapping[str, Any] | None
    errors: Sequence[Trouble]

    @property
    def needs_consent(self) -> bool:
        """Whether nothing works until the end user connects again."""
        return self.status == "reauth_required"


class Watch(ResponseModel):
    """How the mailbox announces changes; without a watch it is polled."""

    expires_at: datetime | None
    last_push_at: datetime | None
    error: str | None
    stopped_at: datetime | None = None
    """Stopped by hand until `renew_at`."""
    renew_at: datetime | None = None


class Grant(ResponseModel):
    """The consent; `ends_at` is set where Google ends it by itself."""

    issued_at: datetime | None
    refreshed_at: datetime | None
    ends_at: datetime | None


class Credentials(ResponseModel):
    """A live access token."""

    access_token: str = Field(repr=False)
    refresh_token: str | None = Field(None, repr=False)
    expires_at: datetime


class ConnectionDetails(Connection):
    """One connection in full; `credentials` only where the key may see them."""

    updated_at: datetime
    last_fetched_at: datetime | None
    webhook_url_override: str | None
    scopes: Sequence[str]
    watch: Watch
    grant: Grant | None
    sync: SyncStatus | None
    error: Failure | None
    """Why it does not work; the counts below are its sync's, None where it has none."""
    coverage: str | None
    deferred: Deferred | None
    quarantined: SetAside | None
    credentials: Credentials | None = None


class Receipt(ResponseModel):
    """Proof of a disconnect; `finished_at` None means that it is under way."""

    connection_id: str
    accepted_at: datetime
    finished_at: datetime | None
    steps: Mapping[str, str]
    records_deleted: int
    in_backups_until: datetime | None = None


class _Opened(ResponseModel):
    data: ConnectSession


class _Page(ResponseModel):
    connections: Sequence[Connection]


class SyncChoice(TypedDict, total=False):
    """How a mailbox is kept: what is absent stays as it is."""

    window: str
    frequency: str
    labels: list[str]
    senders: list[str]
    exclude: list[str]
    headers: list[str]


@dataclass(frozen=True, slots=True)
class Connections:
    """`postroom.connections`."""

    transport: Transport

    async def session(
        self,
        tags: Mapping[str, str],
        *,
        access: Access | None = None,
        webhook_url: str | None = None,
        return_url: str | None = None,
    ) -> ConnectSession:
        """Begin to connect a mailbox.

        Tag the end user with `end_user_id` and `end_user_email`: the page shows the address, and
        warns where Google's is another one. `webhook_url` is told of this connection's events
        in place of the endpoints. `return_url` is the page of yours that the end user comes back
        to.
        """
        body = present(
            tags=dict(tags),
            allowed_integrations=[INTEGRATION],
            integrations_config_defaults=_asking(access),
            webhook_url_override=webhook_url,
            return_url=return_url,
        )
        return (
            await self.transport.read(Request("POST", "/connect/sessions", body=body), _Opened)
        ).data

    async def reconnect_session(
        self,
        connection_id: str,
        tags: Mapping[str, str] | None = None,
        *,
        access: Access | None = None,
        return_url: str | None = None,
    ) -> ConnectSession:
        """Begin to authorise a connection anew, with the same Google account; it keeps its id."""
        body = present(
            connection_id=connection_id,
            integration_id=INTEGRATION,
            tags=None if tags is None else dict(tags),
            integrations_config_defaults=_asking(access),
            return_url=return_url,
        )
        request = Request("POST", "/connect/sessions/reconnect", body=body)
        return (await self.transport.read(request, _Opened)).data

    async def page(
        self,
        *,
        end_user_id: str | None = None,
        organization_id: str | None = None,
        connection_id: str | None = None,
        search: str | None = None,
        tags: Mapping[str, str] | None = None,
        limit: int = PAGE,
        page: int = 0,
    ) -> Sequence[Connection]:
        """Return a page of the connections for which everything asked holds, newest first."""
        query = query_of(
            endUserId=end_user_id,
            endUserOrganizationId=organization_id,
            connectionId=connection_id,
            search=search,
            limit=limit,
            page=page,
        )
        query |= {f"tags[{name}]": value for name, value in (tags or {}).items()}
        return (
            await self.transport.read(Request("GET", "/connections", query=query), _Page)
        ).connections

    async def of_end_user(self, end_user_id: str) -> Sequence[Connection]:
        """Return the connections of one end user, newest first."""
        return await self.page(end_user_id=end_user_id)

    async def all(self) -> AsyncIterator[Connection]:
        """Yield every connection, newest first; one made meanwhile may be left out."""
        number = 0
        while found := await self.page(page=number):
            for one in found:
                yield one
            number += 1

    async def get(
        self, connection_id: str, *, fresh_token: bool = False, refresh_token: bool = False
    ) -> ConnectionDetails:
        """Return one connection in full.

        A key with `connections:credentials` is given a live access token with it, and the
        refresh token where asked; raises ReauthRequiredError where there is none any more.
        """
        query = query_of(
            provider_config_key=INTEGRATION,
            force_refresh=fresh_token or None,
            refresh_token=refresh_token or None,
        )
        request = Request("GET", at("connections", connection_id), query=query)
        return await self.transport.read(request, ConnectionDetails)

    async def change(
        self,
        connection_id: str,
        *,
        tags: Mapping[str, str] | None = None,
        webhook_url: str | None = None,
        sync: SyncChoice | None = None,
        retention: str | None = None,
    ) -> None:
        """Change tags, webhook address, what is synced, or how long payloads are kept (`90d`)."""
        body = present(tags=tags, webhook_url_override=webhook_url, sync=sync, retention=retention)
        await self.transport.json(
            Request("PATCH", at("connections", connection_id), body=body, repeatable=True)
        )

    async def replace_metadata(self, *connection_ids: str, metadata: Mapping[str, Any]) -> None:
        """Give connections this metadata in place of theirs."""
        await self._metadata("POST", connection_ids, metadata)

    async def merge_metadata(self, *connection_ids: str, metadata: Mapping[str, Any]) -> None:
        """Merge into connections' metadata; top-level fields are replaced."""
        await self._metadata("PATCH", connection_ids, metadata)

    async def take_over(
        self,
        refresh_token: str,
        *,
        connection_id: str | None = None,
        tags: Mapping[str, str] | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> ConnectionDetails:
        """Import a refresh token that this deployment's OAuth client was given elsewhere.

        `connection_id` keeps the name it has there. Its sync begins at once.
        """
        body = present(
            provider_config_key=INTEGRATION,
            connection_id=connection_id,
            credentials={"type": "OAUTH2", "refresh_token": refresh_token},
            tags=tags,
            metadata=metadata,
        )
        return await self.transport.read(
            Request("POST", "/connections", body=body), ConnectionDetails
        )

    async def disconnect(self, connection_id: str) -> None:
        """Remove a connection, its grant at Google and its records; it ends in the background.

        A connection that is gone already counts as removed.
        """
        query = query_of(provider_config_key=INTEGRATION)
        try:
            await self.transport.json(
                Request("DELETE", at("connections", connection_id), query=query)
            )
        except NotFoundError:
            return

    async def receipt(self, connection_id: str) -> Receipt:
        """Return the proof of a disconnect."""
        return await self.transport.read(Request("GET", at("receipts", connection_id)), Receipt)

    async def _metadata(
        self, method: str, connection_ids: Sequence[str], metadata: Mapping[str, Any]
    ) -> None:
        body = {
            "connection_id": list(connection_ids),
            "provider_config_key": INTEGRATION,
            "metadata": metadata,
        }
        await self.transport.json(
            Request(method, "/connections/metadata", body=body, repeatable=True)
        )


def _asking(access: Access | None) -> dict[str, Any] | None:
    if access is None:
        return None
    return {INTEGRATION: {"connection_config": {"oauth_scopes_override": access}}}
