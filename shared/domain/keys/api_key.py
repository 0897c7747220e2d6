"""API keys of the product's backend: what they may do, where, how long (API 1.1, 9).

A key reads `postroom_<id>_<secret>`: the id finds the document, the secret proves possession. Only
SHA-256 hashes of whole keys are stored; 256 random bits need no slow hash.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from secrets import token_hex, token_urlsafe
from typing import Any

from shared.domain.ids import ConnectionId

PREFIX = "postroom"
ALL_PERMISSIONS = "*"
"""The permission that is every one."""
ROOT = "root-"
"""How ids of the keys of the deployment's settings begin."""
USED_EVERY = timedelta(hours=1)
ID_BYTES = 8
SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key. `connections` None means every connection, `expires_at` None means never.

    While it is being rotated two secrets open it: the one before until `previous_until`.
    """

    id: str
    name: str
    sha256_hex: str
    permissions: frozenset[str]
    created_at: datetime
    connections: frozenset[ConnectionId] | None = None
    expires_at: datetime | None = None
    policy: Mapping[str, Any] = field(default_factory=dict)
    """What agents that call through MCP with this key are held to."""
    requests_per_minute: int | None = None
    """None is the deployment's own limit."""
    tools: str = ""
    """Which tools its agents are listed where their address names none; no boundary."""
    rotated_at: datetime | None = None
    previous_sha256_hex: str | None = None
    previous_until: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    """When a call came with it; written at most every USED_EVERY."""
    parent: str | None = None
    """The key that made it; None where an operator did, by a root key, the console or a command."""
    schema_version: int = SCHEMA_VERSION

    @property
    def is_root(self) -> bool:
        """Whether it is one of the deployment's settings, which are not stored."""
        return self.id.startswith(ROOT)

    def accepts(self, digest: str, now: datetime) -> bool:
        """Whether the key of this hash works now; both comparisons are always made."""
        current = compare_digest(self.sha256_hex, digest)
        before = compare_digest(self.previous_sha256_hex or "", digest)
        overlap = self.previous_until is not None and now < self.previous_until
        return self.alive(now) and (current or (before and overlap))

    def alive(self, now: datetime) -> bool:
        """Whether it is neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    def with_use(self, now: datetime) -> "ApiKey":
        """Return the key after a call; itself where its last use is known well enough."""
        known = self.last_used_at is not None and now - self.last_used_at < USED_EVERY
        return self if known or self.is_root else replace(self, last_used_at=now)

    def with_new_secret(self, digest: str, now: datetime, overlap_until: datetime) -> "ApiKey":
        """Return the key with a new secret; the one before it works until `overlap_until`."""
        return replace(
            self,
            sha256_hex=digest,
            rotated_at=now,
            previous_sha256_hex=self.sha256_hex,
            previous_until=overlap_until,
        )

    def with_revocation(self, now: datetime) -> "ApiKey":
        """Return the key with an end: no caller can use it any more."""
        return replace(self, revoked_at=self.revoked_at or now, previous_sha256_hex=None)


def new_id() -> str:
    """Return an id for a key."""
    return token_hex(ID_BYTES)


def new_token(id: str) -> str:
    """Return a new key in clear, shown once."""
    return f"{PREFIX}_{id}_{token_urlsafe(32)}"


def id_in(token: str) -> str | None:
    """Return the id a key names, None where it is no key of this form."""
    prefix, _, rest = token.partition("_")
    id, _, secret = rest.partition("_")
    shaped = prefix == PREFIX and len(id) == 2 * ID_BYTES and bool(secret)
    return id if shaped and set(id) <= set("0123456789abcdef") else None


def digest_of(token: str) -> str:
    """Return the form in which a key is stored."""
    return sha256(token.encode()).hexdigest()
