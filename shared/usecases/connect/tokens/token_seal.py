"""Tokens of a connection, sealed into its grant and opened again (DESIGN 5.4)."""

from base64 import b64encode
from dataclasses import replace
from datetime import datetime
from hashlib import sha512

from shared.domain.connect.grant import Grant
from shared.domain.ids import ConnectionId
from shared.errors import CorruptStateError
from shared.ports.google.oauth import Sealer, Tokens

REFRESH_TOKEN = "refresh_token"
ACCESS_TOKEN = "access_token"


def revocation_hash(refresh_token: str) -> str:
    """Return the hash by which Google names a revoked token (FACTS 6.10)."""
    return b64encode(sha512(sha512(refresh_token.encode()).digest()).digest()).decode()


async def opened_access_token(sealer: Sealer, grant: Grant) -> str:
    """Raise CorruptStateError where the ciphertext is not this connection's."""
    return await sealer.open(
        grant.access_token,
        data_key=grant.data_key,
        connection_id=grant.connection_id,
        purpose=ACCESS_TOKEN,
    )


async def opened_refresh_token(sealer: Sealer, grant: Grant) -> str:
    """Raise CorruptStateError where the ciphertext is not this connection's."""
    return await sealer.open(
        grant.refresh_token,
        data_key=grant.data_key,
        connection_id=grant.connection_id,
        purpose=REFRESH_TOKEN,
    )


async def new_grant(
    sealer: Sealer,
    connection_id: ConnectionId,
    tokens: Tokens,
    refresh_token: str,
    before: Grant | None,
    now: datetime,
) -> Grant:
    """Return the grant of a consent just given; on reconnect one generation further."""
    key = before.data_key if before else await sealer.new_data_key(connection_id)
    return Grant(
        connection_id=connection_id,
        refresh_token=await sealer.seal(
            refresh_token, data_key=key, connection_id=connection_id, purpose=REFRESH_TOKEN
        ),
        access_token=await sealer.seal(
            tokens.access_token, data_key=key, connection_id=connection_id, purpose=ACCESS_TOKEN
        ),
        access_expires_at=tokens.expires_at,
        scopes=tokens.scopes,
        data_key=key,
        generation=before.generation + 1 if before else 1,
        token_hash=revocation_hash(refresh_token),
        refreshed_at=now,
        issued_at=now,
        consent_ends_at=tokens.consent_ends_at,
    )


async def refreshed_grant(sealer: Sealer, grant: Grant, tokens: Tokens, now: datetime) -> Grant:
    """Return the grant with a new access token, its refresh claim given back.

    Google hands out no new refresh token on refresh (FACTS 6.4); should it, that one counts.
    """
    if tokens.refresh_token is not None:
        return replace(
            await new_grant(sealer, grant.connection_id, tokens, tokens.refresh_token, grant, now),
            issued_at=grant.issued_at,
        )
    sealed = await sealer.seal(
        tokens.access_token,
        data_key=grant.data_key,
        connection_id=grant.connection_id,
        purpose=ACCESS_TOKEN,
    )
    return replace(
        grant,
        access_token=sealed,
        access_expires_at=tokens.expires_at,
        refresh_claimed_until=None,
        refused_since=None,
        refreshed_at=now,
        consent_ends_at=tokens.consent_ends_at or grant.consent_ends_at,
    )


LENGTH_BYTES = 2


async def seal_alone(sealer: Sealer, plaintext: str, *, owner: str, purpose: str) -> bytes:
    """Return wrapped data key and ciphertext in one, bound to `owner` (a document id)."""
    bound_to = ConnectionId(owner)
    key = await sealer.new_data_key(bound_to)
    sealed = await sealer.seal(plaintext, data_key=key, connection_id=bound_to, purpose=purpose)
    return len(key).to_bytes(LENGTH_BYTES, "big") + key + sealed


def key_of_alone(sealer: Sealer, sealed: bytes) -> str:
    """Return the id of the key-encryption key behind it. Raises CorruptStateError."""
    return sealer.key_of(sealed[LENGTH_BYTES : _end_of_key(sealed)])


async def rewrap_alone(sealer: Sealer, sealed: bytes, *, owner: str) -> bytes:
    """Return the same under the current key-encryption key. Raises CorruptStateError."""
    end = _end_of_key(sealed)
    key = await sealer.rewrap(sealed[LENGTH_BYTES:end], connection_id=ConnectionId(owner))
    return len(key).to_bytes(LENGTH_BYTES, "big") + key + sealed[end:]


async def open_alone(sealer: Sealer, sealed: bytes, *, owner: str, purpose: str) -> str:
    """Return the plaintext. Raises CorruptStateError where it was sealed for something else."""
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
