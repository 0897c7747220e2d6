"""MIME from an Outgoing, by the standard library's modern e-mail package (RFC 5322, 2045-2047)."""

from collections.abc import Iterable
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage, MIMEPart
from email.policy import EmailPolicy
from email.utils import format_datetime
from typing import Any

from shared.domain.html_text import html_to_text
from shared.domain.outgoing import Attachment, Mailbox, Outgoing
from shared.domain.send import MARKER_HEADER

LONG_TOKEN = 60
"""Characters of one word from which the package would encode an ASCII header for its length."""


class WholeTokens(EmailPolicy):
    """SMTP rules, but a long message id or link in an ASCII header is never encoded or cut."""

    def fold(self, name: str, value: Any) -> str:
        """Fold at white space only where a word is long; else as the package does."""
        tokens = str(value).split()
        if str(value).isascii() and any(len(token) > LONG_TOKEN for token in tokens):
            return f"{name}: " + f"{self.linesep} ".join(tokens) + self.linesep
        return str(super().fold(name, value))

    def fold_binary(self, name: str, value: Any) -> bytes:
        """Fold, as bytes."""
        return self.fold(name, value).encode("ascii", "surrogateescape")


POLICY = WholeTokens(linesep="\r\n")


def build(message: Outgoing, *, date: datetime, marker: str | None = None) -> bytes:
    """Answer the message as it will travel; Gmail writes the Message-ID itself (FACTS 5.4).

    The text is derived from the HTML where only that is given. Bcc stays in: Gmail delivers by it
    and strips it (FACTS 5.12). `message` must have passed `outgoing.check`.
    """
    mime = EmailMessage(policy=POLICY)
    _write_headers(mime, message, date, marker)
    _write_bodies(mime, message)
    for attachment in message.attachments:
        if attachment.content_id is None or message.html is None:
            _attach(mime, attachment)
    return mime.as_bytes()


def _write_headers(
    mime: EmailMessage, message: Outgoing, date: datetime, marker: str | None
) -> None:
    mime["From"] = _address(message.sender)
    for name, mailboxes in (
        ("To", message.to),
        ("Cc", message.cc),
        ("Bcc", message.bcc),
        ("Reply-To", message.reply_to),
    ):
        if mailboxes:
            mime[name] = _addresses(mailboxes)
    mime["Subject"] = message.subject.strip()
    mime["Date"] = format_datetime(date)
    if message.in_reply_to:
        mime["In-Reply-To"] = message.in_reply_to
    if message.references:
        mime["References"] = " ".join(message.references)
    for name, value in message.headers.items():
        mime[name] = value
    if marker is not None:
        mime[MARKER_HEADER] = marker


def _address(mailbox: Mailbox) -> Address:
    return Address(display_name=mailbox.name, addr_spec=mailbox.address)


def _addresses(mailboxes: Iterable[Mailbox]) -> list[Address]:
    return [_address(mailbox) for mailbox in mailboxes]


def _write_bodies(mime: EmailMessage, message: Outgoing) -> None:
    text = message.text
    if text is None:
        text = html_to_text(message.html) if message.html is not None else ""
    mime.set_content(text)
    if message.html is None:
        return
    mime.add_alternative(message.html, subtype="html")
    html = list(mime.iter_parts())[-1]
    inline = [attachment for attachment in message.attachments if attachment.content_id]
    for attachment in inline:
        _relate(html, attachment)


def _relate(html: MIMEPart, attachment: Attachment) -> None:
    maintype, _, subtype = attachment.mime_type.partition("/")
    html.add_related(
        attachment.content,
        maintype=maintype,
        subtype=subtype,
        cid=f"<{(attachment.content_id or '').strip('<>')}>",
        filename=attachment.filename,
        disposition="inline",
    )


def _attach(mime: EmailMessage, attachment: Attachment) -> None:
    maintype, _, subtype = attachment.mime_type.partition("/")
    mime.add_attachment(
        attachment.content,
        maintype=maintype,
        subtype=subtype,
        filename=attachment.filename,
    )
