"""Forwarding, IMAP, POP, language and vacation of an account."""

from typing import Final

from infra.local.google.mail.account.entries import Json, clear_entries, find_entry, put_entry
from infra.local.google.mail.store import MailStore

SETTING: Final = "setting"
ANSWERED: Final = "answered"
"""Whom the vacation responder has answered, by address."""

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
    return find_entry(store, email, SETTING, name) or FRESH[name]


def write_setting(store: MailStore, email: str, name: str, value: Json) -> None:
    """Store a setting; a vacation that is set anew answers everyone anew."""
    put_entry(store, email, SETTING, name, value)
    if name == "vacation":
        clear_entries(store, email, ANSWERED)
