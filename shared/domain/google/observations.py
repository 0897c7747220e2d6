"""What a deployment has seen of Google, beside what is assumed: counts and durations, no address.

Each process gathers `Sightings` and adds them to a stored document now and then; a process that
ends before loses a minute of them, which no decision rests on.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

SHARDS: Final = 8
"""Documents that processes write to, so that many of them do not contend for one."""
MOST_NAMES: Final = 20
"""Different names of one open-ended count; all others are counted together."""
LAST_SURPRISES: Final = 5
OTHER: Final = "other"
NAME: Final = re.compile(r"[A-Za-z0-9_*/.-]{1,60}")
BOUNDS_S: Final = (
    *(0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 1_800, 3_600, 21_600),
    *(86_400, 259_200, 561_600, 604_800, 691_200, 1_209_600, 2_592_000, 15_552_000),
)
"""Upper ends of a duration's ranges, from a tenth of a second to 180 days."""


class Count(StrEnum):
    """Counts of one name each."""

    FRESH_HISTORY_REFUSED = "fresh_history_refused"
    NEVER_FOUND = "never_found"
    TASKS_RETRIED = "tasks_retried"


class Kinds(StrEnum):
    """Counts by a further name, of which Google may have more than are known."""

    REFUSALS = "refusals"
    GRANTS_ENDED = "grants_ended"
    WATCHES_REFUSED = "watches_refused"
    HISTORY_ID_AS = "history_id_as"
    SURPRISES = "surprises"
    CALLS = "calls"
    """Of Google's own services, to us."""
    LOOKS = "looks"
    """First looks at history after a push, by what they brought; changes no push announced."""
    HISTORY_RECORDS = "history_records"
    """Records of history, by whether they name a change."""
    REFRESHES = "refreshes"
    """By whether they brought a new refresh token."""
    SENDS = "sends"
    """By whether Gmail answered, and what became of those whose answer was lost."""
    PROBED = "probed"
    """What a probe of the platform came with, once each."""


class Duration(StrEnum):
    """Durations."""

    HISTORY_TAKEN = "history_taken"
    """Age of a history id that Gmail took."""
    HISTORY_REFUSED = "history_refused"
    """Age of one that it refused as expired."""
    WATCH_LIFE = "watch_life"
    PUSH_DELAY = "push_delay"
    FOUND_AFTER = "found_after"
    """From a message's first 404 to its being found."""
    GRANT_AGE = "grant_age"
    """Of a grant at its end."""
    TASK_LATENESS = "task_lateness"
    FIRST_PUSH = "first_push"
    """From arming a watch to its first push."""
    ARRIVAL = "arrival"
    """From a message's internalDate to its arrival, which its id tells."""
    STANDSTILL = "standstill"
    """How long a process got no CPU after an answer."""
    WAIT_TOLD = "wait_told"
    """What a refusal for quota asked for."""
    WAIT_ENOUGH = "wait_enough"
    """From a refusal for quota to the begin of the next call that passed."""


class Amount(StrEnum):
    """Numbers of which the ends are of interest."""

    UNITS_AT_REFUSAL = "units_at_refusal"
    """Quota units that a mailbox's calls cost within the minute before Gmail refused one."""
    AT_ONCE_AT_REFUSAL = "at_once_at_refusal"
    """Requests of a mailbox that were in flight when Gmail refused one as too many."""


@dataclass(frozen=True, slots=True)
class Measure:
    """How long something took: how often in each range of BOUNDS_S, and the ends, in seconds.

    Of an amount, the same of a bare number.
    """

    counts: tuple[int, ...] = (0,) * (len(BOUNDS_S) + 1)
    least: float = 0.0
    most: float = 0.0

    @property
    def count(self) -> int:
        """How often."""
        return sum(self.counts)

    def with_one(self, seconds: float) -> "Measure":
        """Return it with one more."""
        place = sum(bound < seconds for bound in BOUNDS_S)
        counts = tuple(one + (at == place) for at, one in enumerate(self.counts))
        return self.merge(Measure(counts, seconds, seconds), counts)

    def merge(self, other: "Measure", counts: tuple[int, ...] | None = None) -> "Measure":
        """Return both together."""
        both = counts or tuple(map(sum, zip(self.counts, other.counts, strict=True)))
        if not self.count or not other.count:
            known = self if self.count else other
            return Measure(both, known.least, known.most)
        return Measure(both, min(self.least, other.least), max(self.most, other.most))

    def quantile(self, part: float) -> float:
        """Return the upper end of the range that so many are within, in seconds."""
        wanted, met = part * self.count, 0
        for place, one in enumerate(self.counts[:-1]):
            met += one
            if met >= wanted:
                return min(float(BOUNDS_S[place]), self.most)
        return self.most


@dataclass(frozen=True, slots=True)
class Surprise:
    """Something of Google's that is not known here; `told` names it, without any value."""

    kind: str
    method: str
    told: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Observed:
    """What some processes saw; `id` is their shard."""

    id: str
    since: datetime
    counts: Mapping[str, int] = field(default_factory=dict)
    kinds: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    durations: Mapping[str, Measure] = field(default_factory=dict)
    surprises: tuple[Surprise, ...] = ()
    schema_version: int = 1
    amounts: Mapping[str, Measure] = field(default_factory=dict)

    def with_more(self, more: "Observed") -> "Observed":
        """Return both together; the surprises are the last ones, the newest at the end."""
        kinds = {
            kind: cap_kinds(Counter(self.kinds.get(kind, {})) + Counter(more.kinds.get(kind, {})))
            for kind in {**self.kinds, **more.kinds}
        }
        surprises = sorted((*self.surprises, *more.surprises), key=lambda one: one.at)
        return replace(
            self,
            since=min(self.since, more.since),
            counts=dict(Counter(self.counts) + Counter(more.counts)),
            kinds=kinds,
            durations=_merge_measures(self.durations, more.durations),
            amounts=_merge_measures(self.amounts, more.amounts),
            surprises=tuple(surprises[-LAST_SURPRISES:]),
        )

    def kind(self, kind: Kinds) -> Mapping[str, int]:
        """Return one kind's counts."""
        return self.kinds.get(kind, {})

    def duration(self, name: Duration) -> Measure:
        """Return one duration's measure."""
        return self.durations.get(name, Measure())

    def amount(self, name: Amount) -> Measure:
        """Return one amount's measure."""
        return self.amounts.get(name, Measure())


def _merge_measures(one: Mapping[str, Measure], other: Mapping[str, Measure]) -> dict[str, Measure]:
    empty = Measure()
    return {name: one.get(name, empty).merge(other.get(name, empty)) for name in {**one, **other}}


def cap_kinds(counts: Mapping[str, int]) -> dict[str, int]:
    """Return the most frequent names; what is beyond MOST_NAMES counts as other."""
    if len(counts) <= MOST_NAMES:
        return dict(counts)
    named = Counter({name: one for name, one in counts.items() if name != OTHER})
    kept = dict(named.most_common(MOST_NAMES - 1))
    return {**kept, OTHER: sum(counts.values()) - sum(kept.values())}


def merge_observed(observed: Iterable[Observed]) -> Observed | None:
    """Return all shards together, None where nothing was seen."""
    whole: Observed | None = None
    for one in observed:
        whole = one if whole is None else whole.with_more(one)
    return whole


@dataclass(slots=True)
class Sightings:
    """What this process has seen since it last wrote."""

    counts: Counter[str] = field(default_factory=Counter)
    kinds: dict[str, Counter[str]] = field(default_factory=dict)
    durations: dict[str, Measure] = field(default_factory=dict)
    amounts: dict[str, Measure] = field(default_factory=dict)
    surprises: list[Surprise] = field(default_factory=list)
    written_at: datetime | None = None
    _told: set[tuple[str, str, str]] = field(default_factory=set)

    def count(self, name: Count) -> None:
        """Count one."""
        self.counts[name] += 1

    def count_kind(self, kind: Kinds, name: str, by: int = 1) -> None:
        """Count under a name, which may be Google's own: anything odd in it counts as other."""
        known = self.kinds.setdefault(kind, Counter())
        room = name in known or len(known) < MOST_NAMES
        known[name if room and NAME.fullmatch(name) else OTHER] += by

    def measure(self, name: Duration, duration: timedelta) -> None:
        """Note how long it was; clocks that disagree make no time negative."""
        seconds = max(0.0, duration.total_seconds())
        self.durations[name] = self.durations.get(name, Measure()).with_one(seconds)

    def measure_amount(self, name: Amount, amount: int) -> None:
        """Note how much it was."""
        self.amounts[name] = self.amounts.get(name, Measure()).with_one(amount)

    def surprise(self, kind: str, method: str, told: str, now: datetime) -> None:
        """Note something of Google's that is not known; each is told once by a process."""
        told = told if NAME.fullmatch(told) else OTHER
        self.count_kind(Kinds.SURPRISES, kind)
        if (kind, method, told) not in self._told and len(self._told) < MOST_NAMES:
            self._told.add((kind, method, told))
            self.surprises.append(Surprise(kind, method, told, now))

    def take(self, shard: str, now: datetime) -> Observed | None:
        """Return what there is and forget it; None where there is nothing."""
        gathered = (self.counts, self.kinds, self.durations, self.amounts, self.surprises)
        if not any(gathered):
            return None
        found = Observed(
            id=shard,
            since=now,
            counts=dict(self.counts),
            kinds={kind: dict(one) for kind, one in self.kinds.items()},
            durations=dict(self.durations),
            amounts=dict(self.amounts),
            surprises=tuple(self.surprises),
        )
        for one in gathered:
            one.clear()
        return found
