"""Whose address is whose: an account keeps its `sub` when its address changes (FACTS 6.5)."""

import json
import sqlite3
from typing import Final

from infra.local.google.oauth.identity import PERSONAL, subject_of

_BY_ADDRESS: Final = ("consents", "codes", "refresh_tokens", "access_tokens", "watches")
"""Tables of the state file that name an account by its address."""


class Accounts:
    """The accounts that were renamed; every other one has the `sub` of its address."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def subject(self, email: str) -> str:
        """Return the account's `sub`."""
        row = self._row(email)
        return str(row[0]) if row else subject_of(email)

    def rename(self, former: str, email: str) -> None:
        """Move grants and watch to another address; who takes the former one is a new account."""
        subject = self.subject(former)
        for table in _BY_ADDRESS:
            self._database.execute(
                f"UPDATE {table} SET email = ? WHERE email = ?",  # noqa: S608 - fixed names
                (email, former),
            )
        for code, request in self._database.execute(
            "SELECT code, request FROM codes WHERE email = ?", (email,)
        ).fetchall():
            moved = json.dumps({**json.loads(request), "email": email})
            self._database.execute("UPDATE codes SET request = ? WHERE code = ?", (moved, code))
        self._database.executemany(
            "INSERT OR REPLACE INTO accounts VALUES (?, ?, ?)",
            [(email, subject, former), (former, subject_of(f"{subject} {former}"), None)],
        )

    def other_name(self, fault: str, email: str) -> str:
        """Return the other address under which a push fault announces the mailbox."""
        if fault == "push_former_address":
            row = self._row(email)
            return str(row[1]) if row and row[1] else email
        name, _, domain = email.rpartition("@")
        (other,) = PERSONAL - {domain} if domain in PERSONAL else (domain,)
        return f"{name}@{other}"

    def forget_all(self) -> None:
        """Forget every rename."""
        self._database.execute("DELETE FROM accounts")

    def _row(self, email: str) -> tuple[str, str | None] | None:
        sql = "SELECT subject, former FROM accounts WHERE email = ?"
        found: tuple[str, str | None] | None = self._database.execute(
            sql, (email.lower(),)
        ).fetchone()
        return found
