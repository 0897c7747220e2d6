"""The rules of lease, hint and commit (DESIGN 4.2), each with the code as it is without it."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import cache
from types import SimpleNamespace
from typing import Any

from shared.domain.events import event
from shared.domain.sync import plan
from shared.domain.sync.state import SyncState
from shared.usecases.sync.sync_mailbox import SyncMailbox
from shared.usecases.sync.work import delta, lease
from shared.usecases.sync.work.lease import Held
from tests.chaos import lease_without as without
from tests.chaos.lease_actors import Actors
from tests.chaos.lease_model import Found, Search, Setting
from tests.chaos.lease_world import Budget
from tests.chaos.swapping import swapped

Swap = tuple[Any, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule, what the code is without it, and where its absence shows."""

    sentence: str
    owner: Any
    replacements: Mapping[str, Any]
    setting: Setting
    """As small as one can be that has the shortest counter-example."""
    broken: str
    """How the property that fails begins."""


@cache
def steps_of(*, parts: bool, short: bool, leased: bool) -> Actors:
    """Return the table of steps that settings share: the code is the same, where these are."""
    return Actors()


def searched(setting: Setting, rule: Rule | None = None) -> Found:
    """Search one setting, with a rule taken away or none."""
    if rule is not None:
        actors = Actors()
    else:
        actors = steps_of(parts=setting.parts, short=setting.short, leased=setting.leased)
    with modelled(setting, actors, rule):
        return Search(setting, actors).run()


@contextmanager
def modelled(setting: Setting, actors: Actors, rule: Rule | None = None) -> Iterator[None]:
    """Let the real code be as a setting wants it, with a rule taken away or none."""
    with ExitStack() as swaps:
        swaps.enter_context(swapped(lease, {"token_hex": actors.token_hex}))
        swaps.enter_context(swapped(event, {"uuid4": lambda: SimpleNamespace(hex="0")}))
        if setting.parts:
            swaps.enter_context(swapped(delta, {"TOUCHED_AT_ONCE": 1}))
        if setting.leased or rule is not None:  # rules of the lease show where it is held
            swaps.enter_context(swapped(lease, {"_only_lists": lambda *_: False}))
        if setting.short:
            swaps.enter_context(swapped(delta, {"LISTED_AT_ONCE": 1}))
        if rule is not None:
            swaps.enter_context(swapped(rule.owner, rule.replacements))
        yield


ONE = Budget(changes=1)
TWO = Budget(changes=2)
LOST = "a lost wake-up"
LATE = "late by"
DROPPED = "the queue dropped a task"

CAPPED = Setting(Budget(changes=2, capped=1), workers=2)
CAPPED_TWICE = Setting(Budget(changes=4, capped=2, waits=1), workers=1)
"""Time for the second look to come between a push's publication and its delivery."""
FALSE = Setting(ONE._replace(false=1, waits=4), workers=2)
"""A push that names an id no history will reach, and time for its whole ladder."""

RULES = (
    Rule(
        "a live lease is not taken",
        lease,
        {"_taken_or_hinted": without.steals},
        Setting(TWO),
        "a second holder",
    ),
    Rule(
        "an expired lease may be taken",
        SyncState,
        {"is_held": without.held_for_ever},
        Setting(ONE._replace(crashes=1)),
        LOST,
    ),
    Rule(
        "a commit renews the lease",
        Held,
        {"_renew": without.not_renewed},
        Setting(TWO._replace(ticks=1), parts=True),
        "a commit left the lease short",
    ),
    Rule(
        "a long listing renews the lease",
        Held,
        {"beat": without.no_beat},
        Setting(TWO._replace(ticks=1), paged=True),
        "a long listing",
    ),
    Rule(
        "the write that takes the lease sets the due time to its expiry",
        lease,
        {"_lease": without.leased_unannounced},
        Setting(ONE, reconcile=True),
        "reconcile would not find",
    ),
    Rule(
        "a commit moves a due time that has passed",
        Held,
        {"_renew": without.due_left_alone},
        Setting(TWO._replace(triggers=1), parts=True),
        "reconcile would wake",
    ),
    Rule(
        "the hint is the highest notified id",
        lease,
        {"on_push": without.latest_hint},
        Setting(TWO._replace(waits=1), lag_s=20, workers=1),
        LOST,
    ),
    Rule(
        "a push leaves only below the checkpoint, not at it",
        lease,
        {"on_push": without.stale_at_checkpoint},
        Setting(ONE._replace(triggers=1, waits=1), lag_s=20, workers=1),
        LATE,
    ),
    Rule(
        "a push leaves for a hint only if the lease is held",
        lease,
        {"on_push": without.stale_at_any_hint},
        Setting(ONE._replace(crashes=1, waits=1)),
        LOST,
    ),
    Rule(
        "during a recheck a push below a held lease's hint wants a look of its own",
        lease,
        {"on_push": without.stale_below_any_held_hint},
        FALSE,
        LOST,
    ),
    Rule(
        "a push below the hint causes looks",
        lease,
        {"on_push": without.no_look_below_the_hint},
        FALSE,
        LOST,
    ),
    Rule(
        "a hint that its ladder spent is put back to the top that Gmail answered",
        plan,
        {"_climb": without.promise_believed},
        replace(FALSE, workers=1),
        "the checkpoint passed",
    ),
    Rule(
        "a push that finds the lease held raises the hint",
        lease,
        {"on_push": without.no_hint_while_held},
        Setting(TWO),
        LATE,
    ),
    Rule(
        "a push that finds the lease held leaves a task for its expiry",
        SyncMailbox,
        {"_wake_at_expiry": without.no_wake_at_expiry},
        Setting(ONE._replace(crashes=1)),
        LOST,
    ),
    Rule(
        "the expiry task's name contains the lease",
        SyncMailbox,
        {"_wake_at_expiry": without.named(lambda _: "expiry")},
        Setting(ONE._replace(crashes=2, ticks=1, waits=1), workers=2),
        LOST,
    ),
    Rule(
        "the expiry task's name contains the expiry",
        SyncMailbox,
        {"_wake_at_expiry": without.named(lambda busy: f"{busy.token}-")},
        Setting(ONE._replace(doubled=1, ticks=2), parts=True, workers=2),
        DROPPED,
    ),
    Rule(
        "the name of a task for what is due soon contains the moment",
        SyncMailbox,
        {"_wake_next": without.wake_next_named},
        Setting(ONE, lag_s=20),
        LOST,
    ),
    Rule(
        "my own commit id there means that the commit had succeeded",
        Held,
        {"_read_back": without.read_back(own=False)},
        Setting(TWO._replace(lost=1), parts=True),
        "a worker stopped and kept its lease",
    ),
    Rule(
        "a lease token not as I left it stops me",
        Held,
        {"_read_back": without.read_back(token=False, commit=False)},
        Setting(ONE._replace(doubled=1, ticks=1), workers=2),
        "a write after the lease was lost",
    ),
    Rule(
        "a commit id not as I left it stops me",
        Held,
        {"_read_back": without.read_back(commit=False)},
        Setting(ONE._replace(late=1), parts=True),
        "a change was committed twice",
    ),
    Rule(
        "where only the hint moved I commit again",
        Held,
        {"_read_back": without.read_back(hint=False)},
        Setting(TWO),
        "a worker stopped and kept its lease",
    ),
    Rule(
        "a worker fenced out by its own late write leaves a task for the expiry",
        SyncMailbox,
        {"_wake_unless_taken_over": without.no_wake_next},
        Setting(TWO._replace(late=1, dropped=1), workers=2, paged=True, short=True),
        LOST,
    ),
    Rule(
        "release requires the hint to be met",
        lease,
        {"plan": without.plan_without_hint},
        Setting(ONE),
        LATE,
    ),
    Rule(
        "release is decided anew when the hint moved",
        Held,
        {"release": without.release_decided_once},
        Setting(TWO._replace(doubled=1, waits=1), workers=2),
        LATE,
    ),
    Rule(
        "an empty answer moves the checkpoint only after the recheck ladder",
        plan,
        {"RECHECK_LADDER": ()},
        Setting(ONE, lag_s=20),
        LATE,
    ),
    Rule(
        "a listing answers only what was asked before it began",
        plan,
        {"_look_taken": without.any_look_taken},
        Setting(ONE._replace(triggers=2, dropped=1), workers=2),
        LOST,
    ),
    Rule(
        "a listing says nothing about a push that came after it began",
        plan,
        {"_on_newer_hint": without.never_overtaken},
        Setting(TWO),
        LATE,
    ),
    Rule(
        "out of time, the lease is given back hint moved or not",
        Held,
        {"leave": without.leaves_if_unmoved},
        Setting(TWO._replace(ticks=1), paged=True),
        "a worker stopped and kept its lease",
    ),
    Rule(
        "whoever gives the lease back with work left leaves a task",
        SyncMailbox,
        {"_wake_next": without.no_wake_next},
        Setting(ONE, lag_s=20),
        LOST,
    ),
    Rule(
        "from two minutes after a move the next look lists from the checkpoint before it",
        plan,
        {"_advance": without.advanced_without_lookback},
        Setting(ONE._replace(triggers=1), lag_s=20),
        LOST,
    ),
    Rule(
        "where no push announced a move, that look comes by itself",
        plan,
        {"_look_times": without.only_timed_looks},
        Setting(ONE._replace(triggers=1), lag_s=20),
        LOST,
    ),
    Rule(
        "a pushed look is repeated",
        lease,
        {"on_push": without.no_second_look},
        CAPPED,
        LOST,
    ),
    Rule(
        "the look that a push caused does not count as its repetition",
        plan,
        {"_looked_twice": without.looked_once},
        CAPPED,
        LOST,
    ),
    Rule(
        "a second look that found something is followed by another",
        plan,
        {"_looked_twice": without.two_looks_at_most},
        CAPPED_TWICE,
        LOST,
    ),
    Rule(
        "a look before its time does not use the lookback up",
        lease,
        {"on_push": without.push_uses_lookback_up},
        Setting(ONE._replace(triggers=1), lag_s=20, workers=1),
        LOST,
    ),
    Rule(
        "a part of a listing moves the checkpoint to its last record only",
        plan,
        {"advanced_part": without.part_stores_top},
        Setting(TWO, paged=True, short=True),
        "the checkpoint passed",
    ),
)
