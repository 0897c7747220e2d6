"""Gmail's payload tree read once: bodies, attachments and what is still to be fetched.

Nothing here raises on any JSON; a part that does not decode costs only itself.
"""

import re
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypedDict
from urllib.parse import unquote

from shared.domain.base64url import decode_base64url
from shared.domain.mail.html_text import decoded_references
from shared.domain.mail.mail_headers import decode_text, decode_words

_URL_SAFE: Final = bytes.maketrans(b"-_", b"+/")
_QUOTED: Final = re.compile(r"""[^"'<>]+(?=["'])""")
_BARE: Final = re.compile(r"""[^"'\s)<>]+""")
_ALTERNATIVES: Final = frozenset(
    {"text/x-amp-html", "text/watch-html", "text/enriched", "text/richtext"}
)
"""Renderings of the body that nobody asks for."""


class Attachment(TypedDict):
    """A part by its stable id: Gmail's attachment ids change at every fetch (FACTS 4.5)."""

    partId: str
    filename: str
    mimeType: str
    size: int
    contentId: str | None
    inline: bool


@dataclass(slots=True)
class Parts:
    """What the payload holds."""

    plain: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    unfetched: list[str] = field(default_factory=list)
    """Part ids of bodies that Gmail put behind an attachment id because of their size."""
    broken: bool = False
    """Whether a body did not decode."""


def as_text(value: Any) -> str:
    """Return a JSON string, or "" for anything else."""
    return value if isinstance(value, str) else ""


def as_count(value: Any) -> int:
    """Return a JSON number from 0 to 2^53, or 0 for anything else."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and 0 <= value < 1 << 53 else 0


def as_object(value: Any) -> Mapping[str, Any]:
    """Return a JSON object, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def header_of(part: Mapping[str, Any], name: str) -> str:
    """Return the first value of the header, given in lower case, or ""."""
    return next(headers_of(part, {name}), "")


def headers_of(part: Mapping[str, Any], names: Container[str]) -> Iterator[str]:
    """Yield every value of the headers, given in lower case."""
    headers = part.get("headers")
    for header in headers if isinstance(headers, list) else ():
        if isinstance(header, dict) and as_text(header.get("name")).lower() in names:
            yield as_text(header.get("value"))


def walk(payload: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], bool]]:
    """Yield every part in order, and whether it lies inside an attached message."""
    waiting: list[tuple[Mapping[str, Any], bool]] = [(payload, False)]
    while waiting:
        part, attached = waiting.pop()
        yield part, attached
        children = part.get("parts")
        inside = attached or as_text(part.get("mimeType")).lower() == "message/rfc822"
        if isinstance(children, list):
            waiting += [(as_object(child), inside) for child in reversed(children)]


def read_parts(payload: Mapping[str, Any], fetched: Mapping[str, bytes]) -> Parts:
    """Sort every part; `fetched` holds bodies, by part id, that came with a second request."""
    found = Parts()
    for part, attached in walk(payload):
        mime_type = as_text(part.get("mimeType")).lower()
        if mime_type.startswith("multipart/"):
            continue
        if not attached and _is_body(part, mime_type):
            _take_body(part, mime_type, fetched, found)
        elif mime_type not in _ALTERNATIVES and _has_content(part):
            found.attachments.append(_attachment(part, mime_type))
    _mark_inline(found)
    return found


def unfetched_parts(payload: Mapping[str, Any]) -> list[str]:
    """Return the part ids of bodies behind an attachment id, without decoding anything."""
    return [
        as_text(part.get("partId"))
        for part, attached in walk(payload)
        if not attached
        and _is_behind_id(as_object(part.get("body")))
        and _is_body(part, as_text(part.get("mimeType")).lower())
    ]


def _is_behind_id(body: Mapping[str, Any]) -> bool:
    return bool(body.get("attachmentId")) and not body.get("data")


def _is_body(part: Mapping[str, Any], mime_type: str) -> bool:
    if mime_type not in {"text/plain", "text/html"} or part.get("filename"):
        return False
    return not header_of(part, "content-disposition").lower().startswith("attachment")


def _has_content(part: Mapping[str, Any]) -> bool:
    """Whether the part itself has bytes; an attached message may only have parts."""
    body = as_object(part.get("body"))
    return bool(body.get("attachmentId") or body.get("data") or part.get("filename"))


def _take_body(
    part: Mapping[str, Any], mime_type: str, fetched: Mapping[str, bytes], found: Parts
) -> None:
    body = as_object(part.get("body"))
    part_id = as_text(part.get("partId"))
    data = fetched.get(part_id)
    if data is None and _is_behind_id(body):
        found.unfetched.append(part_id)
        return
    try:
        content = decode_base64url(as_text(body.get("data"))) if data is None else data
    except ValueError:
        found.broken = True
        return
    if content:
        (found.html if mime_type == "text/html" else found.plain).append(_decoded(part, content))


def _decoded(part: Mapping[str, Any], content: bytes) -> str:
    """Decode a body: UTF-8 whatever its header claims (FACTS 14.9), failing that as claimed."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        kind = header_of(part, "content-type").lower()
        text = decode_text(content, kind.partition("charset=")[2].partition(";")[0])
    return text.replace("\0", "")


def part_filename(part: Mapping[str, Any]) -> str:
    """Return a part's file name, or one that fits its type, or ""."""
    given = decode_words(as_text(part.get("filename")))
    return given or _default_name(as_text(part.get("mimeType")).lower())


def _attachment(part: Mapping[str, Any], mime_type: str) -> Attachment:
    content_id = header_of(part, "content-id").strip().strip("<>")
    return Attachment(
        partId=as_text(part.get("partId")),
        filename=part_filename(part),
        mimeType=mime_type or "application/octet-stream",
        size=as_count(as_object(part.get("body")).get("size")),
        contentId=content_id or None,
        inline=header_of(part, "content-disposition").lower().startswith("inline"),
    )


def _default_name(mime_type: str) -> str:
    return {"text/calendar": "invite.ics", "message/rfc822": "message.eml"}.get(mime_type, "")


def _mark_inline(found: Parts) -> None:
    """Call an attachment inline where the HTML shows it; mailers' own word is unreliable."""
    named = any(part["contentId"] for part in found.attachments)
    shown = _shown_ids("".join(found.html)) if named and found.html else None
    for part in found.attachments:
        if shown is not None or not part["contentId"]:
            part["inline"] = part["contentId"] in (shown or ())


def _shown_ids(html: str) -> set[str]:
    """Return the Content-IDs that the HTML names, collected in one pass, however many there are."""
    named = [one for scheme in ("cid:", "CID:") for one in _named_after(html, scheme)]
    return {*named, *(unquote(decoded_references(one)) for one in named)}


def _named_after(html: str, scheme: str) -> Iterator[str]:
    """Yield what follows the scheme: all that is in its quotes, and up to a space or bracket."""
    place = html.find(scheme)
    while place >= 0:
        end = place + len(scheme)
        quoted = place > 0 and html[place - 1] in "\"'"
        for found in (quoted and _QUOTED.match(html, end), _BARE.match(html, end)):
            if found:
                yield found[0]
                end = max(end, found.end())
        place = html.find(scheme, end)
