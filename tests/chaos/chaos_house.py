"""A house for chaos: every use case around the sync, on time and a network that tests bend."""

from dataclasses import dataclass, field
from datetime import timedelta

from shared.adapters.gmail_http import HttpGmailMailboxes
from shared.domain.ids import HistoryId
from shared.domain.sync_state import SyncState, SyncStatus
from shared.usecases.arm_watch import ArmWatch
from shared.usecases.connect.auth_record import AuthOperation
from shared.usecases.connect.begin_sync import BeginSync
from shared.usecases.connect.settings import ConnectSettings
from shared.usecases.control_sync import ControlSync
from shared.usecases.notify_push import NotifyPush
from shared.usecases.reconcile import Reconcile
from shared.usecases.renew_watches import RenewWatches
from shared.usecases.sync.governor import Governor
from shared.usecases.sync_mailbox import SYNC_TASK, SyncMailbox
from tests.chaos.owner import Owner
from tests.chaos.reader import CursorReader
from tests.chaos.trouble import ShakyTasks, TokenDesk
from tests.chaos.virtual import StraightTransport
from tests.chaos.witness import WitnessedStates, no_trouble
from tests.usecases.sync.house import BUDGET, CONNECTION, EMAIL, House

TOPIC = "projects/demo/topics/gmail"


@dataclass
class ChaosHouse(House):
    """One mailbox, the system that keeps its copy, and a product that reads it."""

    owner: Owner
    witness: WitnessedStates
    gmail_mailboxes: HttpGmailMailboxes
    reader: CursorReader
    desk: TokenDesk
    transport: StraightTransport
    units_per_minute: int = 10**9
    pushes: list[int] = field(default_factory=list)
    """History IDs that Gmail announced and nobody acknowledged yet."""
    expired: bool = False
    """Whether history ever expired: then mail beyond the window was not compared."""

    def restart(self) -> None:
        """Build every use case anew, as a process that starts: nothing in memory survives."""
        store, clock = self.store, self.clock
        self.arm = ArmWatch(store.mailboxes, store.connections, self.gmail_mailboxes, clock, TOPIC)
        self.sync = SyncMailbox(
            states=self.witness,
            records=store.records,
            quarantine=store.quarantine,
            outbox=store.outbox,
            operations=store.operations,
            gmail=self.gmail_mailboxes,
            queue=self.queue,
            clock=clock,
            arm_watch=self.arm,
            governor=Governor(
                store.connections,
                store.google_users,
                self.witness,
                clock,
                self.units_per_minute,
            ),
        )
        self.notify = NotifyPush(store.mailboxes, self.sync, clock)
        self.control = ControlSync(self.witness, self.queue, clock)
        self.reconcile = Reconcile(self.witness, store.sends, self.queue, clock)
        self.renew_watches = RenewWatches(
            store.mailboxes, store.connections, store.outbox, self.arm, clock
        )

    def fault(self, name: str, **options: object) -> None:
        """Script a fault of the emulated Google."""
        self.google.faults.add(name, email=EMAIL, **options)  # type: ignore[arg-type]

    def newest(self) -> HistoryId:
        """Answer the mailbox's current history ID."""
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
        self.desk.held = None
        found = await self.store.connections.get(CONNECTION)
        assert found is not None
        begin = BeginSync(
            self.witness, self.store.outbox, self.clock, ConnectSettings("http://p.test", "P")
        )
        occasion = self.clock.now().isoformat()
        await begin(found.value, AuthOperation.OVERRIDE, occasion=occasion)

    async def quiesce(self) -> None:
        """End all trouble and let time pass until nothing is left to do."""
        self.google.faults.clear()
        self.transport.behave()
        self.witness.trouble = no_trouble
        if isinstance(self.queue, ShakyTasks):
            self.queue.trouble = no_trouble
        self.pushes.clear()
        self.restart()
        since = self.clock.now()
        for _ in range(400):
            state = await self.state()
            if at_rest(state) and (state.last_delta_at or since) > since:
                return
            await self.reconcile()
            if not await self.work():
                self.advance(await self._pause())
        raise AssertionError(f"no rest: {await self.state()}")

    async def _pause(self) -> timedelta:
        """Answer how long nothing will happen. Raises AssertionError if for ever."""
        state = await self.state()
        times = [task.not_before for task in self.queue.tasks if task.not_before]
        times += [state.next_due_at] if state.next_due_at else []
        assert times, f"nobody will ever come: {state}"
        return max(min(times) - self.clock.now(), timedelta(milliseconds=1))


def at_rest(state: SyncState) -> bool:
    """Whether nothing is left to do before the next hourly look."""
    if state.status is not SyncStatus.RUNNING or state.lease is not None:
        return False
    busy = state.backfilling or state.auditing or state.emptying or state.recovering_since
    waiting = state.recheck or state.lookback or state.quarantine_due_at or state.unmet_hint
    return not busy and not waiting and state.checkpoint is not None
