"""Addresses a mailbox may send from (FACTS 5.11)."""

from typing import Any

from infra.local.google.mail.store import MailStore


def add_alias(
    store: MailStore,
    email: str,
    alias: str,
    display_name: str = "",
    verification_status: str = "accepted",
) -> None:
    """Give a mailbox a send-as alias; `verification_status` is `accepted` or `pending`."""
    store.database.rows(
        "INSERT OR REPLACE INTO aliases VALUES (?, ?, ?, ?)",
        store.number(email),
        alias.lower(),
        display_name,
        verification_status,
    )


def list_send_as(store: MailStore, email: str) -> list[dict[str, Any]]:
    """Return the mailbox's SendAs resources, the primary address first."""
    primary = {
        "sendAsEmail": store.mailbox(email).email,
        "displayName": "",
        "replyToAddress": "",
        "signature": "",
        "isPrimary": True,
        "isDefault": True,
    }
    rows = store.database.rows(
        "SELECT email, display_name, verification_status FROM aliases WHERE mailbox = ?",
        store.number(email),
    )
    return [primary] + [
        {
            "sendAsEmail": row[0],
            "displayName": row[1],
            "replyToAddress": "",
            "signature": "",
            "treatAsAlias": True,
            "verificationStatus": row[2],
        }
        for row in rows
    ]


def accepted_addresses(store: MailStore, email: str) -> set[str]:
    """Return the addresses that From may carry."""
    return {
        entry["sendAsEmail"]
        for entry in list_send_as(store, email)
        if entry.get("verificationStatus", "accepted") == "accepted"
    }
