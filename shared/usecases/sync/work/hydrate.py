"""Fetching message bodies for the fewest units (DESIGN 4.5)."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from shared.domain.google.trouble import MessagesRefusedError
from shared.domain.ids import MessageId, ThreadId
from shared.domain.mail.reading.email_message import unfetched_bodies
from shared.domain.mail.reading.email_parts import as_count
from shared.errors import (
    GmailNotFoundError,
    GmailRefusedError,
    GmailUnavailableError,
    TransientError,
)
from shared.ports.clock import Clock
from shared.ports.google.gmail import Gmail, GmailObject, MessageRef
from shared.usecases.sync.work.changes import NOT_FOUND, UNAVAILABLE, UNREADABLE
from shared.usecases.sync.work.pace import IN_FLIGHT, TokenBucket, Units

OK = 200
MOST_HELD = 16 * 1024 * 1024
"""Bytes of mail after which a step stores what it has: the rest is the next one's."""
WHOLE_THREAD_FROM = 3
"""messages.get costs 20 units, threads.get 40 for the whole thread (FACTS 1.3)."""


FEWEST_ALIKE = 3
"""Messages refused alike, at least, before it is taken for more than their own trouble."""


async def _never() -> bool:
    return False


@dataclass(slots=True)
class Hydrated:
    """What came of a fetch; `interrupted` is why the rest was not tried."""

    messages: list[GmailObject] = field(default_factory=list)
    bodies: dict[MessageId, dict[str, bytes]] = field(default_factory=dict)
    """By message, then part id: bodies too large to come inline (FACTS 4.5)."""
    failed: list[tuple[MessageRef, str]] = field(default_factory=list)
    left: list[MessageRef] = field(default_factory=list)
    interrupted: TransientError | None = None


@dataclass(slots=True)
class Hydrator:
    """Fetches wanted messages, newest first, a few at once, until a deadline."""

    gmail: Gmail
    pace: TokenBucket
    clock: Clock
    deadline: datetime
    urgent: bool = False
    at_once: int = IN_FLIGHT
    hold: Callable[[MessageId], Awaitable[None]] | None = None
    """Where a worker died: told of the one message that is fetched then."""
    alone: bool = False
    """Whether messages that fail are blamed though none came: runs in a row have ended so."""
    answers: Callable[[], Awaitable[bool]] = _never
    """Whether Gmail gives a message of this mailbox that it gave before."""
    result: Hydrated = field(default_factory=Hydrated)
    _held: int = 0
    _refused: list[tuple[MessageRef, str]] = field(default_factory=list)
    _unavailable: list[tuple[MessageRef, GmailUnavailableError]] = field(default_factory=list)

    async def fetch(self, wanted: Sequence[MessageRef]) -> Hydrated:
        """Fetch what can be; never raises for one message, only answers what failed."""
        if self.hold is not None and wanted:
            await self.hold(wanted[0].id)
            self.result.left.extend(wanted[1:])
            wanted = wanted[:1]
        jobs = iter(_jobs(wanted))
        workers = [self._work(jobs) for _ in range(min(self.at_once, len(wanted)))]
        async with self.gmail.at_once(self.at_once):
            await asyncio.gather(*workers)
        for job in jobs:
            self.result.left.extend(job)
        self._judge_unavailable()
        await self._judge_refused()
        order = {ref.id: place for place, ref in enumerate(wanted)}
        self.result.messages.sort(key=lambda message: order[message["id"]])
        return self.result

    async def _work(self, jobs: Iterator[list[MessageRef]]) -> None:
        for job in jobs:
            if self._is_to_stop():
                self.result.left.extend(job)
                return
            try:
                await self._fetch(job)
            except TransientError as error:
                self.result.interrupted = error
                self.result.left.extend(self._unanswered_refs(job))

    def _is_to_stop(self) -> bool:
        late = self.clock.now() >= self.deadline
        return late or self._held > MOST_HELD or self.result.interrupted is not None

    def _keep(self, message: GmailObject) -> None:
        self.result.messages.append(message)
        self._held += as_count(message.get("sizeEstimate"))

    def _unanswered_refs(self, job: Sequence[MessageRef]) -> list[MessageRef]:
        """Return what is left of a job: what no worker leaves counts as fetched."""
        answered = {message["id"] for message in self.result.messages}
        answered |= {ref.id for ref, _ in (*self.result.failed, *self._refused, *self._unavailable)}
        return [ref for ref in job if ref.id not in answered]

    async def _fetch(self, job: Sequence[MessageRef]) -> None:
        missing = list(job)
        if len(job) >= WHOLE_THREAD_FROM:
            missing = await self._thread(job[0].thread_id, job)
        for ref in missing:
            await self._message(ref)

    async def _thread(self, thread_id: ThreadId, job: Sequence[MessageRef]) -> list[MessageRef]:
        """Fetch a whole thread; return the wanted messages it did not bring."""
        try:
            call = self.gmail.thread(thread_id)
            messages = await self.pace.run(Units.THREAD, call, urgent=self.urgent)
        except (GmailRefusedError, GmailUnavailableError):
            return list(job)  # A thread never decides anything about its messages.
        wanted = {ref.id for ref in job}
        for message in messages:
            if message["id"] in wanted:
                await self._found_in_thread(message)
        return self._unanswered_refs(job)

    async def _found_in_thread(self, message: GmailObject) -> None:
        try:
            await self._bodies(message)
        except (GmailRefusedError, GmailUnavailableError):
            return  # messages.get will tell what became of it.
        self._keep(message)

    async def _message(self, ref: MessageRef) -> None:
        try:
            call = self.gmail.message(ref.id)
            message = await self.pace.run(Units.MESSAGE, call, urgent=self.urgent)
            await self._bodies(message)
        except GmailNotFoundError:
            self.result.failed.append((ref, NOT_FOUND))
        except GmailRefusedError as error:
            self._refused.append((ref, error.reason or f"status_{error.status}"))
        except GmailUnavailableError as error:
            if error.status == OK:
                self.result.failed.append((ref, UNREADABLE))
            else:
                self._unavailable.append((ref, error))
        else:
            self._keep(message)

    async def _bodies(self, message: GmailObject) -> None:
        bodies = await fetch_bodies(self.gmail, self.pace, message, urgent=self.urgent)
        if bodies:
            self.result.bodies[MessageId(message["id"])] = bodies

    def _judge_unavailable(self) -> None:
        """One message failing among others is its own trouble; all failing is Gmail's at first.

        Only at first: a message that always fails and has no others beside it would hold up all
        that comes after it.
        """
        if self.result.messages or self.alone:
            self.result.failed.extend((ref, UNAVAILABLE) for ref, _ in self._unavailable)
        elif self._unavailable:
            self.result.left.extend(ref for ref, _ in self._unavailable)
            self.result.interrupted = self._unavailable[0][1]

    async def _judge_refused(self) -> None:
        """Most of them refused alike is the mailbox's trouble, unless it goes on beside others.

        What was asked for and left then waits for the next run with the rest.
        """
        reason = self._common_refusal()
        if reason is None or (self.alone and await self.answers()):
            self.result.failed.extend(self._refused)
            return
        self.result.failed.extend(one for one in self._refused if one[1] != reason)
        self.result.left.extend(ref for ref, why in self._refused if why == reason)
        self.result.interrupted = self.result.interrupted or MessagesRefusedError(reason)

    def _common_refusal(self) -> str | None:
        """Return why most were refused, if they were."""
        reasons = Counter(reason for _, reason in self._refused)
        reason, count = reasons.most_common(1)[0] if reasons else ("", 0)
        others = len(self._refused) - count + len(self.result.messages) + len(self.result.failed)
        return reason if count >= FEWEST_ALIKE and count > others else None


def _jobs(wanted: Sequence[MessageRef]) -> list[list[MessageRef]]:
    """Group into whole threads where that is cheaper, keeping the order of first mention."""
    threads: dict[ThreadId, list[MessageRef]] = defaultdict(list)
    for ref in wanted:
        threads[ref.thread_id].append(ref)
    jobs: list[list[MessageRef]] = []
    for refs in threads.values():
        whole = len(refs) >= WHOLE_THREAD_FROM
        jobs.extend([refs] if whole else [[ref] for ref in refs])
    return jobs


async def fetch_bodies(
    gmail: Gmail, pace: TokenBucket, message: GmailObject, *, urgent: bool
) -> dict[str, bytes]:
    """Return the bodies, by part id, that were too large to come with the message (FACTS 4.5)."""
    bodies: dict[str, bytes] = {}
    for part_id in unfetched_bodies(message):
        call = gmail.attachment(MessageId(message["id"]), part_id)
        bodies[part_id] = await pace.run(Units.ATTACHMENT, call, urgent=urgent)
    return bodies
