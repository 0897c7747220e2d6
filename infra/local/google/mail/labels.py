"""The label catalogue of a mailbox: Gmail's own labels and the user's."""

from typing import Any, Final

import orjson

from infra.local.google.mail.message import COLUMNS, Message
from infra.local.google.mail.store import MailStore
from infra.local.google.mail.writer import Relabel

HIDDEN: Final = {"messageListVisibility": "hide", "labelListVisibility": "labelHide"}
CATEGORIES: Final = tuple(
    f"CATEGORY_{name}" for name in ("FORUMS", "UPDATES", "PERSONAL", "PROMOTIONS", "SOCIAL")
)
SYSTEM: Final[dict[str, dict[str, str]]] = {
    "CHAT": HIDDEN,
    "SENT": {},
    "INBOX": {},
    "IMPORTANT": HIDDEN,
    "TRASH": HIDDEN,
    "DRAFT": {},
    "SPAM": HIDDEN,
    **dict.fromkeys(CATEGORIES, HIDDEN),
    "STARRED": {},
    "UNREAD": {},
}
"""Gmail's own labels with their visibility; id and name are the same."""

OWNED_BY_GMAIL: Final = frozenset({"SENT", "DRAFT", "CHAT"})
"""Labels that no caller may add or remove."""

SHOWN: Final = {"messageListVisibility": "show", "labelListVisibility": "labelShow"}


class LabelConflictError(Exception):
    """Another label of the mailbox has that name."""


def _system(label_id: str) -> dict[str, Any]:
    return {"id": label_id, "name": label_id, **SYSTEM[label_id], "type": "system"}


def _user(row: tuple[str, str, str]) -> dict[str, Any]:
    properties = orjson.loads(row[2])
    color = {"color": properties.pop("color")} if "color" in properties else {}
    return {"id": row[0], "name": row[1], **properties, "type": "user", **color}


def name_key(name: str) -> str:
    """Return a label's name as `label:` finds it: one case, hyphens for spaces and slashes."""
    return name.casefold().replace(" ", "-").replace("/", "-")


def list_labels(store: MailStore, email: str) -> list[dict[str, Any]]:
    """Return all labels as Label resources, without counts."""
    rows = store.database.rows(
        "SELECT id, name, properties FROM labels WHERE mailbox = ? ORDER BY number",
        store.number(email),
    )
    return [_system(label_id) for label_id in SYSTEM] + [_user(row) for row in rows]


def find_label(store: MailStore, email: str, label_id: str) -> dict[str, Any] | None:
    """Return one label as a Label resource, or None."""
    if label_id in SYSTEM:
        return _system(label_id)
    row = store.database.row(
        "SELECT id, name, properties FROM labels WHERE mailbox = ? AND id = ?",
        store.number(email),
        label_id,
    )
    return _user(row) if row else None


def find_by_name(store: MailStore, email: str, name: str) -> str | None:
    """Return the id of the label called so in a search, or None."""
    key = name_key(name)
    system = {name_key(label_id): label_id for label_id in SYSTEM}
    if key in system:
        return system[key]
    row = store.database.row(
        "SELECT id FROM labels WHERE mailbox = ? AND name_key = ?", store.number(email), key
    )
    return row[0] if row else None


def _check_name(store: MailStore, email: str, name: str, own_id: str = "") -> None:
    """Raise `LabelConflictError` where another label has the name, in whatever case."""
    rows = store.database.rows(
        "SELECT id, name FROM labels WHERE mailbox = ? AND name_key = ?",
        store.number(email),
        name_key(name),
    )
    taken = {found.casefold() for label_id, found in rows if label_id != own_id}
    if name.casefold() in taken or name.upper() in SYSTEM:
        raise LabelConflictError


def create_label(
    store: MailStore, email: str, name: str, properties: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Create a user label. Raise `LabelConflictError` if its name is taken."""
    with store.database.transaction():
        _check_name(store, email, name)
        number = store.number(email)
        order = store.database.row(
            "UPDATE mailboxes SET next_label = next_label + 1 WHERE number = ?"
            " RETURNING next_label - 1",
            number,
        )[0]
        encoded = orjson.dumps({**SHOWN, **(properties or {})}).decode()
        row = (f"Label_{order}", name, encoded)
        store.database.rows(
            "INSERT INTO labels (mailbox, id, name, properties, name_key, number)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            number,
            *row,
            name_key(name),
            order,
        )
    return _user(row)


def update_label(
    store: MailStore, email: str, label_id: str, name: str, properties: dict[str, Any]
) -> dict[str, Any]:
    """Give a user label this name and these properties. Raise `LabelConflictError`."""
    with store.database.transaction():
        _check_name(store, email, name, label_id)
        encoded = orjson.dumps({**SHOWN, **properties}).decode()
        store.database.rows(
            "UPDATE labels SET name = ?, name_key = ?, properties = ? WHERE mailbox = ? AND id = ?",
            name,
            name_key(name),
            encoded,
            store.number(email),
            label_id,
        )
    return _user((label_id, name, encoded))


def delete_label(store: MailStore, email: str, label_id: str) -> None:
    """Delete a user label and take it off every message."""
    with store.writing() as writer:
        mailbox = store.mailbox(email)
        rows = store.database.rows(
            f"SELECT {COLUMNS} FROM message_labels l JOIN messages m ON m.row = l.row"  # noqa: S608
            " WHERE l.mailbox = ? AND l.label = ?",
            mailbox.number,
            label_id,
        )
        writer.relabel(mailbox, [Relabel(Message(*row), remove=(label_id,)) for row in rows])
        store.database.rows(
            "DELETE FROM labels WHERE mailbox = ? AND id = ?", mailbox.number, label_id
        )


def count_label(store: MailStore, email: str, label_id: str) -> dict[str, int]:
    """Return the four counts of a Label resource."""
    unread = "FROM message_labels u WHERE u.mailbox = l.mailbox AND u.label = 'UNREAD'"
    sql = f"""
        SELECT COUNT(*), COUNT(DISTINCT thread), SUM(unread),
               COUNT(DISTINCT CASE WHEN unread THEN thread END)
        FROM (SELECT m.thread AS thread, EXISTS (SELECT 1 {unread}
                  AND u.id = l.id) AS unread
              FROM message_labels l JOIN messages m ON m.row = l.row
              WHERE l.mailbox = ? AND l.label = ?)"""  # noqa: S608 (no value in it)
    messages, threads, unread_messages, unread_threads = store.database.row(
        sql, store.number(email), label_id
    )
    return {
        "messagesTotal": messages,
        "messagesUnread": unread_messages or 0,
        "threadsTotal": threads,
        "threadsUnread": unread_threads,
    }
