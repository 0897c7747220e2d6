"""The end users' consents: what they cover, and how long Google lets them live."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from shared.commands.checks.context import CheckContext
from shared.commands.checks.finding import (
    Finding,
    NotCheckedError,
    count_of,
    failure,
    ok,
    warning,
)
from shared.domain.connect.connection import Connection, ConnectionStatus
from shared.domain.connect.grant import TESTING_LIFETIME, Grant
from shared.domain.connect.scopes import GMAIL_PREFIX, MAIL, missing, reads
from shared.ports.google.oauth import Sealer
from shared.usecases.connect.tokens.token_seal import opened_access_token

AUDIENCE: Final = "https://console.cloud.google.com/auth/audience"
NEAR: Final = timedelta(hours=12)
ASKED: Final = 5
"""Of how many connections Google is asked what their token may do."""


async def publishing_mode_is_said_rightly(context: CheckContext) -> Finding:
    """Compare POSTROOM_PUBLISHING with how long grants really live (FACTS 6.6)."""
    if context.settings.publishing == "testing":
        return warning(
            "The consent screen is in Testing: every grant dies after seven days, and only "
            "listed test users can connect.",
            f"Publish the app at {AUDIENCE}, or make it Internal if all mailboxes are your own "
            "Workspace's; then set POSTROOM_PUBLISHING to production or internal.",
        )
    short = [c.id for c in await context.connections() if await _dies_young(context, c)]
    if short:
        return failure(
            f"POSTROOM_PUBLISHING says {context.settings.publishing}, but "
            f"{count_of(len(short), 'grant')} got seven days to live, as in Testing.",
            f"Publish the app at {AUDIENCE} (or set POSTROOM_PUBLISHING=testing, so that end users "
            f"are warned in time), then let them connect again. The first: connection {short[0]}.",
        )
    return ok(f"{context.settings.publishing}, and no grant dies at seven days")


async def _dies_young(context: CheckContext, connection: Connection) -> bool:
    found = await context.store.grants.get(connection.id)
    if found is None or found.value.issued_at is None:
        return False
    issued_at, ends_at = found.value.issued_at, found.value.consent_ends_at
    if ends_at is not None:
        return _week(issued_at, ends_at)
    revoked = (
        connection.status is ConnectionStatus.REAUTH_REQUIRED and connection.error == "revoked"
    )
    return revoked and _week(issued_at, connection.updated_at)


def _week(start: datetime, end: datetime) -> bool:
    return abs((end - start) - TESTING_LIFETIME) < NEAR


async def scopes_cover_what_is_done(context: CheckContext) -> Finding:
    """Compare what connections are synced for with what was consented, by us and by Google."""
    active = await context.active()
    sending = sum(not reads(one.scopes) for one in active)
    told_of = count_of(len(active), "connection") + (
        f" ({sending} for sending only: not_granted, which is all right)" if sending else ""
    )
    asked = 0
    for connection in active[:ASKED]:
        told = await _compare_with_google(context, connection)
        if isinstance(told, Finding):
            return told
        asked += told
    if not asked:
        return ok(f"{told_of}; no live token to ask Google about")
    return ok(f"{told_of}, {asked} compared with Google's tokeninfo")


async def _compare_with_google(context: CheckContext, connection: Connection) -> Finding | bool:
    """Return what is wrong with a live token, else whether there was one to ask about."""
    found = await context.store.grants.get(connection.id)
    if found is None or not found.value.usable(context.now):
        return False
    said = await _token_info(context, found.value)
    reconnect = (
        "Send a reconnect link: POST /connect/sessions/reconnect with connection_id "
        f"{connection.id}."
    )
    if said is None:
        return failure(
            f"Google no longer takes the token of connection {connection.id}: "
            "the end user revoked the grant, or changed the password.",
            reconnect,
        )
    audience, scopes = said
    if audience != context.settings.oauth_client_id:
        return failure(
            f"Connection {connection.id} was consented to another OAuth client: {audience}.",
            "Set POSTROOM_OAUTH_CLIENT_ID (and secret) back to it; a grant works with no other.",
        )
    if lost := missing(_gmail(connection.scopes), scopes):
        return failure(
            f"Connection {connection.id} counts on {', '.join(lost)}, "
            "which Google says was not granted.",
            reconnect,
        )
    return True


def _gmail(scopes: frozenset[str]) -> list[str]:
    return sorted(one for one in scopes if one == MAIL or one.startswith(GMAIL_PREFIX))


async def _token_info(context: CheckContext, grant: Grant) -> tuple[str, Sequence[str]] | None:
    """Ask Google whose token it is and what it may do; None where it is dead."""
    if not context.settings.keyring:
        raise NotCheckedError("POSTROOM_KEYRING is not set here.")
    token = await opened_access_token(context.container.use(Sealer), grant)
    address = f"{context.at('oauth2')}/tokeninfo"
    answer = await context.ask("POST", address, data={"access_token": token})
    if answer.status_code == 400:  # noqa: PLR2004  invalid_token
        return None
    if not answer.is_success:
        raise NotCheckedError(f"Google's tokeninfo answered {answer.status_code}.")
    body = answer.json()
    return str(body.get("aud", "")), str(body.get("scope", "")).split()
