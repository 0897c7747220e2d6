"""Change what the product may change of a connection: tags, metadata, settings (API 3)."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from shared.domain.connection import Connection, ConnectionStatus
from shared.domain.ids import ConnectionId
from shared.domain.window import window_start
from shared.errors import ConflictError, UnknownConnectionError
from shared.ports.clock import Clock
from shared.ports.connections import Connections
from shared.ports.sync_store import SyncStates
from shared.usecases.control_sync import ControlSync

Change = Callable[[Connection], Connection]


@dataclass(frozen=True, slots=True)
class ChangeConnection:
    """Applies a pure change by compare-and-set, as often as somebody else was faster."""

    connections: Connections
    clock: Clock

    async def __call__(self, id: ConnectionId, change: Change) -> Connection:
        """Answer the connection as changed. Raises UnknownConnectionError."""
        while True:
            was = await self.connections.get(id)
            if was is None or was.value.status is ConnectionStatus.DISCONNECTING:
                raise UnknownConnectionError("No such connection.")
            now = replace(change(was.value), updated_at=self.clock.now())
            try:
                return (await self.connections.swap(was, now)).value
            except ConflictError:
                continue


@dataclass(frozen=True, slots=True)
class ChangeWindow:
    """Gives a connection another window and reads it anew; records outside it stay."""

    states: SyncStates
    control: ControlSync
    clock: Clock

    async def __call__(self, id: ConnectionId, window: str) -> None:
        """Raise InvalidRequestError for an unreadable window; without a sync there is nothing."""
        window_start(window, self.clock.now())
        while (was := await self.states.get(id)) is not None:
            try:
                await self.states.swap(was, replace(was.value, window=window))
            except ConflictError:
                continue
            await self.control.trigger(id, reset=True)
            return
