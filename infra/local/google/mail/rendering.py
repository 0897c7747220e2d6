"""A message's MIME tree as Gmail's payload JSON, and the snippet (FACTS 14.3, 14.9)."""

import html
import os
import re
from base64 import urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

import orjson

from infra.local.google.mail.headers import decode_words
from infra.local.google.mail.mime import Part
from infra.local.google.mail.words import html_to_text

LARGE_TEXT_BYTES: Final = 512 * 1024
"""Text beyond this stays behind an attachment id too."""

ADDRESS_HEADERS: Final = frozenset(
    {"bcc", "cc", "delivered-to", "from", "reply-to", "resent-from", "resent-to", "return-path"}
    | {"sender", "to"}
)

SNIPPET_LENGTH: Final = 200
SNIPPET_SOURCE: Final = 20_000
INVISIBLE: Final = re.compile("[\u00ad\u034f\u200b-\u200f\u2060\ufeff]+")

_MARK: Final = os.urandom(9).hex()
_SLOT: Final = re.compile(rb"attachment-" + _MARK.encode())


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message's unchanging part.

    `payload` is the JSON of the whole payload, cut where attachment ids go, because those differ
    at every fetch (FACTS 4.5); `top` is the payload of format=metadata.
    """

    payload: tuple[bytes, ...]
    top: dict[str, Any]
    snippet: str
    snippet_json: bytes

    @property
    def weight(self) -> int:
        """Bytes this costs in memory, roughly."""
        return sum(map(len, self.payload)) + 120 * len(self.top["headers"]) + 1000


def is_detached(part: Part) -> bool:
    """Whether the part's bytes are fetched by attachment id."""
    return part.is_attachment or len(part.body) > LARGE_TEXT_BYTES


def attachments(root: Part) -> list[Part]:
    """Return the detached parts in the order in which the payload names them."""
    found = []
    if root.body and is_detached(root):
        found.append(root)
    for part in root.parts:
        found += attachments(part)
    return found


def body_bytes(part: Part) -> bytes:
    """Return a part's bytes as handed out: inline text is UTF-8 whatever it claims."""
    return part.body if part.is_attachment else part.text().encode("utf-8", "replace")


def _headers(part: Part, encoded: Collection[str]) -> list[dict[str, str]]:
    return [
        {"name": name, "value": value if name.lower() in encoded else decode_words(value)}
        for name, value in part.headers
    ]


def _body(part: Part) -> dict[str, Any]:
    if not part.body:
        return {"size": 0}
    data = body_bytes(part)
    if is_detached(part):
        return {"attachmentId": f"attachment-{_MARK}", "size": len(data)}
    return {"size": len(data), "data": urlsafe_b64encode(data).decode()}


def _payload(part: Part, part_id: str, encoded: Collection[str]) -> dict[str, Any]:
    node: dict[str, Any] = {
        "partId": part_id,
        "mimeType": part.mime_type,
        "filename": part.filename,
        "headers": _headers(part, encoded),
        "body": _body(part),
    }
    if part.parts:
        prefix = f"{part_id}." if part_id else ""
        node["parts"] = [
            _payload(child, f"{prefix}{number}", encoded) for number, child in enumerate(part.parts)
        ]
    return node


def texts(root: Part) -> tuple[list[Part], list[Part]]:
    """Return the (plain, HTML) text parts that are no attachments."""
    shown = [part for part in root.walk() if part.body and not part.is_attachment]
    return (
        [part for part in shown if part.mime_type != "text/html"],
        [part for part in shown if part.mime_type == "text/html"],
    )


def make_snippet(root: Part) -> str:
    """Return the first words of the text, HTML-escaped as Gmail does."""
    plain, marked_up = texts(root)
    text = plain[0].text()[:SNIPPET_SOURCE] if plain else ""
    if not text.strip() and marked_up:
        source = marked_up[0].text()
        text = html_to_text(source[:SNIPPET_SOURCE])
        text = text if text.strip() else html_to_text(source)
    words = " ".join(INVISIBLE.sub("", text).split())[:SNIPPET_LENGTH].strip()
    return html.escape(words).replace("&#x27;", "&#39;")


def render(root: Part, encoded: Collection[str] = ()) -> Rendered:
    """Render the tree once; `encoded` headers, in lower case, keep their encoded words."""
    node = _payload(root, "", encoded)
    snippet = make_snippet(root)
    return Rendered(
        payload=tuple(_SLOT.split(orjson.dumps(node))),
        top={"mimeType": node["mimeType"], "headers": node["headers"]},
        snippet=snippet,
        snippet_json=orjson.dumps(snippet),
    )


class RenderCache:
    """The most recently read messages, at most `capacity` bytes of them."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._weight = 0
        self._entries: OrderedDict[int, Rendered] = OrderedDict()

    def get(self, row: int) -> Rendered | None:
        """Return what is cached of that row and mark it as used."""
        found = self._entries.get(row)
        if found is not None:
            self._entries.move_to_end(row)
        return found

    def put(self, row: int, rendered: Rendered) -> None:
        """Keep it, and let go of what was used longest ago."""
        self._entries[row] = rendered
        self._weight += rendered.weight
        while self._weight > self._capacity and len(self._entries) > 1:
            self._weight -= self._entries.popitem(last=False)[1].weight

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self._weight = 0
