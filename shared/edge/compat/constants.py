"""/integrations, /providers and /environment-variables: constants of a deployment (API 1.6)."""

from datetime import UTC, datetime
from typing import Literal

from pydantic import Field

from shared.domain.connect.connection import INTEGRATION
from shared.domain.connect.integration_names import IntegrationNames
from shared.edge.web.call import Call
from shared.edge.web.routes import LEFT_OUT, Permission, RequestModel, ResponseModel, Route
from shared.errors import NotFoundError

DISPLAY_NAME = "Gmail"
DOCS = "https://developers.google.com/workspace/gmail/api/guides"
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""When the integration was made and changed: it is part of the deployment, and has no history."""
LOGO = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24' fill='none' "
    "stroke='%23444' stroke-width='2'%3E%3Cpath d='M3 5h18v14H3zl9 8 9-8'/%3E%3C/svg%3E"
)
"""An envelope. An address of ours could not be shown on the pages of other origins."""


class IntegrationQuery(RequestModel):
    """What to include; there is nothing more to be seen, so it changes nothing."""

    include: list[Literal["webhook", "credentials"]] = Field(default_factory=list)


class ProvidersQuery(RequestModel):
    """Words that the name of the provider must hold."""

    search: str | None = Field(None, max_length=255)


class IntegrationView(ResponseModel):
    """The integration. Its OAuth client is a setting of the deployment, and is not shown."""

    unique_key: str
    provider: str = INTEGRATION
    display_name: str = DISPLAY_NAME
    logo: str = LOGO
    forward_webhooks: bool = True
    created_at: datetime = NEVER
    updated_at: datetime = NEVER
    webhook_url: str | None = LEFT_OUT


class IntegrationAnswer(ResponseModel):
    """One integration."""

    data: IntegrationView


class IntegrationsAnswer(ResponseModel):
    """Every integration."""

    data: list[IntegrationView]


class ProviderView(ResponseModel):
    """Whose mail it is, and how consent is asked."""

    name: str = INTEGRATION
    display_name: str = DISPLAY_NAME
    auth_mode: Literal["OAUTH2"] = "OAUTH2"
    logo_url: str = LOGO
    docs: str = DOCS
    categories: tuple[str, ...] = ("communication",)


class ProviderAnswer(ResponseModel):
    """One provider."""

    data: ProviderView


class ProvidersAnswer(ResponseModel):
    """The providers that were searched for."""

    data: list[ProviderView]


class Variable(ResponseModel):
    """A variable of the environment."""

    name: str
    value: str


async def list_integrations(call: Call) -> IntegrationsAnswer:
    """Return the one integration there is, once under each of its names."""
    names = call.use(IntegrationNames).all
    return IntegrationsAnswer(data=[IntegrationView(unique_key=name) for name in names])


async def get_integration(call: Call) -> IntegrationAnswer:
    """Return the integration of that key."""
    return IntegrationAnswer(
        data=IntegrationView(unique_key=_integration_name(call, "integration_id"))
    )


async def list_providers(call: Call) -> ProvidersAnswer:
    """Return the one provider there is, where its name holds the words."""
    search = (call.query(ProvidersQuery).search or "").casefold()
    found = search in INTEGRATION or search in DISPLAY_NAME.casefold()
    return ProvidersAnswer(data=[ProviderView()] if found else [])


async def get_provider(call: Call) -> ProviderAnswer:
    """Return the provider of that name."""
    _integration_name(call, "name")
    return ProviderAnswer(data=ProviderView())


async def list_variables(_: Call) -> list[Variable]:
    """Return none: variables are settings of the deployment, and its own code reads its secrets."""
    return []


def _integration_name(call: Call, parameter: str) -> str:
    name, names = call.path(parameter), call.use(IntegrationNames)
    if name not in names:
        raise NotFoundError(names.unknown)
    return name


ROUTES = (
    Route(
        "GET",
        "/integrations",
        Permission.CONNECTIONS_READ,
        list_integrations,
        "List integrations",
    ),
    Route(
        "GET",
        "/integrations/{integration_id}",
        Permission.CONNECTIONS_READ,
        get_integration,
        "Look at an integration",
        query=IntegrationQuery,
    ),
    Route(
        "GET",
        "/providers",
        Permission.CONNECTIONS_READ,
        list_providers,
        "List providers",
        query=ProvidersQuery,
    ),
    Route(
        "GET",
        "/providers/{name}",
        Permission.CONNECTIONS_READ,
        get_provider,
        "Look at a provider",
    ),
    Route(
        "GET",
        "/environment-variables",
        Permission.CONNECTIONS_READ,
        list_variables,
        "List environment variables",
    ),
)
