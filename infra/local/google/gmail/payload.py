"""Message resources in the four formats (FACTS 4.4, 14.3)."""

from base64 import urlsafe_b64encode
from collections.abc import Collection
from typing import Any, Final

import orjson

from infra.local.google.gmail.call import Call
from infra.local.google.gmail.errors import forbidden
from infra.local.google.gmail.params import choice
from infra.local.google.mail.ids import hexadecimal
from infra.local.google.mail.message import Message
from infra.local.google.mail.rendering import Rendered
from infra.local.google.mail.store import MailStore

SCOPE: Final = "https://www.googleapis.com/auth/"
METADATA: Final = f"{SCOPE}gmail.metadata"
READING_SCOPES: Final = frozenset(
    {
        "https://mail.google.com/",
        f"{SCOPE}gmail.modify",
        f"{SCOPE}gmail.readonly",
        f"{SCOPE}gmail.compose",
        f"{SCOPE}gmail.addons.current.message.action",
        f"{SCOPE}gmail.addons.current.message.readonly",
    }
)
FORMATS: Final = ("full", "metadata", "minimal", "raw")


def sees_only_metadata(call: Call) -> bool:
    """Whether the token may read headers but neither bodies nor search results.

    Beside a wider scope gmail.metadata still narrows (FACTS 18.10).
    """
    narrowed = METADATA in call.scopes or not call.scopes & READING_SCOPES
    return narrowed or call.fault("metadata_scope") is not None


def read_format(call: Call, allowed: Collection[str] = FORMATS) -> str:
    """Return the wanted format. Raise 400, or 403 where gmail.metadata forbids it (FACTS 4.4)."""
    wanted = choice(call, "format", allowed, "full", "gmail.api.MessageFormat")
    if wanted in {"full", "raw"} and sees_only_metadata(call):
        raise forbidden(f"Metadata scope doesn't allow format {wanted.upper()}")
    return wanted


def short_resource(message: Message) -> dict[str, Any]:
    """Return {id, threadId, labelIds}: the answer to send and trash (FACTS 14.3)."""
    resource: dict[str, Any] = {
        "id": hexadecimal(message.id),
        "threadId": hexadecimal(message.thread),
    }
    labels = message.labels
    return {**resource, "labelIds": labels} if labels else resource


def changed_resource(store: MailStore, message: Message) -> dict[str, Any]:
    """Return a message without its payload: the answer to modify and untrash (FACTS 18.13)."""
    return {
        **short_resource(message),
        "snippet": store.render(message.row).snippet,
        "sizeEstimate": message.size,
        "historyId": str(message.history_id),
        "internalDate": str(message.internal_ms),
    }


def _full_payload(store: MailStore, message: Message, rendered: Rendered) -> bytes:
    first, *rest = rendered.payload
    pieces = [first]
    for number, piece in enumerate(rest):
        pieces += (store.attachment_ids.make(message.row, number).encode(), piece)
    return b"".join(pieces)


def _metadata_payload(rendered: Rendered, names: Collection[str]) -> bytes:
    if not names:
        return orjson.dumps(rendered.top)
    wanted = {name.lower() for name in names}
    headers = [header for header in rendered.top["headers"] if header["name"].lower() in wanted]
    return orjson.dumps({"mimeType": rendered.top["mimeType"], "headers": headers})


def message_json(
    store: MailStore, message: Message, format: str, header_names: Collection[str] = ()
) -> bytes:
    """Return a Message resource as JSON; what never changes comes from the cache.

    `minimal` has no snippet and an empty part for a payload (recorded).
    """
    rendered = store.render(message.row)
    pieces = [b'{"id":"%016x","threadId":"%016x",' % (message.id, message.thread)]
    if message.labels_json != "[]":
        pieces += (b'"labelIds":', message.labels_json.encode(), b",")
    if format == "minimal":
        pieces.append(b'"payload":{"partId":""}')
    else:
        pieces += (b'"snippet":', rendered.snippet_json)
    if format == "full":
        pieces += (b',"payload":', _full_payload(store, message, rendered))
    elif format == "metadata":
        pieces += (b',"payload":', _metadata_payload(rendered, header_names))
    pieces.append(b',"sizeEstimate":%d' % message.size)
    if format == "raw":
        pieces += (b',"raw":"', urlsafe_b64encode(store.raw(message.row)), b'"')
    pieces.append(
        b',"historyId":"%d","internalDate":"%d"}' % (message.history_id, message.internal_ms)
    )
    return b"".join(pieces)
