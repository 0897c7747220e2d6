"""Queue port on a SQLite file: the laptop's Cloud Tasks.

A task survives a crash of the process from the moment `enqueue` returns. The dispatcher
(`infra.local.dispatcher`) claims what is due, posts it, and then finishes or postpones it.
Statements take microseconds and run on the event loop's own thread.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from shared.adapters.sqlite.database import corruption, create_private, is_damage
from shared.domain.trace_context import parse_traceparent, traceparent_for
from shared.errors import QueueUnavailableError
from shared.ports.clock import Clock
from shared.ports.queue import QueueName, Task

NAME_KEPT = timedelta(days=1)
"""How long a spent name drops newcomers, as in Cloud Tasks (FACTS 8.11)."""

_BUSY_MS = 5_000
_SCHEMA = """
CREATE TABLE IF NOT EXISTS tasks (
    id INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, name TEXT,
    path TEXT NOT NULL, body TEXT NOT NULL, trace_id TEXT, due_us INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, claimed INTEGER NOT NULL DEFAULT 0,
    UNIQUE (queue, name));
CREATE INDEX IF NOT EXISTS tasks_due ON tasks (queue, claimed, due_us);
CREATE TABLE IF NOT EXISTS spent_names (
    queue TEXT NOT NULL, name TEXT NOT NULL, until_us INTEGER NOT NULL,
    PRIMARY KEY (queue, name));
"""
_CLAIM = """
UPDATE tasks SET claimed = 1, attempts = attempts + 1 WHERE id IN (
    SELECT id FROM tasks WHERE queue = ? AND claimed = 0 AND due_us <= ? ORDER BY due_us LIMIT ?)
RETURNING id, queue, name, path, body, trace_id, due_us, attempts
"""
_INSERT = """
INSERT INTO tasks (queue, name, path, body, trace_id, due_us) SELECT ?1, ?2, ?3, ?4, ?5, ?6
WHERE NOT EXISTS (
    SELECT 1 FROM spent_names WHERE queue = ?1 AND name = ?2 AND until_us > ?7)
ON CONFLICT (queue, name) DO NOTHING
"""

_doorbells: dict[str, list[Callable[[], None]]] = {}
"""Per file: what waits in this process for its next task, whichever queue object it came by."""


@dataclass(frozen=True, slots=True)
class ClaimedTask:
    """A task that is being attempted; `attempt` counts from 1, this one included."""

    id: int
    task: Task
    attempt: int
    traceparent: str | None = None
    """The header that makes the attempt a child of the span that enqueued it."""


class SqliteQueue:
    """Queue port, durable, for one process that dispatches and any that enqueue."""

    def __init__(self, path: str | Path, clock: Clock) -> None:
        """Open or create the file. Raises QueueUnavailableError."""
        self._path = str(Path(path).resolve())
        self._clock = clock
        create_private(self._path)
        with _translating():
            self._database = sqlite3.connect(
                self._path, isolation_level=None, check_same_thread=False
            )
            self._database.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = NORMAL")
            self._database.executescript(_SCHEMA)

    async def enqueue(self, task: Task) -> None:
        """Accept the task durably; a known name is dropped. Raises QueueUnavailableError."""
        now = self._clock.now()
        due = max(now, task.not_before or now)
        body = json.dumps(dict(task.body), separators=(",", ":"))
        trace = traceparent_for(task.trace_id) or task.trace_id
        row = (task.queue, task.name, task.path, body, trace, _us(due), _us(now))
        with _translating():
            self._database.execute(_INSERT, row)
        for ring in _doorbells.get(self._path, ()):
            ring()

    def listen(self, ring: Callable[[], None]) -> Callable[[], None]:
        """Call `ring` at every task accepted in this process; the answer stops it."""
        _doorbells.setdefault(self._path, []).append(ring)

        def stop() -> None:
            with suppress(ValueError):
                _doorbells[self._path].remove(ring)

        return stop

    def claim(self, queue: QueueName, limit: int) -> list[ClaimedTask]:
        """Take up to `limit` due tasks, the longest due first. Raises QueueUnavailableError."""
        with _translating():
            rows = self._database.execute(_CLAIM, (queue, _us(self._clock.now()), limit)).fetchall()
        return [_claim(row) for row in sorted(rows, key=lambda row: (row[6], row[0]))]

    def finish(self, claimed: ClaimedTask) -> None:
        """Forget a task that succeeded or will not be tried again; its name stays spent a day."""
        now = self._clock.now()
        with _translating(), self._transaction():
            self._database.execute("DELETE FROM tasks WHERE id = ?", (claimed.id,))
            self._database.execute("DELETE FROM spent_names WHERE until_us <= ?", (_us(now),))
            if claimed.task.name is not None:
                spent = (claimed.task.queue, claimed.task.name, _us(now + NAME_KEPT))
                self._database.execute("INSERT OR REPLACE INTO spent_names VALUES (?, ?, ?)", spent)

    def postpone(self, claimed: ClaimedTask, until: datetime, *, attempted: bool = True) -> None:
        """Give a claimed task back, due at `until`; not `attempted` forgets the attempt."""
        back = "UPDATE tasks SET claimed = 0, due_us = ?, attempts = ? WHERE id = ?"
        attempts = claimed.attempt if attempted else claimed.attempt - 1
        with _translating():
            self._database.execute(back, (_us(until), attempts, claimed.id))

    def release_claims(self) -> None:
        """Make due again what a dead dispatcher of this file had claimed."""
        with _translating():
            self._database.execute("UPDATE tasks SET claimed = 0 WHERE claimed = 1")

    def next_due_at(self, queue: QueueName) -> datetime | None:
        """Return when the earliest unclaimed task is due, None where there is none."""
        query = "SELECT MIN(due_us) FROM tasks WHERE queue = ? AND claimed = 0"
        with _translating():
            (due,) = self._database.execute(query, (queue,)).fetchone()
        return None if due is None else _moment(due)

    def waiting(self) -> list[Task]:
        """Return every task not finished yet, claimed or not, by due time."""
        columns = "id, queue, name, path, body, trace_id, due_us, attempts"
        with _translating():
            rows = self._database.execute(f"SELECT {columns} FROM tasks ORDER BY due_us").fetchall()  # noqa: S608 - fixed names
        return [_claim(row).task for row in rows]

    def close(self) -> None:
        """Close the file; a later use of the queue raises QueueUnavailableError."""
        self._database.close()

    async def aclose(self) -> None:
        """Close the file, for who closes by awaiting."""
        self.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")


@contextmanager
def _translating() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        if is_damage(error):
            raise corruption() from None
        raise QueueUnavailableError(f"The task queue's file did not answer: {error}.") from error


def _claim(row: tuple[int, str, str | None, str, str, str | None, int, int]) -> ClaimedTask:
    context = parse_traceparent(row[5] or "")
    task = Task(
        path=row[3],
        body=json.loads(row[4]),
        queue=QueueName(row[1]),
        not_before=_moment(row[6]),
        name=row[2],
        trace_id=context.trace_id if context else row[5],
    )
    return ClaimedTask(row[0], task, row[7], context.traceparent if context else None)


def _us(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _moment(us: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)
