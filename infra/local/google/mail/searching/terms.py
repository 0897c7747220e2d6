"""The single terms of a search: what each operator asks for."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, Final

from infra.local.google.mail.labels import find_by_name
from infra.local.google.mail.listing import HAS_LABEL
from infra.local.google.mail.message import HIDING
from infra.local.google.mail.store import MailStore, epoch_ms
from infra.local.google.mail.words import phrase

PACIFIC: Final = timezone(timedelta(hours=-8))
"""Dates in a search are midnight PST, summer or not (FACTS 4.2)."""

DATE: Final = re.compile(r"(\d{4})[/-](\d{1,2})[/-](\d{1,2})")
EPOCH: Final = re.compile(r"0|\d{5,12}")  # four digits may be meant as a year
AGE: Final = re.compile(r"(\d{1,4})([dmy])", re.IGNORECASE)
SIZE: Final = re.compile(r"(\d+)([km]?)b?", re.IGNORECASE)
DAYS: Final = {"d": 1, "m": 30, "y": 365}
BYTES: Final = {"": 1, "k": 1024, "m": 1024 * 1024}
HEADS: Final = "m.row IN (SELECT rowid FROM heads WHERE heads MATCH ?)"
TEXTS: Final = "m.row IN (SELECT rowid FROM texts WHERE texts MATCH ?)"
COLUMNS: Final = {
    "from": "sender",
    "to": "{recipient copied blind}",
    "cc": "copied",
    "bcc": "blind",
    "subject": "subject",
    "deliveredto": "{recipient copied blind}",
}
STATES: Final = {
    "unread": "UNREAD",
    "starred": "STARRED",
    "important": "IMPORTANT",
    "sent": "SENT",
    "draft": "DRAFT",
    "chat": "CHAT",
    "snoozed": "SNOOZED",
}
PLACES: Final = {
    "drafts": "DRAFT",
    "chats": "CHAT",
    "bin": "TRASH",
    "junk": "SPAM",
    "scheduled": "SCHEDULED",
}
"""Snoozed and scheduled mail is found by searching only: no label of that name can be listed, and
none put on or taken off (gauteh/lieer#291)."""
CATEGORY_NAMES: Final = {"primary": "PERSONAL", "reservations": "UPDATES"}
FILE_KINDS: Final = {
    "pdf": ("pdf",),
    "document": ("doc", "docx", "odt"),
    "spreadsheet": ("xls", "xlsx", "ods", "csv"),
    "presentation": ("ppt", "pptx", "odp"),
}


class MalformedQueryError(Exception):
    """The search cannot be read."""


@dataclass(frozen=True, slots=True)
class Clause:
    """A condition on `messages AS m`; `label_id` is set where it is no more than that label."""

    sql: str
    params: tuple[Any, ...] = ()
    label_id: str | None = None
    needs_text: bool = False
    shows_hidden: bool = False
    pinpoints: bool = False


ALL: Final = Clause("1")
NONE: Final = Clause("0")


def has_label(label_id: str | None) -> Clause:
    """Return the clause for a label; nothing has a label that does not exist."""
    if label_id is None:
        return NONE
    return Clause(HAS_LABEL, (label_id,), label_id=label_id, shows_hidden=label_id in HIDING)


def moment(value: str) -> int:
    """Return the epoch ms of a date (midnight PST) or of epoch seconds."""
    if EPOCH.fullmatch(value):
        return int(value) * 1000
    match = DATE.fullmatch(value)
    if match is None:
        raise MalformedQueryError
    try:
        return epoch_ms(datetime(int(match[1]), int(match[2]), int(match[3]), tzinfo=PACIFIC))
    except ValueError:
        raise MalformedQueryError from None


class Terms:
    """Makes clauses for one mailbox at one time."""

    def __init__(self, store: MailStore, email: str, now: datetime) -> None:
        self._store = store
        self._email = email
        self._now = now

    def leaf(self, operator: str) -> Callable[[str], Clause]:
        """Return what turns a value of that operator into a clause."""
        if operator in COLUMNS:
            return lambda value: self._column(COLUMNS[operator], value)
        found: Callable[[str], Clause] = getattr(self, f"_{operator}")
        return found

    def words(self, value: str) -> Clause:
        """Return the clause for words in a row, anywhere in the message."""
        wanted = phrase(value)
        if wanted is None:
            return ALL
        return Clause(f"({HEADS} OR {TEXTS})", (wanted, f"body : {wanted}"), needs_text=True)

    def _column(self, column: str, value: str) -> Clause:
        if value.lower() == "me" and column != "subject":
            value = self._email
        wanted = phrase(value)
        return Clause(HEADS, (f"{column} : {wanted}",)) if wanted else NONE

    def _label(self, value: str) -> Clause:
        return has_label(find_by_name(self._store, self._email, value))

    def _in(self, value: str) -> Clause:
        place = value.lower()
        if place == "anywhere":
            return Clause("1", shows_hidden=True)
        if place in {"read", "snoozed"}:
            return self._is(place)
        return has_label(PLACES[place]) if place in PLACES else self._label(place)

    def _is(self, value: str) -> Clause:
        state = value.lower()
        if state == "read":
            return Clause(f"NOT {HAS_LABEL}", ("UNREAD",))
        return has_label(STATES.get(state))

    def _category(self, value: str) -> Clause:
        name = CATEGORY_NAMES.get(value.lower(), value.upper())
        return self._label(f"CATEGORY_{name}")

    def _has(self, value: str) -> Clause:
        wanted = value.lower()
        if wanted == "attachment":
            return Clause("m.has_attachment", needs_text=True)
        if wanted in {"userlabels", "nouserlabels"}:
            sql = "instr(m.labels, '\"Label_')"
            return Clause(f"{sql} {'>' if wanted == 'userlabels' else '='} 0")
        if wanted in FILE_KINDS:
            names = " OR ".join(FILE_KINDS[wanted])
            return Clause(TEXTS, (f"filename : ({names})",), needs_text=True)
        return NONE

    def _filename(self, value: str) -> Clause:
        wanted = phrase(value)
        return Clause(TEXTS, (f"filename : {wanted}",), needs_text=True) if wanted else NONE

    def _after(self, value: str) -> Clause:
        return Clause("{key}.internal_ms >= ?", (moment(value),))

    def _before(self, value: str) -> Clause:
        return Clause("{key}.internal_ms < ?", (moment(value),))

    _newer, _older = _after, _before

    def _age(self, value: str) -> int:
        match = AGE.fullmatch(value)
        if match is None:
            raise MalformedQueryError
        days = int(match[1]) * DAYS[match[2].lower()]
        return epoch_ms(self._now) - days * 86_400_000

    def _newer_than(self, value: str) -> Clause:
        return Clause("{key}.internal_ms > ?", (self._age(value),))

    def _older_than(self, value: str) -> Clause:
        return Clause("{key}.internal_ms <= ?", (self._age(value),))

    def _rfc822msgid(self, value: str) -> Clause:
        sql = "m.row IN (SELECT row FROM messages WHERE mailbox = ? AND message_id = ?)"
        number = self._store.number(self._email)
        return Clause(sql, (number, value.strip("<>")), pinpoints=True)

    def _bytes(self, value: str) -> int:
        match = SIZE.fullmatch(value)
        if match is None:
            raise MalformedQueryError
        return int(match[1]) * BYTES[match[2].lower()]

    def _larger(self, value: str) -> Clause:
        return Clause("m.size > ?", (self._bytes(value),))

    def _smaller(self, value: str) -> Clause:
        return Clause("m.size < ?", (self._bytes(value),))

    _size = _larger
