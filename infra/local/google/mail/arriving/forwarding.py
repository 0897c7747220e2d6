"""Forwarding: the message goes on as it came, its sender still in From."""

from typing import Final

from infra.local.google.mail.headers import read_headers, rewrite, split_head
from infra.local.google.mail.reaching import mailbox_address
from infra.local.google.mail.store import MailStore
from infra.local.google.mail.writer import Writer

TRACE: Final = "X-Forwarded-For"


def forward(store: MailStore, writer: Writer, email: str, raw: bytes, address: str) -> None:
    """Hand the message on to the address; what came through this mailbox before goes in no circle.

    It arrives where the address has a mailbox here, and nowhere else: there is no outside.
    """
    headers = read_headers(split_head(raw)[0])
    passed = {value.split()[0] for name, value in headers if name == TRACE and value}
    reached = mailbox_address(store, address.lower())
    if reached is None or reached == email or {email, reached} & passed:
        return
    trace = [("X-Forwarded-To", address), (TRACE, f"{email} {address}"), ("Delivered-To", email)]
    store.arrive(store, writer, reached, rewrite(raw, [], trace))
