"""The settings of the console: who may sign in, and as what."""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from shared.edge.settings.events import Reads
from shared.ports.google.oauth import Identity

SHA256_HEX: Final = re.compile(r"[0-9a-f]{64}")
PERSON: Final = re.compile(r"[^@\s,]*@[^@\s,]+\.[^@\s,]+")
NO_PERSON: Final[frozenset[str]] = frozenset()


class Role(StrEnum):
    """What a person may do in the console."""

    VIEWER = "viewer"
    """See everything, change nothing."""
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class ConsoleOptions:
    """Whom a deployment lets into its console; by default no person."""

    keys: frozenset[str] = field(default=NO_PERSON, repr=False)
    """SHA-256, in hex, of the operator keys."""
    operators: frozenset[str] = NO_PERSON
    """Addresses, or `@domain` for everybody of a Google-hosted domain."""
    viewers: frozenset[str] = NO_PERSON
    url: str | None = None
    """Where the console is reached, if not at the public address."""

    @property
    def asks_google(self) -> bool:
        """Whether any person may sign in with Google."""
        return bool(self.operators | self.viewers)

    def role_of(self, person: Identity) -> Role | None:
        """Return the role of a Google account, None for a stranger.

        A whole domain is let in only by Google's word that it hosts the account: an address of
        the domain alone may outlive its owner's employment (FACTS 6.5).
        """
        if not person.email_verified:
            return None
        address = person.email.strip().lower()
        names = {address}
        if person.hosted_domain and address.endswith(f"@{person.hosted_domain.lower()}"):
            names.add(f"@{person.hosted_domain.lower()}")
        if names & self.operators:
            return Role.OPERATOR
        return Role.VIEWER if names & self.viewers else None


def console_options(read: Reads) -> ConsoleOptions:
    """Read the variables; the reader keeps their problems."""
    return ConsoleOptions(
        keys=read("CONSOLE_KEYS", _hashes, NO_PERSON),
        operators=read("CONSOLE_OPERATORS", _people, NO_PERSON),
        viewers=read("CONSOLE_VIEWERS", _people, NO_PERSON),
        url=read("CONSOLE_URL", _origin, None),
    )


def _list(value: str) -> frozenset[str]:
    return frozenset(one.strip().lower() for one in value.split(",") if one.strip())


def _hashes(value: str) -> frozenset[str]:
    hashes = _list(value)
    if not all(SHA256_HEX.fullmatch(one) for one in hashes):
        raise ValueError("must list SHA-256 hashes in hex, never the keys themselves")
    return hashes


def _people(value: str) -> frozenset[str]:
    people = _list(value)
    if not all(PERSON.fullmatch(one) for one in people):
        raise ValueError("must list e-mail addresses, or @domain for a whole hosted domain")
    return people


def _origin(value: str) -> str:
    parts = urlsplit(value.rstrip("/"))
    if parts.scheme != "https" or not parts.hostname or parts.path or parts.query:
        raise ValueError("must be https, a host, and nothing after it")
    return value.rstrip("/")
