"""The vacation responder: one answer to each sender, again after four days."""

import base64
from datetime import timedelta
from email.utils import formataddr
from typing import Final

from infra.local.google.mail.account.addresses import domain_of
from infra.local.google.mail.account.entries import Json, find_entry, put_entry
from infra.local.google.mail.account.switches import ANSWERED, read_setting
from infra.local.google.mail.aliases import accepted_addresses, default_sender
from infra.local.google.mail.headers import Header, addresses, first, read_headers, split_head
from infra.local.google.mail.ids import new_rfc822_id
from infra.local.google.mail.message import Message
from infra.local.google.mail.reaching import mailbox_address
from infra.local.google.mail.stamping import stamp
from infra.local.google.mail.store import MailStore
from infra.local.google.mail.words import phrase
from infra.local.google.mail.writer import Writer

AGAIN_AFTER: Final = timedelta(days=4)
MACHINES: Final = ("mailer-daemon", "postmaster", "no-reply", "noreply", "donotreply")
WRITTEN_BY_MACHINES: Final = ("list-id", "list-unsubscribe", "x-autoreply")
BULK: Final = frozenset({"bulk", "junk", "list"})


def answer_if_away(
    store: MailStore, writer: Writer, email: str, message: Message, raw: bytes
) -> None:
    """Send the vacation reply if the responder is on and has not answered the sender of late."""
    setting = read_setting(store, email, "vacation")
    if not setting.get("enableAutoReply") or not _is_now(setting, writer.now_ms):
        return
    headers = read_headers(split_head(raw)[0])
    sender = next(iter(addresses(first(headers, "from"))), "").lower()
    if "INBOX" not in message.labels or not _deserves_answer(store, email, sender, headers):
        return
    if _is_restricted(store, email, setting, sender):
        return
    answered = find_entry(store, email, ANSWERED, sender)
    again_ms = AGAIN_AFTER / timedelta(milliseconds=1)
    if answered is not None and writer.now_ms - answered["at_ms"] < again_ms:
        return
    put_entry(store, email, ANSWERED, sender, {"at_ms": writer.now_ms})
    reached = mailbox_address(store, sender)
    if reached is not None:
        store.arrive(store, writer, reached, _answer(store, writer, email, setting, headers))


def _is_now(setting: Json, now_ms: int) -> bool:
    start, end = int(setting.get("startTime", 0)), int(setting.get("endTime", 0))
    return start <= now_ms and (not end or now_ms < end)


def _deserves_answer(store: MailStore, email: str, sender: str, headers: list[Header]) -> bool:
    """Whether a person wrote to this account: machines, lists and oneself get no answer."""
    automatic = first(headers, "auto-submitted") or "no"
    by_machine = any(first(headers, name) for name in WRITTEN_BY_MACHINES)
    is_bulk = first(headers, "precedence").lower() in BULK
    local = sender.partition("@")[0]
    if not sender or sender in accepted_addresses(store, email) or local.startswith(MACHINES):
        return False
    return automatic.lower() == "no" and not by_machine and not is_bulk


def _is_restricted(store: MailStore, email: str, setting: Json, sender: str) -> bool:
    """Whether the responder keeps silent: no contact, or of another domain.

    People the account has written to count as contacts.
    """
    if setting.get("restrictToDomain") and domain_of(sender) != domain_of(email):
        return True
    return bool(setting.get("restrictToContacts")) and not _has_written_to(store, email, sender)


def _has_written_to(store: MailStore, email: str, address: str) -> bool:
    found = store.database.row(
        "SELECT 1 FROM message_labels l JOIN heads h ON h.rowid = l.row"
        " WHERE l.mailbox = ? AND l.label = 'SENT' AND heads MATCH ? LIMIT 1",
        store.number(email),
        f"{{recipient copied blind}} : {phrase(address)}",
    )
    return found is not None


def _answer(
    store: MailStore, writer: Writer, email: str, setting: Json, headers: list[Header]
) -> bytes:
    html = setting.get("responseBodyHtml", "")
    text = html or setting.get("responseBodyPlainText", "")
    kind = "html" if html else "plain"
    answered = first(headers, "message-id")
    subject = f"{setting.get('responseSubject', '')} Re: {first(headers, 'subject')}".strip()
    lines = [
        f"From: {formataddr(default_sender(store, email))}",
        f"To: {first(headers, 'from')}",
        f"Subject: {_encode(subject)}",
        f"Date: {stamp(writer.now)}",
        f"Message-ID: {new_rfc822_id()}",
        *([f"In-Reply-To: {answered}", f"References: {answered}"] if answered else []),
        "Auto-Submitted: auto-replied",
        "Precedence: bulk",
        "X-Autoreply: yes",
        "MIME-Version: 1.0",
        f'Content-Type: text/{kind}; charset="UTF-8"',
        "Content-Transfer-Encoding: base64",
    ]
    body = base64.encodebytes(text.encode()).replace(b"\n", b"\r\n")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def _encode(subject: str) -> str:
    if subject.isascii():
        return " ".join(subject.split())
    return f"=?UTF-8?B?{base64.b64encode(subject.encode()).decode()}?="
