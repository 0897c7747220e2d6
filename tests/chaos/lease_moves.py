"""Every step that the world of the lease model can take, and what no step may do."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from shared.domain.ids import HistoryId
from shared.domain.sync.state import LEASE_LIFETIME, Lease, SyncState
from tests.chaos.continuation import Name
from tests.chaos.lease_actors import Actors, Answer, Ended
from tests.chaos.lease_ports import CONNECTION, history_id, label, seconds
from tests.chaos.lease_world import (
    BrokenError,
    Budget,
    Move,
    Worker,
    World,
    acknowledged,
    added,
    at,
    first_state,
    is_past,
    joined,
    less,
    pushed,
    redelivered,
    token_of,
    without,
)

POOL = tuple(Name(f"n{number}") for number in range(40))
FRESH_AT_ONCE = 2
ALWAYS = {Name(""), Name(CONNECTION)}
"""What begins a task's name where no lease does: such a name may be met again for ever."""
SLOW_S = 21
"""Longer than a push may take, shorter than a lease."""
TWO_THIRDS_S = LEASE_LIFETIME.total_seconds() * 2 / 3


@dataclass
class Moves:
    """Every step the world can take from a state; raises BrokenError where one must not be."""

    actors: Actors
    most_workers: int = 3
    lag_s: int = 0
    """For so long history may hide a new change."""
    paged: bool = False
    """Whether each history record comes on a page of its own."""
    reconcile: bool = False
    late_writes: bool = False

    def first(self, budget: Budget) -> World:
        """Return where every run begins."""
        document = self.actors.document(first_state())
        nothing: frozenset[Any] = frozenset()
        return World(0, document, nothing, (), (), (), nothing, (), (), budget, 0, murky=False)

    def of(self, world: World) -> Iterator[Move]:
        """Return each possible next step with the state it leads to."""
        yield from self._arrivals(world)
        if len(world.workers) < self.most_workers:
            yield from self._starts(world)
        for place, worker in enumerate(world.workers):
            if worker in world.workers[:place]:
                continue
            yield from self.worker_moves(world, place)
        yield from self._landings(world)
        yield from self._ticks(world)
        if self.reconcile:
            yield from self.reconciled(world)

    def _arrivals(self, world: World) -> Iterator[Move]:
        if not world.left.changes:
            return
        number = len(world.visible_at)
        visible_at = (*world.visible_at, world.now + self.lag_s if self.lag_s else 0)
        arrived = less(world, "changes")._replace(visible_at=visible_at)
        left = world.left
        announced = arrived._replace(announced=left.capped > 0)
        yield ("change", number, "arrives"), pushed(announced, number)
        if left.dropped:
            yield ("change", number, "arrives unannounced"), less(arrived, "dropped")
        if left.capped and world.announced:
            capped = less(arrived, "capped")._replace(promised=number + 1)
            yield ("change", number, "arrives within a second of a push"), capped

    def _starts(self, world: World) -> Iterator[Move]:
        for number in sorted(set(world.pushes)):
            origin = ("push", number)
            taken = world._replace(pushes=without(world.pushes, number))
            yield ("push", number, "is delivered"), self._start(taken, origin)
            if world.left.doubled:
                again = less(world, "doubled")
                yield ("push", number, "is delivered, to come again"), self._start(again, origin)
        yield from self.due_tasks(world)
        if world.left.false:
            told = less(world, "false")
            yield ("a false push is delivered",), self._start(told, ("false push",))
        if world.left.triggers:
            triggered = less(world, "triggers")
            yield ("trigger",), self._start(triggered, ("trigger", len(world.visible_at)))

    def due_tasks(self, world: World) -> Iterator[Move]:
        """Start what the queue has due."""
        for task in sorted(set(world.tasks)):
            if task[0] <= world.now:
                taken = world._replace(tasks=without(world.tasks, task))
                yield ("task", task, "runs"), self._start(taken, ("task", task[1]))

    def _start(self, world: World, origin: tuple[Any, ...]) -> World:
        point = self.actors.start(origin, world.now, partial(self._fresh, world))
        assert isinstance(point, int)
        return joined(world, Worker(point, origin, ""))

    def worker_moves(self, world: World, place: int) -> Iterator[Move]:
        """Let one worker's request end in each way it can; the first is without a fault."""
        worker = world.workers[place]
        others = world._replace(workers=world.workers[:place] + world.workers[place + 1 :])
        request = self.actors.points[worker.point].request
        who = (worker.origin, request[0])
        for what, answer, after, token in self._answers(others, worker, request):
            told = worker if token == worker.token else worker._replace(token=token)
            yield (*who, what), self._resume(after, told, answer)
        if world.left.crashes:
            dead = less(others, "crashes")
            yield (*who, "crash before it"), redelivered(dead, worker.origin)

    def _answers(
        self, world: World, worker: Worker, request: tuple[Any, ...]
    ) -> Iterator[tuple[str, Answer, World, str]]:
        """Return how a request may end: what happened, the answer, the world, the lease token."""
        token = worker.token
        match request:
            case ("get",):
                yield "read", ("document", world.document), world, token
            case ("swap" | "commit", _, _, _):
                yield from self._writes(world, worker, request)
            case ("enqueue", due, name):
                yield "done", ("done",), self._enqueued(world, worker, due, name), token
                if world.left.lost:
                    yield "lost", ("queue down",), less(world, "lost"), token
                return
            case ("history", start, page):
                for what, answer in self._histories(world, start, page):
                    yield what, answer, world, token
                if world.left.refusals:
                    refused = less(world, "refusals")
                    yield "refused", ("gmail down",), refused, token
                return
            case ("heads",):
                yield "read", ("heads", world.labels), world, token
                return
        if world.left.lost:
            lost = less(world, "lost")
            yield "request lost", ("store down",), lost, token

    def _writes(
        self, world: World, worker: Worker, request: tuple[Any, ...]
    ) -> Iterator[tuple[str, Answer, World, str]]:
        kind, was, new, heads = request
        if was != world.document:
            yield "conflict", ("conflict",), world, worker.token
        else:
            written, token = self._written(world, worker, request)
            yield "written", ("document", new), written, token
            if world.left.lost:
                lost = less(written, "lost")
                yield "written, answer lost", ("store down",), lost, token
        if world.left.late and kind == "commit":
            write = (was, new, heads)
            late = less(world, "late")._replace(late=(write,))
            yield "stays under way, writer gives up", ("store down",), late, worker.token

    def _written(self, world: World, worker: Worker, request: tuple[Any, ...]) -> tuple[World, str]:
        kind, was, new, heads = request
        before, after = self.actors.documents[was], self.actors.documents[new]
        held, token = before.lease, worker.token
        if kind == "commit":
            if not self._may_commit(worker, held):
                raise BrokenError("a write after the lease was lost")
            asked_at = self.actors.points[worker.point].asked_at
            if after.lease is None:
                token = ""
            elif seconds(after.lease.expires_at) - asked_at < TWO_THIRDS_S:
                raise BrokenError("a commit left the lease short")
            elif after.next_due_at is not None and seconds(after.next_due_at) <= asked_at:
                raise BrokenError("reconcile would wake another worker beside a live one")
            else:
                token = after.lease.token
        elif after.lease is not None and after.lease != held:
            if held is not None and seconds(held.expires_at) > world.now:
                raise BrokenError("a second holder while a lease was alive")
            token = after.lease.token
        return self._landed(world, before, after, new, heads), token

    def _may_commit(self, worker: Worker, held: Lease | None) -> bool:
        """Whether it holds the lease, or no other does and it never stored its own.

        The write that stored it may have arrived after the worker gave it up.
        """
        if held is None:
            return not worker.token
        known = self.actors.points[worker.point].names
        return worker.token == held.token or (not worker.token and Name(held.token) in known)

    def _landed(
        self, world: World, before: SyncState, after: SyncState, new: int, heads: Any
    ) -> World:
        if (after.checkpoint or 0) < (before.checkpoint or 0):
            raise BrokenError("the checkpoint moved backwards")
        if after.lease and (
            after.next_due_at is None or after.next_due_at > after.lease.expires_at
        ):
            raise BrokenError("reconcile would not find a dead holder in time")
        if after.sequence < before.sequence:
            raise BrokenError("the sequence number moved backwards")
        labels = world.labels
        if heads is not None:
            labels, number = heads
            if not before.sequence < number <= after.sequence:
                raise BrokenError("a sequence number was used twice")
            if labels == world.labels:
                raise BrokenError("a change was committed twice")
        passed = [
            n for n in range(len(world.visible_at)) if history_id(n) <= (after.checkpoint or 0)
        ]
        if not self.lag_s and not all(label(number) in labels for number in passed):
            raise BrokenError("the checkpoint passed what is not stored")
        return world._replace(document=new, labels=labels)

    def _enqueued(self, world: World, by: Worker, due: int | None, name: str | None) -> World:
        if name is None:
            return world._replace(tasks=added(world.tasks, (due or world.now, "")))
        if any(name == task[1] for task in world.tasks):
            return world
        running = any(worker.origin == ("task", name) for worker in (by, *world.workers))
        if running or name in world.spent:
            lease = self.actors.documents[world.document].lease
            waited_for = lease is not None and token_of(name) == str(lease.token)
            if lease and waited_for and due == seconds(lease.expires_at) > world.now:
                raise BrokenError("the queue dropped a task that nothing stands for")
            return world
        return world._replace(tasks=added(world.tasks, (due or world.now, name)))

    def _histories(self, world: World, start: HistoryId, page: Any) -> Iterator[tuple[str, Answer]]:
        arrived = len(world.visible_at)
        visible = sum(1 for at in world.visible_at if at <= world.now)
        top = history_id(arrived - 1)
        first = int(page) if page is not None else 0
        for count in range(visible, arrived + 1):
            shown = tuple(n for n in range(first, count) if history_id(n) > start)
            more = None
            if self.paged and len(shown) > 1:
                shown, more = shown[:1], str(shown[1])
            hidden = f", {arrived - count} hidden" if count < arrived else ""
            yield f"shows {list(shown)}{hidden}", ("history", shown, top, more)

    def _resume(self, world: World, worker: Worker, answer: Answer) -> World:
        fresh = partial(self._fresh, world, worker)
        end = self.actors.resume(worker.point, answer, world.now, fresh)
        if isinstance(end, int) and self.actors.points[end].request == ("heads",):
            # Nothing else can change records between the listing and this read.
            read = ("heads", world.labels)
            end = self.actors.resume(end, read, world.now, fresh)
        if isinstance(end, int):
            self._check_heartbeat(world, worker, end)
            return joined(world, worker._replace(point=end))
        self._check_end(world, worker, end)
        if not end.done:
            return redelivered(world, worker.origin)
        return acknowledged(world, worker.origin)

    def _check_end(self, world: World, worker: Worker, end: Ended) -> None:
        lease = self.actors.documents[world.document].lease
        mine = lease is not None and lease.token == worker.token
        if mine and end.done and not self.late_writes:
            raise BrokenError("a worker stopped and kept its lease")

    def _check_heartbeat(self, world: World, worker: Worker, end: int) -> None:
        before, after = self.actors.points[worker.point], self.actors.points[end]
        lease = self.actors.documents[world.document].lease
        if lease is None or lease.token != worker.token:
            return
        listing_on = before.request[0] == after.request[0] == "history"
        if listing_on and seconds(lease.expires_at) - world.now < TWO_THIRDS_S:
            raise BrokenError("a long listing let the lease run down")

    def _landings(self, world: World) -> Iterator[Move]:
        for write in world.late:
            was, new, heads = write
            gone = world._replace(late=())
            yield ("the late write is refused or never arrives",), gone
            if was == world.document:
                before, after = self.actors.documents[was], self.actors.documents[new]
                yield ("the late write arrives",), self._landed(gone, before, after, new, heads)

    def _ticks(self, world: World) -> Iterator[Move]:
        kind = "ticks" if world.workers else "waits"
        if not getattr(world.left, kind):
            return
        moments = {world.now + SLOW_S} if world.workers else set()
        lease = self.actors.documents[world.document].lease
        if lease is not None:
            moments.add(seconds(lease.expires_at))
        moments |= {due for due, _ in world.tasks} | set(world.visible_at)
        later = less(world, kind)
        for moment in sorted(moment for moment in moments if moment > world.now)[:2]:
            yield (moment - world.now, "s pass"), at(later, moment)

    def reconciled(self, world: World) -> Iterator[Move]:
        """Let the schedule find the mailbox due."""
        due = self.actors.documents[world.document].next_due_at
        task = (world.now, "")
        if due is not None and seconds(due) <= world.now and task not in world.tasks:
            yield ("reconcile finds it due",), world._replace(tasks=added(world.tasks, task))

    def tidied(self, world: World) -> World:
        """Forget names that nobody can meet again, so that states differing only there are one."""
        if not world.spent and not world.tasks:
            return world
        known = self._names(world, world.workers) | ALWAYS
        tasks = sorted((due, name if token_of(name) in known else "") for due, name in world.tasks)
        spent = frozenset(
            name for name in world.spent if token_of(name) in known and not is_past(name, world.now)
        )
        return world._replace(tasks=tuple(tasks), spent=spent)

    def _fresh(self, world: World, worker: Worker | None = None) -> tuple[Name, ...]:
        """Return random names that nobody knows."""
        workers = world.workers if worker is None else (*world.workers, worker)
        used = self._names(world, workers)
        for each in workers:
            used |= {Name(each.token), token_of(str(each.origin[-1]))}
        used |= {token_of(name) for _, name in world.tasks} | set(map(token_of, world.spent))
        return tuple(islice((name for name in POOL if name not in used), FRESH_AT_ONCE))

    def _names(self, world: World, workers: tuple[Worker, ...]) -> set[Name]:
        """Return the random names that a worker or the store may yet show."""
        names = set(self.actors.names(world.document))
        for worker in workers:
            names |= self.actors.points[worker.point].names
        for was, new, _ in world.late:
            names |= self.actors.names(was) | self.actors.names(new)
        return names
