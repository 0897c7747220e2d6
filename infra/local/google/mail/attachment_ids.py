"""Attachment ids: another one at every fetch, each good for ever (FACTS 4.5)."""

import os
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import blake2b
from typing import Final

PREFIX: Final = "ANGjdJ9"
NOISE_BYTES: Final = 216
"""Makes an id of 319 characters, as recorded."""

FIELDS: Final = struct.Struct(f">{NOISE_BYTES}sQH")
SEAL_BYTES: Final = 8


class AttachmentIds:
    """Makes and reads ids that carry (message row, number of the attachment) under a seal."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def make(self, row: int, number: int) -> str:
        """Return a fresh id."""
        fields = FIELDS.pack(os.urandom(NOISE_BYTES), row, number)
        return PREFIX + urlsafe_b64encode(fields + self._seal(fields)).decode()

    def read(self, attachment_id: str) -> tuple[int, int] | None:
        """Return (row, number), or None for an id that was never handed out."""
        try:
            data = urlsafe_b64decode(attachment_id.removeprefix(PREFIX))
        except ValueError:
            return None
        fields, seal = data[: FIELDS.size], data[FIELDS.size :]
        if len(fields) != FIELDS.size or seal != self._seal(fields):
            return None
        _, row, number = FIELDS.unpack(fields)
        return row, number

    def _seal(self, fields: bytes) -> bytes:
        return blake2b(fields, key=self._key, digest_size=SEAL_BYTES).digest()
