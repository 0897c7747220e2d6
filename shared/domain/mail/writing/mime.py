"""MIME from an Outgoing (RFC 5322, 2045-2047, 2231): header lines by `header_lines`, text by the
standard library, files in one pass, because its generator needs three seconds for 25 MB.
"""  # noqa: D205  one sentence

import re
from base64 import b64encode
from collections.abc import Iterable, Sequence
from datetime import datetime
from email.message import MIMEPart
from email.policy import SMTP
from email.utils import format_datetime
from itertools import count
from typing import Final

from shared.domain.mail.reading.mail_headers import MARKER_HEADER
from shared.domain.mail.reading.markup.html_text import html_to_text
from shared.domain.mail.writing.header_lines import (
    addresses_line,
    parameters_line,
    text_line,
    tokens_line,
)
from shared.domain.mail.writing.outgoing import Attachment, Outgoing
from shared.domain.mail.writing.recipients import CONTROL

HEADERS_OF_LINKS: Final = frozenset(
    {"list-archive", "list-help", "list-id", "list-owner", "list-post", "list-subscribe",
     "list-unsubscribe"}
)  # fmt: skip
"""Never encoded, folded only between their links."""
RELATED: Final = 'related; type="text/html"'
"""With the type of the part that shows the others (RFC 2387)."""
MESSAGE_TYPES: Final = "message/"
LONGEST_LINE: Final = 998
BASE64_LINE: Final = 76

_NAMED: Final = re.compile(r";\s*name\*?", re.IGNORECASE)
_POLICY: Final = SMTP.clone(cte_type="7bit")


def build(message: Outgoing, *, date: datetime, marker: str | None = None) -> bytes:
    """Return the message as it will travel; Gmail writes the Message-ID itself (FACTS 5.4).

    The text is derived from the HTML where only that is given. Bcc stays in: Gmail delivers by it
    and strips it (FACTS 5.12). `message` must have passed `outgoing.check`. 25 MB take 0.2 s.
    """
    lines = [*_header_lines(message, date, marker), "MIME-Version: 1.0\r\n"]
    return "".join(lines).encode() + _whole(message)


def mark_raw(raw: bytes, marker: str, name: str = MARKER_HEADER) -> bytes:
    """Return a finished message with our marker in front of its headers."""
    newline = b"\n" if b"\n" in raw and b"\r\n" not in raw else b"\r\n"
    return f"{name}: {marker}".encode() + newline + raw


def _header_lines(message: Outgoing, date: datetime, marker: str | None) -> Iterable[str]:
    yield addresses_line("From", (message.sender,))
    for name, mailboxes in (
        ("To", message.to),
        ("Cc", message.cc),
        ("Bcc", message.bcc),
        ("Reply-To", message.reply_to),
    ):
        if mailboxes:
            yield addresses_line(name, mailboxes)
    yield text_line("Subject", message.subject)
    yield f"Date: {format_datetime(date)}\r\n"
    if message.in_reply_to:
        yield tokens_line("In-Reply-To", (message.in_reply_to,))
    if message.references:
        yield tokens_line("References", message.references)
    for name, value in message.headers.items():
        yield _own_line(name, value)
    if marker is not None:
        yield tokens_line(MARKER_HEADER, (marker,))


def _own_line(name: str, value: str) -> str:
    if name.lower() in HEADERS_OF_LINKS and value.isascii():
        return tokens_line(name, value.split())
    return text_line(name, value)


def _whole(message: Outgoing) -> bytes:
    inline, files = _sort(message)
    return _multipart("mixed", [_bodies(message, inline), *map(_attach, files)])


def _sort(message: Outgoing) -> tuple[list[Attachment], list[Attachment]]:
    """Return the images that the HTML shows, and the files."""
    inline: list[Attachment] = []
    files: list[Attachment] = []
    for one in message.attachments:
        shown = one.content_id is not None and message.html is not None
        (inline if shown else files).append(one)
    return inline, files


def _bodies(message: Outgoing, inline: Sequence[Attachment]) -> bytes:
    text = message.text
    if text is None:
        text = html_to_text(message.html) if message.html is not None else ""
    if message.html is None:
        return _text(text, "plain")
    shown = [_text(message.html, "html"), *map(_inline, inline)]
    return _multipart("alternative", [_text(text, "plain"), _multipart(RELATED, shown)])


def _multipart(subtype: str, parts: Sequence[bytes]) -> bytes:
    """Return the parts together, or the only one alone."""
    if len(parts) == 1:
        return parts[0]
    boundary = _boundary(parts)
    head = b'Content-Type: multipart/%b; boundary="%b"\r\n' % (subtype.encode(), boundary)
    separator = b"\r\n--%b\r\n" % boundary
    return b"".join((head, *(piece for part in parts for piece in (separator, part)),
                     b"\r\n--%b--\r\n" % boundary))  # fmt: skip


def _boundary(parts: Sequence[bytes]) -> bytes:
    """Return the first boundary that no part holds, chosen by chance or by a sender."""
    for number in count():
        boundary = b"=_part_%d_" % number
        if not any(boundary in part for part in parts):
            return boundary
    raise AssertionError  # count never ends


def _text(text: str, subtype: str) -> bytes:
    part = MIMEPart(policy=_POLICY)
    # A lone carriage return or another control character would reach some mailers as a line break.
    odd = CONTROL.search(text.replace("\r\n", "").replace("\n", "")) is not None
    part.set_content(text, subtype=subtype, cte="base64" if odd else None)
    return part.as_bytes()


def _attach(attachment: Attachment) -> bytes:
    return _file(attachment, "attachment")


def _inline(attachment: Attachment) -> bytes:
    return _file(attachment, "inline")


def _file(attachment: Attachment, disposition: str) -> bytes:
    as_it_is = attachment.mime_type.lower().startswith(MESSAGE_TYPES)
    if as_it_is and not _travels_as_it_is(attachment.content):
        as_it_is, kind = False, "application/octet-stream"
    else:
        kind = attachment.mime_type
    name = attachment.filename
    lines = [
        parameters_line("Content-Type", kind, [] if _NAMED.search(kind) else [("name", name)]),
        f"Content-Transfer-Encoding: {'7bit' if as_it_is else 'base64'}\r\n",
        parameters_line("Content-Disposition", disposition, [("filename", name)]),
    ]
    if attachment.content_id is not None:
        lines.append(f"Content-ID: <{attachment.content_id.strip('<>')}>\r\n")
    head = "".join([*lines, "\r\n"]).encode("ascii")
    return head + (attachment.content if as_it_is else _base64(attachment.content))


def _base64(content: bytes) -> bytes:
    encoded = b64encode(content)
    starts = range(0, len(encoded), BASE64_LINE)
    return b"\r\n".join(encoded[start : start + BASE64_LINE] for start in starts)


def _travels_as_it_is(content: bytes) -> bool:
    """Whether an attached message needs no encoding: it may have none (RFC 2046, 5.2.1)."""
    longest = max(map(len, content.split(b"\n")), default=0)
    clean = content.isascii() and b"\0" not in content
    return clean and longest < LONGEST_LINE and b"\n" not in content.replace(b"\r\n", b"")
