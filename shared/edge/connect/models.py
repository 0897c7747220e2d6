"""Bodies and answers of the connect-session resource (API 2.1)."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Self, TypeVar

from pydantic import AfterValidator, Field, model_validator

from shared.domain.connect.connection import INTEGRATION
from shared.domain.connect.integration_names import IntegrationNames
from shared.domain.connect.scopes import spelled_out
from shared.domain.ids import ConnectionId
from shared.edge.web.reading import ours_among
from shared.edge.web.routes import RequestModel, ResponseModel
from shared.usecases.connect.consent.sessions import SessionRequest

TAG_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_\-./]{0,63}")
MOST_TAGS = 10
VALUE_LENGTH = 255
SEPARATORS = re.compile(r"[\s,]+")

Text = Annotated[str, Field(max_length=VALUE_LENGTH)]
Integration = Annotated[str, Field(min_length=1, max_length=VALUE_LENGTH)]
MOST_INTEGRATIONS = 100


def _tags(tags: dict[str, str]) -> dict[str, str]:
    if wrong := [key for key in tags if not TAG_KEY.fullmatch(key)]:
        raise ValueError(
            f"a tag's key begins with a letter and has up to 64 characters: {wrong[0][:64]!r}"
        )
    return tags


Tags = Annotated[dict[str, Text], Field(max_length=MOST_TAGS), AfterValidator(_tags)]


class SessionEndUser(RequestModel):
    """The older way to say who connects; it is mapped to tags."""

    id: Annotated[str, Field(min_length=1, max_length=VALUE_LENGTH)]
    email: Text | None = None
    display_name: Text | None = None
    tags: Tags | None = None


class SessionOrganization(RequestModel):
    """The end user's organisation, the older way."""

    id: Annotated[str, Field(min_length=1, max_length=VALUE_LENGTH)]
    display_name: Text | None = None


def _scopes(text: str) -> str:
    try:
        spelled_out(_split(text))
    except ValueError as unknown:
        raise ValueError(f"not a scope of Gmail: {str(unknown)[:100]!r}") from None
    return text


def _split(text: str) -> list[str]:
    return [name for name in SEPARATORS.split(text) if name]


ScopeList = Annotated[str, Field(max_length=2_000), AfterValidator(_scopes)]


class ConnectionConfig(RequestModel, extra="allow"):
    """`oauth_scopes_override` replaces the scopes asked: presets, short names or addresses."""

    oauth_scopes_override: ScopeList | None = None


class IntegrationDefaults(RequestModel):
    """What a connect flow starts from."""

    user_scopes: ScopeList | None = None
    authorization_params: Annotated[dict[str, Text], Field(max_length=20)] | None = None
    connection_config: ConnectionConfig | None = None

    @property
    def scopes(self) -> tuple[str, ...]:
        """The Gmail scopes asked, in full; none where nothing was said."""
        override = self.connection_config and self.connection_config.oauth_scopes_override
        return spelled_out(_split(override or self.user_scopes or ""))


class Overrides(RequestModel):
    """How the page differs for one integration."""

    docs_connect: Text | None = None


M = TypeVar("M", bound=RequestModel)
ByIntegration = Annotated[dict[Integration, M], Field(max_length=MOST_INTEGRATIONS)]
"""By name, other services' too: what is for another one is left alone."""


class _SessionBody(RequestModel):
    tags: Tags | None = None
    end_user: SessionEndUser | None = None
    organization: SessionOrganization | None = None
    integrations_config_defaults: ByIntegration[IntegrationDefaults] | None = None
    overrides: ByIntegration[Overrides] | None = None
    webhook_url_override: Annotated[str, Field(max_length=2_000, pattern="^https?://")] | None = (
        None
    )
    return_url: Annotated[str, Field(max_length=2_000)] | None = Field(
        None, description="Where the end user goes in the end: a page of an origin of yours."
    )

    def _request(
        self, names: IntegrationNames, allowed: tuple[str, ...], reconnect: ConnectionId | None
    ) -> SessionRequest:
        defaults = _ours(self.integrations_config_defaults, names, "integrations_config_defaults")
        return SessionRequest(
            tags=self.tags,
            end_user=_plain(self.end_user),
            organization=_plain(self.organization),
            allowed_integrations=allowed,
            integrations_config_defaults=_under_integration(defaults),
            overrides=_under_integration(_ours(self.overrides, names, "overrides")),
            webhook_url_override=self.webhook_url_override,
            return_url=self.return_url,
            scopes=defaults.scopes if defaults else (),
            reconnect=reconnect,
        )


def _ours(given: Mapping[str, M] | None, names: IntegrationNames, field: str) -> M | None:
    """Return what is for our integration. Raises InvalidRequestError where all is for others."""
    return given[ours_among(given, names, field)[0]] if given else None


def _under_integration(model: RequestModel | None) -> dict[str, Any]:
    """Return it under the integration's own name."""
    return {INTEGRATION: _plain(model)} if model else {}


class SessionBody(_SessionBody, json_schema_extra={"minProperties": 1}):
    """POST /connect/sessions."""

    allowed_integrations: (
        Annotated[list[Integration], Field(max_length=MOST_INTEGRATIONS)] | None
    ) = None

    @model_validator(mode="after")
    def _says_who(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("say who connects: give `tags`, such as end_user_id")
        if self.organization and not self.end_user:
            raise ValueError("organization needs end_user")
        return self

    def request(self, names: IntegrationNames) -> SessionRequest:
        """Return what the use case takes. Raises InvalidRequestError where it is not for us."""
        given = self.allowed_integrations or [INTEGRATION]
        return self._request(names, ours_among(given, names, "allowed_integrations"), None)


class ReconnectBody(_SessionBody):
    """POST /connect/sessions/reconnect."""

    connection_id: Annotated[str, Field(min_length=1, max_length=128)]
    integration_id: Integration

    def request(self, names: IntegrationNames) -> SessionRequest:
        """Return what the use case takes. Raises InvalidRequestError where it is not for us."""
        allowed = ours_among([self.integration_id], names, "integration_id")
        return self._request(names, allowed, ConnectionId(self.connection_id))


def _plain(model: RequestModel | None) -> dict[str, Any] | None:
    return model.model_dump(exclude_none=True) if model else None


class SessionData(ResponseModel):
    """The token is shown this once."""

    token: str
    connect_link: str
    expires_at: datetime


class SessionAnswer(ResponseModel):
    """A new connect session."""

    data: SessionData


class TicketData(ResponseModel):
    """Good for one use within a minute."""

    ticket: str
    expires_at: datetime


class TicketAnswer(ResponseModel):
    """A ticket to start consent with."""

    data: TicketData


class SessionView(ResponseModel):
    """A connect session, as the holder of its token sees it.

    `account` is the address a reconnect must come back with; `scopes` is what Google will ask.
    """

    allowed_integrations: list[str]
    integrations_config_defaults: dict[str, Any]
    is_reconnecting: bool = Field(alias="isReconnecting")
    end_user: dict[str, Any] | None = Field(alias="endUser")
    connect_ui_settings: dict[str, Any] = Field(alias="connectUISettings")
    status: str
    connection_id: str | None = None
    error: str | None = None
    scopes: list[str]
    account: str | None = None


class SessionViewAnswer(ResponseModel):
    """The session behind a token."""

    data: SessionView
