"""The filters of an account, as Gmail's JSON."""

import secrets
from typing import Final

from infra.local.google.mail.account.entries import Json, put_entry
from infra.local.google.mail.store import MailStore

FILTER: Final = "filter"


def add_filter(store: MailStore, email: str, given: Json) -> Json:
    """Store a filter under a new id of 38 characters, as recorded; return it."""
    made = {"id": f"ANe1Bm{secrets.token_urlsafe(24)}", **given}
    put_entry(store, email, FILTER, str(made["id"]), made)
    return made
