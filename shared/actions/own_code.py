"""Runs what an action's author wrote: for at most its time, with every crash as an error of ours.

Whether it returned decides. Whatever else happens, the process lives: an action that exits, or
cancels itself, has crashed.
"""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from shared.actions.registry import Action, ActionContext, I, O, Reach, Replayed
from shared.domain.crash import ActionCrashedError, ActionTimeoutError, as_awaitable, crash_site
from shared.errors import PostroomError

log = logging.getLogger(__name__)


async def run_own_code(action: Action[I, O], context: ActionContext, asked: I) -> O | Replayed[O]:
    """Return what the action returned.

    Raises ActionTimeoutError, ActionCrashedError, and the errors of ours that it raises.
    """
    with crashes_as_errors(action):
        seconds = action.timeout.total_seconds()
        try:
            async with asyncio.timeout(seconds) as limit:
                reach = Reach(action.name, action.hosts, action.secrets)
                made = action.run(replace(context, reach=reach), asked)
                return await as_awaitable(action.run, made)
        except TimeoutError:
            if not limit.expired():  # its own
                raise
            raise ActionTimeoutError(action.name, seconds) from None


@contextmanager
def crashes_as_errors(action: Action[Any, Any]) -> Iterator[None]:
    """Raise ActionCrashedError for what is neither an error of ours nor this task's cancellation.

    The log names the crash, for nothing else does where a task ran it.
    """
    try:
        yield
    except BaseException as error:
        if isinstance(error, PostroomError) or was_cancelled(error):
            raise
        site = crash_site(error)
        fields = {"error": site.type, "reason": action.name, "frames": [str(site)]}
        log.error("action crashed", extra=fields)  # noqa: TRY400  no words of the exception
        raise ActionCrashedError(action.name, site) from error


def was_cancelled(error: BaseException) -> bool:
    """Whether this task is being cancelled, rather than that its code raised CancelledError."""
    task = asyncio.current_task()
    cancelling = task is not None and task.cancelling() > 0
    return cancelling and isinstance(error, asyncio.CancelledError)
