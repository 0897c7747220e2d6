"""Runs an action: input checked, scope checked, idempotent, written to the operations log."""

from asyncio import CancelledError
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from json import dumps
from typing import Any

import orjson
from pydantic import BaseModel

from shared.actions.loading import get_action
from shared.actions.own_code import crashes_as_errors, run_own_code
from shared.actions.registry import Action, ActionContext, Effect, Replayed, Shown
from shared.domain.connect.connection import Connection
from shared.domain.crash import ActionCrashedError, WrongReturnError, crash_site
from shared.domain.keys.approval import ApprovedCallFailedError
from shared.domain.operation import OperationType, new_operation
from shared.domain.send.entry import KEY_LIFETIME, send_id
from shared.domain.validation import validate
from shared.errors import (
    AlreadyExistsError,
    IdempotencyConflictError,
    IdempotencyInProgressError,
    InvalidRequestError,
    PostroomError,
    TransientError,
)
from shared.ports.clock import Clock
from shared.ports.container import Container
from shared.ports.documents import Versioned
from shared.ports.events import Operations
from shared.ports.sends import ActionResult, ActionResults
from shared.usecases.sync.work.uninterrupted import run_to_end

LONGEST_KEY = 256
GRACE = timedelta(seconds=30)
"""So long after its timeout a first run that said nothing is taken to have died."""
CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class ActionAnswer:
    """The output as plain JSON data, and whether it is an earlier answer given again."""

    output: Any
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class RunAction:
    """Runs one action on one connection."""

    container: Container
    results: ActionResults
    clock: Clock

    async def __call__(
        self,
        connection: Connection,
        name: str,
        given: Any,
        *,
        idempotency_key: str | None = None,
        trace_id: str | None = None,
        detail: Mapping[str, Any] | None = None,
        shown: Shown = Shown(),  # noqa: B008  it is immutable
    ) -> ActionAnswer:
        """Return the action's output; `detail` is what the operations log tells besides.

        `shown` is what was judged or approved of what the input names by its id.

        Raises UnknownActionError, InvalidRequestError, MissingScopeError, the two idempotency
        errors, ActionCrashedError, ActionTimeoutError, and errors of ours that the action raises.
        """
        action = get_action(name)
        context = ActionContext(connection, self.container, idempotency_key, trace_id, shown)
        started_at = self.clock.now()
        failure: BaseException | None = None
        try:
            asked = check_input(action, connection, given, idempotency_key)
            return await self._run(action, context, asked)
        except BaseException as raised:
            failure = raised
            raise
        finally:
            await run_to_end(log_action(context, name, started_at, failure, detail))

    async def _run(
        self, action: Action[Any, Any], context: ActionContext, asked: BaseModel
    ) -> ActionAnswer:
        if action.effect is Effect.STORED and context.idempotency_key is not None:
            return await self._run_stored(action, context, asked, context.idempotency_key)
        return await self._run_once(action, context, asked)

    async def _run_once(
        self, action: Action[Any, Any], context: ActionContext, asked: BaseModel
    ) -> ActionAnswer:
        with crashes_as_errors(action):
            await _require_as_shown(action, context, asked)
        output = await run_own_code(action, context, asked)
        with crashes_as_errors(action):
            return _answer(action, output)

    async def _run_stored(
        self, action: Action[Any, Any], context: ActionContext, asked: BaseModel, key: str
    ) -> ActionAnswer:
        claim = self._claim(action, context, asked, key)
        try:
            claimed = await self.results.create(claim)
        except AlreadyExistsError:
            claimed_or_answer = await self._earlier(claim, action)
            if isinstance(claimed_or_answer, ActionAnswer):
                return claimed_or_answer
            claimed = claimed_or_answer
        try:
            answer = await self._run_once(action, context, asked)
        except BaseException:
            with suppress(TransientError):  # another run's by now, or given up in time
                await run_to_end(self.results.delete(claimed))
            raise
        now = self.clock.now()
        finished = replace(claim, output=answer.output, finished_at=now)
        await run_to_end(self.results.swap(claimed, finished))
        return answer

    async def _earlier(
        self, claim: ActionResult, action: Action[Any, Any]
    ) -> ActionAnswer | Versioned[ActionResult]:
        """Return what the first run answered, or take over a claim whose run died."""
        found = await self.results.get(claim.id)
        if found is None:
            raise IdempotencyInProgressError("The first request just ended: ask again.")
        if found.value.request_hash != claim.request_hash:
            raise IdempotencyConflictError("This Idempotency-Key was used with another body.")
        if found.value.finished_at is not None:
            return ActionAnswer(found.value.output, replayed=True)
        if self.clock.now() - found.value.created_at < action.timeout + GRACE:
            raise IdempotencyInProgressError("The first request with this key still runs.")
        return await self.results.swap(found, claim)

    def _claim(
        self, action: Action[Any, Any], context: ActionContext, asked: BaseModel, key: str
    ) -> ActionResult:
        now = self.clock.now()
        return ActionResult(
            id=send_id(context.connection.id, key),
            connection_id=context.connection.id,
            action=action.name,
            request_hash=request_hash(action.name, asked.model_dump(mode="json")),
            created_at=now,
            expires_at=now + KEY_LIFETIME,
        )


async def log_action(
    context: ActionContext,
    name: str,
    started_at: datetime,
    failure: BaseException | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Append a call to the operations log; losing the entry never fails the action.

    `detail` holds names and codes, never what a call says; of a crash it also says where.
    """
    operation = new_operation(
        OperationType.ACTION,
        name,
        context.connection.id,
        started_at,
        context.clock.now(),
        error=None if failure is None else code_of(failure),
        trace_id=context.trace_id,
        detail={**(detail or {}), **_place_of(failure)},
    )
    try:
        await context.use(Operations).append(operation)
    except TransientError:
        return


def code_of(failure: BaseException) -> str:
    """Return the code of an error of ours, or what stands for any other end."""
    if isinstance(failure, CancelledError):
        return CANCELLED
    return failure.code if isinstance(failure, PostroomError) else PostroomError.code


def _place_of(failure: BaseException | None) -> Mapping[str, Any]:
    if isinstance(failure, ActionCrashedError):
        return failure.site.as_json()
    expected = failure is None or isinstance(failure, PostroomError | CancelledError)
    return {} if expected or failure is None else crash_site(failure).as_json()


def check_input(
    action: Action[Any, Any], connection: Connection, given: Any, idempotency_key: str | None
) -> BaseModel:
    """Return the input as the action's model; raise what is wrong with the call."""
    if idempotency_key is not None and not 0 < len(idempotency_key) <= LONGEST_KEY:
        raise InvalidRequestError(
            f"Idempotency-Key must have 1 to {LONGEST_KEY} characters.", code="invalid_headers"
        )
    with crashes_as_errors(action):  # validators are its author's too
        asked: BaseModel = validate(action.input, {} if given is None else given, within=("input",))
    action.require_scope(connection)
    return asked


def request_hash(name: str, asked: Mapping[str, Any]) -> str:
    """Return what tells a retry from another request with the same key."""
    return sha256(dumps([name, asked], sort_keys=True).encode()).hexdigest()


async def _require_as_shown(
    action: Action[Any, Any], context: ActionContext, asked: BaseModel
) -> None:
    """Raise ApprovedCallFailedError where what the call acts upon is another than was shown."""
    pin = context.shown.pin
    if pin is not None and action.pin is not None and await action.pin(context, asked) != pin:
        raise ApprovedCallFailedError(
            "What this call acts upon was changed after it was shown: look, and ask again.",
            code="changed_meanwhile",
        )


def _answer(action: Action[Any, Any], output: BaseModel | Replayed[Any]) -> ActionAnswer:
    replayed = isinstance(output, Replayed)
    model = output.output if isinstance(output, Replayed) else output
    if not isinstance(model, action.output):
        raise WrongReturnError(action.run)
    # Warnings quote the fields they are about.
    data = model.model_dump(mode="json", by_alias=True, exclude_unset=True, warnings=False)
    orjson.dumps(data)  # raises what no store and no answer can hold
    return ActionAnswer(data, replayed)
