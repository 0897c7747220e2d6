"""`list-scheduled` and `cancel-send`: what is to be sent, and calling it off."""

from datetime import datetime
from typing import Any

from pydantic import Field

from shared.actions.registry import Action, ActionContext, ActionInput, ActionOutput, Effect
from shared.domain.connect.scopes import SEND
from shared.domain.keys.policy import Does
from shared.domain.send.entry import SendEntry, SendState
from shared.ports.sends import Sends
from shared.usecases.send.rules import MAX_KEY, CancelSend

MOST = 200
WAITING = (SendState.ACCEPTED, SendState.HELD)


class ScheduledInput(ActionInput):
    """How many."""

    limit: int = Field(50, ge=1, le=MOST, description="Most of a page.")


class CancelSendInput(ActionInput):
    """Which send."""

    send: str = Field(
        min_length=1, max_length=MAX_KEY, description="The `send` that list-scheduled names."
    )


class ScheduledSend(ActionOutput):
    """A send that has not gone out; `send` names it."""

    send: str
    status: str
    created_at: datetime
    send_at: datetime | None


class ScheduledOutput(ActionOutput):
    """What waits, the newest first."""

    sends: list[ScheduledSend]


async def list_scheduled(context: ActionContext, asked: ScheduledInput) -> ScheduledOutput:
    """Return sends that are scheduled or held: 0 quota units."""
    found: list[SendEntry] = []
    for state in WAITING:
        found += await context.use(Sends).list(context.connection.id, asked.limit, state=state)
    newest = sorted(found, key=lambda one: one.created_at, reverse=True)[: asked.limit]
    return ScheduledOutput(sends=[_view(one) for one in newest])


async def cancel_send(context: ActionContext, asked: CancelSendInput) -> ScheduledSend:
    """Call off a send. Raises NotFoundError, SendUnderWayError where it may be out."""
    return _view(await context.use(CancelSend)(context.connection.id, asked.send))


def _view(entry: SendEntry) -> ScheduledSend:
    return ScheduledSend(
        send=entry.idempotency_key,
        status=entry.state.value,
        created_at=entry.created_at,
        send_at=entry.send_at,
    )


ACTIONS: tuple[Action[Any, Any], ...] = (
    Action(
        name="list-scheduled",
        summary="List what is scheduled to be sent, or held.",
        input=ScheduledInput,
        output=ScheduledOutput,
        run=list_scheduled,
        scopes=(SEND,),
    ),
    Action(
        name="cancel-send",
        summary="Call off a scheduled or held send.",
        input=CancelSendInput,
        output=ScheduledSend,
        run=cancel_send,
        scopes=(SEND,),
        effect=Effect.STORED,
        does=Does.CHANGE,
    ),
)
