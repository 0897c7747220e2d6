"""Plan a whole mailbox, then write it oldest first: threads, dates and labels."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple

from infra.local.google.corpus.business import alert, invoice, parcel, report, social
from infra.local.google.corpus.conversations import Conversation
from infra.local.google.corpus.discussions import Review, Ticket
from infra.local.google.corpus.invitations import invitation
from infra.local.google.corpus.letter import Person, SeedMail, Written, owner_of
from infra.local.google.corpus.malformed import write_malformed
from infra.local.google.corpus.newsletters import newsletter
from infra.local.google.corpus.notices import automatic_reply, bounce, spam

Teller = Callable[[datetime], Written]
Opener = Callable[[Random, Person, int], Teller]


def _single(write: Callable[[Random, Person, datetime], Written]) -> Opener:
    """Let a writer of lone messages open threads of one."""
    return lambda rng, owner, _size: lambda at: write(rng, owner, at)


# Shares are of threads; only these three ever grow longer than one message.
_TALKS: tuple[tuple[int, Opener], ...] = ((56, Conversation), (27, Review), (17, Ticket))
_LONE: tuple[tuple[int, Opener], ...] = (
    (360, _single(newsletter)),
    (250, Conversation),
    (85, _single(invoice)),
    (75, _single(parcel)),
    (80, _single(alert)),
    (25, _single(report)),
    (60, _single(social)),
    (50, _single(invitation)),
    (12, _single(bounce)),
    (12, _single(automatic_reply)),
    (45, _single(write_malformed)),
    (50, _single(spam)),
)
_SIZES = (*range(1, 9), *range(10, 31))
_SIZE_WEIGHTS = (780, 105, 50, 24, 14, 9, 6, 4, *((1.1 - n * 0.035) for n in range(21)))


class _Thread(NamedTuple):
    seed: int
    size: int
    opener: Opener
    archived: bool
    trashed: bool


class _Slot(NamedTuple):
    at: float
    thread: int


def seed_messages(
    email: str, count: int, span_days: float, now: datetime, seed: int = 0
) -> Iterator[SeedMail]:
    """Yield exactly `count` messages of a believable mailbox, oldest first.

    The same arguments give the same bytes. `now` must be aware; every date lies within
    `span_days` before it and the newest within the last hour. Threads average about 1.66
    messages (FACTS 17); a reply always follows what it answers.
    """
    rng = Random(f"{seed}/{email.lower()}/{count}")
    owner = owner_of(email)
    threads, slots = _plan(rng, count, span_days * 86_400)
    tellers: dict[int, Teller] = {}
    left = [thread.size for thread in threads]
    for at, number in slots:
        thread = threads[number]
        if number not in tellers:
            tellers[number] = thread.opener(Random(thread.seed), owner, thread.size)
        left[number] -= 1
        when = now - timedelta(seconds=at)
        written = tellers[number](when)
        yield SeedMail(written.raw, when, _labels(rng, thread, written, at, left[number]))
        if not left[number]:
            del tellers[number]


def _plan(rng: Random, count: int, span: float) -> tuple[list[_Thread], list[_Slot]]:
    """Decide threads and ages; slots come oldest first."""
    threads: list[_Thread] = []
    slots: list[_Slot] = []
    while len(slots) < count:
        size = min(rng.choices(_SIZES, _SIZE_WEIGHTS)[0], count - len(slots))
        slots += _ages(rng, len(threads), size, span)
        threads.append(_thread(rng, size, recent=len(threads) < _RECENT_THREADS))
    slots.sort(reverse=True)
    return threads, slots


def _thread(rng: Random, size: int, *, recent: bool) -> _Thread:
    """Choose what a thread is about; what a person sees first is a person's mail, unfiled."""
    table = _LONE if size == 1 and not recent else _TALKS
    opener = rng.choices([o for _, o in table], [w for w, _ in table])[0]
    archived, trashed = rng.random() < _ARCHIVED, rng.random() < _TRASHED
    if recent:
        return _Thread(rng.getrandbits(64), size, Conversation, archived=False, trashed=False)
    return _Thread(rng.getrandbits(64), size, opener, archived, trashed)


_ARCHIVED, _TRASHED = 0.22, 0.025


def _ages(rng: Random, number: int, size: int, span: float) -> list[_Slot]:
    """Give a thread's messages their ages in seconds; the first threads end within the hour."""
    recent = min(3000.0, span)
    age = rng.uniform(20, recent) if number < _RECENT_THREADS else _working_age(rng, span)
    ages = []
    for _ in range(size):
        ages.append(_Slot(min(age, span * rng.uniform(0.97, 0.999)), number))
        age += rng.expovariate(1 / 14_000) + 40
    return ages


_RECENT_THREADS = 3


def _working_age(rng: Random, span: float) -> float:
    """Draw an age, denser on the days' middle than at night."""
    for _ in range(4):
        age = rng.uniform(0, span)
        if rng.random() < _BUSY[int(age // 3600) % 24]:
            return age
    return age


_BUSY = (0.9, 1, 1, 0.9, 0.8, 0.7, 0.5, 0.3, 0.2, 0.1, 0.1, 0.1,
         0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 0.9, 1, 1, 0.9, 0.9, 0.9)  # fmt: skip


def _labels(
    rng: Random, thread: _Thread, written: Written, age: float, left: int
) -> tuple[str, ...]:
    """File a message: category, then folder, then the marks a person sets."""
    labels = list(written.label_ids)
    if written.sent:
        return tuple(labels)
    if "SPAM" in labels:
        return ("SPAM", "UNREAD")
    if thread.trashed:
        labels.append("TRASH")
    elif not thread.archived:
        labels.append("INBOX")
    return tuple(labels + _marks(rng, labels[0], age, left))


def _marks(rng: Random, category: str, age: float, left: int) -> list[str]:
    unread = 0.8 if age < 86_400 else 0.3  # noqa: PLR2004 - a day
    important = 0.5 if category == "CATEGORY_PERSONAL" else 0.08
    draws = (("UNREAD", unread if not left else 0.03), ("IMPORTANT", important), ("STARRED", 0.03))
    return [label for label, share in draws if rng.random() < share]
