"""What a person is shown of a message before saying yes to it: all that its readers will get.

Text and HTML of one message may say different things, so both are shown.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from email import message_from_bytes
from email.message import Message
from typing import Any, Final

from shared.actions.policy.recipients import MessageRecipients
from shared.domain.mail.reading.address_list import Address, read_address, read_addresses
from shared.domain.mail.reading.charset_text import decode_text
from shared.domain.mail.reading.mail_headers import decode_words
from shared.domain.mail.reading.markup.html_text import html_to_text
from shared.domain.mail.writing.raw_message import MAX_HEADERS, read_header_lines
from shared.domain.mail.writing.recipients import CONTROL
from shared.domain.mail.writing.signature import signed_texts
from shared.domain.send.request import SendRequest
from shared.usecases.off_loop import off_loop

MOST_PARAMETERS: Final = 100
"""Of a part's header; the standard library's reader takes more than linear time for more."""
_PARAMETERS: Final = re.compile(
    rb"^content-[a-z-]++:(?:[^\n]++|\n[ \t])*+", re.IGNORECASE | re.MULTILINE
)
LONGEST: Final = 20_000
"""Characters of text that are shown, and of further headers."""
_SHOWN_ELSEWHERE: Final = frozenset(
    {
        *("from", "to", "cc", "bcc", "reply-to"),
        *("mime-version", "content-type", "content-transfer-encoding"),
    }
)
"""Headers with a field of their own, and those that the texts and files were read by."""


async def preview_of(recipients: MessageRecipients, own: str | None = None) -> dict[str, Any]:
    """Return a message as JSON: sender, recipients, subject, headers, texts, names of files.

    `own` is the connected address, which it is from where it names no other.
    """
    to_whom = {
        "from": recipients.sender or own,
        "to": list(recipients.envelope.to),
        "cc": list(recipients.envelope.cc),
        "bcc": list(recipients.envelope.bcc),
        "subject": recipients.envelope.subject,
    }
    if recipients.request.raw is not None:
        shown = await off_loop(len(recipients.request.raw), _of_raw, recipients.request.raw)
        shown["from"] = shown["from"] or own
    else:
        shown = await off_loop(
            len(recipients.request.html or ""), _of_request, _with_signature(recipients), own
        )
    return {**to_whom, **shown}


def _with_signature(recipients: MessageRecipients) -> SendRequest:
    """Return the request with the texts that leave, its signature below them."""
    request = recipients.request
    if recipients.signature is None:
        return request
    text, html = signed_texts(request.text, request.html, recipients.signature)
    return replace(request, text=text, html=html)


def _of_request(request: SendRequest, own: str | None) -> dict[str, Any]:
    files = [
        (one.filename, one.mime_type, None if one.content is None else len(one.content))
        for one in request.attachments
    ]
    return {
        **_text_fields(request.text, request.html),
        **_files(files),
        **_sender(request, own),
        "reply_to": [one.address for one in request.reply_to],
        "headers": [{"name": name, "value": value} for name, value in request.headers.items()],
        "answers_message_id": request.reply_to_message_id,
        "forwards_message_id": request.forward_message_id,
        "send_at": request.send_at.isoformat() if request.send_at else None,
    }


def _sender(request: SendRequest, own: str | None) -> dict[str, str]:
    sender = request.sender
    if sender is None:
        return {}
    return {"from": _spell(Address(name=sender.name, email=sender.address or own or ""))}


def _of_raw(raw: bytes) -> dict[str, Any]:
    """Return all that leaves of a finished message: its header lines and its parts."""
    heading, parts = _heading(raw), _parts(raw)
    return {**heading, **parts, "truncated": heading["truncated"] or parts["truncated"]}


def _heading(raw: bytes) -> dict[str, Any]:
    """Return who it is from, whom answers go to, and every header without a field of its own."""
    lines = read_header_lines(raw[:MAX_HEADERS])
    values = {
        wanted: [value for name, value in lines if name.lower() == wanted]
        for wanted in ("from", "reply-to")
    }
    further = [(name, value) for name, value in lines if name.lower() not in _SHOWN_ELSEWHERE]
    first = next((one for one in further if one[0].lower() == "subject"), None)
    headers, room = [], LONGEST
    for name, value in (one for one in further if one is not first):
        text = CONTROL.sub(" ", decode_words(value)).strip()
        if room > 0:
            headers.append({"name": name[:room], "value": text[:room]})
        room -= len(name) + len(text)
    return {
        "from": ", ".join(_spell(read_address(value)) for value in values["from"]) or None,
        "reply_to": [one["email"] or one["name"] for one in read_addresses(values["reply-to"])],
        "headers": headers,
        "truncated": room < 0,
    }


def _spell(person: Address) -> str:
    name = CONTROL.sub(" ", person["name"])
    return f"{name} <{person['email']}>" if name and person["email"] else person["email"] or name


def _parts(raw: bytes) -> dict[str, Any]:
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
