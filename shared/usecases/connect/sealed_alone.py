"""Sealing of what belongs to no connection yet: the data key travels with the ciphertext."""

from shared.domain.ids import ConnectionId
from shared.errors import CorruptStateError
from shared.ports.oauth import Sealer

LENGTH_BYTES = 2


async def seal_alone(sealer: Sealer, plaintext: str, *, owner: str, purpose: str) -> bytes:
    """Answer wrapped data key and ciphertext in one, bound to `owner` (a document id)."""
    bound_to = ConnectionId(owner)
    key = await sealer.new_data_key(bound_to)
    sealed = await sealer.seal(plaintext, data_key=key, connection_id=bound_to, purpose=purpose)
    return len(key).to_bytes(LENGTH_BYTES, "big") + key + sealed


def key_of_alone(sealer: Sealer, sealed: bytes) -> str:
    """Answer the id of the key-encryption key behind it. Raises CorruptStateError."""
    return sealer.key_of(sealed[LENGTH_BYTES : _end_of_key(sealed)])


async def rewrap_alone(sealer: Sealer, sealed: bytes, *, owner: str) -> bytes:
    """Answer the same under the current key-encryption key. Raises CorruptStateError."""
    end = _end_of_key(sealed)
    key = await sealer.rewrap(sealed[LENGTH_BYTES:end], connection_id=ConnectionId(owner))
    return len(key).to_bytes(LENGTH_BYTES, "big") + key + sealed[end:]


async def open_alone(sealer: Sealer, sealed: bytes, *, owner: str, purpose: str) -> str:
    """Answer the plaintext. Raises CorruptStateError where it was sealed for something else."""
    end = _end_of_key(sealed)
    if len(sealed) <= end:
        raise CorruptStateError(purpose)
    return await sealer.open(
        sealed[end:],
        data_key=sealed[LENGTH_BYTES:end],
        connection_id=ConnectionId(owner),
        purpose=purpose,
    )


def _end_of_key(sealed: bytes) -> int:
    return LENGTH_BYTES + int.from_bytes(sealed[:LENGTH_BYTES], "big")
