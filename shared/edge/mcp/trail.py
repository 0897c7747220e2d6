"""Calls that no action logs: what is refused before any runs, and reading own records."""

from datetime import datetime

from shared.domain.connect.connection import Connection
from shared.domain.operation import OperationType, new_operation
from shared.edge.web.call import Call
from shared.errors import PostroomError, TransientError
from shared.ports.clock import Clock
from shared.ports.events import Operations

UNKNOWN_TOOL = "unknown-tool"
"""Logged in place of names that callers make up, which would be labels without end."""
VIA = "mcp"
"""How the log tells an agent's call from one of the API."""
NO_MAILBOX = "mcp"
"""The name of a call whose headers name no mailbox of the caller's."""


async def log_refusal(
    call: Call, connection: Connection | None, name: str, error: PostroomError
) -> None:
    """Append a refused call; losing the entry changes nothing for the caller."""
    await log_call(call, connection, name, call.use(Clock).now(), error)


async def log_call(
    call: Call,
    connection: Connection | None,
    name: str,
    started_at: datetime,
    error: PostroomError | None = None,
) -> None:
    """Append a call that has ended; losing the entry changes nothing for the caller."""
    operation = new_operation(
        OperationType.ACTION,
        name,
        connection.id if connection else None,
        started_at,
        call.use(Clock).now(),
        error=error.code if error else None,
        trace_id=call.trace_id,
        detail={"key": call.caller.name, "via": VIA},
    )
    try:
        await call.use(Operations).append(operation)
    except TransientError:
        return
