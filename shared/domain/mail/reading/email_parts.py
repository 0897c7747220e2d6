"""Gmail's payload tree: its parts by name, their headers, names and bytes.

Nothing here raises on any JSON.
"""

from collections.abc import Container, Iterator, Mapping
from typing import Any, Final, NotRequired, TypedDict

from shared.domain.mail.reading.charset_text import decode_text, mostly_utf8
from shared.domain.mail.reading.mail_headers import decode_words
from shared.domain.mail.reading.shown_text import file_name, one_line

_DEFAULT_NAMES: Final = {
    "text/calendar": "invite.ics",
    "message/rfc822": "message.eml",
    "message/global": "message.eml",
}
ROOT: Final = "root"
"""The name of the part that is the whole message: Gmail's own id of it is empty."""


class Attachment(TypedDict):
    """A part by its stable id: Gmail's attachment ids change at every fetch (FACTS 4.5)."""

    partId: str
    filename: str
    mimeType: str
    size: int
    contentId: str | None
    inline: bool
    """Whether the HTML shows it, by its Content-ID."""
    parts: "NotRequired[list[Attachment]]"
    """Of an attached message: its own files."""


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
        inside = attached or as_text(part.get("mimeType")).lower().startswith("message/")
        if isinstance(children, list):
            waiting += [(as_object(child), inside) for child in reversed(children)]


def find_part(payload: Mapping[str, Any], part_id: str) -> Mapping[str, Any] | None:
    """Return the part of that id, None where there is none; `root` is the message itself."""
    wanted = "" if part_id == ROOT else part_id
    return next((one for one, _ in walk(payload) if as_text(one.get("partId")) == wanted), None)


def is_behind_id(part: Mapping[str, Any]) -> bool:
    """Whether a part's bytes take a second request (FACTS 4.5)."""
    body = as_object(part.get("body"))
    return bool(body.get("attachmentId")) and not body.get("data")


def decoded_text(part: Mapping[str, Any], content: bytes) -> str:
    """Decode a body: UTF-8 whatever its header claims (FACTS 14.9), failing that as claimed."""
    text = mostly_utf8(content)
    if text is None:
        kind = header_of(part, "content-type")
        at = kind.lower().find("charset=")
        text = decode_text(content, kind[at + 8 :].partition(";")[0] if at >= 0 else "")
    return text.replace("\0", "")


def part_filename(part: Mapping[str, Any]) -> str:
    """Return a part's file name, or one that fits its type, or ""; without control characters."""
    given = file_name(decode_words(as_text(part.get("filename"))))
    return given or _DEFAULT_NAMES.get(as_text(part.get("mimeType")).lower(), "")


def attachment_of(part: Mapping[str, Any]) -> Attachment:
    """Return a part as records list it, not inline."""
    content_id = one_line(header_of(part, "content-id")).strip(" <>")
    return Attachment(
        partId=as_text(part.get("partId")) or ROOT,
        filename=part_filename(part),
        mimeType=as_text(part.get("mimeType")).lower() or "application/octet-stream",
        size=as_count(as_object(part.get("body")).get("size")),
        contentId=content_id or None,
        inline=False,
    )
