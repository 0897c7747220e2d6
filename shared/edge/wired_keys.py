"""Use cases about keys: those of the API, and the upkeep of sealed grants."""

# ruff: noqa: PLC0415  each function loads only the use cases it serves (FACTS 16.4)

from functools import cached_property
from typing import TYPE_CHECKING

from shared.edge.wired_syncs import WiredSyncs

if TYPE_CHECKING:
    from shared.usecases.api_keys import CreateApiKey, RevokeApiKey, RotateApiKey


class WiredKeys(WiredSyncs):
    """Creating, rotating and revoking."""

    @cached_property
    def create_api_key(self) -> "CreateApiKey":
        """Makes an API key."""
        from shared.usecases.api_keys import CreateApiKey

        return CreateApiKey(self.api_keys, self.clock)

    @cached_property
    def rotate_api_key(self) -> "RotateApiKey":
        """Gives an API key a new secret."""
        from shared.usecases.api_keys import RotateApiKey

        return RotateApiKey(self.api_keys, self.clock)

    @cached_property
    def revoke_api_key(self) -> "RevokeApiKey":
        """Makes an API key worthless."""
        from shared.usecases.api_keys import RevokeApiKey

        return RevokeApiKey(self.api_keys, self.clock)
