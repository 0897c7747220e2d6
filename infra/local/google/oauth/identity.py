"""Who a mailbox belongs to, as id_tokens and userinfo say it."""

import base64
import hashlib
from datetime import datetime
from typing import Any

ISSUER = "https://accounts.google.com"  # exactly as real; only addresses are local

PERSONAL = frozenset({"gmail.com", "googlemail.com"})
"""Accounts that no Workspace hosts: their id_tokens name no domain."""


def subject_of(email: str) -> str:
    """Return the `sub` of the account that has the address first: 21 digits."""
    number = int.from_bytes(hashlib.sha256(email.lower().encode()).digest(), "big")
    return f"1{number % 10**20:020d}"


def id_token_claims(
    email: str,
    *,
    subject: str,
    client_id: str,
    access_token: str,
    nonce: str | None,
    now: datetime,
) -> dict[str, Any]:
    """Return the claims of an id_token, valid for an hour."""
    issued = int(now.timestamp())
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "azp": client_id,
        "aud": client_id,
        "sub": subject,
        "email": email,
        "email_verified": True,
        "at_hash": _half_hash(access_token),
        "iat": issued,
        "exp": issued + 3600,
    }
    domain = email.rpartition("@")[2].lower()
    if domain not in PERSONAL:
        claims["hd"] = domain
    if nonce is not None:
        claims["nonce"] = nonce
    return claims


def push_token_claims(account: str, audience: str, now: datetime) -> dict[str, Any]:
    """Return the claims of a Pub/Sub push token (FACTS 7.1), valid for an hour."""
    issued = int(now.timestamp())
    subject = subject_of(account)
    return {
        "iss": ISSUER,
        "aud": audience,
        "azp": subject,
        "sub": subject,
        "email": account,
        "email_verified": True,
        "iat": issued,
        "exp": issued + 3600,
    }


def _half_hash(token: str) -> str:
    digest = hashlib.sha256(token.encode()).digest()[:16]
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
