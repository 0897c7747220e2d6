"""Consents, codes and tokens: one project's grants, kept in the state file."""

import json
import secrets
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from infra.local.google.clock import Clock
from infra.local.google.oauth.accounts import Accounts
from infra.local.google.settings import GoogleSettings

DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Approval:
    """What the user agreed to and what the code's exchange will be held to."""

    email: str
    scopes: tuple[str, ...]
    redirect_uri: str
    nonce: str | None
    challenge: str | None
    challenge_method: str | None
    with_refresh_token: bool
    given_at: float


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A live access token. `given_at` and `expires_at` are epoch seconds."""

    email: str
    scopes: frozenset[str]
    given_at: float
    expires_at: float


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A live refresh token; `given_at` is when its consent was given, in epoch seconds."""

    email: str
    scopes: tuple[str, ...]
    given_at: float


class Grants:
    """Everything ever granted to the project's one OAuth client."""

    def __init__(
        self, database: sqlite3.Connection, clock: Clock, settings: GoogleSettings
    ) -> None:
        self.accounts = Accounts(database)
        self._database = database
        self._clock = clock
        self._settings = settings

    def consented_scopes(self, email: str) -> list[str]:
        """Return the scopes the user has granted the project so far."""
        found = self._one("SELECT scopes FROM consents WHERE email = ?", email)
        return found[0].split() if found else []

    def approve(self, approval: Approval) -> str:
        """Remember the consent and return a single-use code for it."""
        scopes = dict.fromkeys((*self.consented_scopes(approval.email), *approval.scopes))
        code = f"4/0A{secrets.token_urlsafe(48)}"
        now = self._now()
        self._database.execute(
            "INSERT OR REPLACE INTO consents VALUES (?, ?, ?)",
            (approval.email, " ".join(scopes), now),
        )
        expires_at = now + self._settings.authorization_code_s
        self._database.execute(
            "INSERT INTO codes VALUES (?, ?, ?, ?)",
            (code, approval.email, json.dumps(asdict(approval)), expires_at),
        )
        return code

    def approval(self, code: str) -> Approval | None:
        """Return what an unspent, unexpired code stands for."""
        row = self._one(
            "SELECT request FROM codes WHERE code = ? AND expires_at > ?", code, self._now()
        )
        if row is None:
            return None
        fields: dict[str, Any] = json.loads(row[0])
        return Approval(**{**fields, "scopes": tuple(fields["scopes"])})

    def spend(self, code: str) -> None:
        """Make a code worthless."""
        self._database.execute("DELETE FROM codes WHERE code = ?", (code,))

    def new_access_token(self, email: str, scopes: Iterable[str], given_at: float) -> str:
        """Issue an access token."""
        token = f"ya29.a0{secrets.token_urlsafe(96)}"
        now = self._now()
        self._database.execute("DELETE FROM access_tokens WHERE expires_at < ?", (now - DAY_S,))
        expires_at = now + self._settings.access_token_s
        self._database.execute(
            "INSERT INTO access_tokens VALUES (?, ?, ?, ?, ?)",
            (token, email, " ".join(scopes), given_at, expires_at),
        )
        return token

    def new_refresh_token(self, approval: Approval, scopes: Iterable[str]) -> str:
        """Issue a refresh token; beyond 100 the oldest dies without a word (FACTS 6.6)."""
        token = f"1//0{secrets.token_urlsafe(64)}"
        self._database.execute(
            "INSERT INTO refresh_tokens VALUES (?, ?, ?, ?, ?, 0)",
            (token, approval.email, " ".join(scopes), approval.given_at, self._now()),
        )
        self._database.execute(
            "UPDATE refresh_tokens SET dead = 1 WHERE email = ?1 AND token NOT IN (SELECT token"
            " FROM refresh_tokens WHERE email = ?1 AND dead = 0"
            " ORDER BY given_at DESC, rowid DESC LIMIT ?2)",
            (approval.email, self._settings.refresh_tokens_per_account),
        )
        return token

    def access(self, token: str) -> AccessToken | None:
        """Return a live access token; None if unknown, expired or revoked."""
        row = self._one(
            "SELECT email, scopes, given_at, expires_at FROM access_tokens"
            " WHERE token = ? AND expires_at > ?",
            token,
            self._now(),
        )
        return AccessToken(row[0], frozenset(row[1].split()), row[2], row[3]) if row else None

    def refresh(self, token: str) -> RefreshToken | None:
        """Return a live refresh token and count this as a use of it (FACTS 6.6)."""
        now = self._now()
        idle_since = now - self._settings.refresh_token_idle_days * DAY_S
        days = self._settings.refresh_token_days
        oldest = 0.0 if days is None else now - days * DAY_S
        row = self._one(
            "UPDATE refresh_tokens SET used_at = ? WHERE token = ? AND dead = 0"
            " AND used_at > ? AND given_at > ? RETURNING email, scopes, given_at",
            *(now, token, idle_since, oldest),
        )
        return RefreshToken(row[0], tuple(row[1].split()), row[2]) if row else None

    def ever_issued(self, token: str) -> bool:
        """Whether a refresh token of this text was ever handed out."""
        return self._one("SELECT 1 FROM refresh_tokens WHERE token = ?", token) is not None

    def owner(self, token: str) -> str | None:
        """Return whose live token this is, access or refresh."""
        access = self.access(token)
        if access is not None:
            return access.email
        row = self._one("SELECT email FROM refresh_tokens WHERE token = ? AND dead = 0", token)
        return str(row[0]) if row else None

    def revoke(self, email: str) -> None:
        """End everything the user granted, in one stroke: tokens and codes (FACTS 6.9)."""
        self._database.execute("UPDATE refresh_tokens SET dead = 1 WHERE email = ?", (email,))
        for table in ("access_tokens", "codes", "consents"):
            self._database.execute(f"DELETE FROM {table} WHERE email = ?", (email,))  # noqa: S608 - fixed names

    def forget_all(self) -> None:
        """Drop all grants."""
        for table in ("refresh_tokens", "access_tokens", "codes", "consents"):
            self._database.execute(f"DELETE FROM {table}")  # noqa: S608 - fixed names
        self.accounts.forget_all()

    def _now(self) -> float:
        return self._clock.now().timestamp()

    def _one(self, query: str, *values: object) -> Any:
        return self._database.execute(query, values).fetchone()
