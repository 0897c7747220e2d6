"""Time, the store and what is counted: adapters without Google's APIs behind them."""

# ruff: noqa: PLC0415  each function loads only the adapters it uses (FACTS 16.4)

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from shared.domain.google.observations import Sightings
from shared.domain.trouble_board import TroubleNotes
from shared.edge.composition.assembly import Assembly
from shared.ports.clock import Clock
from shared.ports.container import RequestsInFlight
from shared.ports.events import Operations, Wake
from shared.ports.sends import Sends
from shared.ports.store import Store
from shared.ports.telemetry import Telemetry

if TYPE_CHECKING:
    from shared.domain.events.event import Event
    from shared.ports.documents import Versioned


def clock(_container: Assembly) -> Clock:
    """Return real time."""
    from shared.adapters.system_clock import SystemClock

    return SystemClock()


def store(container: Assembly) -> Store:
    """Return every collection, in the technology the settings name.

    The store wakes the delivery of each event it inserts, so that no use case can forget it.
    """

    async def wake(stored: "Versioned[Event]") -> None:
        from shared.usecases.events.deliver_event import Announce

        await container.use(Announce).announce_stored(stored)

    opened = _open(container, wake)
    container.at_close(opened.close)
    return opened


def _open(container: Assembly, wake: Wake) -> Store:
    if (path := container.settings.sqlite_path) is not None:
        from shared.adapters.sqlite import store as sqlite_store

        return sqlite_store.open_store(path, container.use(Clock), wake)
    from shared.adapters.firestore import store as firestore_store

    project, database = container.settings.firestore
    return firestore_store.open_store(project, database, wake, notes=container.use(TroubleNotes))


def trouble_notes(_container: Assembly) -> TroubleNotes:
    """Return what this process's adapters note of trouble that concerns every connection."""
    return TroubleNotes()


def sightings(_container: Assembly) -> Sightings:
    """Return what this process sees of Google, until it is written down."""
    return Sightings()


def operations(container: Assembly) -> Operations:
    """Return the log a person reads; it gathers, and an entry that is lost fails nothing."""
    from shared.adapters.telemetry.operations_log import BatchedOperations, BestEffortOperations

    kept = BestEffortOperations(container.use(Store).operations)
    gathered = BatchedOperations(kept, container.use(Telemetry).record_operation)
    container.use(RequestsInFlight).handovers.append(gathered.flush)
    container.at_close(gathered.close)
    return gathered


def sends(container: Assembly) -> Sends:
    """Return the send ledger; where there is telemetry, each entry's states are counted."""
    ledger, measured = container.use(Store).sends, container.use(Telemetry)
    if not measured.enabled:
        return ledger
    from shared.adapters.telemetry.counted_ports import counted_sends

    return counted_sends(ledger, measured)


def telemetry(container: Assembly) -> Telemetry:
    """Return traces and metrics as the settings name who takes them."""
    settings = container.settings
    if not settings.telemetry:
        from shared.adapters.telemetry.silent import SilentTelemetry

        return SilentTelemetry()
    from shared.adapters.telemetry.export import ExportedTelemetry

    exported = ExportedTelemetry(
        settings.telemetry, environment=settings.environment, project=settings.google_project
    )
    hand_over = partial(asyncio.to_thread, exported.flush)
    container.use(RequestsInFlight).handovers.append(hand_over)
    container.at_close(lambda: asyncio.to_thread(exported.close))
    return exported
