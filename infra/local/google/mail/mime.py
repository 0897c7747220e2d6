"""MIME as Gmail reads it: every message has a tree, however broken."""

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote_to_bytes

from infra.local.google.mail.headers import (
    Header,
    decode_charset,
    decode_words,
    first,
    read_headers,
    split_head,
)

MAX_DEPTH: Final = 40
"""Nesting beyond this is kept as one opaque part."""

PARAM: Final = re.compile(r';\s*([^\s=;]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)')
SECTION: Final = re.compile(r"^(.*?)(?:\*(\d+))?(\*)?$")
MIME_TYPE: Final = re.compile(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+")
NOT_BASE64: Final = re.compile(rb"[^A-Za-z0-9+/]")


@dataclass(slots=True)
class Part:
    """One node of the tree; `body` is decoded from its transfer encoding, b'' for a multipart."""

    headers: list[Header]
    mime_type: str
    params: dict[str, str]
    disposition: str
    filename: str
    body: bytes
    parts: list["Part"] = field(default_factory=list)

    def text(self) -> str:
        """Return the body in the charset it claims, or failing that the likeliest."""
        return decode_charset(self.body, self.params.get("charset"))

    def walk(self) -> Iterator["Part"]:
        """Yield this part and all below it, in order."""
        yield self
        for part in self.parts:
            yield from part.walk()

    @property
    def is_attachment(self) -> bool:
        """Whether its bytes stay behind an attachment id (FACTS 4.5)."""
        if self.mime_type.startswith("multipart/"):
            return False
        is_text = self.mime_type.startswith("text/")
        return bool(self.filename) or not is_text or self.disposition == "attachment"


def _unquote(value: str) -> str:
    value = value.strip()
    if len(value) > 1 and value[0] == value[-1] == '"':
        return re.sub(r"\\(.)", r"\1", value[1:-1])
    return value


def _extended(sections: list[tuple[int, bool, str]]) -> str:
    """Join the continuations of RFC 2231."""
    sections.sort(key=lambda section: section[0])
    charset, out = "utf-8", []
    for number, (_, encoded, value) in enumerate(sections):
        text = value
        if encoded and number == 0 and text.count("'") > 1:
            charset, _, text = text.split("'", 2)
        raw = text.encode("utf-8", "replace")
        out.append(unquote_to_bytes(raw) if encoded else raw)
    return decode_charset(b"".join(out), charset)


def read_params(value: str) -> tuple[str, dict[str, str]]:
    """Return (main value in lower case, parameters) of a structured header (RFC 2045, 2231)."""
    main = value.partition(";")[0].strip().lower()
    if ";" not in value:
        return main, {}
    sections: dict[str, list[tuple[int, bool, str]]] = {}
    for name, text in PARAM.findall(value):
        match = SECTION.match(name.lower())
        if match:
            entry = (int(match[2] or 0), bool(match[3]), _unquote(text))
            sections.setdefault(match[1], []).append(entry)
    plain = {
        name: _extended(found) if len(found) > 1 or found[0][1] else decode_words(found[0][2])
        for name, found in sections.items()
    }
    return main, plain


def decode_transfer(body: bytes, encoding: str) -> bytes:
    """Undo a Content-Transfer-Encoding; bytes that do not decode are kept as they are."""
    encoding = encoding.strip().lower()
    if encoding == "quoted-printable":
        return binascii.a2b_qp(body)
    if encoding != "base64":
        return body
    try:
        return binascii.a2b_base64(body)
    except binascii.Error:
        clean = NOT_BASE64.sub(b"", body)
        clean = clean[: len(clean) - (len(clean) % 4 == 1)]
        return binascii.a2b_base64(clean + b"=" * (-len(clean) % 4))


def _delimiters(body: bytes, mark: bytes) -> Iterator[tuple[int, int, bool]]:
    """Yield (start, end, is_last) of each delimiter line, line breaks around it included."""
    position = body.find(mark)
    while position >= 0:
        end = position + len(mark)
        last = body[end : end + 2] == b"--"
        line_end = body.find(b"\n", end)
        rest = body[end : len(body) if line_end < 0 else line_end]
        if (position == 0 or body[position - 1 : position] == b"\n") and (last or not rest.strip()):
            start = position - 1 if position else 0
            start -= body[max(start - 1, 0) : start] == b"\r"
            yield start, len(body) if line_end < 0 else line_end + 1, last
        position = body.find(mark, end)


def split_multipart(body: bytes, boundary: str) -> list[bytes]:
    """Cut a multipart body; a missing closing delimiter ends at the end."""
    segments: list[bytes] = []
    begin = -1
    for start, end, last in _delimiters(body, b"--" + boundary.encode("utf-8", "replace")):
        if begin >= 0:
            segments.append(body[begin : max(start, begin)])
        begin = end
        if last:
            return segments
    if begin >= 0:
        segments.append(body[begin:])
    return segments


def _mime_type(value: str, default: str) -> str:
    if MIME_TYPE.fullmatch(value):
        return value
    return "text/plain" if value else default


def read_part(raw: bytes, default_type: str = "text/plain", depth: int = 0) -> Part:
    """Read one part (a whole message is one) and everything below it; never fails."""
    head, body = split_head(raw)
    headers = read_headers(head)
    main, params = read_params(first(headers, "content-type"))
    disposition, extra = read_params(first(headers, "content-disposition"))
    mime_type = _mime_type(main, default_type)
    filename = extra.get("filename") or params.get("name") or ""
    part = Part(headers, mime_type, params, disposition, filename, b"")
    if mime_type.startswith("multipart/") and depth < MAX_DEPTH:
        inner = "message/rfc822" if mime_type == "multipart/digest" else "text/plain"
        segments = split_multipart(body, params["boundary"]) if params.get("boundary") else []
        part.parts = [read_part(segment, inner, depth + 1) for segment in segments]
        if part.parts:
            return part
        part.mime_type = "text/plain"  # a multipart without parts is shown as its text
    part.body = decode_transfer(body, first(headers, "content-transfer-encoding"))
    if mime_type == "message/rfc822" and depth < MAX_DEPTH:
        part.parts = [read_part(part.body, depth=depth + 1)]
    return part
