"""Addresses a mailbox may send from (FACTS 5.11)."""

from typing import Any, Final

from infra.local.google.mail.account.addresses import SEND_AS
from infra.local.google.mail.account.entries import find_entry, list_entries, put_entry
from infra.local.google.mail.store import MailStore

ALIAS: Final = {
    "displayName": "",
    "replyToAddress": "",
    "signature": "",
    "isDefault": False,
    "treatAsAlias": True,
}
"""What an alias has unless it is given."""


def add_alias(
    store: MailStore,
    email: str,
    alias: str,
    display_name: str = "",
    verification_status: str = "accepted",
) -> None:
    """Give a mailbox a send-as alias; `verification_status` is `accepted` or `pending`."""
    given = {"displayName": display_name, "verificationStatus": verification_status}
    save_send_as(store, email, {"sendAsEmail": alias.lower(), **ALIAS, **given})


def save_send_as(store: MailStore, email: str, entry: dict[str, Any]) -> None:
    """Store a SendAs resource; if it is the default, no other is."""
    if entry.get("isDefault"):
        for other in list_send_as(store, email):
            put_entry(store, email, SEND_AS, other["sendAsEmail"], {**other, "isDefault": False})
    put_entry(store, email, SEND_AS, entry["sendAsEmail"], entry)


def list_send_as(store: MailStore, email: str) -> list[dict[str, Any]]:
    """Return the mailbox's SendAs resources as they are stored, the primary address first."""
    own = store.mailbox(email).email
    others = [one for one in list_entries(store, email, SEND_AS) if one["sendAsEmail"] != own]
    return [find_entry(store, email, SEND_AS, own) or _primary(own), *others]


def _primary(email: str) -> dict[str, Any]:
    names = ("displayName", "replyToAddress", "signature")
    return {"sendAsEmail": email, **dict.fromkeys(names, ""), "isPrimary": True, "isDefault": True}


def accepted_addresses(store: MailStore, email: str) -> set[str]:
    """Return the addresses that From may carry."""
    return {
        entry["sendAsEmail"]
        for entry in list_send_as(store, email)
        if entry.get("verificationStatus", "accepted") == "accepted"
    }


def default_sender(store: MailStore, email: str) -> tuple[str, str]:
    """Return (name, address) of the default From."""
    found = list_send_as(store, email)
    chosen = next((one for one in found if one.get("isDefault")), found[0])
    return chosen["displayName"], chosen["sendAsEmail"]
