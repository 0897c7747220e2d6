"""The form of everything sealed, whichever key-encryption key stands behind it.

`1, length of key id, key id, nonce (12), ciphertext and tag`, AES-256-GCM. The associated data is
that head, the connection id and the purpose: bytes moved elsewhere, or under another key's name,
do not open.

A data key may be sealed under a key of its own above it: `2, length of key id, key id, length of
that key (2), that key as the key-encryption key wrapped it, nonce, ciphertext and tag`.
"""

import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.domain.ids import ConnectionId
from shared.errors import CorruptStateError

FORMAT: Final = 1
NESTED: Final = 2
LENGTH_BYTES: Final = 2
KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
MAX_ID: Final = 64
"""Characters of a key id, which stands in front of all it seals."""
DATA_KEY: Final = "data-key"
"""The purpose a wrapped data key is sealed for."""
ABOVE: Final = "key-above"
"""The purpose a key above data keys is wrapped for; it belongs to no connection."""


def new_key() -> bytes:
    """Return a fresh AES-256 key."""
    return secrets.token_bytes(KEY_BYTES)


def head_with(key_id: str) -> bytes:
    """Return the head of bytes sealed under a key of that id."""
    name = key_id.encode()
    return bytes((FORMAT, len(name))) + name


def head_of(sealed: bytes) -> bytes:
    """Return the head of sealed bytes. Raises CorruptStateError."""
    short = len(sealed) < 2 or len(sealed) < 2 + sealed[1] + NONCE_BYTES  # noqa: PLR2004
    if short or sealed[0] not in {FORMAT, NESTED}:
        raise CorruptStateError("sealed value, of a form this program does not write")
    return sealed[: 2 + sealed[1]]


def key_id_of(sealed: bytes) -> str:
    """Return which key-encryption key is behind sealed bytes. Raises CorruptStateError."""
    return head_of(sealed)[2:].decode("ascii", "replace")


def bound_to(head: bytes, connection_id: ConnectionId, purpose: str) -> bytes:
    """Return the associated data."""
    return b"\0".join((head, connection_id.encode(), purpose.encode()))


def seal(
    plaintext: bytes, key: bytes, key_id: str, connection_id: ConnectionId, purpose: str
) -> bytes:
    """Seal under `key`, naming `key_id`."""
    head = head_with(key_id)
    nonce = secrets.token_bytes(NONCE_BYTES)
    bound = bound_to(head, connection_id, purpose)
    return head + nonce + AESGCM(key).encrypt(nonce, plaintext, bound)


def unseal(sealed: bytes, key: bytes, connection_id: ConnectionId, purpose: str) -> bytes:
    """Open what `seal` answered. Raises CorruptStateError where it does not authenticate."""
    head = head_of(sealed)
    nonce, ciphertext = sealed[len(head) :][:NONCE_BYTES], sealed[len(head) + NONCE_BYTES :]
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, bound_to(head, connection_id, purpose))
    except InvalidTag:
        raise CorruptStateError("sealed value, which does not authenticate") from None


def nest(wrapped: bytes, sealed: bytes) -> bytes:
    """Return a data key, sealed under a key above it, behind that key as it was wrapped."""
    head = head_of(sealed)
    length = len(wrapped).to_bytes(LENGTH_BYTES, "big")
    return bytes((NESTED,)) + head[1:] + length + wrapped + sealed[len(head) :]


def nested_in(data_key: bytes) -> tuple[bytes, bytes] | None:
    """Return what `nest` was given; None where no key stands above. Raises CorruptStateError."""
    head = head_of(data_key)
    if head[0] != NESTED:
        return None
    rest = data_key[len(head) :]
    end = LENGTH_BYTES + int.from_bytes(rest[:LENGTH_BYTES], "big")
    if len(rest) < end + NONCE_BYTES:
        raise CorruptStateError("data key, of a form this program does not write")
    return rest[LENGTH_BYTES:end], bytes((FORMAT,)) + head[1:] + rest[end:]
