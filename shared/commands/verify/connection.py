"""What stands behind a connection: its token, its grant, and the last push that came for it."""

from datetime import datetime

import httpx

from shared.adapters.google.oauth import TOKEN_URL
from shared.commands.verify.mailbox import Options
from shared.domain.connect.connection import Connection
from shared.edge.composition.container import AutowiredContainer
from shared.errors import UnknownConnectionError
from shared.ports.connections import Grants, Mailboxes
from shared.ports.google.oauth import Sealer
from shared.usecases.connect.tokens.access_tokens import AccessTokens
from shared.usecases.connect.tokens.token_seal import opened_refresh_token


async def access_token(container: AutowiredContainer, connection: Connection) -> str:
    """Return a token that works, refreshed where need be."""
    return await container.use(AccessTokens)(connection.id)


def connection_options(
    container: AutowiredContainer, connection: Connection, concurrency: bool, more_mail: bool
) -> Options:
    """Return what a connection allows beyond a bare token."""

    async def refresh() -> httpx.Response:
        return await _refresh(container, connection)

    async def last_push() -> datetime | None:
        found = await container.use(Mailboxes).get(connection.email_key)
        return found.value.last_push_at if found else None

    topic = container.settings.gmail_topic
    return Options(topic, concurrency, more_mail, refresh, last_push)


async def _refresh(container: AutowiredContainer, connection: Connection) -> httpx.Response:
    """Ask the token endpoint for another access token; what it answers is not kept."""
    found = await container.use(Grants).get(connection.id)
    if found is None:
        raise UnknownConnectionError("The connection has no grant.")
    settings = container.settings
    form = {
        "grant_type": "refresh_token",
        "refresh_token": await opened_refresh_token(container.use(Sealer), found.value),
        "client_id": settings.oauth_client_id,
        "client_secret": settings.oauth_client_secret,
    }
    address = f"{(settings.google_url or TOKEN_URL).rstrip('/')}/token"
    return await container.use(httpx.AsyncClient).post(address, data=form)
