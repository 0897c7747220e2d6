"""What happens in the hour, and what each thing takes: the model's processes.

Left out, and said in the report: Pub/Sub's and Firestore's own limits beyond their latency, Gmail's
failures, and the difference between regions. A sample of 1 in `sample` mailboxes meets 1 in
`sample` of the instances, queue rates and units, as the platforms spread load over equal ones.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

import simpy

from tests.bench.peak.resources import Line, Pool, Process, Quota

HOUR_S = 3_600.0
SEND, DELTA, POLL, BACKFILL = range(4)
LIST_UNITS, GET_UNITS, WATCH_UNITS, SEND_UNITS = 2, 20, 100, 130
"""history.list, messages.get, watch, drafts.create with drafts.send (FACTS 1.3)."""
BACKFILL_UNITS = 14.83
"""A message, threads read whole (tests/bench/backfill.py)."""
USER_UNITS_S = 0.8 * 6_000 / 60
"""What bulk reading is allotted of one mailbox's units."""
STEP_MESSAGES = 100
RENEWALS_AT_ONCE = 10
RENEWAL_RUN_S, RENEWAL_BUDGET_S = 600.0, 120.0


@dataclass(frozen=True, slots=True)
class Service:
    """What one thing takes, in seconds; CPU is measured, distances are given."""

    push_cpu_s: float
    message_cpu_s: float
    deliver_cpu_s: float
    gmail_s: float = 0.08
    store_s: float = 0.01
    receiver_s: float = 0.1
    start_s: float = 2.0


@dataclass(frozen=True, slots=True)
class Load:
    """A deployment and its hour: all for the whole of it, not for the sample."""

    mailboxes: int
    sample: int = 1
    mails_a_day: float = 50
    changes_per_mail: float = 1.0
    idle: float = 0.2
    """Mailboxes without mail in that hour; they are looked at once."""
    peak_share: float = 0.1
    """The share of the day's mail in its busiest hour."""
    sent_share: float = 0.1
    connecting: float = 0.005
    """Mailboxes that connect in ten minutes of the hour: a wave of backfills."""
    backfill_messages: int = 1_000
    seconds: float = HOUR_S


@dataclass(frozen=True, slots=True)
class Limits:
    """The deployment's settings that may be too small, as with ten times a new project's vCPU."""

    units_per_minute: int = 1_200_000
    push_instances: int = 20
    sync_instances: int = 40
    deliver_instances: int = 20
    events_per_second: int = 100
    events_at_once: int = 100
    renewal_runs: int = 1
    """Runs of renew-watches that share the mailboxes at once."""

    @property
    def live_per_second(self) -> float:
        """As infra/terraform/main.tf derives it from the project's units."""
        return min(500.0, 0.5 * self.units_per_minute / 60 / 50)

    @property
    def backfills(self) -> int:
        """Backfills at once, each at one mailbox's units: half of the project's."""
        return max(1, int(0.5 * self.units_per_minute / 6_000))


@dataclass
class World:
    """One run of the model."""

    env: simpy.Environment
    service: Service
    load: Load
    limits: Limits
    random: Random = field(default_factory=lambda: Random(7))
    lags_s: list[float] = field(default_factory=list)
    told_s: list[float] = field(default_factory=list)
    renewals_late: int = 0
    leased: dict[int, bool] = field(default_factory=dict)
    backfilling: int = 0

    def __post_init__(self) -> None:
        env, limits, start = self.env, self.limits, self.service.start_s
        self.push = Pool(env, "gmail_push", 40, self._part(limits.push_instances), start)
        self.sync = Pool(env, "sync_mailbox", 10, self._part(limits.sync_instances), start)
        self.deliver = Pool(env, "deliver_event", 40, self._part(limits.deliver_instances), start)
        self.quota = Quota(env, limits.units_per_minute / self.load.sample)
        sample = self.load.sample
        self.live = Line(env, limits.live_per_second / sample, self._part(400))
        self.bulk = Line(env, limits.backfills / sample, self._part(limits.backfills))
        at_once = self._part(limits.events_at_once)
        self.events = Line(env, limits.events_per_second / sample, at_once)

    @property
    def simulated(self) -> int:
        """How many mailboxes are simulated one by one."""
        return self.load.mailboxes // self.load.sample

    def begin(self) -> None:
        """Start everything that happens in the hour."""
        for process in self._all():
            self.env.process(process)

    def _all(self) -> Iterator[Process]:
        active = int(self.simulated * (1 - self.load.idle))
        yield self._arrivals(active)
        yield self._looks(self.simulated - active)
        yield self._renewals()
        yield self._wave(int(self.simulated * self.load.connecting))
        yield self._sends(active)

    def _part(self, whole: int) -> int:
        return max(1, round(whole / self.load.sample))

    def _arrivals(self, active: int) -> Process:
        """Notifications: a mail, or a change of one; minutes differ, as mail comes in bursts."""
        changes = 1 + self.load.changes_per_mail
        rate = active * self.load.mails_a_day * changes * self.load.peak_share / HOUR_S
        burst = 1.0
        while True:
            if self.env.now % 60 < 1 / rate:
                burst = self.random.uniform(0.6, 1.4)
            yield self.env.timeout(self.random.expovariate(rate * burst))
            mailbox = self.random.randrange(active)
            mail = self.random.random() < 1 / changes
            self.env.process(self._pushed(mailbox, mail=mail))

    def _pushed(self, mailbox: int, *, mail: bool) -> Process:
        """One notification; one worker a mailbox, the others leave a hint."""
        arrived = self.env.now
        yield from self.push.enter()
        yield from self.push.compute(self.service.push_cpu_s * 0.3)
        yield self.env.timeout(self.service.store_s)
        if mailbox in self.leased:
            self.leased[mailbox] = True
        else:
            yield from self._drained(mailbox, mail=mail)
            self.lags_s.append(self.env.now - arrived)
            if mail:
                self.env.process(self._delivered(arrived))
        self.push.places.give()

    def _drained(self, mailbox: int, *, mail: bool) -> Process:
        self.leased[mailbox] = True
        while self.leased[mailbox]:
            self.leased[mailbox] = False
            yield self.env.timeout(self.service.store_s)
            yield self.quota.take(LIST_UNITS + mail * GET_UNITS, DELTA)
            yield self.env.timeout(self.service.gmail_s * (1 + mail))
            yield from self.push.compute(self.service.push_cpu_s * 0.7)
            yield self.env.timeout(self.service.store_s)
        del self.leased[mailbox]

    def _delivered(self, arrived: float) -> Process:
        yield from self.events.dispatch()
        yield from self.deliver.enter()
        yield from self.deliver.compute(self.service.deliver_cpu_s)
        yield self.env.timeout(3 * self.service.store_s + self.service.receiver_s)
        self.deliver.places.give()
        self.events.running.give()
        self.told_s.append(self.env.now - arrived)

    def _looks(self, idle: int) -> Process:
        """Look hourly at mailboxes without mail: through the queue, to sync_mailbox."""
        while True:
            yield self.env.timeout(HOUR_S / max(1, idle))
            self.env.process(self._look())

    def _look(self) -> Process:
        yield from self.live.dispatch()
        yield from self.sync.enter()
        yield from self.sync.compute(self.service.push_cpu_s * 0.5)
        yield self.quota.take(LIST_UNITS, POLL)
        yield self.env.timeout(self.service.gmail_s + 3 * self.service.store_s)
        self.sync.places.give()
        self.live.running.give()

    def _renewals(self) -> Process:
        """Every ten minutes what is due, ten at a time, until the run's time is up."""
        due = 0.0
        while True:
            due += self.simulated * RENEWAL_RUN_S / (24 * HOUR_S)
            deadline = self.env.now + RENEWAL_BUDGET_S
            at_once = RENEWALS_AT_ONCE * self.limits.renewal_runs / self.load.sample
            one_s = self.service.gmail_s + 4 * self.service.store_s
            while due >= 1 and self.env.now < deadline:
                yield self.quota.take(WATCH_UNITS, DELTA)
                yield self.env.timeout(one_s / at_once)
                self.env.process(self._pushed(-1 - int(due), mail=False))
                due -= 1
            self.renewals_late = max(self.renewals_late, int(due))
            yield self.env.timeout(deadline - RENEWAL_BUDGET_S + RENEWAL_RUN_S - self.env.now)

    def _wave(self, count: int) -> Process:
        yield self.env.timeout(HOUR_S / 6)
        for _ in range(count):
            yield self.env.timeout(self.random.expovariate(count / (HOUR_S / 6)))
            self.backfilling += 1
            self.env.process(self._backfill())

    def _backfill(self) -> Process:
        """Chunks at the pace of one mailbox's units; in between others may go first."""
        for _ in range(self.load.backfill_messages // STEP_MESSAGES):
            yield from self.bulk.dispatch()
            yield from self.sync.enter()
            units = STEP_MESSAGES * BACKFILL_UNITS
            yield self.quota.take(units, BACKFILL)
            yield from self.sync.compute(self.service.message_cpu_s * STEP_MESSAGES)
            yield self.env.timeout(units / USER_UNITS_S)
            self.sync.places.give()
            self.bulk.running.give()
        self.backfilling -= 1

    def _sends(self, active: int) -> Process:
        """Take units first: all that the API's sends matter for here."""
        mails = active * self.load.mails_a_day * self.load.peak_share
        while True:
            yield self.env.timeout(HOUR_S / max(1.0, mails * self.load.sent_share))
            yield self.quota.take(SEND_UNITS, SEND)
