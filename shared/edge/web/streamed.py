"""Answers that pass on bytes as they arrive, and the single ranges of them (RFC 9110, 14)."""

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Final

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from shared.ports.google.gmail import ByteStream

_RANGE: Final = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes `first` to `last`, both included."""

    first: int
    last: int

    @property
    def size(self) -> int:
        """How many bytes."""
        return self.last - self.first + 1


class UnsatisfiableError(Exception):
    """The range lies wholly beyond the end: answer 416."""


def read_range(header: str | None, size: int) -> Span | None:
    """Return the span asked for; None where all is wanted, or what is asked makes no sense.

    Several ranges at once are answered with all of it, as is allowed. Raises UnsatisfiableError.
    """
    asked = _RANGE.fullmatch((header or "").strip().replace(" ", ""))
    if asked is None or not (asked[1] or asked[2]):
        return None
    if not asked[1]:
        wanted = min(int(asked[2]), size)
        if wanted == 0:
            raise UnsatisfiableError
        return Span(size - wanted, size - 1)
    first, last = int(asked[1]), int(asked[2]) if asked[2] else size - 1
    if asked[2] and last < first:
        return None
    if first >= size:
        raise UnsatisfiableError
    return Span(first, min(last, size - 1))


class Streamed(StreamingResponse):
    """Passes on a stream, or a span of it, and closes it however the request ends."""

    def __init__(
        self, stream: ByteStream, status: int, headers: Mapping[str, str], span: Span | None = None
    ) -> None:
        pieces = aiter(stream) if span is None else _cut_out(stream, span)
        super().__init__(pieces, status_code=status)
        self._stream = stream
        self.raw_headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in headers.items()
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._stream.aclose()


async def _cut_out(stream: ByteStream, span: Span) -> AsyncIterator[bytes]:
    """Yield the span's bytes; what comes before it is read and dropped, what comes after is not."""
    at = 0
    async for piece in stream:
        start, end = max(span.first - at, 0), span.last + 1 - at
        if end > start and start < len(piece):
            yield piece[start:end]
        at += len(piece)
        if at > span.last:
            return
