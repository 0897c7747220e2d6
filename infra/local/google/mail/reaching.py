"""Which mailbox mail for an address reaches."""

from infra.local.google.mail.store import MailStore


def mailbox_address(store: MailStore, address: str) -> str | None:
    """Return the address of the mailbox that mail for `address` reaches, if it is one of ours."""
    local, _, domain = address.rpartition("@")
    base = f"{local.partition('+')[0]}@{domain}"
    return next((found for found in (address, base) if store.has_mailbox(found)), None)
