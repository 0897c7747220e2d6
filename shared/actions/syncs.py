"""What a module with a SYNC is written with, and the table of all own syncs.

A deployment's own stand in `shared/actions/custom/`; the ready ones in `shared/actions/ready/` are
served where POSTROOM_SYNCS names them, and are there to be copied.
"""

from collections.abc import Collection

from shared.actions.loading import catalogue, ready_sync
from shared.domain.models.sync import Derived, OwnSync, OwnSyncs, Sync
from shared.ports.google.apis import HttpRefusedError
from shared.usecases.sync.models.context import ChangedMessage, SyncContext

__all__ = [
    "ChangedMessage",
    "Derived",
    "HttpRefusedError",
    "OwnSync",
    "OwnSyncs",
    "Sync",
    "SyncContext",
    "own_syncs",
]
MOST = 20


def own_syncs(ready: Collection[str]) -> OwnSyncs:
    """Return the deployment's own syncs, and the ready ones of these names."""
    own = catalogue().syncs
    taken = {*own, *(model.__name__ for one in own.values() for model in one.models)}
    chosen = [one for one in map(ready_sync, ready) if not _names(one) & taken]
    return OwnSyncs((*own.values(), *chosen)[:MOST])


def _names(sync: OwnSync) -> set[str]:
    return {sync.name, *(model.__name__ for model in sync.models)}
