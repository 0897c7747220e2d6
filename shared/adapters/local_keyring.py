"""Sealing under keys in a local file: the port Sealer without a cloud.

The file is `{"current": id, "keys": {id: base64 of 32 bytes}}`, mode 0600. It is read again when
it changes, so a new current key takes effect in running processes and old ones still open.

Sealed bytes are `1, length of key id, key id, nonce (12), ciphertext and tag`. The associated data
is that head, the connection id and the purpose: bytes moved elsewhere do not open.
"""

import json
import os
import secrets
import tempfile
from base64 import b64decode, b64encode
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.domain.ids import ConnectionId
from shared.errors import ConfigurationError, CorruptStateError

FORMAT: Final = 1
KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
MAX_ID: Final = 64
"""Characters of a key id, which stands in front of all it seals."""
DATA_KEY: Final = "data-key"
"""The purpose a wrapped data key is sealed for."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The file's content."""

    current: str
    keys: Mapping[str, bytes]


class LocalKeyring:
    """Sealer over a keyring file, which must exist (`create_keyring`)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_as: tuple[int, int, int] | None = None
        self._keys = Keys("", {})

    async def new_data_key(self, connection_id: ConnectionId) -> bytes:
        """Answer a fresh data key, wrapped by the current key-encryption key."""
        keys = self._current()
        key = secrets.token_bytes(KEY_BYTES)
        return _seal(key, keys.keys[keys.current], keys.current, connection_id, DATA_KEY)

    async def seal(
        self, plaintext: str, *, data_key: bytes, connection_id: ConnectionId, purpose: str
    ) -> bytes:
        """Seal under the connection's data key."""
        key_id, key = self._unwrapped(data_key, connection_id)
        return _seal(plaintext.encode(), key, key_id, connection_id, purpose)

    async def open(
        self, sealed: bytes, *, data_key: bytes, connection_id: ConnectionId, purpose: str
    ) -> str:
        """Open what `seal` answered."""
        _, key = self._unwrapped(data_key, connection_id)
        return _open(sealed, key, connection_id, purpose).decode()

    def _unwrapped(self, data_key: bytes, connection_id: ConnectionId) -> tuple[str, bytes]:
        key_id = key_id_of(data_key)
        key = self._current().keys.get(key_id)
        if key is None:
            raise CorruptStateError("data key, wrapped by a key that the keyring lacks")
        return key_id, _open(data_key, key, connection_id, DATA_KEY)

    def _current(self) -> Keys:
        """Answer the keys, reading the file again only where it changed (about 2 us)."""
        try:
            stat = self._path.stat()
            seen = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
            if seen != self._read_as:
                self._keys = _parse(self._path.read_text("utf-8"))
                self._read_as = seen
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise ConfigurationError(
                "POSTROOM_KEYRING: the keyring file cannot be read."
            ) from error
        return self._keys


def create_keyring(path: Path) -> None:
    """Create the file with one new key, for its owner's eyes only; leave one that exists."""
    key_id = f"local-{secrets.token_hex(4)}"
    content = {"current": key_id, "keys": {key_id: b64encode(secrets.token_bytes(32)).decode()}}
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)  # whole or not at all, and never over another process's file
    finally:
        Path(draft).unlink()


def key_id_of(sealed: bytes) -> str:
    """Answer which key-encryption key is behind sealed bytes. Raises CorruptStateError."""
    head = _head_of(sealed)
    return head[2:].decode("ascii", "replace")


def _parse(text: str) -> Keys:
    """Read the file's content. Raises ValueError, TypeError, KeyError."""
    content = json.loads(text)
    keys = {id: b64decode(key, validate=True) for id, key in content["keys"].items()}
    current = content["current"]
    sound = all(len(key) == KEY_BYTES and 0 < len(id) <= MAX_ID for id, key in keys.items())
    if current not in keys or not (sound and all(id.isascii() for id in keys)):
        raise ValueError("a key, its id, or which of them is current")
    return Keys(current, keys)


def _head_of(sealed: bytes) -> bytes:
    if len(sealed) < 2 or sealed[0] != FORMAT or len(sealed) < 2 + sealed[1] + NONCE_BYTES:  # noqa: PLR2004
        raise CorruptStateError("sealed value, of a form this program does not write")
    return sealed[: 2 + sealed[1]]


def _bound_to(head: bytes, connection_id: ConnectionId, purpose: str) -> bytes:
    return b"\0".join((head, connection_id.encode(), purpose.encode()))


def _seal(
    plaintext: bytes, key: bytes, key_id: str, connection_id: ConnectionId, purpose: str
) -> bytes:
    name = key_id.encode()
    head = bytes((FORMAT, len(name))) + name
    nonce = secrets.token_bytes(NONCE_BYTES)
    bound = _bound_to(head, connection_id, purpose)
    return head + nonce + AESGCM(key).encrypt(nonce, plaintext, bound)


def _open(sealed: bytes, key: bytes, connection_id: ConnectionId, purpose: str) -> bytes:
    head = _head_of(sealed)
    nonce, ciphertext = sealed[len(head) :][:NONCE_BYTES], sealed[len(head) + NONCE_BYTES :]
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, _bound_to(head, connection_id, purpose))
    except InvalidTag:
        raise CorruptStateError("sealed value, which does not authenticate") from None
