"""JSON objects packed so that a reader who takes gzip can be given their bytes as they are stored.

A packed object is `1`, a checksum, its size, and raw deflate blocks (RFC 1951) of its text without
the closing brace: flushed to a whole byte and none of them the last, so further fields and further
objects may follow in one gzip file (RFC 1952). A last, empty block ends what is stored, for who
inflates it here. Each is compressed by itself: no text ever meets another in one window.

What was packed as zlib before begins with another byte, and is read as ever.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, cast

from isal import isal_zlib

_Damaged: Final = cast("type[Exception]", isal_zlib.error)  # its types say an instance
LEVEL: Final = 1
"""Intel's ISA-L writes and reads what zlib does, three times as fast, also on ARM."""
_MARK: Final = 1
_HEAD: Final = struct.Struct(">BII")
_RAW: Final = -15
_END: Final = b"\x03\x00"
"""A last block with nothing in it."""
_ALL_ZEROS: Final = 1 << 20
_ZEROS: Final = memoryview(bytes(_ALL_ZEROS))
_WRAPS: Final = 0xFFFFFFFF


def pack_object(text: bytes) -> bytes:
    """Compress the text of a JSON object, which may have 4 GB."""
    inner = text[:-1]
    size = len(inner)
    checksum = _checksum_of(inner)
    squeezer = isal_zlib.compressobj(LEVEL, isal_zlib.DEFLATED, _RAW)
    blocks = squeezer.compress(inner) + squeezer.flush(isal_zlib.Z_SYNC_FLUSH)
    return _HEAD.pack(_MARK, checksum, size) + blocks + _END


def unpack_object(packed: bytes) -> bytes:
    """Return the text of the object. Raises ValueError where it does not open."""
    return unpack_open(packed) + b"}"


def unpack_open(packed: bytes) -> bytes:
    """Return the text without its closing brace. Raises ValueError where it does not open."""
    if packed[0] != _MARK:
        return _inflate_zlib(packed)[:-1]
    checksum, size = _head_of(packed)
    try:
        inner = isal_zlib.decompress(memoryview(packed)[_HEAD.size :], _RAW, size)
    except _Damaged:
        raise ValueError("packed object, cut or changed") from None
    if len(inner) != size or _checksum_of(inner) != checksum:
        raise ValueError("packed object, whose checksum does not hold")
    return inner


def _inflate_zlib(packed: bytes) -> bytes:
    try:
        return isal_zlib.decompress(packed)
    except _Damaged:
        raise ValueError("object packed as zlib, cut or changed") from None


def _head_of(packed: bytes) -> tuple[int, int]:
    """Return the checksum and the size of what is packed. Raises ValueError."""
    if len(packed) < _HEAD.size:
        raise ValueError("packed object, cut off in its head")
    _, checksum, size = _HEAD.unpack_from(packed)
    return checksum, size


def _checksum_of(text: bytes) -> int:
    """Return the checksum that is stored: a CRC freed of where it began."""
    return isal_zlib.crc32(text, _WRAPS) ^ _WRAPS


def _over_zeros(checksum: int, size: int) -> int:
    """Return a checksum carried over so many zeros: what it adds to that of what comes next.

    A CRC is linear: that of two texts is the first's carried over the second, XOR the second's
    freed of where it began.
    """
    while size > _ALL_ZEROS:
        checksum, size = isal_zlib.crc32(_ZEROS, checksum), size - _ALL_ZEROS
    return isal_zlib.crc32(_ZEROS[:size], checksum)


_GZIP: Final = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_BLOCKS: Final = slice(_HEAD.size, -len(_END))
_STORED: Final = struct.Struct("<BHH")
_TRAILER: Final = struct.Struct("<II")
_MOST_STORED: Final = 0xFFFF


class GzipText:
    """Text made of plain and packed pieces, as a gzip file; `size` is its length unpacked."""

    encoding = "gzip"

    def __init__(self) -> None:
        self.size = 0
        self._checksum = 0
        self._parts = [_GZIP]
        self._plain: list[bytes] = []

    def add(self, text: bytes) -> None:
        """Add a short piece, stored as it is."""
        self._plain.append(text)
        self.size += len(text)

    def add_open(self, packed: bytes) -> None:
        """Add an object without its closing brace. Raises ValueError where it does not open."""
        if packed[0] != _MARK:
            packed = pack_object(_inflate_zlib(packed))
        if self._plain:
            self._store(last=False)
        checksum, size = _head_of(packed)
        self._parts.append(packed[_BLOCKS])
        self._checksum = _over_zeros(self._checksum, size) ^ checksum
        self.size += size

    def add_object(self, text: bytes) -> None:
        """Add an object that is not packed yet."""
        self.add_open(pack_object(text))
        self.add(b"}")

    def end(self) -> bytes:
        """Return the file; nothing may be added after it."""
        self._store(last=True)
        self._parts.append(_TRAILER.pack(self._checksum, self.size & _WRAPS))
        return b"".join(self._parts)

    def _store(self, *, last: bool) -> None:
        text = b"".join(self._plain)
        self._plain.clear()
        self._checksum = isal_zlib.crc32(text, self._checksum)
        while len(text) > _MOST_STORED:
            self._parts += (_STORED.pack(0, _MOST_STORED, 0), text[:_MOST_STORED])
            text = text[_MOST_STORED:]
        self._parts += (_STORED.pack(last, len(text), len(text) ^ _MOST_STORED), text)


class PlainText:
    """The same text for who takes no gzip."""

    encoding = None

    def __init__(self) -> None:
        self.size = 0
        self._parts: list[bytes] = []

    def add(self, text: bytes) -> None:
        """Add a piece."""
        self._parts.append(text)
        self.size += len(text)

    def add_open(self, packed: bytes) -> None:
        """Add an object without its closing brace. Raises ValueError where it does not open."""
        self.add(unpack_open(packed))

    def add_object(self, text: bytes) -> None:
        """Add an object that is not packed yet."""
        self.add(text)

    def end(self) -> bytes:
        """Return the text."""
        return b"".join(self._parts)


Text = GzipText | PlainText


@dataclass(slots=True)
class ObjectList:
    """Objects of a JSON list, with commas between them."""

    text: Text
    count: int = 0

    def next(self) -> Text:
        """Return what the next object is written to."""
        if self.count:
            self.text.add(b",")
        self.count += 1
        return self.text

    def add(self, objects: Iterable[bytes]) -> None:
        """Add objects that are not packed yet."""
        for one in objects:
            self.next().add_object(one)
