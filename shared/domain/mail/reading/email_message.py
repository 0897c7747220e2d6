"""Gmail's message JSON as the EmailMessage of API 4.3."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, TypedDict, cast

from shared.domain.mail.message_fields import iso, label_fields
from shared.domain.mail.reading.address_list import Address, read_address, read_addresses
from shared.domain.mail.reading.email_parts import Attachment, as_count, as_object, as_text
from shared.domain.mail.reading.mail_headers import (
    DRAFT_HEADER,
    MARKER_HEADER,
    decode_words,
    read_date,
    read_message_id,
    read_message_ids,
)
from shared.domain.mail.reading.markup.html_text import decoded_references
from shared.domain.mail.reading.read_parts import Parts, read_parts, unfetched_parts
from shared.domain.mail.reading.shown_text import one_line
from shared.domain.mail.reply_text.extract import reply_text

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
CHOSEN_HEADERS: Final = frozenset(
    {
        "auto-submitted",
        "delivered-to",
        "feedback-id",
        "importance",
        "list-id",
        "list-post",
        "list-unsubscribe",
        "list-unsubscribe-post",
        "precedence",
        "return-path",
        "sender",
        "x-auto-response-suppress",
        "x-failed-recipients",
        "x-priority",
        MARKER_HEADER.lower(),
    }
)
"""Kept in `headers`, under their lower-case names: who sent it for what, and how to stop it."""
_OWN_HEADERS: Final = frozenset({MARKER_HEADER.lower(), DRAFT_HEADER.lower()})
_READ_HEADERS: Final = {
    DRAFT_HEADER.lower(),
    *("from", "to", "cc", "bcc", "reply-to", "subject", "date"),
    *("message-id", "in-reply-to", "references"),
}

EmailMessage = TypedDict(
    "EmailMessage",
    {
        "id": str,
        "threadId": str,
        "historyId": str,
        "labelIds": list[str],
        "date": str,
        "internalDate": str,
        "from": Address,
        "to": list[Address],
        "cc": list[Address],
        "bcc": list[Address],
        "replyTo": list[Address],
        "subject": str,
        "snippet": str,
        "text": str,
        "replyText": str,
        "html": str | None,
        "attachments": list[Attachment],
        "messageId": str | None,
        "inReplyTo": str | None,
        "references": list[str],
        "headers": dict[str, str],
        "isUnread": bool,
        "isDraft": bool,
        "isSent": bool,
        "sizeEstimate": int,
        "cause": Literal["api"] | None,
        "body_truncated": bool,
    },
)
"""API 4.3. `date` is the sender's, ISO 8601 UTC, Gmail's where the sender's does not read;
`internalDate` is Gmail's epoch milliseconds as a string. `replyText` is what of `text` its sender
wrote. `cause` is "api" where a call of ours made the message. `subject` is what Gmail decoded,
never decoded again: one that still looks like an encoded word was written so."""


def read_message(
    message: Mapping[str, Any],
    bodies: Mapping[str, bytes] | None = None,
    chosen: Iterable[str] = (),
) -> EmailMessage:
    """Read a message as Gmail answers it with format=full; never raises.

    `chosen` are lower-case names of headers to keep besides CHOSEN_HEADERS.

    Bodies too large to come inline (`unfetched_bodies`) may be given in `bodies` by part id;
    without them `body_truncated` is true.
    """
    payload = as_object(message.get("payload"))
    kept = CHOSEN_HEADERS.union(chosen)
    headers = _headers(payload, kept | _READ_HEADERS)
    parts = read_parts(payload, bodies or {})
    received = received_at(message)
    sent = read_date(_first(headers, "date")) or received
    fields = {
        "id": as_text(message.get("id")),
        "threadId": as_text(message.get("threadId")),
        **label_fields(_label_ids(message), as_text(message.get("historyId")) or "0"),
        "date": iso(sent),
        "internalDate": str((received - EPOCH) // timedelta(milliseconds=1)),
        **_envelope(headers),
        "headers": {
            name: one_line(decode_words(values[0]))
            for name, values in headers.items()
            if name in kept
        },
        "snippet": one_line(decoded_references(as_text(message.get("snippet")))),
        **_bodies(parts),
        "sizeEstimate": as_count(message.get("sizeEstimate")),
        "cause": _cause(_label_ids(message), headers),
        "body_truncated": parts.broken or bool(parts.unfetched),
    }
    return cast("EmailMessage", fields)


def unfetched_bodies(message: Mapping[str, Any]) -> list[str]:
    """Return the part ids of bodies that need a second request (FACTS 4.5); mostly none."""
    return unfetched_parts(as_object(message.get("payload")))


def received_at(message: Mapping[str, Any]) -> datetime:
    """Return when Gmail accepted the message; 1970 where it does not say."""
    given = message.get("internalDate")
    text = str(given) if isinstance(given, str | int) else ""
    try:
        return EPOCH + timedelta(milliseconds=int(text))
    except (ValueError, OverflowError):
        return EPOCH


def _label_ids(message: Mapping[str, Any]) -> list[str]:
    labels = message.get("labelIds")
    return [label for label in labels if isinstance(label, str)] if isinstance(labels, list) else []


def _cause(labels: list[str], headers: Mapping[str, list[str]]) -> str | None:
    """Return "api" for what a call of ours made; its recipients' copies bear its headers too."""
    is_own = "SENT" in labels or "DRAFT" in labels
    return "api" if is_own and not headers.keys().isdisjoint(_OWN_HEADERS) else None


def _headers(payload: Mapping[str, Any], wanted: AbstractSet[str]) -> dict[str, list[str]]:
    """Return the values of the wanted headers, by lower-case name."""
    found: dict[str, list[str]] = {}
    headers = payload.get("headers")
    for header in headers if isinstance(headers, list) else ():
        if isinstance(header, dict):
            name = as_text(header.get("name")).lower()
            if name in wanted:
                found.setdefault(name, []).append(as_text(header.get("value")))
    return found


def _first(headers: Mapping[str, list[str]], name: str) -> str:
    return headers[name][0].strip() if name in headers else ""


def _envelope(headers: Mapping[str, list[str]]) -> dict[str, Any]:
    return {
        "from": read_address(_first(headers, "from")),
        "to": read_addresses(headers.get("to", ())),
        "cc": read_addresses(headers.get("cc", ())),
        "bcc": read_addresses(headers.get("bcc", ())),
        "replyTo": read_addresses(headers.get("reply-to", ())),
        "subject": one_line(_first(headers, "subject")),
        "messageId": read_message_id(_first(headers, "message-id")),
        "inReplyTo": read_message_id(_first(headers, "in-reply-to")),
        "references": read_message_ids(_first(headers, "references")),
    }


def _bodies(parts: Parts) -> dict[str, Any]:
    return {
        "text": parts.text,
        "replyText": reply_text(parts.text),
        "html": parts.html,
        "attachments": parts.attachments,
    }
