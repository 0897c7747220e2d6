"""What a module with a SYNC is written with, and the table of all own syncs.

A deployment's own stand in `shared/actions/custom/`; the ready ones in `shared/actions/ready/` are
served where POSTROOM_SYNCS names them, and are there to be copied.
"""

from collections.abc import Collection, Sequence
from typing import Final

from shared.actions.faults import LeftOut
from shared.actions.loading import catalogue, ready_sync
from shared.actions.present import READY
from shared.domain.models.sync import Derived, OwnSync, OwnSyncs, Sync, models_of
from shared.domain.sync.event import UnknownSyncError
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
    "any_own_sync",
    "left_out_syncs",
    "own_syncs",
]
MOST: Final = 20


def own_syncs(ready: Collection[str]) -> OwnSyncs:
    """Return the deployment's own syncs, and the ready ones of these names."""
    return _table(ready)[0]


def left_out_syncs(ready: Collection[str]) -> Sequence[LeftOut]:
    """Return what is not served although it was written or named."""
    return _table(ready)[1]


def any_own_sync(name: str, ready: Collection[str]) -> OwnSync:
    """Return the sync, also a ready one that is not switched on. Raises UnknownSyncError."""
    served = own_syncs(ready)
    others = [row for row in map(ready_sync, READY) if served.get(row.name) is None]
    rows = (*served.rows, *others)
    if (row := OwnSyncs(rows).get(name)) is None:
        names = ", ".join(one.name for one in rows)
        raise UnknownSyncError(f"There is no own sync {name!r}: there are {names}.")
    return row


def _table(ready: Collection[str]) -> tuple[OwnSyncs, Sequence[LeftOut]]:
    found = catalogue()
    taken = {*found.projections, *(one.sync for one in found.projections.values())}
    rows: list[OwnSync] = []
    left: list[LeftOut] = []
    for row in (*found.syncs.values(), *map(ready_sync, dict.fromkeys(ready))):
        if clash := sorted(_names(row) & taken):
            left.append(LeftOut(row.name, f"the name {clash[0]} is taken by one of your own"))
        elif len(rows) == MOST:
            left.append(LeftOut(row.name, f"a deployment serves {MOST} syncs"))
        else:
            rows.append(row)
            taken |= _names(row)
    return OwnSyncs(tuple(rows)), left


def _names(sync: OwnSync) -> set[str]:
    return {sync.name, *models_of(sync)}
