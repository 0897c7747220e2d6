"""How far the connections have been given the states of the code's own syncs."""

from dataclasses import dataclass
from typing import Final

SCHEMA_VERSION: Final = 1
ADOPTION: Final = "models"
"""The one document's name."""


@dataclass(frozen=True, slots=True)
class Adoption:
    """Which table of syncs every connection is being, or was, looked at for."""

    id: str = ADOPTION
    fingerprint: str = ""
    place: str | None = None
    """Where the walk over connections goes on; None at its beginning."""
    finished: bool = False
    schema_version: int = SCHEMA_VERSION
