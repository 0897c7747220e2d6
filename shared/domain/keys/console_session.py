"""A person who is signed in to the console, as the console lists it and takes it back."""

from dataclasses import dataclass
from datetime import datetime

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class ConsoleSession:
    """One browser of one person. Without this document its cookie opens nothing."""

    id: str
    name: str
    """An address, or which operator key."""
    created_at: datetime
    seen_at: datetime
    """When it asked for a page; written when the session's end moves, every few minutes."""
    expires_at: datetime
    schema_version: int = SCHEMA_VERSION
