"""Listing messages and threads, latest arrival first, by label and search condition.

The order is that of the ids, not of internalDate: so recorded of Gmail.
"""

from dataclasses import dataclass
from typing import Any, Final

from infra.local.google.mail.message import HIDING
from infra.local.google.mail.mime import Part
from infra.local.google.mail.rendering import texts
from infra.local.google.mail.store import MailStore
from infra.local.google.mail.words import html_to_text, indexable

INDEXED_CHARACTERS: Final = 200_000
"""Of each body this much is searched."""

HAS_LABEL: Final = (
    "EXISTS (SELECT 1 FROM message_labels x WHERE x.mailbox = m.mailbox AND x.label = ?"
    " AND x.id = m.id)"
)


@dataclass(frozen=True, slots=True)
class Condition:
    """What a search asks for.

    `sql` is a condition on `messages AS m` in which `{key}` stands for whichever table gives the
    order; `label_ids` must all be there; `needs_text` asks for the index of bodies and
    attachments; `shows_hidden` is set when spam or trash is named;
    `pinpoints` when few messages can match.
    """

    sql: str = ""
    params: tuple[Any, ...] = ()
    label_ids: tuple[str, ...] = ()
    needs_text: bool = False
    shows_hidden: bool = False
    pinpoints: bool = False


@dataclass(frozen=True, slots=True)
class Selection:
    """A listing without its page."""

    label_ids: tuple[str, ...] = ()
    condition: Condition = Condition()
    include_spam_trash: bool = False

    def statement(self, number: int) -> tuple[str, str, list[Any]]:
        """Return (ordering table's alias, FROM and WHERE, parameters)."""
        labels = [*dict.fromkeys((*self.label_ids, *self.condition.label_ids))]
        key = "l" if labels else "m"
        # "+" keeps SQLite from walking the mailbox in order when a condition names few rows.
        where = [f"{'+' if self.condition.pinpoints else ''}{key}.mailbox = ?"]
        params: list[Any] = [number]
        source = "messages m"
        if labels:
            source = "message_labels l CROSS JOIN messages m ON m.row = l.row"
            where += ["l.label = ?"] + [HAS_LABEL] * (len(labels) - 1)
            params += labels
        shown = self.include_spam_trash or self.condition.shows_hidden
        if not shown and not HIDING.intersection(labels):
            where.append("m.hidden = 0")
        if self.condition.sql:
            where.append(self.condition.sql.replace("{key}", key))
            params += self.condition.params
        return key, f"FROM {source} WHERE {' AND '.join(where)}", params


def list_messages(
    store: MailStore, email: str, selection: Selection, limit: int, offset: int = 0
) -> list[tuple[int, int]]:
    """Return (id, thread) of the chosen messages, newest first."""
    if selection.condition.needs_text:
        index_texts(store, email)
    key, source, params = selection.statement(store.number(email))
    sql = f"SELECT {key}.id, m.thread {source} ORDER BY {key}.id DESC LIMIT ? OFFSET ?"
    return store.database.rows(sql, *params, limit, offset)


def list_threads(
    store: MailStore, email: str, selection: Selection, limit: int, offset: int = 0
) -> list[int]:
    """Return the threads of the chosen messages, by their newest one."""
    if selection.condition.needs_text:
        index_texts(store, email)
    key, source, params = selection.statement(store.number(email))
    sql = f"SELECT m.thread {source} ORDER BY {key}.id DESC"
    return store.database.distinct(sql, params, offset + limit)[offset:]


def count_mail(store: MailStore, email: str) -> tuple[int, int]:
    """Return how many (messages, threads) the mailbox holds, spam and trash included."""
    sql = "SELECT COUNT(*), COUNT(DISTINCT thread) FROM messages WHERE mailbox = ?"
    messages, threads = store.database.row(sql, store.number(email))
    return messages, threads


def index_texts(store: MailStore, email: str) -> None:
    """Index the bodies and attachment names not indexed yet: the first search pays for all."""
    rows = store.database.rows(
        "SELECT row FROM messages WHERE mailbox = ? AND has_attachment IS NULL",
        store.number(email),
    )
    if not rows:
        return
    with store.database.transaction():
        for (row,) in rows:
            _index_text(store, row)


def _index_text(store: MailStore, row: int) -> None:
    tree = store.tree(row)
    names = [part.filename for part in tree.walk() if part.filename]
    store.database.insert(
        "INSERT INTO texts (rowid, body, filename) VALUES (?, ?, ?)",
        row,
        indexable(_searchable(tree)),
        indexable(" \n ".join(names)),
    )
    store.database.rows(
        "UPDATE messages SET has_attachment = ? WHERE row = ?", _has_attachment(tree), row
    )


def _searchable(tree: Part) -> str:
    plain, marked_up = texts(tree)
    words = [part.text() for part in plain] + [html_to_text(part.text()) for part in marked_up]
    return "\n".join(words)[:INDEXED_CHARACTERS]


def _has_attachment(tree: Part) -> bool:
    """Whether a reader would see a paper clip: pictures inside the text do not count."""
    return any(
        part.is_attachment and part.filename and part.disposition != "inline"
        for part in tree.walk()
    )
