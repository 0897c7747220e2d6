"""Following the messages: rows of each message or thread that changed, replaced as a whole.

The last change of a key has a number; the follower visits it after that commit, sees the key as it
finally is, and the lease keeps earlier writers out. So nothing is missed, and any page may be
worked through again.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from typing import Final

from shared.domain.crash import SyncFailedError, WrongReturnError, crash_site
from shared.domain.ids import MessageId, SequenceNumber, ThreadId
from shared.domain.mail.reading.email_message import EmailMessage
from shared.domain.models.record import (
    ModelHead,
    Poisoned,
    Saved,
    UnstorableRecordError,
    row_to_save,
)
from shared.domain.models.state import ModelSyncState
from shared.domain.models.sync import Derived
from shared.domain.sync.records.projection import message_of
from shared.domain.sync.records.record import Record
from shared.ports.sync_store import RecordQuery
from shared.usecases.sync.models.changes import ModelChanges
from shared.usecases.sync.models.run import ModelRun
from shared.usecases.sync.work.changes import RETRIES

PAGE: Final = 100
MOST_MESSAGES: Final = 1_000
"""The newest messages of a thread that its rows are made of."""
MOST_ROWS: Final = 1_000
MOST_POISONED: Final = 100
"""More messages or threads than this that raise at once are a bug of the code, not of the mail."""
Key = tuple[str, Sequence[EmailMessage]]


async def derive(run: ModelRun, derived: Derived) -> bool:
    """Work through what changed; return whether it has caught up, or its slice is over."""
    await _retry(run, derived)
    while not run.out_of_time:
        query = RecordQuery(after=run.state.after, limit=PAGE)
        page = await run.messages.page(run.connection_id, query)
        if not page.records:
            return True
        keys = await _keys(run, derived, page.records)
        await _rebuild(run, derived, keys, page.records[-1].head.sequence)
    return False


async def _retry(run: ModelRun, derived: Derived) -> None:
    """Try again what is due of the quarantine."""
    due = run.state.quarantine_due_at
    if due is None or due > run.clock.now():
        return
    entries = await run.records.list_poisoned(run.connection_id, derived.name, PAGE)
    keys = [one.key for one in entries if one.retry_at <= run.clock.now()]
    await _rebuild(run, derived, await _read(run, derived, keys), run.state.after)


async def _keys(run: ModelRun, derived: Derived, records: Sequence[Record]) -> list[Key]:
    if derived.by == "thread":
        threads = [*dict.fromkeys(record.head.thread_id for record in records)]
        return await _read(run, derived, threads)
    return [(record.head.message_id, _live([record])) for record in records if _is_readable(record)]


async def _read(run: ModelRun, derived: Derived, keys: Sequence[str]) -> list[Key]:
    """Read all live messages of each key, oldest first; a key with an emptied one is left as is."""
    if derived.by == "thread":
        read = await _threads(run, [*map(ThreadId, keys)])
    else:
        read = {key: await _message(run, key) for key in keys}
    return [(key, _live(found)) for key, found in read.items() if all(map(_is_readable, found))]


async def _message(run: ModelRun, key: str) -> Sequence[Record]:
    one = await run.messages.get(run.connection_id, MessageId(key))
    return [one] if one is not None else []


async def _threads(run: ModelRun, ids: Sequence[ThreadId]) -> Mapping[str, Sequence[Record]]:
    """Read threads together; one after the other where they are too long for that."""
    found: dict[str, list[Record]] = {id: [] for id in ids}
    left = [ids] if ids else []
    while left:
        some = left.pop()
        records = await run.messages.of_threads(run.connection_id, some, MOST_MESSAGES)
        if len(records) == MOST_MESSAGES and len(some) > 1:
            left += ([id] for id in some)
            continue
        for record in reversed(records):
            found[record.head.thread_id].append(record)
    return found


def _is_readable(record: Record) -> bool:
    """Whether it can be read; of a tombstone nothing has to be."""
    return bool(record.payload) or not record.head.live


def _live(records: Sequence[Record]) -> list[EmailMessage]:
    return [message_of(record) for record in records if record.head.live]


async def _rebuild(
    run: ModelRun, derived: Derived, keys: Sequence[Key], after: SequenceNumber
) -> None:
    """Replace the rows of each key, then move on to `after` in the commit that writes the last."""
    model = derived.model.__name__
    stored: dict[str, list[ModelHead]] = {}
    for head in await run.records.of_sources(run.connection_id, model, [key for key, _ in keys]):
        stored.setdefault(head.source or "", []).append(head)
    known_poison = await _read_quarantine(run, derived)
    changes = run.changes()
    for key, messages in keys:
        if changes.full:
            await _compare(run, changes)
            await run.commit(changes, lambda state, done=changes: _count(state, done))  # type: ignore[misc]
            changes = run.changes()
        await asyncio.sleep(0)
        await run.lease.beat()
        try:
            rows = _rows(derived, key, messages)
        except BaseException as error:  # it may even exit: the process is not its to end
            reason = str(error if isinstance(error, SyncFailedError) else crash_site(error))
            _set_aside(changes, derived, key, reason, known_poison.get(key))
            if run.state.quarantined + len(changes.poisoned) - len(known_poison) > MOST_POISONED:
                raise SyncFailedError(f"{derived.name}: {reason}") from error
            continue
        if key in known_poison:
            changes.released.append(key)
        _replace(changes, rows, stored.get(key, ()))
    await _compare(run, changes)

    def move(state: ModelSyncState) -> ModelSyncState:
        return replace(_count(state, changes), after=SequenceNumber(max(after, state.after)))

    await run.commit(changes, move)
    if known_poison or changes.poisoned:
        await _reschedule(run, derived)


def _replace(changes: ModelChanges, rows: Sequence[Saved], stored: Sequence[ModelHead]) -> None:
    """Let the rows of a key wait for the commit, and end what it has no more."""
    known = {head.id: head for head in stored}
    changes.wait((row, known.pop(row.id, None)) for row in rows)
    for head in known.values():
        changes.end(head)


async def _compare(run: ModelRun, changes: ModelChanges) -> None:
    """Compare what waits with what is stored, by one read for what no key had before."""
    heads: Mapping[str, ModelHead] = {}
    if unknown := changes.unknown:
        model = changes.waiting[0][0].model
        heads = await run.records.heads(run.connection_id, model, unknown)
    changes.merge(heads)


def _rows(derived: Derived, key: str, messages: Sequence[EmailMessage]) -> Sequence[Saved]:
    """Return the rows of a key. Raises whatever own code raises."""
    made = derived.rows(messages) if messages else ()
    if not isinstance(made, Iterable) or isinstance(made, derived.model):
        raise WrongReturnError(derived.rows)
    some = [*islice(made, MOST_ROWS + 1)]
    if len(some) > MOST_ROWS:
        raise UnstorableRecordError(f"A {derived.by} made more than {MOST_ROWS} rows.")
    rows = [row_to_save(derived.model, row, derived.key, key) for row in some]
    return [*{row.id: row for row in rows}.values()]


def _set_aside(
    changes: ModelChanges, derived: Derived, key: str, reason: str, entry: Poisoned | None
) -> None:
    attempts = entry.attempts + 1 if entry else 1
    wait: timedelta = RETRIES[min(attempts, len(RETRIES)) - 1]
    first = entry.first_failed_at if entry else changes.now
    changes.poisoned.append(
        Poisoned(derived.name, key, reason, attempts, changes.now + wait, first)
    )


async def _read_quarantine(run: ModelRun, derived: Derived) -> Mapping[str, Poisoned]:
    """Return the quarantine; asks the store only if anything is in it."""
    if run.state.quarantine_due_at is None:
        return {}
    found = await run.records.list_poisoned(run.connection_id, derived.name, MOST_POISONED + PAGE)
    return {one.key: one for one in found}


def _count(state: ModelSyncState, changes: ModelChanges) -> ModelSyncState:
    """Return the state with the soonest retry known, so that the quarantine is looked at."""
    due = [one.retry_at for one in changes.poisoned]
    due += [state.quarantine_due_at] if state.quarantine_due_at else []
    return replace(state, quarantine_due_at=min(due, default=None))


async def _reschedule(run: ModelRun, derived: Derived) -> None:
    entries = await run.records.list_poisoned(run.connection_id, derived.name, MOST_POISONED + PAGE)
    due = entries[0].retry_at if entries else None
    await run.lease.commit(
        lambda state: replace(state, quarantine_due_at=due, quarantined=len(entries))
    )
