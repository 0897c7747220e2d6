"""The bytes inside `{"data": "<base64url>"}` or `raw`, while the JSON is still arriving.

Gmail wraps an attachment's bytes in JSON (FACTS 4.5); reading it as a whole would hold 33 MB of
text and 25 MB of bytes in memory for one download.
"""

import binascii
import re
from typing import Final

_FIELD: Final = re.compile(rb'"(?:data|raw)"\s*:\s*"')
_MOST_BEFORE: Final = 65_536
"""Bytes that may come before the field."""
_ALPHABET: Final = bytes.maketrans(b"-_", b"+/")
_ESCAPED: Final = ((b"\\u003d", b"="), (b"\\u003D", b"="), (b"\\/", b"/"))
_LONGEST_ESCAPE: Final = 6
_WHITESPACE: Final = b" \r\n\t"


class Base64Field:
    """Feed it the answer piece by piece; it gives back the decoded bytes piece by piece."""

    def __init__(self) -> None:
        self._head: bytes | None = b""  # what came before the field; None once it began
        self._rest = b""  # characters that are no whole group of four yet
        self.complete = False

    def feed(self, piece: bytes) -> bytes:
        """Return the bytes this piece adds. Raises ValueError where it is no such JSON."""
        if self._head is not None:
            self._head += piece
            found = _FIELD.search(self._head)
            if found is None:
                if len(self._head) > _MOST_BEFORE:
                    raise ValueError("no data")
                return b""
            piece, self._head = self._head[found.end() :], None
        return b"" if self.complete else self._decode(piece)

    def finish(self) -> None:
        """Raise ValueError unless the field has ended; a field left out is an empty one."""
        left_out = self._head is not None and self._head.strip(_WHITESPACE) == b"{}"
        if not self.complete and not left_out:
            raise ValueError("cut off")

    def _decode(self, piece: bytes) -> bytes:
        text = self._rest + piece
        end = text.find(b'"')
        self.complete = end >= 0
        text = text[:end] if self.complete else text
        text, self._rest = self._whole(text)
        return binascii.a2b_base64(text.translate(_ALPHABET))

    def _whole(self, text: bytes) -> tuple[bytes, bytes]:
        """Split off what is to be decoded later: part of an escape, part of a group of four."""
        kept = b""
        if not self.complete and b"\\" in text[-_LONGEST_ESCAPE + 1 :]:
            cut = text.rindex(b"\\")
            text, kept = text[:cut], text[cut:]
        for escaped, plain in _ESCAPED:
            text = text.replace(escaped, plain)
        if self.complete:
            return text + b"=" * (-len(text) % 4), b""
        whole = len(text) - len(text) % 4
        return text[:whole], text[whole:] + kept
