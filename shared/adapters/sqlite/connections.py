"""Connections and Mailboxes ports on SQLite."""

from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from sqlite3 import Connection as Sqlite
from typing import Any

import orjson

from shared.adapters.documents.codec import CONNECTIONS, MAILBOXES
from shared.adapters.documents.connection_terms import matches, terms_asked, terms_of
from shared.adapters.sqlite.database import SqliteDatabase, optional_us, to_us
from shared.adapters.sqlite.documents import Columns, SqliteDocuments
from shared.domain.connect.connection import Connection
from shared.domain.ids import MailboxId
from shared.domain.sync.mailbox import Mailbox
from shared.ports.clock import Clock
from shared.ports.connections import ConnectionQuery
from shared.ports.documents import Versioned


def _connection_columns(value: Connection) -> Columns:
    return {"created_us": to_us(value.created_at)}


def _mailbox_columns(value: Mailbox) -> Columns:
    return {"renew_us": optional_us(value.renew_at)}


class SqliteConnections(SqliteDocuments[Connection]):
    """Connections port; filters are looked up as terms in a side table."""

    def __init__(self, database: SqliteDatabase, clock: Clock) -> None:
        super().__init__(database, CONNECTIONS, clock, _connection_columns)

    async def find(self, query: ConnectionQuery) -> Sequence[Connection]:
        """Return the matching connections, newest first. Raises StoreUnavailableError.

        Rows are read as far as the page goes: an index of each term holds them in this order.
        """
        start = query.page * query.limit
        found = (
            versioned.value
            for row in self.database.stream(*statement(query))
            for versioned in self.load_rows((row,))
            if matches(versioned.value, query)
        )
        return tuple(islice(found, start, start + query.limit))

    def after_write(self, connection: Sqlite, key: str, value: Connection | None) -> None:
        """Keep the terms in step."""
        connection.execute("DELETE FROM connection_terms WHERE id = ?", (key,))
        if value is not None:
            created = to_us(value.created_at)
            connection.executemany(
                "INSERT INTO connection_terms (term, id, created_us) VALUES (?, ?, ?)",
                [(term, key, created) for term in terms_of(value)],
            )


def statement(query: ConnectionQuery) -> tuple[str, list[Any]]:
    """Return the statement and its values: the most selective term leads, the others are probed."""
    first, *others = terms_asked(query) or (None,)
    place = "connections" if first is None else "led"
    values: list[Any] = [] if first is None else [first]
    wheres = [] if first is None else ["led.term = ?"]
    for term in others:
        wheres.append(_PROBE)
        values.append(term)
    if query.connection_id is not None:
        wheres.append("connections.id = ?")
        values.append(query.connection_id)
    if query.after is not None:
        wheres.append(f"({place}.created_us, {place}.id) < (?, ?)")
        values += [to_us(query.after[0]), query.after[1]]
    joined = "" if first is None else "connection_terms AS led CROSS JOIN "
    on = "" if first is None else "ON connections.id = led.id"
    sql = f"""SELECT connections.id, connections.version, connections.document
              FROM {joined}connections {on} WHERE {" AND ".join(wheres) or "TRUE"}
              ORDER BY {place}.created_us DESC, {place}.id DESC"""  # noqa: S608  fixed conditions
    return sql, values


_PROBE = """EXISTS (SELECT 1 FROM connection_terms AS probed
            WHERE probed.term = ? AND probed.id = connections.id)"""


class SqliteMailboxes(SqliteDocuments[Mailbox]):
    """Mailboxes port."""

    def __init__(self, database: SqliteDatabase, clock: Clock) -> None:
        super().__init__(database, MAILBOXES, clock, _mailbox_columns)

    async def renewable(self, now: datetime, limit: int) -> Sequence[Versioned[Mailbox]]:
        """Return mailboxes whose `renew_at` has come. Raises StoreUnavailableError."""
        return self.load_rows(
            self.database.rows(
                """SELECT id, version, document FROM mailboxes
                   WHERE renew_us <= ? ORDER BY renew_us LIMIT ?""",
                (to_us(now), limit),
            )
        )

    async def note_push(self, key: MailboxId, at: datetime) -> None:
        """Record that a push came. Raises CorruptStateError, StoreUnavailableError."""
        with self.database.transaction() as connection:
            row = connection.execute(
                "SELECT document FROM mailboxes WHERE id = ?", (key,)
            ).fetchone()
            if row is None:
                return
            document = {**self.parse_document(key, row[0]), "last_push_at": at}
            connection.execute(
                "UPDATE mailboxes SET version = version + 1, document = ? WHERE id = ?",
                (orjson.dumps(document).decode(), key),
            )
