"""Addresses that an account names and their owners verify: to forward to, to send from, delegates.

Verification takes the link of a mail to the address, as at Google; inside the account's own domain
it is not required.
"""

import secrets
from typing import Final

from infra.local.google.mail.account.entries import Json, find_entry, list_entries, put_entry
from infra.local.google.mail.ids import new_rfc822_id
from infra.local.google.mail.reaching import mailbox_address
from infra.local.google.mail.stamping import stamp
from infra.local.google.mail.store import MailStore

FORWARDING: Final = "forwardingAddress"
DELEGATE: Final = "delegate"
SEND_AS: Final = "sendAs"
PROOF: Final = "proof"
"""What a verification link's code stands for: {kind, address}, by code."""

VERIFY_PATH: Final = "/mail/vf-"
_TEXT: Final = (
    "{account} has asked to {what} {address}.\r\n\r\n"
    "To allow it, open this link:\r\n{link}\r\n\r\nOtherwise do nothing.\r\n"
)
_WHAT: Final = {FORWARDING: "forward mail to", SEND_AS: "send mail as"}


def first_status(email: str, address: str) -> str:
    """Return the verification status an address begins with."""
    return "accepted" if domain_of(email) == domain_of(address) else "pending"


def domain_of(address: str) -> str:
    """Return an address's domain in lower case."""
    return address.rpartition("@")[2].lower()


def ask_owner(store: MailStore, email: str, kind: str, address: str) -> None:
    """Send the mail whose link verifies the address; it arrives where there is such a mailbox."""
    code = secrets.token_urlsafe(24)
    put_entry(store, email, PROOF, code, {"kind": kind, "address": address})
    reached = mailbox_address(store, address)
    if reached is None:
        return
    with store.writing() as writer:
        link = f"{store.address}{VERIFY_PATH}{code}"
        text = _TEXT.format(account=email, what=_WHAT[kind], address=address, link=link)
        head = (
            "From: Gmail Team <mail-noreply@google.com>\r\n"
            f"To: {address}\r\n"
            f"Subject: Gmail confirmation - allow {email} to {_WHAT[kind]} {address}\r\n"
            f"Date: {stamp(writer.now)}\r\n"
            f"Message-ID: {new_rfc822_id()}\r\n"
            "MIME-Version: 1.0\r\n"
            'Content-Type: text/plain; charset="UTF-8"\r\n'
        )
        store.arrive(store, writer, reached, f"{head}\r\n{text}".encode())


def accept(store: MailStore, email: str, kind: str, address: str) -> bool:
    """Mark an address as verified; return whether the account has it."""
    entry = find_entry(store, email, kind, address)
    if entry is None:
        return False
    put_entry(store, email, kind, address, {**entry, "verificationStatus": "accepted"})
    return True


def accept_by_code(store: MailStore, code: str) -> bool:
    """Verify what the code of a mailed link stands for; return whether it stands for anything."""
    for email in store.emails():
        proof = find_entry(store, email, PROOF, code)
        if proof is not None:
            return accept(store, email, proof["kind"], proof["address"])
    return False


def is_accepted(entry: Json) -> bool:
    """Whether an address is verified; one without a status needs no verification."""
    return bool(entry.get("verificationStatus", "accepted") == "accepted")


def may_forward_to(store: MailStore, email: str, address: str) -> bool:
    """Whether the account may forward mail to the address."""
    held = list_entries(store, email, FORWARDING)
    accepted = {one["forwardingEmail"] for one in held if is_accepted(one)}
    return address.lower() in accepted
