"""What a person is shown of a message before saying yes to it: all that its readers will get.

Text and HTML of one message may say different things, so both are shown.
"""

from collections.abc import Iterable
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, Final

from shared.actions.letters import Letter
from shared.actions.registry import ActionContext
from shared.domain.email_message import read_message
from shared.domain.html_text import html_to_text
from shared.domain.send_request import SendRequest

LONGEST: Final = 20_000
"""Characters of text that are shown."""


async def preview_of(
    context: ActionContext, letter: Letter, draft_id: str | None
) -> dict[str, Any]:
    """Answer a message as JSON: recipients, subject, texts, names of files.

    A draft that is in the mailbox is read once more: 20 quota units.
    """
    to_whom = {
        "to": list(letter.envelope.to),
        "cc": list(letter.envelope.cc),
        "bcc": list(letter.envelope.bcc),
        "subject": letter.envelope.subject,
    }
    if letter.request is None:
        found = await context.gmail.call("GET", f"/drafts/{draft_id}", query={"format": "full"})
        message = read_message(found["message"])
        files = [(one["filename"], one["mimeType"], one["size"]) for one in message["attachments"]]
        return {**to_whom, **_said(message["text"], message["html"]), **_files(files)}
    if letter.request.raw is not None:
        return {**to_whom, **_finished(letter.request.raw)}
    return {**to_whom, **_asked(letter.request)}


def _asked(request: SendRequest) -> dict[str, Any]:
    files = [
        (one.filename, one.mime_type, None if one.content is None else len(one.content))
        for one in request.attachments
    ]
    return {
        **_said(request.text, request.html),
        **_files(files),
        "reply_to": [one.address for one in request.reply_to],
        "answers_message_id": request.reply_to_message_id,
        "forwards_message_id": request.forward_message_id,
        "send_at": request.send_at.isoformat() if request.send_at else None,
    }


def _finished(raw: bytes) -> dict[str, Any]:
    message = message_from_bytes(raw, policy=default)
    files = [
        (part.get_filename() or "", part.get_content_type(), None)
        for part in message.walk()
        if part.get_content_disposition() == "attachment" or part.get_filename()
    ]
    return {**_said(_body(message, "plain"), _body(message, "html")), **_files(files)}


def _body(message: EmailMessage, kind: str) -> str | None:
    try:
        found = message.get_body((kind,))
        return None if found is None else str(found.get_content())
    except (LookupError, ValueError, AttributeError, KeyError):
        return None  # a charset or a structure nobody can read shows as no text


def _said(text: str | None, html: str | None) -> dict[str, Any]:
    shown = {"text": text, "html_as_text": None if html is None else html_to_text(html)}
    cut = {name: None if one is None else one[:LONGEST] for name, one in shown.items()}
    return {**cut, "truncated": cut != shown}


def _files(files: Iterable[tuple[str, str, int | None]]) -> dict[str, Any]:
    named = [{"filename": name, "mime_type": kind, "size": size} for name, kind, size in files]
    return {"attachments": named}
