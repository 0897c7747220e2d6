"""Use cases about keys, and the upkeep of what is kept: grants, tombstones, disconnects."""

# ruff: noqa: PLC0415  each function loads only the use cases it serves (FACTS 16.4)

from functools import cached_property
from typing import TYPE_CHECKING

from shared.edge.composition.syncs import WiredSyncs

if TYPE_CHECKING:
    from shared.usecases.connect.maintain_grants import MaintainGrants
    from shared.usecases.keys.api_keys import CreateApiKey, RevokeApiKey, RotateApiKey
    from shared.usecases.keys.rotate_keys import RotateKeys
    from shared.usecases.reconcile import ResumeDisconnects
    from shared.usecases.sync.prune_tombstones import PruneDeleted


class WiredKeys(WiredSyncs):
    """Creating, rotating and revoking; what the daily jobs do."""

    @cached_property
    def create_api_key(self) -> "CreateApiKey":
        """Makes an API key."""
        from shared.usecases.keys.api_keys import CreateApiKey

        return CreateApiKey(self.api_keys, self.clock)

    @cached_property
    def rotate_api_key(self) -> "RotateApiKey":
        """Gives an API key a new secret."""
        from shared.usecases.keys.api_keys import RotateApiKey

        return RotateApiKey(self.api_keys, self.clock)

    @cached_property
    def revoke_api_key(self) -> "RevokeApiKey":
        """Makes an API key worthless."""
        from shared.usecases.keys.api_keys import RevokeApiKey

        return RevokeApiKey(self.api_keys, self.clock)

    @cached_property
    def rotate_keys(self) -> "RotateKeys":
        """Brings data keys under the current key-encryption key."""
        from shared.usecases.keys.rotate_keys import RotateKeys

        return RotateKeys(self.grants, self.webhook_endpoints, self.sealer, self.clock)

    @cached_property
    def maintain_grants(self) -> "MaintainGrants":
        """Announces grants that end and uses those that are idle."""
        from shared.usecases.connect.maintain_grants import MaintainGrants

        return MaintainGrants(
            grants=self.grants,
            connections=self.connections,
            outbox=self.outbox,
            clock=self.clock,
            settings=self.connect_settings,
            access_token=self.access_tokens,
        )

    @cached_property
    def prune_deleted(self) -> "PruneDeleted":
        """Empties old tombstones."""
        from shared.usecases.sync.prune_tombstones import PruneDeleted

        return PruneDeleted(self.connections, self.records, self.retention, self.clock)

    @cached_property
    def resume_disconnects(self) -> "ResumeDisconnects":
        """Wakes disconnects whose task was lost."""
        from shared.usecases.reconcile import ResumeDisconnects

        return ResumeDisconnects(self.connections, self.queue, self.clock)
