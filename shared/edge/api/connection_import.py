"""POST /connections: import of a refresh token the product holds already (API 3.4)."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from shared.domain.connect.integration_names import IntegrationNames
from shared.domain.ids import ConnectionId
from shared.edge.api.connection_models import (
    METADATA_FIELDS,
    ConnectionDetails,
    ConnectionViews,
    EndUser,
    Tags,
)
from shared.edge.api.connections import check_webhook_address
from shared.edge.web.call import Call
from shared.edge.web.reading import CONNECTION_ID, ours_among
from shared.edge.web.routes import Permission, RequestModel, Route
from shared.errors import ForbiddenError
from shared.usecases.connect.import_refresh_token import ImportGrant, ImportRequest

CREATED = 201
TOKENS = ("refresh_token", "access_token", "expires_at")


class ImportedCredentials(RequestModel):
    """Only the refresh token counts: access token and expiry are Google's to say."""

    type: Literal["OAUTH2"] = "OAUTH2"
    refresh_token: str = Field(min_length=1, max_length=2_048)
    access_token: str | None = Field(None, max_length=8_192)
    expires_at: str | None = Field(None, max_length=64)


class ImportBody(RequestModel):
    """A connection to be; `connection_id` keeps the name it has elsewhere."""

    provider_config_key: str = Field(max_length=255)
    connection_id: str | None = Field(None, pattern=f"^{CONNECTION_ID.pattern}$")
    credentials: ImportedCredentials
    tags: Tags | None = None
    end_user: EndUser | None = None
    metadata: Annotated[dict[str, Any], Field(max_length=METADATA_FIELDS)] | None = None
    webhook_url_override: str | None = Field(None, max_length=2000, pattern="^https?://")
    connection_config: Annotated[dict[str, Any], Field(max_length=0)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _credentials(cls, given: object) -> object:
        """Take the tokens from where older bodies have them: beside everything else."""
        if not isinstance(given, dict) or "credentials" in given:
            return given
        tokens = {name: given[name] for name in TOKENS if name in given}
        rest = {name: value for name, value in given.items() if name not in TOKENS}
        return {**rest, "credentials": tokens} if tokens else given

    def request(self) -> ImportRequest:
        """Return what the use case takes."""
        given = self.end_user.model_dump() if self.end_user else {}
        return ImportRequest(
            refresh_token=self.credentials.refresh_token,
            connection_id=ConnectionId(self.connection_id) if self.connection_id else None,
            tags=self.tags or {},
            end_user=given or None,
            organization=given.get("organization"),
            metadata=self.metadata or {},
            webhook_url_override=self.webhook_url_override,
        )


async def import_connection(call: Call) -> ConnectionDetails:
    """Import a refresh token as a connection; with the id of one it renews that one's grant.

    The token must have been issued to this deployment's OAuth client with `openid email` and at
    least one scope of Gmail. Its sync begins at once.
    """
    body = call.body(ImportBody)
    ours_among([body.provider_config_key], call.use(IntegrationNames), "provider_config_key")
    request = body.request()
    check_webhook_address(call, request.webhook_url_override)
    if call.caller.connections is not None and not (
        request.connection_id and call.caller.sees(request.connection_id)
    ):
        raise ForbiddenError("This API key may not make connections it would not see.")
    id = await call.use(ImportGrant)(request)
    connection = (await call.connection(id)).value
    return await call.use(ConnectionViews).details(connection)


ROUTES = (
    Route(
        "POST",
        "/connections",
        Permission.CONNECTIONS_WRITE,
        import_connection,
        "Import a connection",
        body=ImportBody,
        status=CREATED,
    ),
)
