"""Running what a developer wrote as a sync, so that nothing it does harms more than itself."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from pydantic import ValidationError

from shared.domain.connect.scopes import implied_scopes
from shared.domain.crash import SyncFailedError, WrongReturnError, as_awaitable, crash_site
from shared.domain.models.state import ModelSyncState
from shared.domain.models.sync import Sync, adapter_of
from shared.errors import MissingScopeError, PostroomError
from shared.ports.google.gmail import GmailMailboxes
from shared.usecases.own_code.reach import OwnReach
from shared.usecases.sync.models.context import (
    StartOverError,
    SyncContext,
    TimeIsUpError,
    Trigger,
)
from shared.usecases.sync.models.reading import OwnPaces, ReadsGmail
from shared.usecases.sync.models.run import ModelRun

BEAT_S: Final = 20.0
"""Between two looks at own code that is running: then its lease is renewed."""
STUCK_AFTER: Final = timedelta(minutes=4)
MOST_BROKEN: Final = 3
"""Restarts of a listing, after which it is read to its end in parts and deletes nothing."""


class SyncStuckError(SyncFailedError):
    """Own code committed nothing for minutes."""

    code = "sync_stuck"


class InvalidMetadataError(SyncFailedError):
    """The connection's metadata is not what the sync asks for."""

    code = "invalid_metadata"


@dataclass(frozen=True, slots=True)
class RunOwnCode:
    """Runs a `Sync` from its checkpoint until it returns, or its slice is over."""

    gmail: GmailMailboxes
    reach: OwnReach
    paces: OwnPaces

    async def __call__(self, run: ModelRun, sync: Sync) -> bool:
        """Return whether the run is whole; else a further slice goes on.

        Raises MissingScopeError, SyncFailedError, TransientError and FencedOutError, and what else
        of ours the code lets through.
        """
        _require_scopes(run, sync)
        if _begin(run.state, sync, run) != run.state:
            await run.lease.commit(lambda state: _begin(state, sync, run))
        context = await self._context(run, sync)
        try:
            await _watch(run, _call(sync, context))
            await context.write()
        except TimeIsUpError:
            return False
        except StartOverError:
            await run.lease.commit(lambda state: state.afresh(run.clock.now()))
            return False
        finally:
            detail = {**context.logged, **({"doubled": context.doubled} if context.doubled else {})}
            if detail:
                run.note("own", context.now, **detail)
        return True

    async def _context(self, run: ModelRun, sync: Sync) -> SyncContext[Any]:
        bucket = await self.paces.of(run.connection_id)
        state = run.state
        return SyncContext(
            connection=run.connection,
            checkpoint=_checkpoint(state, sync),
            now=run.clock.now(),
            trigger=_trigger(state, sync),
            gmail=ReadsGmail(self.gmail, run.connection_id, bucket),
            http=self.reach.http(sync.name, sync.hosts, run.connection_id),
            secret=self.reach.secret(sync.name, sync.secrets),
            metadata=_metadata(run, sync),
            run_=run,
            began_without=state.checkpoint is None,
            whole=not state.listing,
        )


async def _call(sync: Sync, context: SyncContext[Any]) -> BaseException | None:
    """Await own code; return its exit, which out of a task would end the process.

    Raises WrongReturnError, and whatever else own code raises.
    """
    try:
        run: Callable[[Any], Awaitable[object]] = sync.run
        made = await as_awaitable(run, run(context))
    except (SystemExit, KeyboardInterrupt) as error:
        return error
    if made is not None:  # rows that were not saved would be lost without a word
        raise WrongReturnError(sync.run)
    return None


async def _watch(run: ModelRun, work: Any) -> None:
    """Await own code with the lease renewed beside it; cancel it where it commits nothing."""
    task = asyncio.ensure_future(work)
    commits, since = run.commits, run.clock.now()
    try:
        while not (await asyncio.wait({task}, timeout=BEAT_S))[0]:
            await run.lease.beat()
            if run.commits != commits:
                commits, since = run.commits, run.clock.now()
            if run.clock.now() - since > STUCK_AFTER:
                raise SyncStuckError(f"{run.row.name} committed nothing for minutes.")
        _raise_from(task, run.row.name)
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=BEAT_S)


def _raise_from(task: "asyncio.Future[Any]", name: str) -> None:
    """Raise what own code raised: ours as it is, everything else as SyncFailedError."""
    error = asyncio.CancelledError() if task.cancelled() else task.exception() or task.result()
    if error is None:
        return
    site = crash_site(error)
    if isinstance(error, SyncFailedError) and site.is_own:
        raise type(error)(f"{error} {site.file}:{site.line}") from error
    if isinstance(error, PostroomError | TimeIsUpError | StartOverError):
        raise error
    raise SyncFailedError(f"{name} raised {site}.") from error


def _require_scopes(run: ModelRun, sync: Sync) -> None:
    granted = implied_scopes(run.connection.scopes)
    for scope in sync.scopes:
        if scope not in granted:
            raise MissingScopeError(f"{sync.name} needs the scope {scope}.", scope=scope)


def _begin(state: ModelSyncState, sync: Sync, run: ModelRun) -> ModelSyncState:
    """Return the state as a slice begins: broken listings and audits have no checkpoint."""
    if sync.checkpoint is None:
        return state
    if state.listing:
        if state.broken_listings >= MOST_BROKEN:
            return state
        state = replace(state, checkpoint=None, listing=False)
        return replace(state, broken_listings=state.broken_listings + 1)
    began, audited = state.began_at or run.clock.now(), state.audited_at
    late = sync.recheck is not None and audited is not None and began - audited >= sync.recheck
    unsure = any(one.absence.count for one in state.models.values())
    if late or unsure:  # what a listing missed, only another one can tell
        state = replace(state, checkpoint=None)
    return replace(state, audited_at=began) if state.checkpoint is None else state


def _checkpoint(state: ModelSyncState, sync: Sync) -> Any:
    if state.checkpoint is None or sync.checkpoint is None:
        return None
    with suppress(ValidationError):  # of an earlier version: it begins again
        return adapter_of(sync.checkpoint).validate_python(state.checkpoint)
    return None


def _metadata(run: ModelRun, sync: Sync) -> Any:
    given = run.connection.metadata
    if sync.metadata is None:
        return given
    try:
        return adapter_of(sync.metadata).validate_python(given)
    except ValidationError:
        # Its words quote the metadata: they are dropped.
        raise InvalidMetadataError(f"{sync.name} cannot use the connection's metadata.") from None


def _trigger(state: ModelSyncState, sync: Sync) -> Trigger:
    if state.initial:
        return "start"
    if state.wanted:
        return "messages" if sync.follows else "manual"
    return "schedule"
