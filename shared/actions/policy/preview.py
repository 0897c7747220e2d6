"""What a person is shown of a message before saying yes to it: all that its readers will get.

Text and HTML of one message may say different things, so both are shown.
"""

import re
from collections.abc import Iterable
from email import message_from_bytes
from email.message import Message
from typing import Any, Final

from shared.actions.policy.recipients import MessageRecipients
from shared.domain.mail.html_text import html_to_text
from shared.domain.mail.mail_headers import decode_text
from shared.domain.send.request import SendRequest
from shared.usecases.sync.reading import off_loop

MOST_PARAMETERS: Final = 100
"""Of a part's header; the standard library's reader takes more than linear time for more."""
_PARAMETERS: Final = re.compile(
    rb"^content-[a-z-]++:(?:[^\n]++|\n[ \t])*+", re.IGNORECASE | re.MULTILINE
)
LONGEST: Final = 20_000
"""Characters of text that are shown."""


async def preview_of(recipients: MessageRecipients) -> dict[str, Any]:
    """Return a message as JSON: recipients, subject, texts, names of files."""
    to_whom = {
        "to": list(recipients.envelope.to),
        "cc": list(recipients.envelope.cc),
        "bcc": list(recipients.envelope.bcc),
        "subject": recipients.envelope.subject,
    }
    if recipients.request.raw is not None:
        shown = await off_loop(len(recipients.request.raw), _of_raw, recipients.request.raw)
    else:
        shown = await off_loop(len(recipients.request.html or ""), _of_request, recipients.request)
    return {**to_whom, **shown}


def _of_request(request: SendRequest) -> dict[str, Any]:
    files = [
        (one.filename, one.mime_type, None if one.content is None else len(one.content))
        for one in request.attachments
    ]
    return {
        **_text_fields(request.text, request.html),
        **_files(files),
        "reply_to": [one.address for one in request.reply_to],
        "answers_message_id": request.reply_to_message_id,
        "forwards_message_id": request.forward_message_id,
        "send_at": request.send_at.isoformat() if request.send_at else None,
    }


def _of_raw(raw: bytes) -> dict[str, Any]:
    """Return every text part there is, wherever it stands; the source where none can be read."""
    if any(found[0].count(b";") > MOST_PARAMETERS for found in _PARAMETERS.finditer(raw)):
        return {**_text_fields(raw.decode("utf-8", "replace"), None), **_files(())}
    try:
        parts = [one for one in message_from_bytes(raw).walk() if not one.is_multipart()]
        files = [_file(part) for part in parts if _is_file(part)]
        plain, html = (_texts(parts, kind) for kind in ("text/plain", "text/html"))
    except (LookupError, ValueError, TypeError, AttributeError, RecursionError):
        plain = html = None  # the parser has its own troubles with odd mail
        files = []
    if plain is None and html is None:
        plain = raw.decode("utf-8", "replace")
    return {**_text_fields(plain, html), **_files(files)}


def _is_file(part: "Message[str, str]") -> bool:
    shown = part.get_content_type() in {"text/plain", "text/html"}
    named = part.get_filename() is not None
    return not shown or named or part.get_content_disposition() == "attachment"


def _file(part: "Message[str, str]") -> tuple[str, str, int | None]:
    content = part.get_payload(decode=True)
    size = len(content) if isinstance(content, bytes) else None
    return (part.get_filename() or "", part.get_content_type(), size)


def _texts(parts: Iterable["Message[str, str]"], kind: str) -> str | None:
    found = []
    for part in parts:
        content = part.get_payload(decode=True)
        if part.get_content_type() == kind and not _is_file(part) and isinstance(content, bytes):
            found.append(decode_text(content, part.get_content_charset() or ""))
    return "\n\n".join(found) if found else None


def _text_fields(text: str | None, html: str | None) -> dict[str, Any]:
    shown = {"text": text, "html_as_text": None if html is None else html_to_text(html)}
    cut = {name: None if one is None else one[:LONGEST] for name, one in shown.items()}
    return {**cut, "truncated": cut != shown}


def _files(files: Iterable[tuple[str, str, int | None]]) -> dict[str, Any]:
    named = [{"filename": name, "mime_type": kind, "size": size} for name, kind, size in files]
    return {"attachments": named}
