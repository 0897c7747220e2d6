"""Derived syncs: rows of messages and threads, exactly as the stored mail is."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from secrets import token_hex
from typing import Any

import pytest

from shared.actions.ready.threads import SYNC as THREADS
from shared.domain.mail.reading.email_message import EmailMessage
from shared.domain.models.sync import Derived
from shared.domain.sync.records.record import EndReason
from shared.domain.sync.state import SyncStatus
from shared.ports.documents import update
from shared.ports.model_store import ModelQuery
from shared.ports.store import Store
from shared.usecases.sync.models import derive
from shared.usecases.sync.models.run_sync import Ran
from shared.usecases.sync.task import MODELS_TASK
from tests.contracts.backends import FirestoreBackend
from tests.harness.models import ModelHarness, model_harness
from tests.harness.syncing import CONNECTION


@dataclass(frozen=True)
class Word:
    """One row a word of a subject."""

    id: str
    word: str
    unread: bool


POISON = "poison"


def words_of(messages: Sequence[EmailMessage]) -> list[Word]:
    """Return a row a word; a subject with the poison in it cannot be read."""
    (mail,) = messages
    if POISON in (mail["subject"] or ""):
        raise ValueError(mail["subject"])
    words = (mail["subject"] or "").split()
    return [Word(f"{mail['id']}:{at}", word, mail["isUnread"]) for at, word in enumerate(words)]


WORDS = Derived("find-words", "Words.", Word, "message", words_of)


@pytest.fixture
async def harness() -> AsyncIterator[ModelHarness]:
    async with model_harness(THREADS, WORDS) as opened:
        yield opened


async def true_threads(harness: ModelHarness) -> dict[str, tuple[int, int]]:
    """Return messages and unread of each thread, from what is stored."""
    found: dict[str, tuple[int, int]] = {}
    for head in (await harness.mail.heads()).values():
        if head.live:
            count, unread = found.get(head.thread_id, (0, 0))
            found[head.thread_id] = (count + 1, unread + ("UNREAD" in head.label_ids))
    return found


async def shown_threads(harness: ModelHarness) -> dict[str, tuple[int, int]]:
    """Return the same from the records of the sync."""
    rows = await harness.rows("GmailThread")
    return {id: (row["count"], row["unread"]) for id, row in rows.items()}


async def test_threads_and_rows_follow_the_mailbox(harness: ModelHarness) -> None:
    """New mail, a read one and a deleted one show in the rows; nothing is called at Gmail."""
    first = harness.mail.deliver("One two")
    await harness.mail.settle()
    spent = harness.mail.units()
    await harness.run_due()
    assert {row["word"] for row in (await harness.rows("Word")).values()} == {"One", "two"}
    assert list((await shown_threads(harness)).values()) == [(1, 1)]
    assert harness.mail.units() == spent
    await harness.mail.gmail("POST", f"/messages/{first}/modify", {"removeLabelIds": ["UNREAD"]})
    await harness.mail.push()
    await harness.run_due()
    assert list((await shown_threads(harness)).values()) == [(1, 0)]
    await harness.mail.gmail("DELETE", f"/messages/{first}")
    await harness.mail.push()
    await harness.run_due()
    assert await harness.rows("Word") == {} == await harness.rows("GmailThread")


async def test_threads_too_long_to_be_read_together_are_read_one_by_one(
    harness: ModelHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each thread shows its newest messages, however many there are beside it."""
    monkeypatch.setattr(derive, "MOST_MESSAGES", 3)
    for number in range(5):
        harness.mail.deliver(f"Letter {number}")
    await harness.mail.settle()
    await harness.run_due()
    assert await shown_threads(harness) == await true_threads(harness)


async def test_a_commit_of_mail_wakes_followers_once(harness: ModelHarness) -> None:
    """Where a sync follows, one task and one state write more; where none does, nothing."""
    harness.mail.deliver("Before")
    await harness.mail.settle()
    assert not [one for one in harness.mail.queue.tasks if one.path == MODELS_TASK]
    await harness.run_due()
    assert (await harness.mail.state()).followed
    harness.mail.queue.tasks.clear()
    harness.mail.deliver("After")
    await harness.mail.push()
    woken = [one for one in harness.mail.queue.tasks if one.path == MODELS_TASK]
    assert [one.body["wake"] for one in woken] == [True]
    assert not (await harness.mail.state()).owes_wake


async def test_the_backfill_is_told_once_and_then_each_change(harness: ModelHarness) -> None:
    """One INITIAL event a model with all there is; later ones name what changed."""
    harness.mail.deliver("One two")
    await harness.mail.settle()
    await harness.run_due()
    told = await harness.events("find-words")
    assert [(one["syncType"], one["responseResults"]["added"]) for one in told] == [("INITIAL", 2)]
    harness.mail.deliver("Three")
    await harness.mail.push()
    await harness.run_due()
    await harness.run_due()
    told = await harness.events("find-words")
    assert [one["syncType"] for one in told] == ["INITIAL", "WEBHOOK"]
    assert told[1]["responseResults"] == {"added": 1, "updated": 0, "deleted": 0}
    assert told[1]["model"] == told[1]["cursorModel"] == "Word"


async def test_poison_is_set_aside_and_the_rest_goes_on(harness: ModelHarness) -> None:
    """A message that cannot be read is named without a word of it, and retried by a new version."""
    bad = harness.mail.deliver(f"{POISON} secret")
    harness.mail.deliver("Good")
    await harness.mail.settle()
    await harness.run_due()
    assert {row["word"] for row in (await harness.rows("Word")).values()} == {"Good"}
    (entry,) = await harness.store.model_records.list_poisoned(CONNECTION, "find-words", 9)
    assert entry.key == bad
    assert "ValueError" in entry.reason
    assert "secret" not in entry.reason
    assert (await harness.state("find-words")).quarantined == 1
    await harness.mail.gmail("DELETE", f"/messages/{bad}")
    await harness.mail.push()
    await harness.run_due()
    assert await harness.store.model_records.list_poisoned(CONNECTION, "find-words", 9) == []
    assert (await harness.state("find-words")).quarantine_due_at is None


async def test_paused_it_stands_still_and_then_misses_nothing(harness: ModelHarness) -> None:
    """A paused follower does nothing, mail goes on, and starting it catches up."""
    await harness.mail.settle()
    await harness.run_due()
    await harness.control.pause(CONNECTION, "find-words")
    harness.mail.deliver("Late word")
    await harness.mail.push()
    await harness.run_due()
    assert await harness.rows("Word") == {}
    assert len(await shown_threads(harness)) == 1
    await harness.control.start(CONNECTION, "find-words")
    await harness.run("find-words")
    assert len(await harness.rows("Word")) == 2


async def test_emptying_and_a_reset_leave_no_ghost_with_a_reader(harness: ModelHarness) -> None:
    """Numbers go on; unchanged rows keep theirs at a reset, and end before an emptying."""
    harness.mail.deliver("One two")
    await harness.mail.settle()
    await harness.run_due()
    reader = harness.reader("Word")
    assert len(await reader.catch_up()) == 2
    before = reader.after
    await harness.control.trigger(CONNECTION, "find-words", reset=True)
    await harness.run("find-words", wake=False)
    assert len(await reader.catch_up()) == 2
    assert reader.after == before
    await harness.control.trigger(CONNECTION, "find-words", empty=True)
    await harness.run("find-words", wake=False)
    assert await reader.catch_up() == await harness.rows("Word")
    assert reader.after == before + 4


@pytest.mark.parametrize(
    ("emptied", "reason"), [(True, EndReason.EMPTIED), (False, EndReason.DELETED)]
)
async def test_a_tombstone_says_why(
    harness: ModelHarness, emptied: bool, reason: EndReason
) -> None:
    """A row ends with its message, or before that where all were emptied."""
    first = harness.mail.deliver("One")
    await harness.mail.settle()
    await harness.run_due()
    await harness.mail.gmail("DELETE", f"/messages/{first}")
    await harness.mail.push()
    if emptied:
        await harness.control.trigger(CONNECTION, "find-words", empty=True)
    await harness.run("find-words")
    page = await harness.store.model_records.page(CONNECTION, ModelQuery("Word"))
    assert [one.head.why for one in page.records] == [reason]


async def test_an_older_version_of_the_code_does_nothing(harness: ModelHarness) -> None:
    """While a deployment changes, the old code leaves the new code's rows alone."""
    await harness.mail.settle()
    await harness.run_due()

    def newer(state: Any) -> Any:
        return type(state)(**{**_fields(state), "version": 2})

    await update(harness.store.model_syncs, f"{CONNECTION}:find-words", newer)
    harness.mail.deliver("New")
    await harness.mail.push()
    await harness.run_due()
    assert await harness.rows("Word") == {}


def _fields(state: Any) -> dict[str, Any]:
    return {name: getattr(state, name) for name in state.__dataclass_fields__}


async def walk(seed: int, store: Store | None = None, steps: int = 25) -> None:
    """Do whatever happens in whatever order, a reader beside it, and compare what is shown."""
    random = Random(seed)
    async with model_harness(THREADS, WORDS, store=store) as harness:
        reader = harness.reader("GmailThread")
        ids: list[str] = []
        for _ in range(steps):
            step = random.randrange(7)
            if step <= 1:
                ids.append(harness.mail.deliver(f"Letter {random.randrange(4)}"))
            elif step == 2 and ids:
                await harness.mail.gmail("DELETE", f"/messages/{ids.pop()}")
            elif step == 3 and ids:
                change = {"removeLabelIds": ["UNREAD"]}
                await harness.mail.gmail("POST", f"/messages/{random.choice(ids)}/modify", change)
            elif step == 4:
                await harness.mail.run()
            elif step == 5:
                await asyncio.gather(harness.run_due(), reader.catch_up())
            else:
                await reader.catch_up()
            harness.mail.advance(timedelta(seconds=1))
        await harness.mail.settle()
        await harness.run_due()
        assert await shown_threads(harness) == await true_threads(harness)
        assert await reader.catch_up() == await harness.rows("GmailThread")
        live = {id for id, head in (await harness.mail.heads()).items() if head.live}
        assert {id.partition(":")[0] for id in await harness.rows("Word")} == live


@pytest.mark.parametrize("seed", range(12))
async def test_random_walks_end_as_the_mailbox_is(seed: int) -> None:
    """Rows equal the stored mail, and a reader beside the runs misses no number."""
    await walk(seed)


@pytest.mark.deep
@pytest.mark.timeout(3_600)
async def test_two_thousand_walks_end_as_the_mailbox_is() -> None:
    for seed in range(2_000):
        await walk(seed)


@pytest.mark.emulators
@pytest.mark.parametrize(
    "count", [2, pytest.param(200, marks=[pytest.mark.deep, pytest.mark.timeout(3_600)])]
)
async def test_walks_over_firestore_end_as_the_mailbox_is(
    count: int, firestore_emulator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", firestore_emulator)
    for seed in range(count):
        backend = FirestoreBackend(f"test-{token_hex(8)}")
        await walk(seed, backend.open())
        await backend.close()


async def test_mail_waits_for_no_own_sync(harness: ModelHarness) -> None:
    """A follower that is stopped for good changes nothing for the mailbox's own sync."""
    await harness.mail.settle()
    await harness.run_due()
    stopped = lambda state: type(state)(**{**_fields(state), "status": SyncStatus.STOPPED})  # noqa: E731
    await update(harness.store.model_syncs, f"{CONNECTION}:find-words", stopped)
    harness.mail.deliver("Mail")
    await harness.mail.push()
    assert not isinstance(await harness.run("find-words"), Ran)
    assert await harness.mail.stored() == harness.mail.mailbox()
