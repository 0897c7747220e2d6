"""Actions that run later: accepted durably, run by a task, their outcome kept and announced."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from secrets import token_hex
from typing import Any

import orjson

from shared.actions.loading import get_action
from shared.actions.run import RunAction, check_input, request_hash
from shared.domain.connect.connection import INTEGRATION, Connection
from shared.domain.events.event import Event, EventType
from shared.domain.ids import ConnectionId, EventId
from shared.domain.send.entry import KEY_LIFETIME, send_id
from shared.errors import (
    AlreadyExistsError,
    IdempotencyConflictError,
    IdempotencyInProgressError,
    PermanentError,
    TooLargeError,
    UnknownConnectionError,
)
from shared.ports.access import ErrorDescription
from shared.ports.clock import Clock
from shared.ports.connections import Connections
from shared.ports.documents import Versioned
from shared.ports.events import Outbox
from shared.ports.queue import Queue, QueueName, Task
from shared.ports.sends import ActionResult, ActionResults

ACTION_TASK = "/tasks/action"
LARGEST_INPUT = 80_000
"""Bytes of input that fit a task (FACTS 8.10)."""


@dataclass(frozen=True, slots=True)
class AcceptAction:
    """Accepts an action for later; the same idempotency key gets the same id."""

    results: ActionResults
    queue: Queue
    clock: Clock

    async def __call__(
        self,
        connection: Connection,
        name: str,
        given: Any,
        *,
        idempotency_key: str | None = None,
        trace_id: str | None = None,
    ) -> str:
        """Raise what `RunAction` raises of a wrong call, TooLargeError, QueueUnavailableError."""
        if len(orjson.dumps(given)) > LARGEST_INPUT:
            raise TooLargeError("This input is too large for X-Async: send it without.")
        asked = check_input(get_action(name), connection, given, idempotency_key)
        key = f"async:{idempotency_key}" if idempotency_key else token_hex(16)
        accepted = self._result_of(connection.id, name, key, asked.model_dump(mode="json"))
        await self._keep(accepted)
        body = {
            "id": accepted.id,
            "input": given,
            "key": idempotency_key or accepted.id,
            "request_hash": accepted.request_hash,
        }
        await self.queue.enqueue(Task(ACTION_TASK, body, queue=QueueName.LIVE, trace_id=trace_id))
        return accepted.id

    def _result_of(
        self, id: ConnectionId, name: str, key: str, asked: Mapping[str, Any]
    ) -> ActionResult:
        now = self.clock.now()
        return ActionResult(
            id=send_id(id, key),
            connection_id=id,
            action=name,
            request_hash=request_hash(name, asked),
            created_at=now,
            expires_at=now + KEY_LIFETIME,
        )

    async def _keep(self, accepted: ActionResult) -> None:
        try:
            await self.results.create(accepted)
        except AlreadyExistsError:
            earlier = await self.results.get(accepted.id)
            if earlier is not None and earlier.value.request_hash != accepted.request_hash:
                raise IdempotencyConflictError(
                    "This Idempotency-Key was used with another body."
                ) from None


@dataclass(frozen=True, slots=True)
class RunAccepted:
    """Runs an accepted action; doubled tasks are harmless.

    `describe` returns a permanent error as the data that GET /action/{id} shows.
    """

    results: ActionResults
    connections: Connections
    outbox: Outbox
    run: RunAction
    clock: Clock
    describe: ErrorDescription

    async def __call__(
        self,
        id: str,
        given: Any,
        *,
        key: str,
        trace_id: str | None,
        accepted_hash: str | None = None,
    ) -> None:
        """Run with the idempotency key `key`, if what was accepted is the call of this hash.

        It is not where the connection's id, and then the key, were used again since.

        Raises TransientError, IdempotencyInProgressError: the task must come again.
        """
        found = await self.results.get(id)
        if found is None or accepted_hash not in {None, found.value.request_hash}:
            return
        if found.value.finished_at is None:
            found = await self._finish(found, given, key, trace_id)
        await self._announce(found.value, trace_id)

    async def _finish(
        self, was: Versioned[ActionResult], given: Any, key: str, trace_id: str | None
    ) -> Versioned[ActionResult]:
        output, error = None, None
        try:
            connection = await self.connections.get(was.value.connection_id)
            if connection is None:
                raise UnknownConnectionError("The connection was removed meanwhile.")
            answer = await self.run(
                connection.value, was.value.action, given, idempotency_key=key, trace_id=trace_id
            )
            output = answer.output
        except IdempotencyInProgressError:  # a doubled task: the outcome is the first one's
            raise
        except PermanentError as refused:
            error = dict(self.describe(refused, trace_id or ""))
        now = self.clock.now()
        finished = replace(was.value, output=output, error=error, finished_at=now)
        return await self.results.swap(was, finished)

    async def _announce(self, result: ActionResult, trace_id: str | None) -> None:
        event = _event(result, self.clock.now(), trace_id)
        with suppress(AlreadyExistsError):
            await self.outbox.create(event)


def _event(result: ActionResult, now: datetime, trace_id: str | None) -> Event:
    """Return the event of API 7.2; its id is the result's, so it is stored once."""
    payload = {
        "from": "postroom",
        "type": EventType.ASYNC_ACTION.value,
        "connectionId": result.connection_id,
        "providerConfigKey": INTEGRATION,
        "payload": {"id": result.id, "statusUrl": f"/action/{result.id}"},
    }
    return Event(
        id=EventId(f"action-{result.id[:32]}"),
        connection_id=result.connection_id,
        type=EventType.ASYNC_ACTION,
        payload=payload,
        created_at=now,
        next_attempt_at=now,
        trace_id=trace_id,
        version=1,
    )
