"""Change what the product may change of a connection: tags, metadata, settings (API 3.2)."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from shared.domain.connect.connection import Connection, ConnectionStatus
from shared.domain.ids import ConnectionId
from shared.domain.sync.selection import Selection, window_start
from shared.errors import UnknownConnectionError
from shared.ports.clock import Clock
from shared.ports.connections import Connections
from shared.ports.documents import update
from shared.ports.sync_store import SyncStates
from shared.usecases.sync.control import ControlSync

Change = Callable[[Connection], Connection]


@dataclass(frozen=True, slots=True)
class ChangeConnection:
    """Applies a pure change by compare-and-set, as often as another writer was faster."""

    connections: Connections
    clock: Clock

    async def __call__(self, id: ConnectionId, change: Change) -> Connection:
        """Return the connection as changed. Raises UnknownConnectionError."""

        def apply(was: Connection) -> Connection | None:
            if was.status is ConnectionStatus.DISCONNECTING:
                return None
            return replace(change(was), updated_at=self.clock.now())

        if (now := await update(self.connections, id, apply)) is None:
            raise UnknownConnectionError("No such connection.")
        return now


@dataclass(frozen=True, slots=True)
class ChangeWindow:
    """Gives a connection another window and reads it anew; records outside it stay."""

    states: SyncStates
    control: ControlSync
    clock: Clock

    async def __call__(self, id: ConnectionId, window: str) -> None:
        """Raise InvalidRequestError for an unreadable window; without a sync there is nothing."""
        window_start(window, self.clock.now())
        if await update(self.states, id, lambda was: replace(was, window=window)):
            await self.control.trigger(id, reset=True)


@dataclass(frozen=True, slots=True)
class ChangeSelection:
    """Gives a connection another selection of labels, of senders, and of headers kept.

    By label, what no longer fits becomes a tombstone and what newly fits is read. For senders and
    headers every record is read anew: a record's head says nothing of them.
    """

    states: SyncStates
    control: ControlSync

    async def __call__(self, id: ConnectionId, chosen: Selection) -> None:
        """Without a sync there is nothing to do."""
        was = await self.states.get(id)
        if was is None or was.value.selection == chosen:
            return
        before = was.value.selection
        anew = (before.senders, before.headers) != (chosen.senders, chosen.headers)
        await update(self.states, id, lambda state: replace(state, selection=chosen))
        await self.control.trigger(id, reset=True, empty_cache=anew)
        await self.control.audit(id)
