"""A connection as the API shows it (API 3)."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from shared.domain.connection import INTEGRATION, Connection, ConnectionStatus
from shared.domain.end_user import named
from shared.domain.grant import Grant
from shared.domain.mailbox import Mailbox
from shared.domain.scopes import SIGN_IN
from shared.domain.sync_state import SyncState
from shared.edge.http.sync_view import sync_view

if TYPE_CHECKING:
    from shared.edge.wired_ports import WiredPorts

AT_ONCE = 50


async def listed(ports: "WiredPorts", connections: Sequence[Connection]) -> list[dict[str, Any]]:
    """Answer the listing's entries; a sync that fails shows among the errors."""
    views: list[dict[str, Any]] = []
    for start in range(0, len(connections), AT_ONCE):
        part = connections[start : start + AT_ONCE]
        states = await asyncio.gather(*(ports.sync_states.get(one.id) for one in part))
        views += [
            connection_view(one, state.value if state else None)
            for one, state in zip(part, states, strict=True)
        ]
    return views


async def details(ports: "WiredPorts", connection: Connection, now: datetime) -> dict[str, Any]:
    """Answer one connection in full, without credentials."""
    state, mailbox, grant = await asyncio.gather(
        ports.sync_states.get(connection.id),
        ports.mailboxes.get(connection.email_key),
        ports.grants.get(connection.id),
    )
    testing = ports.settings.publishing == "testing"
    return {
        **connection_view(connection, state.value if state else None),
        "created_at": connection.created_at,
        "updated_at": connection.updated_at,
        "last_fetched_at": state.value.last_delta_at if state else None,
        "connection_config": {},
        "webhook_url_override": connection.webhook_url_override,
        "scopes": sorted(connection.scopes - {*SIGN_IN}),
        "watch": _watch(mailbox.value if mailbox else None),
        "sync": sync_view(state.value, now) if state else None,
        "grant": _grant(grant.value, testing=testing) if grant else None,
    }


def connection_view(connection: Connection, state: SyncState | None) -> dict[str, Any]:
    """Answer what a listing shows; `id` is a stable number, `connection_id` the name to use."""
    return {
        "id": int.from_bytes(sha256(connection.id.encode()).digest()[:6], "big"),
        "connection_id": connection.id,
        "provider": INTEGRATION,
        "provider_config_key": INTEGRATION,
        "created": connection.created_at,
        "metadata": dict(connection.metadata),
        "tags": dict(connection.tags),
        "end_user": named(connection.end_user),
        "errors": _errors(connection, state),
        "status": connection.status,
        "email": connection.email,
    }


def _errors(connection: Connection, state: SyncState | None) -> list[dict[str, str]]:
    kinds = []
    if connection.status is ConnectionStatus.REAUTH_REQUIRED:
        kinds.append("auth")
    elif state is not None and state.last_error is not None:
        kinds.append("sync")
    return [{"type": kind, "log_id": connection.id} for kind in kinds]


def _grant(grant: Grant, *, testing: bool) -> dict[str, Any]:
    return {
        "issued_at": grant.issued_at,
        "refreshed_at": grant.refreshed_at,
        "ends_at": grant.ends_at(testing=testing),
    }


def _watch(mailbox: Mailbox | None) -> dict[str, Any]:
    return {
        "expires_at": mailbox.watch_expires_at if mailbox else None,
        "last_push_at": mailbox.last_push_at if mailbox else None,
        "error": mailbox.watch_error if mailbox else None,
        "stopped_at": mailbox.stopped_at if mailbox else None,
        "renew_at": mailbox.renew_at if mailbox else None,
    }
