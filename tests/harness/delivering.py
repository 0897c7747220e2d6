"""A deployment that delivers events, with receivers that behave as told and ports that may die."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from shared.adapters.keys.local import LocalKeyring, create_keyring
from shared.adapters.sqlite import store as sqlite_store
from shared.domain.connect.integration_names import IntegrationNames
from shared.domain.events.addresses import AllowedHosts
from shared.domain.events.delivery import Attempted, Failure
from shared.domain.events.event import Event, EventState, EventType
from shared.domain.ids import ConnectionId, EventId
from shared.domain.sync.alias import SyncAliases
from shared.ports.documents import Versioned
from shared.ports.events import Claimed
from shared.ports.queue import Task
from shared.ports.sinks import EventSettings, OutgoingEvent, Receiver
from shared.ports.store import Store
from shared.usecases.events.attempt import DELIVER_TASK, Attempts
from shared.usecases.events.bodies import EventBodies
from shared.usecases.events.deliver_event import Announce, DeliverEvent
from shared.usecases.events.first_attempt import TryAtOnce
from shared.usecases.events.manage_endpoints import ManageEndpoints, Registration
from shared.usecases.events.places import Places
from shared.usecases.events.receivers import KnownEndpoints, Receivers
from shared.usecases.events.redeliver import Redeliver
from shared.usecases.reconcile import WakeDeliveries
from tests.harness.clock import ManualClock
from tests.usecases.connect.interrupted import Bomb, Interrupted

C1, C2 = ConnectionId("c-1"), ConnectionId("c-2")
HOOK, OTHER = "https://a.example.com/", "https://b.example.com/"
MINUTE = timedelta(minutes=1)


@dataclass
class WaitingTasks:
    """A queue that keeps tasks until somebody works through what is due; knows spent names."""

    clock: ManualClock
    waiting: list[Task] = field(default_factory=list)
    names: set[str] = field(default_factory=set)

    async def enqueue(self, task: Task) -> None:
        if task.name is not None and task.name in self.names:
            return
        self.names |= {task.name} if task.name else set()
        self.waiting.append(task)

    def take_due(self) -> list[Task]:
        now = self.clock.now()
        due = [one for one in self.waiting if one.not_before is None or one.not_before <= now]
        self.waiting = [one for one in self.waiting if one not in due]
        return due


Answers = Callable[[OutgoingEvent], Attempted]


@dataclass
class ReceivingWorld:
    """Every receiver by its address: what reached it, and how it answers."""

    clock: ManualClock
    answers: dict[str, Answers] = field(default_factory=dict)
    reached: dict[str, list[OutgoingEvent]] = field(default_factory=lambda: defaultdict(list))
    signed_with: dict[str, tuple[str, ...]] = field(default_factory=dict)

    async def __call__(self, receiver: Receiver, outgoing: OutgoingEvent) -> Attempted:
        answers: Answers = self.answers.get(receiver.address, accepts)
        answer = answers(outgoing)
        if answer.ok:
            self.reached[receiver.address].append(outgoing)
            self.signed_with[receiver.address] = receiver.secrets
        return answer

    def got(self, address: str) -> list[str]:
        """Return the ids of the events that reached it, each as often as it came."""
        return [one.event_id for one in self.reached[address]]


class DeliveryHarness:
    """One life after the other on the same files; each life's ports may die at a bomb."""

    def __init__(self, folder: Path, settings: EventSettings | None = None) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.clock = ManualClock()
        self.line = WaitingTasks(self.clock)
        self.world = ReceivingWorld(self.clock)
        self.settings = settings or EventSettings()
        self.claimed = Claimed()
        self.aliases = SyncAliases()
        create_keyring(folder / "keyring.json")
        self.sealer = LocalKeyring(folder / "keyring.json")
        self.store: Store = sqlite_store.open_store(
            folder / "events.sqlite", self.clock, self._wake
        )
        self.live(Bomb())

    def live(self, bomb: Bomb) -> None:
        """Compose everything anew; every port passes by the bomb."""

        def port(name: str, found: Any) -> Any:
            return Interrupted(found, name, bomb)

        store, queue = self.store, port("queue", self.line)
        self.known = KnownEndpoints(port("webhook_endpoints", store.webhook_endpoints), self.clock)
        sealer = port("sealer", self.sealer)
        self.announce = Announce(queue, self.claimed)
        self.outbox = outbox = port("outbox", store.outbox)
        self.endpoints = ManageEndpoints(self.known, self.sealer, self.clock, AllowedHosts())
        receivers = Receivers(
            self.known, port("connections", store.connections), sealer, self.settings
        )
        self.attempts = Attempts(
            outbox=outbox,
            receivers=receivers,
            operations=port("operations", store.operations),
            queue=queue,
            places=Places(self.clock),
            bodies=EventBodies(
                port("connections", store.connections),
                port("records", store.records),
                IntegrationNames(),
                self.aliases,
            ),
            clock=self.clock,
        )
        self.sink = _AllSinks(Interrupted(_Posting(self.world), "receiver", bomb))
        self.deliver = DeliverEvent(outbox, receivers, self.sink, self.attempts, self.clock)
        self.first = TryAtOnce(self.attempts, receivers, self.claimed, self.sink, self.clock)
        self.wake = WakeDeliveries(outbox, queue, self.clock)
        self.redeliver = Redeliver(outbox, self.announce, self.clock)

    async def _wake(self, stored: Versioned[Event]) -> None:
        await self.announce.announce_stored(stored)

    def live_again(self) -> None:
        """Compose everything anew, with settings that changed."""
        self.live(Bomb())

    async def register(self, url: str = HOOK, **asked: Any) -> str:
        """Register an endpoint and answer its id."""
        return (await self.endpoints.create(Registration(url, **asked))).endpoint.id

    async def write(self, number: int = 1, connection: ConnectionId = C1, **more: Any) -> EventId:
        """Write an event as a use case does."""
        event = self.made(number, connection, **more)
        await self.outbox.create(event)
        return event.id

    def made(self, number: int, connection: ConnectionId = C1, **more: Any) -> Event:
        """Return an event that is not stored."""
        now = self.clock.now()
        payload = {
            "type": "sync",
            "connectionId": connection,
            "cursorSequence": number,
            "sequenceBefore": 0,
        }
        id = EventId(f"evt_{connection}_{number:05}")
        return Event(id, connection, EventType.SYNC, payload, now, now, **more)

    async def work(self) -> None:
        """Run what is due, and what that makes due at once."""
        while tasks := self.line.take_due():
            for task in tasks:
                assert task.path == DELIVER_TASK
                await self.deliver(EventId(task.body["event_id"]))

    async def pass_time(self, duration: timedelta) -> None:
        """Let time go by from one due moment to the next, with the reconcile job in each."""
        until = self.clock.current + duration
        while self.clock.current < until:
            self.clock.current = await self._next_moment(until)
            await self.wake()
            await self.work()

    async def _next_moment(self, until: datetime) -> datetime:
        """Return when something falls due, a minute from now at the soonest."""
        pending = await self.store.outbox.list(
            state=EventState.PENDING, connection_id=None, limit=1000
        )
        moments = [one.next_attempt_at or until for one in pending]
        moments += [one.not_before for one in self.line.waiting if one.not_before is not None]
        return min(until, max(min(moments, default=until), self.clock.current + MINUTE))

    async def event(self, id: EventId) -> Event:
        """Return the event as stored."""
        found = await self.store.outbox.get(id)
        assert found is not None
        return found.value

    async def states(self) -> set[EventState]:
        """Return the states of all events."""
        found = await self.store.outbox.list(state=None, connection_id=None, limit=10_000)
        return {one.state for one in found}


class _Posting:
    def __init__(self, world: ReceivingWorld) -> None:
        self._world = world

    async def post(self, receiver: Receiver, outgoing: OutgoingEvent) -> Attempted:
        return await self._world(receiver, outgoing)


class _AllSinks:
    def __init__(self, posting: Any) -> None:
        self._posting = posting

    async def __call__(self, receiver: Receiver, outgoing: OutgoingEvent) -> Attempted:
        answered: Attempted = await self._posting.post(receiver, outgoing)
        return answered

    def of(self, _receiver: Receiver) -> "_AllSinks":
        return self


def accepts(_parcel: OutgoingEvent) -> Attempted:
    """Take everything."""
    return Attempted(status=200)


def fails(failure: Failure = Failure.REFUSED, status: int = 500, **more: Any) -> Answers:
    """Return a receiver that fails."""
    return lambda _: Attempted(failure, status, **more)
