"""The opaque positions that readers hold: a cursor of records, a page token of a listing.

Both carry a checksum bound to the connection, so a cursor that was cut, mistyped or taken from
another connection is refused instead of silently skipping records. A cursor never expires.

A cursor is bound to its model too, for each model that is stored counts by itself; `model` is ""
for the messages, whose cursors are as old as Postroom.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b

from shared.domain.base64url import decode_base64url, encode_base64url
from shared.domain.ids import ConnectionId, MessageId, SequenceNumber
from shared.errors import InvalidRequestError

_CHECKSUM_BYTES = 6
_NUMBER_BYTES = 8
_SALT_BYTES = 16
_REMEMBERED = 256
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CURSOR, _SCREEN = b"c1", b"s1"


def cursor_of(connection_id: ConnectionId, sequence: SequenceNumber, model: str = "") -> str:
    """Return the cursor that continues after `sequence` of the model."""
    body = sequence.to_bytes(_NUMBER_BYTES, "big")
    return _encode(connection_id, _CURSOR, body, model)


def sequence_of(connection_id: ConnectionId, cursor: str, *models: str) -> SequenceNumber:
    """Return what a cursor of one of the models continues after; without any, of the messages.

    Raises InvalidRequestError.
    """
    body = _read(connection_id, _CURSOR, cursor, "cursor", models or ("",))
    if len(body) != _NUMBER_BYTES:
        raise _refusal("cursor")
    return SequenceNumber(int.from_bytes(body, "big"))


def page_token_of(connection_id: ConnectionId, date: datetime, id: MessageId) -> str:
    """Return the token of the screen below the message `id` of `date`."""
    microseconds = (date - _EPOCH) // timedelta(microseconds=1)
    body = microseconds.to_bytes(_NUMBER_BYTES, "big", signed=True) + id.encode()
    return _encode(connection_id, _SCREEN, body)


def place_of(
    connection_id: ConnectionId, token: str, name: str = "before"
) -> tuple[datetime, MessageId]:
    """Return the (date, id) a screen continues below. Raises InvalidRequestError.

    `name` is the parameter the token came in.
    """
    body = _read(connection_id, _SCREEN, token, name)
    try:
        microseconds = int.from_bytes(body[:_NUMBER_BYTES], "big", signed=True)
        date = _EPOCH + timedelta(microseconds=microseconds)
        return date, MessageId(body[_NUMBER_BYTES:].decode())
    except (ValueError, OverflowError):
        raise _refusal(name) from None


def _encode(connection_id: ConnectionId, kind: bytes, body: bytes, model: str = "") -> str:
    return encode_base64url(_checksum(connection_id, kind, body, model) + body)


def _read(
    connection_id: ConnectionId,
    kind: bytes,
    text: str,
    name: str,
    models: tuple[str, ...] = ("",),
) -> bytes:
    try:
        raw = decode_base64url(text)
    except ValueError:
        raise _refusal(name) from None
    checksum, body = raw[:_CHECKSUM_BYTES], raw[_CHECKSUM_BYTES:]
    if checksum not in {_checksum(connection_id, kind, body, one) for one in models}:
        raise _refusal(name)
    return body


def _checksum(connection_id: ConnectionId, kind: bytes, body: bytes, model: str) -> bytes:
    hashed = _base_hash(connection_id, kind, model).copy()
    hashed.update(body)
    return hashed.digest()


@lru_cache(_REMEMBERED)
def _base_hash(connection_id: ConnectionId, kind: bytes, model: str) -> blake2b:
    """Return the hash before any body: one serves all the records of a page."""
    salt = blake2b(model.encode(), digest_size=_SALT_BYTES).digest() if model else b""
    key = connection_id.encode()[:64]
    return blake2b(digest_size=_CHECKSUM_BYTES, key=key, person=kind, salt=salt)


def _refusal(name: str) -> InvalidRequestError:
    return InvalidRequestError(
        f"This {name} is damaged or belongs to another connection or model: use one as it was "
        "given.",
        code="invalid_query_params",
    )
