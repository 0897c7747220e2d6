"""The mail room's SQLite file: schema, one lock, transactions."""

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS mailboxes (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    email TEXT NOT NULL UNIQUE,
    history_id INTEGER NOT NULL,     -- current
    history_floor INTEGER NOT NULL,  -- an older startHistoryId is expired
    next_label INTEGER NOT NULL DEFAULT 1
);
CREATE TABLE IF NOT EXISTS messages (
    row INTEGER PRIMARY KEY AUTOINCREMENT, -- never reused: the text index relies on it
    mailbox INTEGER NOT NULL,
    id INTEGER NOT NULL,
    thread INTEGER NOT NULL,
    internal_ms INTEGER NOT NULL,
    history_id INTEGER NOT NULL,
    hidden INTEGER NOT NULL,          -- in spam or trash
    labels TEXT NOT NULL,             -- JSON array, oldest label first
    size INTEGER NOT NULL,
    message_id TEXT NOT NULL,         -- RFC 822, without angle brackets
    subject_key TEXT NOT NULL,        -- subject without reply prefixes, for threading
    has_attachment INTEGER            -- NULL until the MIME tree was read
);
CREATE UNIQUE INDEX IF NOT EXISTS message_by_id ON messages (mailbox, id);
CREATE INDEX IF NOT EXISTS message_by_arrival
    ON messages (mailbox, id DESC, internal_ms, hidden, thread);
CREATE INDEX IF NOT EXISTS message_by_thread ON messages (mailbox, thread, id);
CREATE INDEX IF NOT EXISTS message_by_message_id ON messages (mailbox, message_id);
CREATE INDEX IF NOT EXISTS message_not_indexed
    ON messages (mailbox) WHERE has_attachment IS NULL;
CREATE TABLE IF NOT EXISTS bodies (row INTEGER PRIMARY KEY, raw BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS message_labels (
    mailbox INTEGER NOT NULL,
    label TEXT NOT NULL,
    id INTEGER NOT NULL,
    internal_ms INTEGER NOT NULL,
    row INTEGER NOT NULL,
    PRIMARY KEY (mailbox, label, id DESC)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS history (
    mailbox INTEGER NOT NULL,
    history_id INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    id INTEGER NOT NULL,
    thread INTEGER NOT NULL,
    labels TEXT NOT NULL,             -- the message's labels right after this change
    changed TEXT NOT NULL,            -- labels added or removed
    PRIMARY KEY (mailbox, history_id, kind, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS labels (
    mailbox INTEGER NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    number INTEGER NOT NULL,          -- in order of creation
    properties TEXT NOT NULL,
    PRIMARY KEY (mailbox, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS label_by_name ON labels (mailbox, name_key);
CREATE TABLE IF NOT EXISTS drafts (
    mailbox INTEGER NOT NULL,
    id TEXT NOT NULL,
    message INTEGER NOT NULL,
    state TEXT NOT NULL,              -- 'draft', 'sent', or 'orphan' (FACTS 5.8)
    PRIMARY KEY (mailbox, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS draft_by_message ON drafts (mailbox, message);
CREATE TABLE IF NOT EXISTS entries ( -- what an account has set
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    mailbox INTEGER NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,              -- JSON
    UNIQUE (mailbox, kind, key)
);
CREATE TABLE IF NOT EXISTS secrets (name TEXT PRIMARY KEY, value BLOB NOT NULL);
CREATE VIRTUAL TABLE IF NOT EXISTS heads USING fts5 (
    subject, sender, recipient, copied, blind,
    content='', tokenize='unicode61 remove_diacritics 2'
);
CREATE VIRTUAL TABLE IF NOT EXISTS texts USING fts5 (
    body, filename, content='', tokenize='unicode61 remove_diacritics 2'
);
"""

MAIL_TABLES: Final = [
    "mailboxes",
    "messages",
    "bodies",
    "message_labels",
    "history",
    "labels",
    "drafts",
    "entries",
]


class Database:
    """One SQLite connection, shared by threads behind one lock.

    `":memory:"` is a private temporary file that SQLite deletes at close and never syncs: as fast,
    and a mailbox of 100,000 messages does not have to fit in memory.
    """

    def __init__(self, path: str = ":memory:") -> None:
        temporary = path == ":memory:"
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(
            "" if temporary else path,
            check_same_thread=False,
            isolation_level=None,
            cached_statements=512,
        )
        # Not OFF, even for a temporary file: a refused call rolls back.
        journal = "MEMORY" if temporary else "WAL"
        self._connection.execute(f"PRAGMA journal_mode={journal}")
        self._connection.execute(f"PRAGMA synchronous={'OFF' if temporary else 'NORMAL'}")
        self._connection.execute("PRAGMA cache_size=-32000")
        self._connection.executescript(SCHEMA)

    def close(self) -> None:
        """Close the file; a temporary one is gone with it."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other threads out, and so wait for their transactions to end."""
        with self._lock:
            yield

    def rows(self, sql: str, *params: Any) -> list[Any]:
        """Run `sql` and return all its rows."""
        with self._lock:
            return self._connection.execute(sql, params).fetchall()

    def row(self, sql: str, *params: Any) -> Any:
        """Run `sql` and return its first row, or None."""
        with self._lock:
            return self._connection.execute(sql, params).fetchone()

    def distinct(self, sql: str, params: Iterable[Any], most: int) -> list[Any]:
        """Return up to `most` different values of the first column, reading no further."""
        found: dict[Any, None] = {}
        with self._lock:
            cursor = self._connection.execute(sql, tuple(params))
            for row in cursor:
                found[row[0]] = None
                if len(found) >= most:
                    break
            cursor.close()
        return list(found)

    def insert(self, sql: str, *params: Any) -> int:
        """Run an INSERT and return the new row's number."""
        with self._lock:
            return self._connection.execute(sql, params).lastrowid or 0

    def many(self, sql: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Run `sql` once for each row."""
        with self._lock:
            self._connection.executemany(sql, rows)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make what happens inside atomic; an inner transaction joins the outer one."""
        with self._lock:
            if self._connection.in_transaction:
                yield
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def secret(self, name: str, fresh: bytes) -> bytes:
        """Return the stored secret of that name, storing `fresh` if there is none."""
        self.rows("INSERT OR IGNORE INTO secrets VALUES (?, ?)", name, fresh)
        value: bytes = self.row("SELECT value FROM secrets WHERE name = ?", name)[0]
        return value

    def clear(self) -> None:
        """Delete every mailbox and all mail."""
        with self.transaction():
            for table in MAIL_TABLES:
                self.rows(f"DELETE FROM {table}")  # noqa: S608 (names of our own schema)
            self.rows("INSERT INTO heads(heads) VALUES ('delete-all')")
            self.rows("INSERT INTO texts(texts) VALUES ('delete-all')")
