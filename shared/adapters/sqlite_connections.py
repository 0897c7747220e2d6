"""Connections and Mailboxes ports on SQLite."""

from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from sqlite3 import Connection as Sqlite
from typing import Any

import orjson

from shared.adapters.connection_terms import matches, terms_asked, terms_of
from shared.adapters.document_codec import CONNECTIONS, MAILBOXES
from shared.adapters.sqlite_database import SqliteDatabase, optional_us, to_us
from shared.adapters.sqlite_documents import Columns, SqliteDocuments
from shared.domain.connection import Connection
from shared.domain.ids import EmailKey
from shared.domain.mailbox import Mailbox
from shared.ports.clock import Clock
from shared.ports.connections import ConnectionQuery
from shared.ports.versioned import Versioned


def _connection_columns(value: Connection) -> Columns:
    return {"created_us": to_us(value.created_at)}


def _mailbox_columns(value: Mailbox) -> Columns:
    return {"renew_us": optional_us(value.renew_at)}


class SqliteConnections(SqliteDocuments[Connection]):
    """Connections port; filters are looked up as terms in a side table."""

    def __init__(self, database: SqliteDatabase, clock: Clock) -> None:
        super().__init__(database, CONNECTIONS, clock, _connection_columns)

    async def find(self, query: ConnectionQuery) -> Sequence[Connection]:
        """Answer the matching connections, newest first. Raises StoreUnavailableError."""
        terms: list[Any] = list(terms_asked(query))
        wheres = ["id IN (SELECT id FROM connection_terms WHERE term = ?)"] * len(terms)
        if query.connection_id is not None:
            wheres.append("id = ?")
            terms.append(query.connection_id)
        rows = self.database.rows(
            f"""SELECT id, version, document FROM connections
                WHERE {" AND ".join(wheres) or "TRUE"}
                ORDER BY created_us DESC, id DESC""",  # noqa: S608  fixed conditions
            terms,
        )
        start = query.page * query.limit
        found = (
            versioned.value
            for row in rows
            for versioned in self.listed((row,))
            if matches(versioned.value, query)
        )
        return tuple(islice(found, start, start + query.limit))

    def after_write(self, connection: Sqlite, key: str, value: Connection | None) -> None:
        """Keep the terms in step."""
        connection.execute("DELETE FROM connection_terms WHERE id = ?", (key,))
        if value is not None:
            connection.executemany(
                "INSERT INTO connection_terms (term, id) VALUES (?, ?)",
                [(term, key) for term in terms_of(value)],
            )


class SqliteMailboxes(SqliteDocuments[Mailbox]):
    """Mailboxes port."""

    def __init__(self, database: SqliteDatabase, clock: Clock) -> None:
        super().__init__(database, MAILBOXES, clock, _mailbox_columns)

    async def renewable(self, now: datetime, limit: int) -> Sequence[Versioned[Mailbox]]:
        """Answer mailboxes whose `renew_at` has come. Raises StoreUnavailableError."""
        return self.listed(
            self.database.rows(
                """SELECT id, version, document FROM mailboxes
                   WHERE renew_us <= ? ORDER BY renew_us LIMIT ?""",
                (to_us(now), limit),
            )
        )

    async def noted_push(self, key: EmailKey, at: datetime) -> None:
        """Record that a push came. Raises CorruptStateError, StoreUnavailableError."""
        with self.database.transaction() as connection:
            row = connection.execute(
                "SELECT document FROM mailboxes WHERE id = ?", (key,)
            ).fetchone()
            if row is None:
                return
            document = {**self.parsed(key, row[0]), "last_push_at": at}
            connection.execute(
                "UPDATE mailboxes SET version = version + 1, document = ? WHERE id = ?",
                (orjson.dumps(document).decode(), key),
            )
