"""Messages handed in: raw in JSON, or uploaded (FACTS 5.1)."""

import binascii
from dataclasses import dataclass
from typing import Any, Final

from infra.local.google.gmail.call import Call
from infra.local.google.gmail.errors import GmailError, invalid, not_found, unreadable
from infra.local.google.gmail.params import hex_id, read_body, string, string_list
from infra.local.google.mail.headers import read_envelope
from infra.local.google.mail.store import MailStore
from infra.local.google.mail.writer import NEW_THREAD

SEND_BYTES: Final = 36_700_160
IMPORT_BYTES: Final = 157_286_400
RAW_REQUIRED: Final = (
    "'raw' RFC822 payload message string or uploading message via /upload/* URL required"
)
MESSAGE_FIELDS: Final = frozenset(
    [
        "id",
        "threadId",
        "labelIds",
        "snippet",
        "historyId",
        "internalDate",
        "payload",
        "sizeEstimate",
        "raw",
        "classificationLabelValues",
    ]
)


@dataclass(frozen=True, slots=True)
class Handed:
    """A message handed in: its bytes, and the thread and labels asked for ('' and [] if none)."""

    raw: bytes
    thread_id: str
    label_ids: list[str]


def _decode(text: str, field: str) -> bytes:
    data = text.encode("utf-8", "replace").translate(bytes.maketrans(b"-_", b"+/")).rstrip(b"=")
    try:
        return binascii.a2b_base64(data + b"=" * (-len(data) % 4), strict_mode=True)
    except binascii.Error:
        raise unreadable(
            f"Invalid value at '{field}' (TYPE_BYTES), Base64 decoding failed"
        ) from None


def read_message(
    call: Call,
    resource: Any,
    *,
    missing: str = RAW_REQUIRED,
    most_bytes: int = SEND_BYTES,
    field: str = "raw",
) -> Handed:
    """Return the message of an upload, or the one in `resource`, a Message from the body.

    Raise 400 for none, bad base64 or unknown fields; 413 above `most_bytes`.
    """
    given = read_body(resource, MESSAGE_FIELDS)
    raw = call.media.raw if call.media else _decode(string(given, "raw"), field)
    if not raw:
        raise invalid(missing)
    if len(raw) > most_bytes:
        raise GmailError(413, "uploadTooLarge", "Request payload size exceeds the limit.")
    return Handed(raw, string(given, "threadId"), string_list(given, "labelIds"))


def resource_of(call: Call) -> Any:
    """Return the JSON that comes with the call: the metadata of an upload, or the body."""
    return dict(call.media.metadata) if call.media else call.body


def check_thread(store: MailStore, email: str, thread_id: str) -> int | None:
    """Return the thread's number, None for ''. Raise 404 if there is no such thread."""
    if not thread_id:
        return None
    number = hex_id(thread_id, "thread_id")
    if not store.thread(email, number):
        raise not_found()
    return number


def thread_for(store: MailStore, email: str, handed: Handed) -> int:
    """Return the thread a composed message joins, or `NEW_THREAD`.

    It takes all three: the thread's id, a reference to a message in it, and its subject
    (FACTS 5.3).
    """
    number = check_thread(store, email, handed.thread_id)
    if number is None:
        return NEW_THREAD
    envelope = read_envelope(handed.raw)
    rows = store.database.rows(
        "SELECT message_id FROM messages WHERE mailbox = ? AND thread = ? AND subject_key = ?",
        store.number(email),
        number,
        envelope.subject_key,
    )
    known = {row[0] for row in rows}
    return number if known & set(envelope.references) else NEW_THREAD
