"""Many connections on one machine, each with traffic, under a mix of faults: `make soak`.

Postroom whole and the emulated Google run in one process over real HTTP. The clock of both runs
twelve times as fast, in leaps, so that five minutes hold an hour: leases run out under working
hands, hourly looks and rechecks fall due. At the end the faults stop and time passes; then every
mailbox must equal its copy and nothing may still be waiting; memory must not have grown, nor what
a mailbox costs, and files and sockets must be within what pools and databases allow.
"""

import argparse
import asyncio
import logging
import random
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from statistics import quantiles

import httpx

from infra.local.connecting import connect, find_connection
from infra.local.google.faults import Fault
from infra.local.google.settings import GoogleSettings
from infra.local.system import LocalSystem
from shared.domain.ids import ConnectionId, MessageId
from shared.ports.sync_store import RecordQuery, Records, SyncStates
from tests.chaos.footprint import Footprint
from tests.chaos.harness import at_rest
from tests.chaos.owner import Owner
from tests.chaos.spending import Spending

PLENTY = 10**9
CONNECTING_AT_ONCE = 4
WATCHED_EVERY_S = 0.1
FAULT_EVERY_S = 0.5
SHORT_LIVED_S = {"index_lag": 20.0, "fresh_404": 3.0}
"""What passes by itself at Gmail (FACTS 3.6); a mailbox has each of them once at most."""
FAULTS = (
    *("index_lag", "fresh_404", "page_without_history", "history_expired"),
    *("status_403_rate", "status_429", "status_500", "status_503", "too_many_concurrent"),
    *("drop_response", "drop_request", "push_drop", "push_double", "push_late", "push_reorder"),
)
NOBODY = "nobody@x.example"


@dataclass(frozen=True)
class Plan:
    """How much of it."""

    connections: int = 1_000
    seconds: float = 300
    changes_per_second: float = 25
    crash_every_s: float = 60
    old_messages: int = 3
    leap_every_s: float = 5
    leap_s: float = 55


@dataclass
class Soak:
    """One run: the mailboxes, what was done to them, and how long mail took."""

    system: LocalSystem
    plan: Plan
    footprint: Footprint
    owners: dict[ConnectionId, Owner] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    waiting: dict[tuple[ConnectionId, str], float] = field(default_factory=dict)
    lags_s: list[float] = field(default_factory=list)
    passing: list[tuple[float, Fault]] = field(default_factory=list)
    spent: set[tuple[str, str]] = field(default_factory=set)
    spending: Spending = field(init=False)
    alive: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Both clocks leap together, so not while Postroom lies dead."""

    def __post_init__(self) -> None:
        self.spending = Spending(self.system.emulated.stats)

    async def connect_all(self) -> None:
        """Connect every mailbox as a person does."""
        gate = asyncio.Semaphore(CONNECTING_AT_ONCE)

        async def one(n: int) -> None:
            email = f"user{n}@acme.example"
            store = self.system.emulated.store
            store.create_mailbox(email)
            owner = Owner(store, email, self.system.clock)
            for m in range(self.plan.old_messages):
                owner.receive(f"old {m}", age=timedelta(days=m))
            async with gate:
                self.owners[await self._connected(email)] = owner

        await asyncio.gather(*(one(n) for n in range(self.plan.connections)))

    async def _connected(self, email: str) -> ConnectionId:
        """Connect; a busy machine may drop an idle socket just as it is used again."""
        client = self.system.client
        for tries_left in reversed(range(5)):
            try:
                found = await find_connection(client, email)
                return ConnectionId(found or await connect(client, self.system.google, email))
            except httpx.TransportError:
                if not tries_left:
                    raise
        raise AssertionError

    async def run(self) -> None:
        """Let people, Gmail and crashes have their way for the planned time."""
        deadline = time.monotonic() + self.plan.seconds
        workers = (self._people, self._gmail, self._crashes, self._watch, self._leaps)
        with self.spending.counting():
            await asyncio.gather(*(worker(deadline) for worker in workers))

    async def _people(self, deadline: float) -> None:
        ids = list(self.owners)
        while time.monotonic() < deadline:
            self._change(random.choice(ids))
            await asyncio.sleep(1 / self.plan.changes_per_second)

    def _change(self, id: ConnectionId) -> None:
        owner = self.owners[id]
        mail = owner.ids()
        kind = random.choice(("receive", "receive", "receive", "label", "trash", "delete", "draft"))
        self.counts[kind] += 1
        match kind:
            case "receive":
                arrived = owner.receive(f"mail {self.counts[kind]}")
                self.waiting[id, arrived] = time.monotonic()
            case "label" if mail:
                owner.relabel(random.choices(mail, k=1), add=("STARRED",), drop=("UNREAD",))
            case "trash" if mail:
                owner.trash(random.choice(mail))
            case "delete" if mail:
                gone = random.choice(mail)
                self.waiting.pop((id, gone), None)
                owner.delete([gone])
            case "draft":
                draft = owner.write_draft(f"draft {self.counts[kind]}")
                owner.save_draft(draft, "again")
                owner.send_draft(draft)

    async def _gmail(self, deadline: float) -> None:
        emails = [owner.email for owner in self.owners.values()]
        while time.monotonic() < deadline:
            name, email = random.choice(FAULTS), random.choice(emails)
            self._end_what_passed(time.monotonic())
            if (name, email) not in self.spent:
                self._misbehave(name, email)
            await asyncio.sleep(FAULT_EVERY_S)

    def _misbehave(self, name: str, email: str) -> None:
        fault = self.system.emulated.faults.add(name, email=email, times=random.randint(1, 3))
        self.counts[f"fault {name}"] += 1
        if name in SHORT_LIVED_S:
            self.spent.add((name, email))
            self.passing.append((time.monotonic() + SHORT_LIVED_S[name], fault))

    def _end_what_passed(self, now: float) -> None:
        for until, fault in self.passing:
            if now >= until:
                fault.email = NOBODY
        self.passing = [(until, fault) for until, fault in self.passing if now < until]

    async def _crashes(self, deadline: float) -> None:
        while time.monotonic() + self.plan.crash_every_s < deadline:
            await asyncio.sleep(self.plan.crash_every_s)
            async with self.alive:
                await self.system.kill()
                await self.system.restart()
            self.counts["crashes"] += 1

    async def _leaps(self, deadline: float) -> None:
        while time.monotonic() + self.plan.leap_every_s < deadline:
            await asyncio.sleep(self.plan.leap_every_s)
            async with self.alive:
                await self.system.advance(self.plan.leap_s)
            self.counts["leaps"] += 1

    async def _watch(self, deadline: float) -> None:
        while time.monotonic() < deadline:
            await self._note_arrivals()
            self.footprint.look()
            self.spending.note()
            await asyncio.sleep(WATCHED_EVERY_S)

    async def _note_arrivals(self) -> None:
        for (id, message), since in list(self.waiting.items()):
            try:
                with self.spending.aside():
                    heads = await self.system.container.use(Records).heads(id, [MessageId(message)])
            except Exception:  # noqa: BLE001  the store is closed while Postroom is dead
                return
            if heads:
                self.lags_s.append(time.monotonic() - since)
                self.waiting.pop((id, message), None)

    async def calm(self) -> None:
        """End the faults and let time pass: rechecks, dead leases, the hourly look."""
        self.system.emulated.faults.clear()
        for seconds in (61, 61, 200, 3_700, 200, 200, 3_700, 200):
            await self.system.advance(seconds)
            await self.system.settle(timeout_s=1_800)

    async def verdict(self) -> list[str]:
        """Return what is wrong, connection by connection; nothing should be."""
        wrong = []
        for id, owner in self.owners.items():
            state = await self.system.container.use(SyncStates).get(id)
            if state is None or not at_rest(state.value):
                wrong.append(f"{owner.email} is stuck: {state}")
            elif (stored := await self._stored(id)) != (real := self._real(owner)):
                missing, extra = sorted(real.keys() - stored.keys()), stored.keys() - real.keys()
                wrong.append(f"{owner.email}: missing {missing}, extra {sorted(extra)}, or labels")
        return wrong

    async def _stored(self, id: ConnectionId) -> dict[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}
        query = RecordQuery(limit=500)
        while True:
            page = await self.system.container.use(Records).page(id, query)
            heads = [record.head for record in page.records if record.head.live]
            found.update((head.message_id, frozenset(head.label_ids)) for head in heads)
            if page.last is None:
                return found
            query = RecordQuery(after=page.last, limit=500)

    def _real(self, owner: Owner) -> dict[str, frozenset[str]]:
        found = owner.store.messages(owner.email)
        return {message["id"]: frozenset(message["labelIds"]) for message in found}

    def report(self) -> None:
        """Print the numbers."""
        print(f"{len(self.owners)} connections, {self.plan.seconds:.0f} s of traffic")
        print(", ".join(f"{name} {count}" for name, count in sorted(self.counts.items())))
        print(self.footprint)
        print(f"a mailbox, second quarter, then last: {self.spending.shown(len(self.owners))}")
        if len(self.lags_s) > 1:
            cuts = quantiles(self.lags_s, n=100)
            shown = ", ".join(f"p{n} {cuts[n - 1]:.2f} s" for n in (50, 90, 99))
            print(f"mail to record, {len(self.lags_s)} seen under faults and crashes: {shown}")


async def soak(plan: Plan, directory: Path) -> list[str]:
    """Run the plan; answer what was wrong at the end."""
    environ = {
        "POSTROOM_UNITS_PER_MINUTE": str(PLENTY),
        "POSTROOM_REQUESTS_PER_MINUTE": str(PLENTY),
    }
    google = GoogleSettings(units_per_minute=PLENTY)
    footprint = Footprint()
    async with LocalSystem.start(directory, environ=environ, google=google) as system:
        run = Soak(system, plan, footprint)
        await run.connect_all()
        await system.settle(timeout_s=1_800)
        await run.run()
        await run.calm()
        run.report()
        return [*await run.verdict(), *run.footprint.faults(), *run.spending.faults()]


def main() -> None:
    """Run from the command line; fails if anything was lost or stuck."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=Plan.connections)
    parser.add_argument("--seconds", type=float, default=Plan.seconds)
    asked = parser.parse_args()
    logging.disable(logging.CRITICAL)  # What a crash cuts off would drown the numbers.
    with tempfile.TemporaryDirectory() as directory:
        plan = Plan(connections=asked.connections, seconds=asked.seconds)
        wrong = asyncio.run(soak(plan, Path(directory)))
    print("\n".join(wrong) or "nothing lost, nothing stuck")
    raise SystemExit(bool(wrong))


if __name__ == "__main__":
    main()
