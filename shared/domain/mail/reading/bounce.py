"""Delivery-status messages: which of our sends came back, and for whom (RFC 3464, RFC 6533)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from shared.domain.base64url import decode_base64url
from shared.domain.ids import MessageId, ThreadId
from shared.domain.mail.reading.email_parts import as_object, as_text, header_of, walk
from shared.domain.mail.reading.mail_headers import MARKER_HEADER, read_message_ids
from shared.domain.mail.reading.shown_text import one_line

STATUSES: Final = frozenset({"message/delivery-status", "message/global-delivery-status"})
MAX_REPORT: Final = 100_000
MAX_RECIPIENTS: Final = 50
MAX_TRACES: Final = 30
_FIELD: Final = re.compile(r"^([A-Za-z-]+):[ \t]*(.*(?:\n[ \t].*)*)", re.MULTILINE)
_ORIGINAL_IDS: Final = frozenset({"x-original-message-id", "original-message-id", "message-id"})
_RETURNED: Final = frozenset(
    {"message/rfc822", "text/rfc822-headers", "message/rfc822-headers"}
    | {"message/global", "message/global-headers"}
)
_UTF8_ADDRESS: Final = "utf-8"
_CODE_POINT: Final = re.compile(r"\\x\{([0-9A-Fa-f]{2,6})\}")
_LAST_CODE_POINT: Final = 0x10FFFF


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


def is_report(message: Mapping[str, Any]) -> bool:
    """Whether a message of format=full looks like a delivery-status message. Never raises."""
    payload = as_object(message.get("payload"))
    kind = header_of(payload, "content-type").lower()
    formal = kind.startswith("multipart/report") and "delivery-status" in kind
    return formal or bool(header_of(payload, "x-failed-recipients"))


def unread_part(message: Mapping[str, Any]) -> str | None:
    """Return the part id of the report's fields where Gmail put them behind an attachment id."""
    for part, _ in walk(as_object(message.get("payload"))):
        body = as_object(part.get("body"))
        if _kind(part) in STATUSES and body.get("attachmentId") and not body.get("data"):
            return as_text(part.get("partId"))
    return None


def read_bounce(message: Mapping[str, Any], fetched: bytes = b"") -> Bounce | None:
    """Read a report; None where no delivery failed.

    `fetched` are the bytes of its `unread_part`. Reports of delay or success are no bounce. Never
    raises.
    """
    if not is_report(message):
        return None
    payload = as_object(message.get("payload"))
    report = "\n".join([_decode(fetched), *_reports(payload)])
    recipients = tuple(_fail(report))[:MAX_RECIPIENTS]
    if not _FIELD.search(report):
        recipients = tuple(_name(payload))[:MAX_RECIPIENTS]
    if not recipients:
        return None
    traces = tuple(dict.fromkeys(filter(None, _traces(payload, report))))[:MAX_TRACES]
    if not traces:  # a conversation's references name its other messages too: a last resort
        traces = tuple(reversed(read_message_ids(header_of(payload, "references"))))[:1]
    id, thread_id = as_text(message.get("id")), as_text(message.get("threadId"))
    return Bounce(MessageId(id), ThreadId(thread_id), traces, recipients)


def _kind(part: Mapping[str, Any]) -> str:
    return as_text(part.get("mimeType")).lower()


def _reports(payload: Mapping[str, Any]) -> Iterator[str]:
    """Yield the fields of every report; one within another is read with it, once."""
    inside: set[int] = set()
    for part, _ in walk(payload):
        if _kind(part) not in STATUSES or id(part) in inside:
            continue
        yield _text(part)
        # Gmail's JSON may show each block of fields as a part of its own.
        blocks = [inner for inner, _ in walk(part) if inner is not part]
        inside.update(map(id, blocks))
        yield from map(_as_fields, blocks)


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
        return _decode(decode_base64url(as_text(as_object(part.get("body")).get("data"))))
    except ValueError:
        return ""


def _decode(data: bytes) -> str:
    return data[:MAX_REPORT].decode("utf-8", "replace").replace("\r\n", "\n")


def _fail(report: str) -> Iterator[FailedRecipient]:
    """Yield the recipients whose block says `Action: failed`, each once."""
    seen = set()
    for block in re.split(r"\n[ \t]*\n", report):
        fields = {name.lower(): value.strip() for name, value in _FIELD.findall(block)}
        if _without_comment(fields.get("action", "")).lower() != "failed":
            continue
        address = _address(fields.get("final-recipient") or fields.get("original-recipient", ""))
        if address and address.lower() not in seen:
            seen.add(address.lower())
            yield FailedRecipient(address[:320], _without_comment(fields.get("status", ""))[:20])


def _without_comment(value: str) -> str:
    """Return what stands before a comment: `5.0.0 (permanent failure)`."""
    return value.partition("(")[0].strip()


def _address(given: str) -> str:
    """Return the address of `rfc822; a@example.com`, one in UTF-8 in its letters (RFC 6533, 3)."""
    kind, _, address = given.partition(";")
    bare = address.strip() or given
    if '"' not in bare:
        bare = _without_comment(bare)
    bare = bare.removeprefix("<").removesuffix(">")
    if kind.strip().lower() != _UTF8_ADDRESS:
        return bare
    return _CODE_POINT.sub(_letter, bare)


def _letter(escaped: re.Match[str]) -> str:
    code = int(escaped[1], 16)
    return one_line(chr(code)) if code <= _LAST_CODE_POINT else escaped[0]


def _name(payload: Mapping[str, Any]) -> Iterator[FailedRecipient]:
    """Yield those of X-Failed-Recipients, where nothing better can be read."""
    for address in header_of(payload, "x-failed-recipients").split(","):
        if address.strip():
            yield FailedRecipient(address.strip()[:320], "")


def _traces(payload: Mapping[str, Any], report: str) -> Iterator[str]:
    for part, attached in walk(payload):
        if attached or _kind(part) in _RETURNED:
            yield header_of(part, MARKER_HEADER.lower()).strip()
            yield from read_message_ids(header_of(part, "message-id"))
            fields = {name.lower(): value for name, value in _FIELD.findall(_text(part))}
            yield fields.get(MARKER_HEADER.lower(), "").strip()
            yield from read_message_ids(fields.get("message-id", ""))
    for name, value in _FIELD.findall(report):
        if name.lower() in _ORIGINAL_IDS:
            yield from read_message_ids(value)
    yield from read_message_ids(header_of(payload, "in-reply-to"))
