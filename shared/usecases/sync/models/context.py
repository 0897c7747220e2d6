"""What an own sync is given: its mailbox, its checkpoint, and how it saves."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Generic, Literal, NoReturn, TypeVar

from shared.domain.connect.connection import Connection
from shared.domain.crash import SyncFailedError
from shared.domain.ids import SequenceNumber
from shared.domain.mail.reading.email_message import EmailMessage
from shared.domain.models.record import (
    ModelHead,
    ModelRecord,
    Saved,
    fields_of,
    fields_to_store,
    row_to_save,
)
from shared.domain.models.state import ModelSyncState
from shared.domain.models.sync import Sync, adapter_of, models_of
from shared.domain.sync.records.projection import message_of
from shared.domain.sync.records.record import EPOCH
from shared.ports.sync_store import RecordQuery
from shared.usecases.own_code.reach import OwnHttp, OwnSecrets
from shared.usecases.sync.models.changes import ModelChanges
from shared.usecases.sync.models.listing import Confirm, Window, judge
from shared.usecases.sync.models.reading import ReadsGmail
from shared.usecases.sync.models.run import ModelRun

C = TypeVar("C")
M = TypeVar("M")
Trigger = Literal["schedule", "messages", "manual", "start"]
PAGE = 100


class TimeIsUpError(BaseException):
    """The rest is a further task's: it runs on from the checkpoint just committed."""


class StartOverError(BaseException):
    """The sync begins again without a checkpoint."""


@dataclass(frozen=True, slots=True)
class ChangedMessage:
    """A stored message as it is now; `message` is None for one that ended or was emptied."""

    id: str
    thread_id: str
    sequence: int
    message: EmailMessage | None


@dataclass
class SyncContext(Generic[C]):
    """One run of one sync. Nothing saved is written before `commit`, or before `run` returns."""

    connection: Connection
    checkpoint: C | None
    now: datetime
    trigger: Trigger
    gmail: ReadsGmail
    http: OwnHttp
    secret: OwnSecrets = field(repr=False)
    """Returns the value of a secret that the row declares, by its name."""
    metadata: Any
    run_: ModelRun = field(repr=False)
    began_without: bool = False
    whole: bool = True
    """Whether a listing opened now begins at the beginning."""
    logged: dict[str, int | str | bool] = field(default_factory=dict)
    doubled: int = 0
    _gathered: dict[tuple[str, str], Saved | None] = field(default_factory=dict)
    _windows: dict[str, Window] = field(default_factory=dict)
    _closed: list["_Closed"] = field(default_factory=list)

    def save(self, *records: Any) -> None:
        """Gather records; of two with one id the later counts. Raises UnstorableRecordError."""
        for record in records:
            saved = self._save(record)
            self.doubled += saved.key in self._gathered
            self._gathered[saved.key] = saved
            if (window := self._windows.get(saved.model)) is not None:
                window.shows(saved)

    def delete(self, model: type[Any], *ids: str) -> None:
        """Gather the end of records; of what is not stored there is nothing to end.

        Raises SyncFailedError for ids that are no text.
        """
        self._require_own(model)
        if not all(isinstance(id, str) for id in ids):
            raise SyncFailedError(f"{self._sync.name} deletes by an id that is no text.")
        for id in ids:
            self._gathered[model.__name__, id] = None

    async def commit(self, checkpoint: C | None = None) -> None:
        """Write what is gathered with the checkpoint and its event, in one; None leaves it.

        What does not fit one commit is written before it, while the checkpoint stays. Raises
        TimeIsUpError (never catch it) once the slice is over: a further task runs on from here.
        """
        await self.write(checkpoint)
        if self.run_.out_of_time:
            raise TimeIsUpError

    @asynccontextmanager
    async def listing(
        self, model: type[Any], *, confirm: Confirm | None = None
    ) -> AsyncIterator[None]:
        """Make what is not saved inside end, once the block ended without an exception.

        In one answer what is absent is gone. A listing that commits inside may have shifted: what
        it misses is gone when the next one misses it too, or `confirm(id)` answers False.
        """
        name = self._require_own(model)
        window = Window(name, confirm, self.whole)
        self._windows[name] = window
        try:
            yield
        finally:
            del self._windows[name]
        await self._close(window)

    async def stored(self, model: type[M], *ids: str) -> Mapping[str, M]:
        """Return the live records of those ids, with what is gathered and not written yet."""
        name = self._require_own(model)
        found = await self.run_.records.get(self.connection.id, name, ids)
        rows = {id: fields_of(one) for id, one in found.items() if one.head.live and one.payload}
        for id in ids:
            if (name, id) in self._gathered:
                rows.pop(id, None)
                if (saved := self._gathered[name, id]) is not None:
                    rows[id] = fields_of(_unwritten_record(saved))
        key = self._sync.key
        own = {id: {n: v for n, v in row.items() if n != "id" or key == "id"}
               for id, row in rows.items()}  # fmt: skip
        return {id: adapter_of(model).validate_python(row) for id, row in own.items()}

    async def messages(self, after: int = 0) -> AsyncIterator[ChangedMessage]:
        """Yield every stored message that changed after a sequence number, in commit order."""
        place: SequenceNumber | None = SequenceNumber(after)
        while place is not None:
            query = RecordQuery(after=place, limit=PAGE)
            page = await self.run_.messages.page(self.connection.id, query)
            for record in page.records:
                head = record.head
                message = message_of(record) if head.live and record.payload else None
                yield ChangedMessage(head.message_id, head.thread_id, head.sequence, message)
            place = page.last

    async def start_over(self) -> NoReturn:
        """Begin again at once without a checkpoint, as for an expired token.

        Raises StartOverError; SyncFailedError where the run had none: it would never end.
        """
        if self.began_without:
            raise SyncFailedError("A run without a checkpoint cannot start over.")
        raise StartOverError

    def log(self, **codes: int | str | bool) -> None:
        """Add counts and codes to the operations log; never mail."""
        self.logged.update(codes)

    async def write(self, checkpoint: C | None = None) -> None:
        """Write as `commit` does, without an end of the slice."""
        listing = self.run_.state.listing
        if checkpoint is not None:  # until it moves, a further run opens the listing anew
            listing = bool(self._windows) or (listing and not self._closed)
        if not self._news and checkpoint is None:
            self._closed = []
            return
        for window in self._windows.values():
            window.commits += 1
        closed, self._closed = self._closed, []
        gathered, self._gathered = self._gathered, {}
        changes = await self._changes(gathered, closed)
        kept = _dump(self._sync, checkpoint)
        listed = {(one.window.model, id) for one in closed for id in one.window.rows}
        touched = {model for model, _ in gathered.keys() - listed}

        def apply(state: ModelSyncState) -> ModelSyncState:
            broken = state.broken_listings if listing else 0
            state = replace(state, listing=listing, broken_listings=broken)
            for one in closed:
                state = one.applied_to(state)
            for model in touched:
                state = state.with_model(model, replace(state.of(model), listed=None))
            return state if kept is None else replace(state, checkpoint=kept)

        await self.run_.commit(changes, apply)

    @property
    def _news(self) -> bool:
        """Whether there is anything to write."""
        return bool(self._gathered) or any(one.tells for one in self._closed)

    @property
    def _sync(self) -> Sync:
        row = self.run_.row
        assert isinstance(row, Sync)  # noqa: S101  only a Sync is given a context
        return row

    def _require_own(self, model: type[Any]) -> str:
        if model not in self._sync.models:
            named = getattr(model, "__name__", type(model).__name__)
            raise SyncFailedError(f"{self._sync.name} has no model {named}.")
        return model.__name__

    def _save(self, record: Any) -> Saved:
        model = type(record)
        self._require_own(model)
        return row_to_save(model, record, self._sync.key)

    async def _changes(
        self, gathered: Mapping[tuple[str, str], Saved | None], closed: list["_Closed"]
    ) -> ModelChanges:
        """Compare with what is stored; what is too much for one commit is written on the way."""
        known = await self._known_heads(gathered)
        changes = self.run_.changes()
        for key, saved in gathered.items():
            if changes.full:
                await self.run_.commit(changes)
                changes = self.run_.changes()
            if saved is None:
                changes.end(known.get(key))
            else:
                changes.save(saved, known.get(key))
        for head in (head for one in closed for head in one.gone if one.holds(head, gathered)):
            if changes.full:
                await self.run_.commit(changes)
                changes = self.run_.changes()
            changes.end(head)
        return changes

    async def _known_heads(
        self, keys: Mapping[tuple[str, str], Saved | None]
    ) -> Mapping[tuple[str, str], ModelHead]:
        known: dict[tuple[str, str], ModelHead] = {}
        for model in models_of(self._sync):
            ids = [id for name, id in keys if name == model]
            heads = await self.run_.records.heads(self.connection.id, model, ids) if ids else {}
            known |= {(model, id): head for id, head in heads.items()}
        return known

    async def _close(self, window: Window) -> None:
        """Gather what the listing's silence says; it is written with the next commit."""
        counts = self.run_.state.of(window.model)
        digest = window.digest
        if digest is not None and digest == counts.listed and window.whole:
            for id in window.rows:
                self._gathered.pop((window.model, id), None)
            self._closed.append(_Closed(window, (), lambda state: state, tells=False))
            return
        live, absent = 0, []
        async for heads in self.run_.records.live(self.connection.id, window.model):
            live += len(heads)
            absent += [head for head in heads if head.id not in window.seen]
        verdict = await judge(window, live, absent, counts.absence)
        left = len(absent) - len(verdict.gone)

        def apply(state: ModelSyncState) -> ModelSyncState:
            known = replace(
                state.of(window.model),
                absence=verdict.absence,
                listed=digest if not left and window.whole else None,
            )
            return state.with_model(window.model, known)

        self._closed.append(_Closed(window, verdict.gone, apply))


@dataclass(frozen=True, slots=True)
class _Closed:
    """A listing that ended, and what it does to the state."""

    window: Window
    gone: Sequence[ModelHead]
    applied_to: Callable[[ModelSyncState], ModelSyncState]
    tells: bool = True

    def holds(self, head: ModelHead, gathered: Mapping[tuple[str, str], Saved | None]) -> bool:
        """Whether nothing was saved or deleted under the id after the block."""
        return (head.model, head.id) not in gathered


def _unwritten_record(saved: Saved) -> ModelRecord:
    head = ModelHead(saved.model, saved.id, saved.hash, SequenceNumber(0), EPOCH, EPOCH)
    return ModelRecord(head, saved.payload)


def _dump(sync: Sync, checkpoint: Any) -> Mapping[str, Any] | None:
    if checkpoint is None:
        return None
    if sync.checkpoint is None or not isinstance(checkpoint, sync.checkpoint):
        raise SyncFailedError(f"{sync.name} commits a checkpoint that is not its type.")
    return fields_to_store(sync.checkpoint, checkpoint)
