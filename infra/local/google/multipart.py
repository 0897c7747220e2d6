"""Multipart bodies, byte for byte: uploads (multipart/related) and batches (multipart/mixed)."""

import re
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser

_HEADERS = BytesHeaderParser()
_LINE_END = re.compile(rb"\A\r?\n")


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its headers and its content, untouched."""

    headers: Message
    content: bytes


def boundary_of(content_type: str) -> str | None:
    """Return the boundary a Content-Type names, if it is a multipart one."""
    message = Message()
    message["Content-Type"] = content_type
    boundary = message.get_boundary() if message.get_content_maintype() == "multipart" else None
    return str(boundary) if boundary else None


def split_parts(body: bytes, boundary: str) -> list[Part]:
    """Cut a body at its boundary lines; CRLF and bare LF both end a line.

    A body without a closing line keeps its last part: clients are sloppy there.
    """
    line = re.compile(
        rb"(?:\A|\r?\n)--" + re.escape(boundary.encode()) + rb"(?:--)?[ \t]*(?=\r?\n|\Z)"
    )
    pieces = line.split(body)[1:]
    return [split_headers(_LINE_END.sub(b"", piece)) for piece in pieces if piece.strip()]


def split_headers(piece: bytes) -> Part:
    """Cut a part or an embedded HTTP message at its first empty line."""
    if first := _LINE_END.match(piece):
        return Part(Message(), piece[first.end() :])
    found = re.search(rb"\r?\n\r?\n", piece)
    if found is None:
        return Part(_HEADERS.parsebytes(piece), b"")
    return Part(_HEADERS.parsebytes(piece[: found.start()]), piece[found.end() :])
