"""What remains of an authorization: the product's event and the operator's log entry (API 7.2)."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

from shared.domain.connect.connect_session import ConnectionToBe
from shared.domain.connect.connection import INTEGRATION, Connection
from shared.domain.connect.end_user import shown_end_user
from shared.domain.events.event import Event, EventType
from shared.domain.ids import ConnectionId, EventId
from shared.domain.operation import Operation, OperationType, new_operation


class AuthOperation(StrEnum):
    """The `operation` of an auth webhook."""

    CREATION = "creation"
    OVERRIDE = "override"
    REFRESH = "refresh"
    DELETION = "deletion"


_RANKS = 4


Subject = Connection | ConnectionToBe
"""Whom an auth event is about."""


def _version(connection: Subject, generation: int | None, *, fails: bool, warns: bool) -> int:
    """Return a number that grows with the connection's lives, its grants, and what befalls them.

    A deletion, which has no grant, is the last of its life.
    """
    if generation is None:
        return connection.version(None)
    return connection.version(generation * _RANKS + (2 if fails else 1 if warns else 0))


def auth_event(
    connection: Subject,
    operation: AuthOperation,
    *,
    occasion: str,
    generation: int | None,
    environment: str,
    now: datetime,
    error: Mapping[str, str] | None = None,
    warning: Mapping[str, str] | None = None,
) -> Event:
    """Return the event; `occasion` is in its id, so the same occasion is never stored twice.

    `generation` is the grant's that it is about, None for the connection's deletion, zero for a
    consent that gave none.

    An id may be used again after a disconnect: `created_at` tells one life from the next.
    """
    life = f"{connection.id}:{connection.created_at.isoformat()}"
    digest = sha256(f"{life}:{operation}:{occasion}".encode()).hexdigest()
    payload: dict[str, Any] = {
        "from": "postroom",
        "type": EventType.AUTH.value,
        "operation": operation.value,
        "connectionId": connection.id,
        "authMode": "OAUTH2",
        "providerConfigKey": INTEGRATION,
        "provider": INTEGRATION,
        "environment": environment,
        "success": error is None,
        "tags": dict(connection.tags),
    }
    if (known := shown_end_user(connection.end_user)) is not None:
        payload["endUser"] = _end_user(known)
    if error is not None:
        payload["error"] = dict(error)
    if warning is not None:
        payload["warning"] = dict(warning)
    return Event(
        id=EventId(f"auth-{digest[:32]}"),
        connection_id=connection.id,
        type=EventType.AUTH,
        payload=payload,
        created_at=now,
        next_attempt_at=now,
        webhook_url_override=connection.webhook_url_override,
        version=_version(
            connection, generation, fails=error is not None, warns=warning is not None
        ),
    )


def _end_user(known: Mapping[str, Any]) -> dict[str, Any]:
    """Return the end user in a webhook's names, without what the product never said."""
    said = {
        "endUserId": known["id"],
        "endUserEmail": known.get("email"),
        "organizationId": (known.get("organization") or {}).get("id"),
    }
    told = {name: value for name, value in said.items() if value is not None}
    return {**told, "tags": dict(known.get("tags") or {})}


def auth_operation(
    name: str,
    connection_id: ConnectionId | None,
    started_at: datetime,
    now: datetime,
    *,
    error: str | None = None,
    detail: Mapping[str, Any] | None = None,
) -> Operation:
    """Return the log entry; `error` is a code, `detail` holds codes and counts only."""
    return new_operation(
        OperationType.AUTH, name, connection_id, started_at, now, error=error, detail=detail or {}
    )
