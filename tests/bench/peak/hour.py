"""What happens in the hour, and what each thing takes: the model's processes.

Left out, and said in the report: Pub/Sub's and Firestore's own limits beyond their latency. A
sample of 1 in `sample` mailboxes meets 1 in `sample` of the instances, queue rates and units, as
the platforms spread load over equal ones.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

import simpy

from shared.domain.sync.plan import backoff
from shared.domain.sync.state import SECOND_LOOK_AFTER
from shared.usecases.sync.work.changes import RETRIES
from tests.bench.peak.hostility import CALM, Hostility
from tests.bench.peak.resources import Line, Pool, Process, Quota, Returning
from tests.bench.peak.telling import News, Telling

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
RENEWAL_RUN_S, RENEWAL_BUDGET_S = 60.0, 120.0
RENEWED_AFTER_S = 5 * 24 * HOUR_S
LOOK_SHARE = 0.3
"""Of a notification's CPU, its second look: 4 of its 14 calls (infra/terraform/operations.json)."""
SOON_S = 180.0
"""What is due sooner has a task; the rest is found by reconcile, which runs once a minute."""
SLICE_S = 0.005
"""After which the interpreter lets another thread go on: large mail is read beside the loop."""
MAILBOXES_A_RECEIVER = 100
"""A customer's mailboxes, which name one address of their own."""


@dataclass(frozen=True, slots=True)
class Service:
    """What one thing takes, in seconds; CPU is measured, distances are given."""

    push_cpu_s: float
    """A notification with its second look."""
    message_cpu_s: float
    deliver_cpu_s: float
    hostile_cpu_s: float = 0.0
    """One message of the costliest hostile family."""
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
    receivers: bool = True
    """Whether anyone is told of changes."""
    hostility: Hostility = CALM
    seconds: float = HOUR_S


@dataclass(frozen=True, slots=True)
class Limits:
    """The deployment's settings that may be too small, as with ten times a new project's vCPU.

    Derived as infra/terraform derives them (main.tf, sizes.tf): shares of the vCPU, the project's
    units, and the places of all instances together.
    """

    units_per_minute: int = 1_200_000
    push_instances: int = 30
    sync_instances: int = 40
    deliver_instances: int = 20
    live_per_second: int = 500
    live_at_once: int = 700
    events_per_second: int = 500
    events_at_once: int = 800
    retries_per_second: int = 100
    retries_at_once: int = 200
    renewal_runs: int = 1
    """Runs of renew-watches that share the mailboxes at once."""

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
    """Of mail that the hour's hostility does not aim at."""
    renewals_late: int = 0
    leased: dict[int, bool] = field(default_factory=dict)
    failures: dict[int, int] = field(default_factory=dict)
    deferred_s: dict[int, float] = field(default_factory=dict)
    missed: Counter[int] = field(default_factory=Counter)
    """Mails that came while Gmail did not answer, by mailbox."""
    backfilling: int = 0

    def __post_init__(self) -> None:
        env, limits, service, part = self.env, self.limits, self.service, self._part
        start, sample = service.start_s, self.load.sample
        self.push = Pool(env, "gmail_push", 40, part(limits.push_instances), start)
        self.sync = Pool(env, "sync_mailbox", 10, part(limits.sync_instances), start)
        self.deliver = Pool(env, "deliver_event", 50, part(limits.deliver_instances), start)
        self.quota = Quota(env, limits.units_per_minute / sample)
        self.live = Line(env, limits.live_per_second / sample, part(limits.live_at_once))
        self.bulk = Line(env, limits.backfills / sample, part(limits.backfills))
        self.events = Line(env, limits.events_per_second / sample, part(limits.events_at_once))
        self.retries = Line(env, limits.retries_per_second / sample, part(limits.retries_at_once))
        self.telling = Telling(
            env=env,
            push=self.push,
            deliver=self.deliver,
            events=self.events,
            retries=self.retries,
            hangs=self.load.hostility.hangs,
            receiver_s=service.receiver_s,
            store_s=service.store_s,
            cpu_s=service.deliver_cpu_s,
            random=self.random,
        )

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
            hostile = mail and self.random.random() < self.load.hostility.hostile_mail
            self.env.process(self._pushed(mailbox, mail=mail, hostile=hostile))

    def _pushed(
        self, mailbox: int, *, mail: bool, hostile: bool = False, told: bool = True
    ) -> Process:
        """One notification; one worker a mailbox, the others leave a hint."""
        arrived = self.env.now
        yield from self.push.enter()
        yield from self.push.compute(self.service.push_cpu_s * 0.3)
        yield self.env.timeout(2 * self.service.store_s)
        if mailbox in self.leased:
            self.leased[mailbox] = True
        elif (yield from self._drained(mailbox, mail=mail, hostile=hostile)):
            counted = not hostile and not self.load.hostility.cuts_off(mailbox, arrived)
            if counted:
                self.lags_s.append(self.env.now - arrived)
            self.env.process(self._second_look(mailbox))
            if told and self.load.receivers:
                yield from self.telling.first(self._news(mailbox, arrived, counted=counted))
        self.push.places.give()

    def _drained(self, mailbox: int, *, mail: bool, hostile: bool) -> Returning[bool]:
        """Read until nothing is left, within a push; False where Gmail did not answer."""
        service, self.leased[mailbox] = self.service, True
        listed = True
        while listed and self.leased[mailbox]:
            self.leased[mailbox] = False
            yield self.env.timeout(service.store_s)
            listed = yield from self._list(mailbox)
            self.missed[mailbox] += mail and not listed
            if listed and mail:
                yield self.env.timeout(2 * service.store_s)
                yield self.quota.take(GET_UNITS, DELTA)
                yield self.env.timeout(service.gmail_s)
                yield from self.push.compute(service.hostile_cpu_s * hostile, slice_s=SLICE_S)
            yield from self.push.compute(service.push_cpu_s * (0.7 - LOOK_SHARE))
            yield self.env.timeout(service.store_s)
        del self.leased[mailbox]
        if hostile:
            self.env.process(self._quarantined(mailbox))
        return listed

    def _list(self, mailbox: int) -> Returning[bool]:
        """List history, and again where Gmail answers 503; then the mailbox waits for its turn."""
        hostility = self.load.hostility
        for pause in (0.0, 0.2, 0.2):
            yield self.env.timeout(pause)
            yield self.quota.take(LIST_UNITS, DELTA)
            yield self.env.timeout(self.service.gmail_s)
            if not hostility.cuts_off(mailbox, self.env.now):
                self.failures.pop(mailbox, None)
                return True
        failed = self.failures.get(mailbox, 0)
        wait_s = backoff(failed).total_seconds()
        self.failures[mailbox], self.deferred_s[mailbox] = failed + 1, self.env.now + wait_s
        self.env.process(self._retried(mailbox, wait_s))
        return False

    def _retried(self, mailbox: int, wait_s: float) -> Process:
        """Look again when the wait is over, by a task or by reconcile."""
        yield self.env.timeout(wait_s if wait_s <= SOON_S else wait_s + self.random.uniform(0, 60))
        yield from self._task(self._look_of(mailbox))

    def _second_look(self, mailbox: int) -> Process:
        """Look again, for what Gmail dropped beside the push."""
        yield self.env.timeout(SECOND_LOOK_AFTER.total_seconds())
        yield from self._task(self._look_of(mailbox))

    def _look_of(self, mailbox: int) -> Process:
        yield self.env.timeout(self.service.store_s)
        waits = self.deferred_s.get(mailbox, 0.0) > self.env.now
        if mailbox not in self.leased and not waits:
            yield from self.sync.compute(self.service.push_cpu_s * LOOK_SHARE)
            yield self.env.timeout(self.service.store_s)
            if (yield from self._list(mailbox)):
                yield from self._caught_up(mailbox)
            yield self.env.timeout(self.service.store_s)

    def _caught_up(self, mailbox: int) -> Process:
        """Fetch what came while Gmail did not answer, and tell of it by the queue."""
        if missed := self.missed.pop(mailbox, 0):
            yield self.quota.take(GET_UNITS * missed, DELTA)
            yield self.env.timeout(self.service.gmail_s)
            yield from self.sync.compute(self.service.message_cpu_s * missed)
            self.telling.later(self._news(mailbox, self.env.now, counted=False))

    def _news(self, mailbox: int, arrived_s: float, *, counted: bool) -> News:
        return News(mailbox, mailbox // MAILBOXES_A_RECEIVER, arrived_s, counted)

    def _task(self, work: Process) -> Process:
        """Do it as a task of the queue `live`."""
        yield from self.live.dispatch()
        yield from self.sync.enter()
        yield from work
        self.sync.places.give()
        self.live.running.give()

    def _quarantined(self, mailbox: int) -> Process:
        """Try a message again that could not be read, as often as the hour holds."""
        for wait in RETRIES:
            yield self.env.timeout(wait.total_seconds())
            yield from self._task(self._read_again())

    def _read_again(self) -> Process:
        yield self.env.timeout(3 * self.service.store_s)
        yield self.quota.take(GET_UNITS, POLL)
        yield self.env.timeout(self.service.gmail_s)
        yield from self.sync.compute(self.service.hostile_cpu_s, slice_s=SLICE_S)

    def _looks(self, idle: int) -> Process:
        """Look hourly at mailboxes without mail: through the queue, to sync_mailbox."""
        while True:
            yield self.env.timeout(HOUR_S / max(1, idle))
            self.env.process(self._task(self._look()))

    def _look(self) -> Process:
        yield from self.sync.compute(self.service.push_cpu_s * 0.5)
        yield self.quota.take(LIST_UNITS, POLL)
        yield self.env.timeout(self.service.gmail_s + 6 * self.service.store_s)

    def _renewals(self) -> Process:
        """Every minute what is due, ten at a time, until the run's time is up."""
        due = 0.0
        while True:
            due += self.simulated * RENEWAL_RUN_S / RENEWED_AFTER_S
            began = self.env.now
            at_once = RENEWALS_AT_ONCE * self.limits.renewal_runs / self.load.sample
            one_s = self.service.gmail_s + 4 * self.service.store_s
            while due >= 1 and self.env.now < began + RENEWAL_BUDGET_S:
                yield self.quota.take(WATCH_UNITS, DELTA)
                yield self.env.timeout(one_s / at_once)
                self.env.process(self._pushed(-1 - int(due), mail=False, told=False))
                due -= 1
            self.renewals_late = max(self.renewals_late, int(due))
            yield self.env.timeout(RENEWAL_RUN_S - (self.env.now - began) % RENEWAL_RUN_S)

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
