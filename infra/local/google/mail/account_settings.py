"""What an account has set: forwarding, IMAP, POP, language, vacation, filters, as Gmail's JSON.

They are kept and given back. Nothing acts on them: no filter sorts mail, no vacation answers.
"""

import secrets
from typing import Any, Final

import orjson

from infra.local.google.mail.store import MailStore

Json = dict[str, Any]

FRESH: Final[dict[str, Json]] = {
    "autoForwarding": {"enabled": False},
    "imap": {
        "enabled": False,
        "autoExpunge": True,
        "expungeBehavior": "archive",
        "maxFolderSize": 0,
    },
    "pop": {"accessWindow": "allMail", "disposition": "leaveInInbox"},
    "language": {"displayLanguage": "en"},
    "vacation": {
        "enableAutoReply": False,
        "restrictToContacts": False,
        "restrictToDomain": False,
    },
}
"""The settings of a fresh account, as recorded; those of vacation follow its update's answer."""


def read_setting(store: MailStore, email: str, name: str) -> Json:
    """Return the setting of that name, one of `FRESH`."""
    row = store.database.row(
        "SELECT value FROM settings WHERE mailbox = ? AND name = ?", store.number(email), name
    )
    found: Json = orjson.loads(row[0]) if row else FRESH[name]
    return found


def write_setting(store: MailStore, email: str, name: str, value: Json) -> None:
    """Keep a setting."""
    store.database.rows(
        "INSERT OR REPLACE INTO settings VALUES (?, ?, ?)",
        store.number(email),
        name,
        orjson.dumps(value).decode(),
    )


def list_filters(store: MailStore, email: str) -> list[Json]:
    """Return the account's filters, oldest first."""
    rows = store.database.rows(
        "SELECT value FROM filters WHERE mailbox = ? ORDER BY number", store.number(email)
    )
    return [orjson.loads(row[0]) for row in rows]


def add_filter(store: MailStore, email: str, given: Json) -> Json:
    """Keep a filter under a new id of 38 characters, as recorded; return it."""
    made = {"id": f"ANe1Bm{secrets.token_urlsafe(24)}", **given}
    store.database.insert(
        "INSERT INTO filters (mailbox, id, value) VALUES (?, ?, ?)",
        store.number(email),
        made["id"],
        orjson.dumps(made).decode(),
    )
    return made


def delete_filter(store: MailStore, email: str, filter_id: str) -> bool:
    """Delete a filter; return whether there was one."""
    sql = "DELETE FROM filters WHERE mailbox = ? AND id = ? RETURNING 1"
    return store.database.row(sql, store.number(email), filter_id) is not None
