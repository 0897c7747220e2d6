"""The log a person reads: what was done for a connection, step by step."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import uuid4

from shared.domain.ids import ConnectionId, OperationId

LIFETIME = timedelta(days=15)
SCHEMA_VERSION = 1


class OperationType(StrEnum):
    """What kind of work it was."""

    SYNC = "sync"
    ACTION = "action"
    AUTH = "auth"
    DELIVERY = "delivery"
    SEND = "send"
    WATCH = "watch"
    CONSOLE = "console"
    """What a person changed by hand."""


class OperationState(StrEnum):
    """How it ended."""

    OK = "ok"
    FAILED = "failed"
    PARTIAL = "partial"


@dataclass(frozen=True, slots=True)
class OperationStep:
    """One step: name, when it began, how long in milliseconds, and counts (never content)."""

    name: str
    started_at: datetime
    duration_ms: float
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Operation:
    """One sync run, action, auth flow or delivery."""

    id: OperationId
    connection_id: ConnectionId | None
    type: OperationType
    name: str
    state: OperationState
    started_at: datetime
    finished_at: datetime
    expires_at: datetime
    steps: tuple[OperationStep, ...] = ()
    error: str | None = None
    trace_id: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    schema_version: int = SCHEMA_VERSION


def new_operation(
    type: OperationType,
    name: str,
    connection_id: ConnectionId | None,
    started_at: datetime,
    now: datetime,
    *,
    error: str | None = None,
    **more: Any,
) -> Operation:
    """Return the entry of what ended `now`, failed where there is an error; `more` are fields."""
    fields = {"state": OperationState.FAILED if error else OperationState.OK, **more}
    return Operation(
        id=OperationId(f"op_{uuid4().hex}"),
        connection_id=connection_id,
        type=type,
        name=name,
        started_at=started_at,
        finished_at=now,
        expires_at=now + LIFETIME,
        error=error,
        **fields,
    )
