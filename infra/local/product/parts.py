"""Attachments and inline images, taken from the raw message by part id or Content-ID."""

from base64 import urlsafe_b64decode
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import default
from urllib.parse import quote

from shared.client import Postroom

SHOWN = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp"})
"""Images shown inside a message; never SVG, which can hold scripts."""


@dataclass(frozen=True, slots=True)
class Part:
    """The decoded bytes of one part."""

    content: bytes
    media_type: str
    filename: str


async def fetch(postroom: Postroom, connection_id: str, message_id: str) -> EmailMessage:
    """Answer the whole message as Gmail has it now. Raises what the client raises."""
    given = {"id": message_id, "format": "raw"}
    raw = (await postroom.act(connection_id, "get-message", given))["raw"]
    read = message_from_bytes(urlsafe_b64decode(raw + "=="), policy=default)
    assert isinstance(read, EmailMessage)
    return read


def by_content_id(message: EmailMessage, content_id: str) -> Part | None:
    """Answer an inline image, None where there is none that may be shown."""
    for part in message.walk():
        if str(part.get("Content-ID", "")).strip("<> ") == content_id:
            found = _part(part)
            return found if found.media_type in SHOWN else None
    return None


def by_part_id(message: EmailMessage, part_id: str) -> Part | None:
    """Answer a part by Gmail's number for it: `1` is the second, `1.0` the first within it."""
    here: Message = message
    for step in part_id.split("."):
        inside = here.get_payload() if here.is_multipart() else [here]
        number = int(step) if step.isdecimal() else -1
        if not isinstance(inside, list) or not 0 <= number < len(inside):
            return None
        chosen = inside[number]
        assert isinstance(chosen, Message)
        here = chosen
    return _part(here)


def _part(part: Message) -> Part:
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):  # a message within: itself as a file
        content = b"".join(bytes(one) for one in part.get_payload() if isinstance(one, Message))
    filename = str(part.get_filename() or "attachment")
    return Part(content, part.get_content_type().lower(), filename)


def disposition(filename: str) -> str:
    """Answer a Content-Disposition that saves under the given name, whatever is in it."""
    return f"attachment; filename*=UTF-8''{quote(filename, safe='')}"
