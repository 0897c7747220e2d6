"""`connections.py` without asyncio, made by `python -m infra.blocking_client`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..connections import (
    PAGE,
    Access,
    Connection,
    ConnectionDetails,
    ConnectSession,
    Receipt,
    SyncChoice,
    _asking,
    _Opened,
    _Page,
)
from ..errors import NotFoundError
from ..transport import INTEGRATION, Request, at, present, query_of
from .transport import Transport


@dataclass(frozen=True, slots=True)
class Connections:
    """`postroom.connections`."""

    transport: Transport

    def session(
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
        return (self.transport.read(Request("POST", "/connect/sessions", body=body), _Opened)).data

    def reconnect_session(
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
        return (self.transport.read(request, _Opened)).data

    def page(
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
        return (self.transport.read(Request("GET", "/connections", query=query), _Page)).connections

    def of_end_user(self, end_user_id: str) -> Sequence[Connection]:
        """Return the connections of one end user, newest first."""
        return self.page(end_user_id=end_user_id)

    def all(self) -> Iterator[Connection]:
        """Yield every connection, newest first; one made meanwhile may be left out."""
        number = 0
        while found := self.page(page=number):
            for one in found:
                yield one
            number += 1

    def get(
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
        return self.transport.read(request, ConnectionDetails)

    def change(
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
        self.transport.json(
            Request("PATCH", at("connections", connection_id), body=body, repeatable=True)
        )

    def replace_metadata(self, *connection_ids: str, metadata: Mapping[str, Any]) -> None:
        """Give connections this metadata in place of theirs."""
        self._metadata("POST", connection_ids, metadata)

    def merge_metadata(self, *connection_ids: str, metadata: Mapping[str, Any]) -> None:
        """Merge into connections' metadata; top-level fields are replaced."""
        self._metadata("PATCH", connection_ids, metadata)

    def take_over(
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
        return self.transport.read(Request("POST", "/connections", body=body), ConnectionDetails)

    def disconnect(self, connection_id: str) -> None:
        """Remove a connection, its grant at Google and its records; it ends in the background.

        A connection that is gone already counts as removed.
        """
        query = query_of(provider_config_key=INTEGRATION)
        try:
            self.transport.json(Request("DELETE", at("connections", connection_id), query=query))
        except NotFoundError:
            return

    def receipt(self, connection_id: str) -> Receipt:
        """Return the proof of a disconnect."""
        return self.transport.read(Request("GET", at("receipts", connection_id)), Receipt)

    def _metadata(
        self, method: str, connection_ids: Sequence[str], metadata: Mapping[str, Any]
    ) -> None:
        body = {
            "connection_id": list(connection_ids),
            "provider_config_key": INTEGRATION,
            "metadata": metadata,
        }
        self.transport.json(Request(method, "/connections/metadata", body=body, repeatable=True))
