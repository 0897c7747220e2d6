"""Files inside a zip: listed, and read only as far as a bound goes."""

import zlib
from collections.abc import Sequence
from io import BytesIO
from typing import Final
from zipfile import BadZipFile, ZipFile, ZipInfo

from shared.domain.mail.reading.shown_text import file_name

MOST_UNPACKED: Final = 20 << 20
"""Bytes that all entries read of one file may unpack to."""
MOST_ENTRIES: Final = 5_000
MOST_LISTED: Final = 500
ENCRYPTED: Final = 1
"""The flag of an entry that needs a password: the first bit."""
_BROKEN: Final = (
    BadZipFile,
    EOFError,
    KeyError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
    zlib.error,
)
"""What the standard library raises of a zip that is damaged, encrypted or made up."""


class UnreadableFileError(ValueError):
    """A file that is not what it says, or that would unpack to more than is read."""


class Zipped:
    """One zip file. Every method raises UnreadableFileError."""

    def __init__(self, data: bytes) -> None:
        try:
            self._zip = ZipFile(BytesIO(data))
            self._entries = self._zip.infolist()
        except _BROKEN:
            raise UnreadableFileError("This is no zip file that can be read.") from None
        if len(self._entries) > MOST_ENTRIES:
            raise UnreadableFileError(f"This zip has more than {MOST_ENTRIES:,} entries.")
        self._left = MOST_UNPACKED

    @property
    def names(self) -> Sequence[str]:
        """Return the names of all entries."""
        return [one.filename for one in self._entries]

    def listing(self) -> str:
        """Return a line for each entry: its size as it says, and its name."""
        lines = [_line(one) for one in self._entries[:MOST_LISTED]]
        more = len(self._entries) - len(lines)
        return "\n".join([*lines, *([f"and {more} more"] if more else [])])

    def read(self, name: str) -> bytes:
        """Return an entry's bytes, whatever size it claims."""
        try:
            with self._zip.open(name) as entry:
                data = entry.read(self._left + 1)
        except _BROKEN:
            raise UnreadableFileError("An entry of this file cannot be read.") from None
        self._left -= len(data)
        if self._left < 0:
            raise UnreadableFileError(f"This file unpacks to more than {MOST_UNPACKED:,} bytes.")
        return data


def _line(entry: ZipInfo) -> str:
    locked = " (behind a password)" if entry.flag_bits & ENCRYPTED else ""
    return f"{entry.file_size:>12,}  {file_name(entry.filename)}{locked}"
