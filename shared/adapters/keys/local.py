"""Sealing under keys in a local file: the port Sealer without a cloud.

The file is `{"current": id, "keys": {id: base64 of 32 bytes}}`, mode 0600. It is read again when
it changes, so a new current key takes effect in running processes and old ones still open.
"""

import json
import os
import secrets
import tempfile
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from shared.adapters.keys.format import (
    DATA_KEY,
    KEY_BYTES,
    MAX_ID,
    key_id_of,
    new_key,
    seal,
    unseal,
)
from shared.domain.ids import ConnectionId
from shared.errors import ConfigurationError, CorruptStateError


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
        """Return a fresh data key, wrapped by the current key-encryption key."""
        keys = self._current()
        return _wrap(new_key(), keys, connection_id)

    async def seal(
        self, plaintext: str, *, data_key: bytes, connection_id: ConnectionId, purpose: str
    ) -> bytes:
        """Seal under the connection's data key."""
        key_id, key = self._unwrap(data_key, connection_id)
        return seal(plaintext.encode(), key, key_id, connection_id, purpose)

    async def open(
        self, sealed: bytes, *, data_key: bytes, connection_id: ConnectionId, purpose: str
    ) -> str:
        """Open what `seal` answered."""
        _, key = self._unwrap(data_key, connection_id)
        return unseal(sealed, key, connection_id, purpose).decode()

    async def current_key(self) -> str:
        """Return the id of the key-encryption key that new data keys get."""
        return self._current().current

    def key_of(self, data_key: bytes) -> str:
        """Return the id of the key-encryption key behind a wrapped data key."""
        return key_id_of(data_key)

    async def rewrap(self, data_key: bytes, *, connection_id: ConnectionId) -> bytes:
        """Return the same data key under the current key-encryption key."""
        _, key = self._unwrap(data_key, connection_id)
        return _wrap(key, self._current(), connection_id)

    def _unwrap(self, data_key: bytes, connection_id: ConnectionId) -> tuple[str, bytes]:
        key_id = key_id_of(data_key)
        key = self._current().keys.get(key_id)
        if key is None:
            raise CorruptStateError("data key, wrapped by a key that the keyring lacks")
        return key_id, unseal(data_key, key, connection_id, DATA_KEY)

    def _current(self) -> Keys:
        """Return the keys, reading the file again only where it changed (about 2 us)."""
        try:
            stat = self._path.stat()
        except OSError as error:
            raise ConfigurationError(
                "POSTROOM_KEYRING: the keyring file cannot be read."
            ) from error
        seen = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
        if seen != self._read_as:
            self._keys = _read(self._path)
            self._read_as = seen
        return self._keys


def create_keyring(path: Path) -> None:
    """Create the file with one new key, for its owner's eyes only; leave one that exists."""
    key_id = _new_id()
    with _draft(path, Keys(key_id, {key_id: new_key()})) as draft, suppress(FileExistsError):
        os.link(draft, path)  # whole or not at all, and never over another process's file


def add_key(path: Path) -> str:
    """Add a key and make it the current one; return its id. The others go on opening.

    Raises ConfigurationError where there is no readable keyring.
    """
    keys, key_id = _read(path), _new_id()
    with _draft(path, Keys(key_id, {**keys.keys, key_id: new_key()})) as draft:
        draft.rename(path)
    return key_id


@contextmanager
def _draft(path: Path, keys: Keys) -> Iterator[Path]:
    """Return a file beside `path` that holds the keys; it is gone, or renamed, afterwards."""
    encoded = {id: b64encode(key).decode() for id, key in keys.keys.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump({"current": keys.current, "keys": encoded}, file)
            file.flush()
            os.fsync(file.fileno())
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _new_id() -> str:
    return f"local-{secrets.token_hex(4)}"


def _wrap(key: bytes, keys: Keys, connection_id: ConnectionId) -> bytes:
    return seal(key, keys.keys[keys.current], keys.current, connection_id, DATA_KEY)


def _read(path: Path) -> Keys:
    try:
        return _parse(path.read_text("utf-8"))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ConfigurationError("POSTROOM_KEYRING: the keyring file cannot be read.") from error


def _parse(text: str) -> Keys:
    """Read the file's content. Raises ValueError, TypeError, KeyError."""
    content = json.loads(text)
    keys = {id: b64decode(key, validate=True) for id, key in content["keys"].items()}
    current = content["current"]
    sound = all(len(key) == KEY_BYTES and 0 < len(id) <= MAX_ID for id, key in keys.items())
    if current not in keys or not (sound and all(id.isascii() for id in keys)):
        raise ValueError("a key, its id, or which of them is current")
    return Keys(current, keys)
