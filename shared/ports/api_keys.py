"""Stored API keys."""

from collections.abc import Sequence
from typing import Protocol

from shared.domain.api_key import ApiKey
from shared.ports.documents import Documents


class ApiKeys(Documents[ApiKey], Protocol):
    """Keys by id."""

    async def list(self, limit: int) -> Sequence[ApiKey]:
        """Answer keys, newest first, revoked and expired ones too."""
        ...

    async def children(self, parent: str, limit: int) -> Sequence[ApiKey]:
        """Return keys that this one made, in no order, revoked and expired ones too."""
        ...
