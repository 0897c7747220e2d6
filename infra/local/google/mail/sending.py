"""Sending: what Gmail does to a message, who gets a copy, what bounces (FACTS 5)."""

from dataclasses import dataclass
from datetime import datetime
from email.utils import formataddr
from typing import Final

from infra.local.google.mail.aliases import accepted_addresses, default_sender
from infra.local.google.mail.bounce import bounce_message
from infra.local.google.mail.delivery_addresses import delivery_addresses
from infra.local.google.mail.headers import (
    Header,
    first,
    mailboxes,
    read_headers,
    rewrite,
    split_head,
)
from infra.local.google.mail.ids import new_rfc822_id
from infra.local.google.mail.message import Message
from infra.local.google.mail.reaching import mailbox_address
from infra.local.google.mail.stamping import stamp, with_received, with_sender
from infra.local.google.mail.store import MailStore, put_in
from infra.local.google.mail.writer import Mailbox, Writer

RECIPIENT_HEADERS: Final = ("to", "cc", "bcc")
BOUNCING_DOMAIN: Final = "bounce.example"
BOUNCING_SUFFIX: Final = ".invalid"
RECORDS_AFTER_SENDING: Final = 4
"""History records without a change that follow a message just sent, as recorded."""


class UnsendableError(Exception):
    """Gmail refuses the message; the text is Gmail's."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message as it leaves, and the addresses it goes to."""

    raw: bytes
    sender: str
    message_id: str
    recipients: tuple[str, ...]


def bounces(address: str) -> bool:
    """Whether mail for that address comes back."""
    domain = address.rpartition("@")[2]
    return domain == BOUNCING_DOMAIN or f".{domain}".endswith(BOUNCING_SUFFIX)


def recipients_of(headers: list[Header]) -> tuple[str, ...]:
    """Return every address that To, Cc and Bcc name, each once. Raise `UnsendableError`."""
    found: dict[str, None] = {}
    for name, value in headers:
        if name.lower() not in RECIPIENT_HEADERS or not value:
            continue
        listed = delivery_addresses(value)
        if not listed and not value.endswith(";"):
            raise UnsendableError(f"Invalid {name.capitalize()} header")
        found.update(dict.fromkeys(listed))
    if not found:
        raise UnsendableError("Recipient address required")
    return tuple(found)


def _sender(store: MailStore, email: str, headers: list[Header]) -> tuple[str, str]:
    """Return (From header, address); a stranger's address is silently replaced (FACTS 5.11).

    Mail without From is from the account's default address.
    """
    written = first(headers, "from")
    if not written:
        name, address = default_sender(store, email)
        return formataddr((name, address)), address
    name, address = (mailboxes(written) or [("", "")])[0]
    if address.lower() in accepted_addresses(store, email):
        return written, address.lower()
    return formataddr((name, email)) if name else email, email


def prepare(store: MailStore, email: str, raw: bytes, now: datetime) -> Outgoing:
    """Make a message ready to leave: From checked, Message-ID new, Date and Received there.

    Raise `UnsendableError` when no recipient is named.
    """
    headers = read_headers(split_head(raw)[0])
    recipients = recipients_of(headers)
    sender, address = _sender(store, email, headers)
    message_id = new_rfc822_id()
    outgoing = with_received(with_sender(raw, sender, message_id, now), now)
    return Outgoing(outgoing, address, message_id, recipients)


def taken_in(store: MailStore, email: str, raw: bytes, now: datetime) -> bytes:
    """Return a message as a draft keeps it: what Gmail adds is there from the first save on."""
    sender, _ = _sender(store, email, read_headers(split_head(raw)[0]))
    return with_received(with_sender(raw, sender, new_rfc822_id(), now), now)


def send(
    store: MailStore,
    writer: Writer,
    mailbox: Mailbox,
    raw: bytes,
    thread: int | None,
    *,
    drafted: bool = False,
) -> Message:
    """Send from a mailbox, inside the writer's transaction; return the sender's SENT message.

    What was no draft before is taken in as one would be: so sent mail has two Received lines.
    Mailboxes of ours that are addressed get their copy at once, without Bcc (FACTS 5.12); mail to
    oneself is one message with SENT and INBOX; bouncing addresses answer in the same thread.
    """
    now = writer.now
    if not drafted:
        raw = with_received(raw, now)
    outgoing = prepare(store, mailbox.email, raw, now)
    reached = {mailbox_address(store, address) for address in outgoing.recipients} - {None}
    to_self = mailbox.email in reached
    labels = ["UNREAD", "SENT", "INBOX"] if to_self else ["SENT"]
    put = store.arrive if to_self else put_in
    sent = put(store, writer, mailbox.email, outgoing.raw, labels, thread=thread)
    for email in sorted(address for address in reached if address and address != mailbox.email):
        _deliver_copy(store, writer, email, outgoing, now)
    for address in filter(bounces, outgoing.recipients):
        notice = bounce_message(outgoing.raw, mailbox.email, address, outgoing.message_id, now)
        store.arrive(store, writer, mailbox.email, notice, thread=sent.thread)
    return writer.touch(mailbox, sent, RECORDS_AFTER_SENDING)


def _deliver_copy(
    store: MailStore, writer: Writer, email: str, outgoing: Outgoing, now: datetime
) -> None:
    trace = [
        ("Delivered-To", email),
        ("Return-Path", f"<{outgoing.sender}>"),
        ("Received", f"by mx.google.com with ESMTPS; {stamp(now)}"),
    ]
    copy = rewrite(outgoing.raw, ["bcc"], trace)
    store.arrive(store, writer, email, copy)
