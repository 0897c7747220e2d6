"""An oracle that knows both the mailbox and the store: what the status says must be true."""

from collections import Counter
from dataclasses import dataclass, field

from shared.domain.ids import HistoryId
from shared.domain.sync.state import SyncState
from shared.domain.sync.status import SOON, reported_status
from tests.chaos.harness import ChaosHarness
from tests.harness.syncing import CONNECTION

MANY = 1_000


@dataclass
class Oracle:
    """What the mailbox held at each history ID at which a step ended."""

    harness: ChaosHarness
    counts: Counter[str]
    mailboxes: dict[HistoryId, frozenset[str]] = field(default_factory=dict)

    async def check(self) -> None:
        """Compare the status with what is stored and due. Raises AssertionError."""
        self.mailboxes[self.harness.newest()] = frozenset(self.harness.mailbox())
        connection = await self.harness.store.connections.get(CONNECTION)
        assert connection is not None
        state, now = await self.harness.state(), self.harness.clock.now()
        said = reported_status(state, connection.value.status, now)
        self.counts[f"status {said}"] += 1
        if said == "RUNNING":
            due = state.next_due_at
            assert state.is_held(now) or (due and due <= now + SOON), f"RUNNING, due {due}: {state}"
        if said == "SUCCESS" and not _is_looked_for(state):
            missing = await self._missing(state)
            assert not missing, f"SUCCESS without {sorted(missing)}: {state}"

    async def _missing(self, state: SyncState) -> frozenset[str]:
        """Return what lay in the mailbox at the checkpoint, lies there still and is not stored.

        Without a checkpoint nothing was read: then all that lies there.
        """
        known = self.mailboxes.get(state.checkpoint or self.harness.newest())
        if known is None:
            return frozenset()  # The checkpoint lies within a step.
        self.counts["statuses held to the mailbox"] += 1
        there = known & self.harness.mailbox(since=state.window_start).keys()
        aside = await self.harness.store.quarantine.list(CONNECTION, MANY)
        kept_out = {entry.message_id for entry in aside}
        return there - (await self.harness.stored()).keys() - kept_out


def _is_looked_for(state: SyncState) -> bool:
    """Whether a change that Gmail's history hid at first has its second look still before it."""
    looks = (state.lookback, state.recheck, state.second_look_at)
    return any(one is not None for one in looks)
