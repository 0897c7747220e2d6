"""Delivery-status messages: which of our sends came back, and for whom (RFC 3464)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from shared.domain.email_parts import as_object, as_text, decode_data, header_of, walk
from shared.domain.ids import MessageId, ThreadId
from shared.domain.mail_headers import read_message_ids
from shared.domain.send import MARKER_HEADER

MAX_REPORT: Final = 100_000
MAX_RECIPIENTS: Final = 50
MAX_TRACES: Final = 30
_FIELD: Final = re.compile(r"^([A-Za-z-]+):[ \t]*(.*(?:\n[ \t].*)*)", re.MULTILINE)
_ORIGINAL_IDS: Final = frozenset({"x-original-message-id", "original-message-id", "message-id"})
_RETURNED: Final = frozenset({"message/rfc822", "text/rfc822-headers", "message/rfc822-headers"})


@dataclass(frozen=True, slots=True)
class FailedRecipient:
    """An address that did not get the message; `status` is RFC 3463's, such as 5.1.1."""

    address: str
    status: str


@dataclass(frozen=True, slots=True)
class Bounce:
    """A report of failure; `traces` are markers and Message-IDs of what came back, best first."""

    message_id: MessageId
    thread_id: ThreadId
    traces: tuple[str, ...]
    recipients: tuple[FailedRecipient, ...]


def read_bounce(message: Mapping[str, Any]) -> Bounce | None:
    """Read a message of format=full; None where it is no report of a failed delivery.

    Reports of delay or success are none. Never raises.
    """
    payload = as_object(message.get("payload"))
    if not _is_report(payload):
        return None
    report = "\n".join(_reports(payload))
    recipients = tuple(_failed(report))[:MAX_RECIPIENTS] or tuple(_named(payload))
    if not recipients:
        return None
    traces = tuple(dict.fromkeys(filter(None, _traces(payload, report))))[:MAX_TRACES]
    if not traces:  # a conversation's references name its other messages too: a last resort
        traces = tuple(reversed(read_message_ids(header_of(payload, "references"))))[:1]
    id, thread_id = as_text(message.get("id")), as_text(message.get("threadId"))
    return Bounce(MessageId(id), ThreadId(thread_id), traces, recipients)


def _is_report(payload: Mapping[str, Any]) -> bool:
    kind = header_of(payload, "content-type").lower()
    formal = kind.startswith("multipart/report") and "delivery-status" in kind
    return formal or bool(header_of(payload, "x-failed-recipients"))


def _reports(payload: Mapping[str, Any]) -> Iterator[str]:
    for part, _ in walk(payload):
        if as_text(part.get("mimeType")).lower() == "message/delivery-status":
            yield _text(part)
            # Gmail's JSON may show each block of fields as a part of its own.
            yield from (_as_fields(as_object(inner)) for inner, _ in walk(part))


def _as_fields(part: Mapping[str, Any]) -> str:
    headers = part.get("headers")
    lines = [
        f"{as_text(one.get('name'))}: {as_text(one.get('value'))}"
        for one in (headers if isinstance(headers, list) else ())
        if isinstance(one, dict)
    ]
    return "\n".join(["", *lines, _text(part), ""])


def _text(part: Mapping[str, Any]) -> str:
    try:
        data = decode_data(as_text(as_object(part.get("body")).get("data")))
    except ValueError:
        return ""
    return data[:MAX_REPORT].decode("utf-8", "replace").replace("\r\n", "\n")


def _failed(report: str) -> Iterator[FailedRecipient]:
    """Yield the recipients whose block says `Action: failed`, each once."""
    seen = set()
    for block in re.split(r"\n[ \t]*\n", report):
        fields = {name.lower(): value.strip() for name, value in _FIELD.findall(block)}
        if fields.get("action", "").lower() != "failed":
            continue
        given = fields.get("final-recipient") or fields.get("original-recipient", "")
        address = given.partition(";")[2].strip() or given
        if address and address.lower() not in seen:
            seen.add(address.lower())
            yield FailedRecipient(address[:320], fields.get("status", "")[:20])


def _named(payload: Mapping[str, Any]) -> Iterator[FailedRecipient]:
    """Yield those of X-Failed-Recipients, where nothing better is there."""
    kinds = {as_text(part.get("mimeType")).lower() for part, _ in walk(payload)}
    if "message/delivery-status" in kinds:
        return
    for address in header_of(payload, "x-failed-recipients").split(","):
        if address.strip():
            yield FailedRecipient(address.strip()[:320], "")


def _traces(payload: Mapping[str, Any], report: str) -> Iterator[str]:
    for part, attached in walk(payload):
        if attached or as_text(part.get("mimeType")).lower() in _RETURNED:
            yield header_of(part, MARKER_HEADER.lower()).strip()
            yield from read_message_ids(header_of(part, "message-id"))
            fields = {name.lower(): value for name, value in _FIELD.findall(_text(part))}
            yield fields.get(MARKER_HEADER.lower(), "").strip()
            yield from read_message_ids(fields.get("message-id", ""))
    for name, value in _FIELD.findall(report):
        if name.lower() in _ORIGINAL_IDS:
            yield from read_message_ids(value)
    yield from read_message_ids(header_of(payload, "in-reply-to"))
