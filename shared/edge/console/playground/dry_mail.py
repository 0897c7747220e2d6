"""A message that a dry run would have sent, for a person to read."""

from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Final

from shared.domain.base64url import decode_base64url

SHOWN: Final = ("From", "To", "Cc", "Bcc", "Reply-To", "Subject", "In-Reply-To")
LONGEST: Final = 20_000
"""Characters of the text that a page shows."""


@dataclass(frozen=True, slots=True)
class Preview:
    """Headers by name, the text, and the names and sizes of files."""

    headers: tuple[tuple[str, str], ...]
    text: str
    files: tuple[tuple[str, int], ...]


def preview(raw: str) -> Preview:
    """Read a base64url message of our own making."""
    message = message_from_bytes(decode_base64url(raw), policy=default)
    assert isinstance(message, EmailMessage)  # noqa: S101  what the default policy makes
    headers = tuple((name, str(message[name])) for name in SHOWN if message[name])
    body = message.get_body(("plain", "html"))
    text = str(body.get_content()) if body is not None else ""
    files = tuple(
        (part.get_filename() or "unnamed", len(part.get_payload(decode=True) or b""))
        for part in message.iter_attachments()
    )
    return Preview(headers, text[:LONGEST], files)
