"""Every short schedule of mailbox changes against the steps of a sync, on the real steps.

What it proves. The real `SyncMailbox` (anchor, chunks, deltas, recovery, audit, quarantine, and the
lease under them) reads a fake mailbox of three messages, two to a page, and writes a store of
dictionaries. Between any two of Gmail's answers the mailbox may change: mail arrives, is labelled,
trashed and untrashed, deleted for good (so that pages shift and a listed message is gone when it is
fetched); history expires, hides a change for twenty seconds or begins with an empty page; a new
message is unknown to messages.get for seconds or for twenty minutes; a message is missing from
listings; the worker dies; a push is false.
Each change is pushed at once, to another worker beside the one at work,
or only at the end.
For every sequence of changes up to a length, at every choice of moments: at rest the records equal
the mailbox and nothing is left in quarantine; 40 s after the last announced change the records
already do, or later where history or messages.get hid something for longer; the checkpoint never
moves backwards, no number is used twice or spent on an unchanged record, no living message becomes
a tombstone, and no record is older than what Gmail had answered, but for a delta that goes once
more through what followed a recovery's anchor. Each rule of DESIGN 4 taken away
(`schedule_rules`) makes one of these fail.

What it leaves out. Longer sequences and larger mailboxes (the random tests have those); payloads
and events; the order of requests in flight together, which answer one after another here; a message
that history and listings hide at the same time while history has expired or the first sync runs;
a message that messages.get does not know for an hour (that counts as gone: an audit finds it).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement, product
from typing import Any

from tests.chaos.schedule_mailbox import BrokenError, undisturbed
from tests.chaos.schedule_scenarios import Scenario
from tests.chaos.schedule_setting import (
    OPS,
    DiedError,
    ModelledSync,
    Schedule,
    VoidError,
    small_steps,
)


@dataclass(frozen=True, slots=True)
class Found:
    """What an enumeration came to: `broken` is None where every property holds."""

    schedules: int
    broken: str | None = None
    schedule: tuple[str, ...] = ()


def explored(
    scenario: Scenario,
    ops: Sequence[str],
    length: int,
    *,
    at_once: bool = True,
    share: int = 1,
    **traits: Any,
) -> Found:
    """Try every sequence of `length` changes, for 0 just this one, at every choice of moments.

    Of these, one in `share`: those whose numbers of changes and moments have a sum that it divides.
    So whichever changes and moments but one are chosen, some schedule has just these, at one of any
    `share` neighbours of the last; only where fewer moments are left than that may it have none.
    """
    with small_steps():
        try:
            origin = scenario.start(**traits)
            moments = _answers(scenario, origin) + 1
        except BrokenError as error:
            return Found(0, str(error))
        tried = 0
        for chosen in product(ops, repeat=length) if length else (ops,):
            for places in combinations_with_replacement(range(moments), len(chosen)):
                if share > 1 and (sum(map(ops.index, chosen)) + sum(places)) % share:
                    continue
                schedule = tuple(zip(places, (OPS[name] for name in chosen), strict=True))
                try:
                    tried += _tried(scenario, origin, schedule, at_once=at_once)
                except BrokenError as error:
                    told = tuple(f"before answer {place + 1}: {op.name}" for place, op in schedule)
                    return Found(tried, str(error), told)
        return Found(tried)


def _answers(scenario: Scenario, origin: ModelledSync) -> int:
    modelled = origin.forked()
    scenario.begin(modelled)
    return modelled.answers


def _tried(scenario: Scenario, origin: ModelledSync, schedule: Schedule, *, at_once: bool) -> bool:
    """Run one schedule; answer whether it made sense."""
    modelled = origin.forked()
    modelled.pushed_at_once = at_once
    modelled.waiting = list(schedule)
    try:
        scenario.begin(modelled)
        with undisturbed(modelled.mailbox):
            for _, op in modelled.waiting:
                modelled.happen(op)
            modelled.push()
            modelled.settle()
    except (VoidError, DiedError):
        return False
    return True
