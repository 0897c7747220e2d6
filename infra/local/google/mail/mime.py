"""MIME as Gmail reads it: every message has a tree, however broken.

One pass over the bytes finds the delimiters of all multiparts that are open, innermost first, so
that a boundary used twice, by a multipart and one within it, ends neither too early.
"""

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from infra.local.google.mail.charsets import decode_charset
from infra.local.google.mail.headers import Header, first, read_headers
from infra.local.google.mail.parameters import read_params

MAX_DEPTH: Final = 100
"""Multiparts nested deeper are left out of the tree: their parts stand beside each other."""
MAX_MESSAGE_DEPTH: Final = 40
"""Attached messages at this depth are not opened: they are files."""

_MIME_TYPE: Final = re.compile(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+")
_NOT_BASE64: Final = re.compile(rb"[^A-Za-z0-9+/]")
_BLANK_LINE: Final = re.compile(rb"\r?\n\r?\n")
_ENCODED: Final = frozenset({"base64", "quoted-printable"})


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
    def is_multipart(self) -> bool:
        """Whether it is made of parts, though it may have none."""
        return self.mime_type.startswith("multipart/")

    @property
    def is_attachment(self) -> bool:
        """Whether its bytes stay behind an attachment id (FACTS 4.5)."""
        if self.is_multipart:
            return False
        is_text = self.mime_type.startswith("text/")
        return bool(self.filename) or not is_text or self.disposition == "attachment"


def decode_transfer(body: bytes, encoding: str) -> bytes:
    """Undo a Content-Transfer-Encoding; bytes that do not decode are kept as they are."""
    if encoding == "quoted-printable":
        return binascii.a2b_qp(body)
    if encoding != "base64":
        return body
    try:
        return binascii.a2b_base64(body)
    except binascii.Error:
        clean = _NOT_BASE64.sub(b"", body)
        clean = clean[: len(clean) - (len(clean) % 4 == 1)]
        return binascii.a2b_base64(clean + b"=" * (-len(clean) % 4))


def read_part(raw: bytes, default_type: str = "text/plain", depth: int = 0) -> Part:
    """Read one part (a whole message is one) and everything below it; never fails."""
    return _Reader(raw, depth).read(default_type)


@dataclass(frozen=True, slots=True)
class _Open:
    """A part that the pass is inside of."""

    part: Part
    start: int
    """Where its body begins."""
    boundary: bytes
    encoding: str
    holder: Part
    """Where the parts below it go: itself, or the deepest that may have any."""


@dataclass(frozen=True, slots=True)
class _Delimiter:
    start: int
    """Where the line break before it begins."""
    end: int
    level: int
    """Of the open part that it belongs to."""
    closes: bool


class _Reader:
    """One pass over one message in memory, in time linear in its length."""

    def __init__(self, raw: bytes, depth: int) -> None:
        self._raw = raw
        self._depth = depth
        self._open: list[_Open] = []
        self._levels: dict[bytes, list[int]] = {}
        """The levels of the open multiparts by boundary, innermost last."""
        self._blank = (-1, -1)
        """The blank line found last, which serves every part that begins before it."""

    def read(self, default_type: str) -> Part:
        position = self._begin(0, default_type)
        root = self._open[0].part
        while found := self._next_delimiter(position, len(self._raw)):
            self._close(found.level + 1, found.start)
            position = found.end
            if found.closes:
                self._close(found.level, found.start)
            else:
                is_digest = self._open[-1].part.mime_type == "multipart/digest"
                position = self._begin(position, "message/rfc822" if is_digest else "text/plain")
            if not self._open:
                break
        self._close(0, len(self._raw))
        return root

    def _begin(self, start: int, default_type: str) -> int:
        """Open the part that begins there; return where the pass goes on."""
        head_end, body_start = self._head(start)
        headers = read_headers(self._raw[start:head_end])
        part = _part(headers, default_type)
        encoding = _encoding(headers)
        parent = self._open[-1] if self._open else None
        boundary = part.params.get("boundary", "").rstrip() if part.is_multipart else ""
        depth = self._depth + len(self._open)
        if parent and not (boundary and depth >= MAX_DEPTH):
            parent.holder.parts.append(part)
        holder = parent.holder if parent and depth >= MAX_DEPTH else part
        mark = boundary.encode("utf-8", "replace")
        if mark:
            self._levels.setdefault(mark, []).append(len(self._open))
        self._open.append(_Open(part, body_start, mark, encoding, holder))
        is_message = part.mime_type == "message/rfc822" and encoding not in _ENCODED
        if is_message and depth < MAX_MESSAGE_DEPTH and body_start <= len(self._raw):
            return self._begin(body_start, "text/plain")
        return body_start

    def _head(self, start: int) -> tuple[int, int]:
        """Return where the head that begins there ends, and where its body begins."""
        raw = self._raw
        for line_break in (b"\n", b"\r\n"):
            if raw.startswith(line_break, start):
                return start, start + len(line_break)
        if self._blank[0] < start:
            found = _BLANK_LINE.search(raw, start)
            self._blank = found.span() if found else (len(raw), len(raw))
        cut = self._next_delimiter(start, self._blank[0])
        return (cut.start, cut.start) if cut else self._blank

    def _next_delimiter(self, start: int, end: int) -> _Delimiter | None:
        """Return the first line from `start` on that ends a part of an open multipart."""
        if not self._levels:
            return None
        raw, position = self._raw, start
        if not raw.startswith(b"--", start):  # a body begins a line
            position = raw.find(b"\n--", start, end) + 1
        while position > 0:
            line_end = raw.find(b"\n", position)
            line_end = len(raw) if line_end < 0 else line_end + 1
            level, closes = self._level_of(raw[position + 2 : line_end].rstrip())
            if level is not None:
                return _Delimiter(self._before(position), line_end, level, closes)
            position = raw.find(b"\n--", line_end - 1, end) + 1
        return None

    def _level_of(self, line: bytes) -> tuple[int | None, bool]:
        if levels := self._levels.get(line):
            return levels[-1], False
        closed = self._levels.get(line.rpartition(b"--")[0])
        return (closed[-1] if closed else None), True

    def _before(self, position: int) -> int:
        """Return where the line break before a delimiter begins: it is no part of the body."""
        start = position - 1 if position else 0
        return start - (self._raw[max(start - 1, 0) : start] == b"\r")

    def _close(self, level: int, end: int) -> None:
        """Close every open part from that level on; their bodies end there."""
        while len(self._open) > level:
            closed = self._open.pop()
            if closed.boundary:
                self._levels[closed.boundary].pop()
                if not self._levels[closed.boundary]:
                    del self._levels[closed.boundary]
            if not closed.part.is_multipart:
                self._fill(closed, self._raw[closed.start : max(end, closed.start)])

    def _fill(self, closed: _Open, body: bytes) -> None:
        part = closed.part
        part.body = decode_transfer(body, closed.encoding)
        depth = self._depth + len(self._open)
        wrapped = part.mime_type == "message/rfc822" and closed.encoding in _ENCODED
        if wrapped and depth < MAX_MESSAGE_DEPTH:
            part.parts = [read_part(part.body, depth=depth + 1)]


def _part(headers: list[Header], default_type: str) -> Part:
    main, params = read_params(first(headers, "content-type"))
    disposition, extra = read_params(first(headers, "content-disposition"))
    filename = extra.get("filename") or params.get("name") or ""
    return Part(headers, _mime_type(main, default_type), params, disposition, filename, b"")


def _mime_type(value: str, default: str) -> str:
    if _MIME_TYPE.fullmatch(value):
        return value
    return "text/plain" if value else default


def _encoding(headers: list[Header]) -> str:
    """Return the transfer encoding without what some mailers write behind it."""
    claim = first(headers, "content-transfer-encoding").partition(";")[0]
    return claim.partition("(")[0].strip().lower()
