"""Searching records in SQLite: the table `record_terms` leads, or a label, a thread, the date."""

# ruff: noqa: S608  every name in the statements is one of our own

from collections.abc import Iterable, Sequence
from sqlite3 import Connection
from typing import Any

import orjson

from shared.adapters.documents.record_search import Below, Candidate
from shared.adapters.sqlite.database import Row, SqliteDatabase, to_us
from shared.domain.ids import ConnectionId, MessageId
from shared.domain.sync.records.record import Record, RecordHead
from shared.domain.sync.records.search import leading_term
from shared.errors import CorruptStateError
from shared.ports.sync_store import SearchQuery

OLDEST, NEWEST = -(2**63), (2**63 - 1, "")
FORGET_TERMS = (
    "DELETE FROM record_terms WHERE key = ?",
    "UPDATE records SET terms = '[]' WHERE key = ?",
)
"""What empties the terms of a record beside its payload."""


def write_terms(
    connection: Connection, connection_id: ConnectionId, key: int, record: Record
) -> None:
    """Replace the index rows of a record inside a transaction; a tombstone has none."""
    connection.execute(FORGET_TERMS[0], (key,))
    if not record.head.live:
        return
    date, id = to_us(record.head.internal_date), record.head.message_id
    connection.executemany(
        """INSERT INTO record_terms (connection_id, term, internal_us, message_id, key)
           VALUES (?, ?, ?, ?, ?)""",
        [(connection_id, term, date, id, key) for term in record.terms],
    )


def drop_terms(connection: Connection, key: int, head: RecordHead) -> None:
    """Delete the index rows of a record that became a tombstone."""
    if not head.live:
        connection.execute(FORGET_TERMS[0], (key,))


def terms_text(record: Record) -> str:
    """Return a record's terms as its column holds them."""
    return orjson.dumps(record.terms).decode()


def read_terms(connection_id: ConnectionId, id: MessageId, text: str) -> tuple[str, ...]:
    """Read the column. Raises CorruptStateError."""
    try:
        return tuple(orjson.loads(text))
    except (ValueError, TypeError):
        raise CorruptStateError(f"connections/{connection_id}/records/{id}") from None


def candidate_rows(
    database: SqliteDatabase,
    columns: str,
    connection_id: ConnectionId,
    query: SearchQuery,
    below: Below,
    limit: int,
) -> Sequence[Row]:
    """Return the columns and the terms of up to `limit` live records below a place."""
    table, where, values = _leading(query)
    source = "records" if table == "records" else f"{table} AS led JOIN records USING (key)"
    led = "records" if table == "records" else "led"
    before = NEWEST if below is None else (to_us(below[0]), below[1])
    since = OLDEST if query.since is None else to_us(query.since)
    return database.rows(
        f"""SELECT {columns}, records.terms FROM {source}
            WHERE {led}.connection_id = ? {where} AND records.deleted_us IS NULL
            AND {led}.internal_us >= ? AND ({led}.internal_us, {led}.message_id) < (?, ?)
            ORDER BY {led}.internal_us DESC, {led}.message_id DESC LIMIT ?""",
        (connection_id, *values, since, *before, limit),
    )


def _leading(query: SearchQuery) -> tuple[str, str, list[Any]]:
    """Return the table that the search walks, its condition and its values."""
    term = leading_term(query.terms)
    if term is not None:
        return "record_terms", "AND led.term = ?", [term]
    if query.thread_id is not None:
        return "records", "AND records.thread_id = ?", [query.thread_id]
    if query.label_ids:
        return "record_labels", "AND led.label_id = ?", [max(query.label_ids)]
    return "records", "", []


def candidates(heads: Iterable[RecordHead], rows: Sequence[Row]) -> list[Candidate]:
    """Return the heads with the terms that stand last in their rows."""
    return [Candidate(head, orjson.loads(row[-1])) for head, row in zip(heads, rows, strict=True)]
