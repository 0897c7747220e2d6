"""A mailbox under chaos: every use case around the sync, on time and a network that tests bend."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, cast

from shared.adapters.gmail.client import HttpGmailMailboxes
from shared.domain.ids import HistoryId
from shared.domain.sync.state import SyncState, SyncStatus
from shared.edge.composition.container import AutowiredContainer
from shared.edge.settings.deployment import settings_from
from shared.ports.clock import Clock
from shared.ports.google.gmail import GmailMailboxes
from shared.ports.queue import Queue
from shared.ports.sends import BulkSends, Sends
from shared.ports.store import Store
from shared.usecases.connect.auth_record import AuthOperation
from shared.usecases.connect.begin_sync import BeginSync
from shared.usecases.connect.settings import ConnectSettings
from shared.usecases.reconcile import Reconcile
from shared.usecases.sync.control import ControlSync
from shared.usecases.sync.handle_push import NotifyPush
from shared.usecases.sync.sync_mailbox import SyncMailbox
from shared.usecases.sync.task import SYNC_TASK
from shared.usecases.sync.watch.renew import RenewWatches
from tests.chaos.owner import Owner
from tests.chaos.reader import CursorReader
from tests.chaos.trouble import HeldSends, ShakyTasks, TokenSource
from tests.chaos.virtual import StraightTransport
from tests.chaos.witness import WitnessedStates, no_trouble
from tests.harness.google import EMAIL
from tests.harness.samples import ENVIRON
from tests.harness.syncing import BUDGET, CONNECTION, SyncHarness

UNUSED = {"POSTROOM_STORE": "sqlite:unused", "POSTROOM_KEYRING": "file:unused"}
"""The store and its Google are given to the container ready made."""


@dataclass
class ChaosHarness(SyncHarness):
    """One mailbox, the system that keeps its copy, and a product that reads it."""

    queue: ShakyTasks
    owner: Owner
    witness: WitnessedStates
    gmail_mailboxes: HttpGmailMailboxes
    reader: CursorReader
    """Reads whenever it likes."""
    follower: CursorReader
    """Reads after every step: it has seen all that ever was."""
    caller_tokens: TokenSource
    transport: StraightTransport
    sends: HeldSends
    bulks: HeldSends
    units_per_minute: int = 10**9
    pushes: list[int] = field(default_factory=list)
    """History IDs that Gmail announced and nobody acknowledged yet."""
    began_again: bool = False
    """Whether a reset cut a backfill short: then its event tells what the second one stored."""
    expired: bool = False
    """Whether history ever expired: then mail beyond the window was not compared."""

    def restart(self) -> None:
        """Build every use case anew, as a process that starts: nothing in memory survives."""
        environ = {**ENVIRON, **UNUSED, "POSTROOM_UNITS_PER_MINUTE": str(self.units_per_minute)}
        self.container = container = AutowiredContainer(settings_from(environ))
        container.bind(Clock, self.clock)
        container.bind(Queue, self.queue)
        container.bind(GmailMailboxes, self.gmail_mailboxes)
        container.bind(
            Store,
            replace(
                self.store,
                sync_states=self.witness,
                sends=cast("Sends", self.sends),
                bulk_sends=cast("BulkSends", self.bulks),
            ),
        )
        self.sync, self.notify = container.use(SyncMailbox), container.use(NotifyPush)
        self.control, self.reconcile = container.use(ControlSync), container.use(Reconcile)
        self.renew_watches = container.use(RenewWatches)

    def fault(self, name: str, method: str | None = None, **options: Any) -> None:
        """Script a fault that strikes this mailbox."""
        super().fault(name, method, email=EMAIL, **options)

    def newest(self) -> HistoryId:
        """Return the mailbox's current history ID."""
        return HistoryId(self.google.store.history_id(EMAIL))

    async def push_now(self) -> None:
        """Hand over a push about the newest change."""
        await self.notify(EMAIL, self.newest())

    async def work(self) -> int:
        """Do the sync tasks that are due; answer how many there were."""
        now = self.clock.now()
        due = [task for task in self.queue.tasks if (task.not_before or now) <= now]
        syncs = [task for task in due if task.path == SYNC_TASK]
        for task in due:
            self.queue.tasks.remove(task)
        for task in syncs:
            await self.sync(task.body["connection_id"], budget=BUDGET)
        return len(syncs)

    async def reconnect(self) -> None:
        """Have the end user consent again."""
        self.caller_tokens.held = None
        found = await self.store.connections.get(CONNECTION)
        assert found is not None
        begin = BeginSync(
            self.witness,
            self.store.outbox,
            self.clock,
            ConnectSettings("http://p.test", "P"),
            self.queue,
        )
        occasion = self.clock.now().isoformat()
        await begin(found.value, AuthOperation.OVERRIDE, occasion=occasion, generation=2)

    async def quiesce(self) -> None:
        """End all trouble and let time pass until nothing is left to do."""
        self.google.faults.clear()
        self.transport.behave()
        self.witness.trouble = no_trouble
        self.queue.trouble = no_trouble
        self.pushes.clear()
        self.restart()
        since = self.clock.now()
        for _ in range(400):
            state = await self.state()
            if at_rest(state) and (state.last_delta_at or since) > since:
                return
            await self.reconcile()
            if not await self.work() or (await self.state()).commit_id == state.commit_id:
                self.advance(await self._pause())
        raise AssertionError(f"no rest: {await self.state()}")

    async def _pause(self) -> timedelta:
        """Return how long nothing will happen. Raises AssertionError if for ever.

        What is due and still not done waits for a dead one's lease: reconcile comes each minute.
        """
        state = await self.state()
        times = [task.not_before for task in self.queue.tasks if task.not_before]
        times += [state.next_due_at] if state.next_due_at else []
        assert times, f"nobody will ever come: {state}"
        wait = min(times) - self.clock.now()
        return wait if wait > timedelta() else timedelta(minutes=1)


def at_rest(state: SyncState) -> bool:
    """Whether nothing is left to do before the next hourly look."""
    if state.status is not SyncStatus.RUNNING or state.lease is not None:
        return False
    busy = state.backfilling or state.auditing or state.emptying or state.recovering_since
    looks = state.recheck or state.lookback or state.second_look_at
    waiting = looks or state.quarantine_due_at or state.unmet_hint
    return not busy and not waiting and state.checkpoint is not None
