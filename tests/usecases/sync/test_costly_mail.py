"""Mail that cannot be read, or kills who reads it, is charged to itself: the rest is stored."""

import secrets
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from shared.adapters.firestore import store as firestore_store
from shared.domain.mail.reading.email_message import EmailMessage, read_message
from shared.domain.sync.records.record import Origin, QuarantineEntry
from shared.domain.sync.state import LEASE_LIFETIME, SyncState
from shared.usecases.sync.work import changes
from shared.usecases.sync.work.run import Run
from tests.chaos.swapping import swapped
from tests.harness.google import EMAIL
from tests.harness.syncing import CONNECTION, SyncHarness, sync_harness

POISON = "Poison"
BEFORE, AFTER = ("One", "Two", "Three"), ("Four", "Five")


class KilledError(BaseException):
    """The process ends here: nothing more runs, and nothing is given back."""


@dataclass
class Reader:
    """Reads as ever, but for the messages that are marked."""

    raises: Callable[[], BaseException]
    read: list[str] = field(default_factory=list)
    deaths: int = 0

    def __call__(
        self,
        message: Mapping[str, Any],
        bodies: Mapping[str, bytes] | None,
        headers: Sequence[str],
    ) -> EmailMessage:
        found = read_message(message, bodies, headers)
        self.read.append(found["subject"])
        if found["subject"] == POISON:
            self.deaths += 1
            raise self.raises()
        return found


@pytest.fixture(params=["sqlite", pytest.param("firestore", marks=pytest.mark.emulators)])
async def harness(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[SyncHarness]:
    store = None
    if request.param == "firestore":
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", request.getfixturevalue("firestore_emulator"))
        store = firestore_store.open_store(f"costly-{secrets.token_hex(6)}")
    async with sync_harness(store=store) as opened:
        yield opened


@pytest.fixture
def deadly(monkeypatch: pytest.MonkeyPatch) -> Reader:
    reader = Reader(KilledError)
    monkeypatch.setattr(changes, "read_message", reader)
    return reader


def deliver_all(harness: SyncHarness) -> str:
    """Deliver ordinary mail and, in its midst, the one that is marked; return that one's id."""
    for subject in BEFORE:
        harness.deliver(subject)
    poison = harness.deliver(POISON)
    for subject in AFTER:
        harness.deliver(subject)
    return poison


async def outlived(harness: SyncHarness, *, times: int = 8) -> None:
    """Run workers until one comes to rest; where one was killed, its lease has to run out."""
    for _ in range(times):
        try:
            await harness.run(harness.google.store.history_id(EMAIL))
        except KilledError:
            harness.advance(LEASE_LIFETIME + timedelta(seconds=1))
        else:
            return
    raise AssertionError("the mailbox does not move")


async def named(harness: SyncHarness) -> QuarantineEntry:
    (entry,) = await harness.store.quarantine.list(CONNECTION, 10)
    return entry


async def test_the_second_worker_that_dies_of_a_new_mail_leaves_it_aside(
    harness: SyncHarness, deadly: Reader
) -> None:
    await harness.settle()
    poison = deliver_all(harness)
    await outlived(harness)
    entry = await named(harness)
    assert (entry.message_id, entry.reason, deadly.deaths) == (poison, "too_costly", 2)
    assert await harness.stored() == {
        id: labels for id, labels in harness.mailbox().items() if id != poison
    }


async def test_the_second_worker_that_dies_of_old_mail_leaves_it_aside(
    harness: SyncHarness, deadly: Reader
) -> None:
    poison = deliver_all(harness)
    await outlived(harness)
    entry = await named(harness)
    assert (entry.message_id, entry.reason, deadly.deaths) == (poison, "too_costly", 2)
    assert entry.origin is Origin.BACKFILL
    assert len(await harness.stored()) == len(BEFORE + AFTER)


async def test_each_further_try_costs_one_worker_and_comes_later(
    harness: SyncHarness, deadly: Reader
) -> None:
    await harness.settle()
    deliver_all(harness)
    await outlived(harness)
    first = (await named(harness)).retry_at
    harness.advance(timedelta(hours=1, minutes=1))
    await outlived(harness)
    second = (await named(harness)).retry_at
    assert deadly.deaths == 3
    assert second - first > timedelta(hours=20)


async def test_a_message_that_a_worker_died_with_by_chance_is_stored_after_all(
    harness: SyncHarness, deadly: Reader
) -> None:
    await harness.settle()
    poison = deliver_all(harness)
    await outlived(harness)
    with swapped(changes, {"read_message": read_message}):
        harness.advance(timedelta(hours=1, minutes=1))
        await harness.settle()
    assert poison in await harness.stored()
    assert not await harness.store.quarantine.list(CONNECTION, 10)


async def test_a_worker_that_dies_of_something_else_costs_no_mail_its_place(
    harness: SyncHarness,
) -> None:
    await harness.settle()
    for subject in BEFORE:
        harness.deliver(subject)
    with swapped(changes, {"make_payload": killed}), pytest.raises(KilledError):
        await harness.push()
    harness.advance(LEASE_LIFETIME + timedelta(seconds=1))
    await harness.settle()
    assert not await harness.store.quarantine.list(CONNECTION, 10)
    assert await harness.stored() == harness.mailbox()
    assert (await harness.state()).careful == 0


def killed(_: object) -> None:
    raise KilledError


@pytest.mark.parametrize("error", [RecursionError, MemoryError, ValueError, KeyError, SystemError])
async def test_whatever_reading_raises_is_charged_to_the_message(
    harness: SyncHarness, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    monkeypatch.setattr(changes, "read_message", Reader(error))
    await harness.settle()
    poison = deliver_all(harness)
    await harness.push()
    entry = await named(harness)
    assert (entry.message_id, entry.reason) == (poison, "unreadable")
    assert len(await harness.stored()) == len(BEFORE + AFTER)
    assert (await harness.state()).last_error is None


async def test_nothing_is_noted_of_mail_while_no_worker_dies(harness: SyncHarness) -> None:
    await harness.settle()
    deliver_all(harness)
    held: list[SyncState] = []
    with swapped(Run, {"hold": lambda run, *_: held.append(run.state)}):
        await harness.push()
    assert not held
    assert len(await harness.stored()) == len((*BEFORE, POISON, *AFTER))
