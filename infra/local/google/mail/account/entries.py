"""Entries of an account: filters, addresses, keys, each as JSON under its kind and key."""

from typing import Any

import orjson

from infra.local.google.mail.store import MailStore

Json = dict[str, Any]


def list_entries(store: MailStore, email: str, kind: str) -> list[Json]:
    """Return the entries of that kind, oldest first."""
    sql = "SELECT value FROM entries WHERE mailbox = ? AND kind = ? ORDER BY number"
    return [orjson.loads(row[0]) for row in store.database.rows(sql, store.number(email), kind)]


def find_entry(store: MailStore, email: str, kind: str, key: str) -> Json | None:
    """Return one entry, or None."""
    sql = "SELECT value FROM entries WHERE mailbox = ? AND kind = ? AND key = ?"
    row = store.database.row(sql, store.number(email), kind, key)
    found: Json | None = orjson.loads(row[0]) if row else None
    return found


def put_entry(store: MailStore, email: str, kind: str, key: str, value: Json) -> None:
    """Store an entry, or replace the one of that key where it stands."""
    store.database.rows(
        "INSERT INTO entries (mailbox, kind, key, value) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (mailbox, kind, key) DO UPDATE SET value = excluded.value",
        store.number(email),
        kind,
        key,
        orjson.dumps(value).decode(),
    )


def delete_entry(store: MailStore, email: str, kind: str, key: str) -> bool:
    """Delete an entry; return whether there was one."""
    sql = "DELETE FROM entries WHERE mailbox = ? AND kind = ? AND key = ? RETURNING 1"
    return store.database.row(sql, store.number(email), kind, key) is not None


def clear_entries(store: MailStore, email: str, kind: str) -> None:
    """Delete every entry of that kind."""
    sql = "DELETE FROM entries WHERE mailbox = ? AND kind = ?"
    store.database.rows(sql, store.number(email), kind)
