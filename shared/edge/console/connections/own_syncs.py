"""The own syncs of a connection, as its page shows them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from shared.domain.connect.connection import Connection
from shared.domain.connect.scopes import missing
from shared.domain.models.sync import OwnSync, OwnSyncs
from shared.domain.sync.state import SyncState
from shared.edge.api.mail.own_sync_view import own_sync_view
from shared.edge.api.mail.sync_view import SyncView
from shared.edge.console.layout.pages import ConsoleRequest
from shared.ports.model_store import ModelSyncs

TONES: Final[Mapping[str, str]] = {
    "RUNNING": "calm",
    "SUCCESS": "good",
    "ERROR": "bad",
    "PAUSED": "warm",
    "STOPPED": "plain",
}


@dataclass(frozen=True, slots=True)
class OwnSyncRow:
    """One sync of a connection; `view` None where it has not begun."""

    row: OwnSync
    view: SyncView | None
    lacking: tuple[str, ...]
    """Scopes that it needs and the end user did not grant."""

    @property
    def label(self) -> str:
        """What its pill says."""
        if self.view is None:
            return "Lacks a scope" if self.lacking else "Not begun"
        return self.view.status.capitalize()

    @property
    def tone(self) -> str:
        """The pill's colour."""
        return TONES[self.view.status] if self.view else "plain"


async def own_sync_rows(
    console: ConsoleRequest, connection: Connection, mail: SyncState | None
) -> Sequence[OwnSyncRow]:
    """Return a row for each own sync; where there are none, the store is not asked."""
    rows = console.use(OwnSyncs).rows
    if not rows:
        return ()
    found = await console.use(ModelSyncs).of_connection(connection.id)
    states = {one.value.sync: one.value for one in found}
    return [
        OwnSyncRow(
            row,
            own_sync_view(row, state, mail, console.now) if state else None,
            missing(row.scopes, connection.scopes),
        )
        for row in rows
        for state in (states.get(row.name),)
    ]
