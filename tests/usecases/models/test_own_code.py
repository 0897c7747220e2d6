"""Own code as a sync: listings that prove little, checkpoints that move with records, failures."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from shared.actions.ready.contacts import SYNC as CONTACTS
from shared.actions.ready.labels import SYNC as LABELS
from shared.domain.models.sync import Sync
from shared.errors import GmailUnavailableError, StoreUnavailableError
from shared.ports.google.apis import HttpRefusedError
from shared.ports.model_store import ModelBatch, ModelSyncs
from shared.usecases.sync.models.context import SyncContext
from shared.usecases.sync.models.run_sync import NotRun, Ran
from tests.harness.models import ModelHarness, model_harness


@dataclass(frozen=True)
class Row:
    """A row of the provider."""

    id: str
    value: int = 0


@dataclass(frozen=True)
class Place:
    """A page of the provider's list."""

    page: int = 0
    done: int = 0


@dataclass
class Provider:
    """A list elsewhere; `between` changes it between pages, `fails_at` breaks off."""

    rows: dict[str, int] = field(default_factory=dict)
    between: Callable[[], None] = lambda: None
    fails_at: int | None = None
    confirms: bool = False
    size: int = 10

    async def polled(self, context: SyncContext[None]) -> None:
        """Read the list in one answer."""
        async with context.listing(Row):
            context.save(*(Row(id, value) for id, value in self.rows.items()))
            if self.fails_at is not None:
                raise ValueError("secret words of a mail")

    async def paged(self, context: SyncContext[Place]) -> None:
        """Read the list page by page, by offsets, as badly as APIs do."""
        at = context.checkpoint or Place()
        page = at.page if not at.done else 0
        confirm: Any = self.is_there if self.confirms else None
        async with context.listing(Row, confirm=confirm):
            while True:
                if self.fails_at == page:
                    raise GmailUnavailableError("away")
                ids = sorted(self.rows)[page * self.size : (page + 1) * self.size]
                context.save(*(Row(id, self.rows[id]) for id in ids))
                if len(ids) < self.size:
                    break
                page += 1
                await context.commit(Place(page))
                self.between()
        await context.commit(Place(0, at.done + 1))

    async def is_there(self, id: str) -> bool:
        """Ask for one."""
        return id in self.rows


def polled(provider: Provider, **more: Any) -> Sync:
    """Return the sync that reads the list in one answer."""
    return Sync("poll", "Poll.", (Row,), provider.polled, **more)


def paged(provider: Provider, **more: Any) -> Sync:
    """Return the sync that reads the list in pages."""
    return Sync("page", "Page.", (Row,), provider.paged, checkpoint=Place, recheck=None, **more)


@pytest.fixture
def provider() -> Provider:
    return Provider({f"r{n}": n for n in range(5)})


async def values(harness: ModelHarness) -> dict[str, int]:
    """Return what is stored."""
    return {id: row["value"] for id, row in (await harness.rows("Row")).items()}


async def test_a_polled_list_is_followed_and_an_unchanged_one_costs_nothing(
    provider: Provider,
) -> None:
    """Added, changed and removed rows show; where nothing changed no number is spent."""
    async with model_harness(polled(provider)) as harness:
        await harness.run("poll")
        assert await values(harness) == provider.rows
        before = (await harness.state("poll")).sequence
        await harness.run("poll")
        assert (await harness.state("poll")).sequence == before
        del provider.rows["r1"]
        provider.rows |= {"r2": 20, "new": 1}
        await harness.run("poll")
        assert await values(harness) == provider.rows
        told = await harness.events("poll")
        assert [one["syncType"] for one in told] == ["INITIAL", "INCREMENTAL"]
        assert told[1]["responseResults"] == {"added": 1, "updated": 1, "deleted": 1}
        assert (await harness.state("poll")).of("Row").live == 5


async def test_a_list_that_breaks_off_deletes_nothing_and_tells_no_words(
    provider: Provider,
) -> None:
    """Own code that raises inside the listing leaves every record; its words are dropped."""
    async with model_harness(polled(provider)) as harness:
        await harness.run("poll")
        provider.rows, kept = {"r9": 9}, dict(provider.rows)
        provider.fails_at = 0
        ran = await harness.run("poll")
        assert isinstance(ran, Ran)
        assert ran.error == "sync_failed"
        assert await values(harness) == kept
        state = await harness.state("poll")
        assert "ValueError" in (state.error_site or "")
        assert "secret" not in str(state)
        assert isinstance(await harness.run("poll", wake=False), NotRun)
        for _ in range(2):
            harness.advance(timedelta(hours=1))
            await harness.run("poll")
        failures = [one for one in await harness.events("poll") if not one["success"]]
        assert len(failures) == 1
        provider.fails_at = None
        harness.advance(timedelta(hours=2))
        await harness.run("poll")
        assert (await harness.state("poll")).last_error is None


async def test_a_list_that_is_nearly_empty_is_believed_the_second_time() -> None:
    """An empty or halved listing deletes nothing until the next says the same."""
    provider = Provider({f"r{n}": n for n in range(30)})
    async with model_harness(polled(provider)) as harness:
        await harness.run("poll")
        provider.rows = {"r1": 1}
        await harness.run("poll")
        assert len(await values(harness)) == 30
        assert (await harness.state("poll")).of("Row").absence.held
        await harness.run("poll")
        assert await values(harness) == {"r1": 1}
        provider.rows = {}
        await harness.run("poll")
        assert await values(harness) == {"r1": 1}
        await harness.run("poll")
        assert await values(harness) == {}


async def test_a_broken_paged_listing_begins_again_and_deletes_nothing() -> None:
    """A listing that died after a page restarts without its checkpoint, so it sees all."""
    provider = Provider({f"r{n:02}": n for n in range(35)})
    async with model_harness(paged(provider)) as harness:
        await harness.run("page")
        assert await values(harness) == provider.rows
        provider.fails_at = 2
        await harness.run("page")
        assert (await harness.state("page")).listing
        provider.fails_at = None
        harness.advance(timedelta(hours=1))
        await harness.run("page")
        assert await values(harness) == provider.rows
        assert not (await harness.state("page")).listing


@pytest.mark.parametrize("confirms", [False, True])
@pytest.mark.parametrize(
    "seeds", [25, pytest.param(350, marks=[pytest.mark.deep, pytest.mark.timeout(1_800)])]
)
async def test_a_shifting_listing_deletes_nothing_that_is_there(seeds: int, confirms: bool) -> None:
    """Rows that slip between pages are never deleted; what is gone ends at the latest twice on.

    Each seed lists six times.
    """
    for seed in range(seeds):
        random = Random(seed)
        provider = Provider({f"r{n:02}": n for n in range(40)}, confirms=confirms)

        def shift(random: Random = random, provider: Provider = provider) -> None:
            for id in random.sample(sorted(provider.rows), 2):
                del provider.rows[id]
            provider.rows[f"a{random.randrange(10_000)}"] = 1

        async with model_harness(paged(provider)) as harness:
            await harness.run("page")
            provider.between = shift
            for _ in range(3):
                before = await values(harness)
                await harness.run("page")
                after = await values(harness)
                if confirms:
                    assert not (before.keys() - after.keys()) & provider.rows.keys()
            provider.between = lambda: None
            for _ in range(3):
                await harness.run("page")
            assert await values(harness) == provider.rows


async def test_a_slice_ends_at_a_commit_and_the_next_goes_on(provider: Provider) -> None:
    """Out of time, a run leaves a task behind; nothing it committed is done again."""

    async def counting(context: SyncContext[Place]) -> None:
        at = context.checkpoint or Place()
        for page in range(at.page, 5):
            context.save(Row(f"r{page}", at.done))
            await context.commit(Place(page + 1, at.done))

    sync = Sync("count", "Count.", (Row,), counting, checkpoint=Place)
    async with model_harness(sync) as harness:
        for left in range(1, 6):
            await harness.run("count", wake=False, budget=timedelta())
            assert len(await values(harness)) == left
        assert harness.mail.queue.tasks
        await harness.run("count", wake=False)
        assert not (await harness.state("count")).initial


class KilledError(BaseException):
    """The process died."""


class Mortal:
    """States whose process dies at a commit, before it or after it arrived, and stays dead."""

    def __init__(self, states: ModelSyncs, at: int, *, after: bool) -> None:
        self.states, self.at, self.after = states, at, after

    def __getattr__(self, name: str) -> Any:
        if self.at <= 0:
            raise KilledError
        return getattr(self.states, name)

    async def commit(self, was: Any, now: Any, batch: ModelBatch) -> Any:
        self.at -= 1
        if self.at < 0 or (self.at == 0 and not self.after):
            raise KilledError
        written = await self.states.commit(was, now, batch)
        if self.at == 0:
            raise KilledError
        return written


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", range(1, 9))
async def test_a_kill_at_any_commit_loses_doubles_and_deletes_nothing(at: int, after: bool) -> None:
    """Whatever was committed stands, the rest comes with the next run, each input counts once."""
    provider = Provider({f"r{n:02}": n for n in range(35)})
    async with model_harness(paged(provider)) as harness:
        reader = harness.reader("Row")
        mortal = Mortal(harness.store.model_syncs, at, after=after)
        object.__setattr__(harness.runner, "states", mortal)
        with suppress(KilledError):
            await harness.run("page")
        object.__setattr__(harness.runner, "states", harness.store.model_syncs)
        await reader.catch_up()
        harness.advance(timedelta(minutes=5))
        await harness.run("page")
        assert await values(harness) == provider.rows
        assert {id: row["value"] for id, row in (await reader.catch_up()).items()} == provider.rows
        assert reader.after == 35


async def test_an_answer_that_was_lost_is_read_back(provider: Provider) -> None:
    """A commit whose answer never came is found by its id, and not written again."""
    async with model_harness(polled(provider)) as harness:
        states = harness.store.model_syncs

        class Deaf:
            def __getattr__(self, name: str) -> Any:
                return getattr(states, name)

            async def commit(self, was: Any, now: Any, batch: ModelBatch) -> Any:
                await states.commit(was, now, batch)
                raise StoreUnavailableError("lost")

        object.__setattr__(harness.runner, "states", Deaf())
        await harness.run("poll")
        assert await values(harness) == provider.rows
        assert (await harness.state("poll")).sequence == 5


async def test_labels_follow_gmail_for_one_unit() -> None:
    """The ready sync keeps Gmail's labels, and ends the one that is deleted there."""
    async with model_harness(LABELS) as harness:
        made = await harness.mail.gmail("POST", "/labels", {"name": "Orders"})
        spent = harness.mail.units()
        await harness.run("sync-labels")
        assert harness.mail.units() - spent == 1
        rows = await harness.rows("GmailLabel")
        assert rows[made["id"]]["name"] == "Orders"
        await harness.mail.gmail("DELETE", f"/labels/{made['id']}")
        await harness.run("sync-labels")
        assert made["id"] not in await harness.rows("GmailLabel")


def person(number: int, **more: Any) -> dict[str, Any]:
    """Return a contact as the People API answers it."""
    return {"resourceName": f"people/c{number}", "names": [{"displayName": f"P{number}"}], **more}


async def test_contacts_go_by_pages_then_by_token_and_start_over_when_it_expired() -> None:
    """The checkpoint is Google's own token; where it expired, all is listed again."""
    scope = CONTACTS.scopes[0]
    async with model_harness(CONTACTS) as harness:
        ran = await harness.run("sync-contacts")
        assert isinstance(ran, Ran)
        assert ran.error == "missing_scope"
        assert isinstance(await harness.run("sync-contacts", wake=False), NotRun)
    async with model_harness(CONTACTS) as harness:
        was = await harness.store.connections.get((await harness.mail.state()).connection_id)
        assert was
        granted = replace(was.value, scopes=was.value.scopes | {scope})
        await harness.store.connections.swap(was, granted)
        harness.apis.answers = [
            {"connections": [person(1), person(2)], "nextPageToken": "p2"},
            {"connections": [person(3)], "nextSyncToken": "t1"},
            {"connections": [person(2, metadata={"deleted": True})], "nextSyncToken": "t2"},
            HttpRefusedError(400, "EXPIRED_SYNC_TOKEN"),
            {"connections": [person(1), person(4)], "nextSyncToken": "t3"},
        ]
        await harness.run("sync-contacts")
        assert len(await harness.rows("GoogleContact")) == 3
        await harness.run("sync-contacts")
        assert harness.apis.asked[-1]["syncToken"] == "t1"
        assert len(await harness.rows("GoogleContact")) == 2
        await harness.run("sync-contacts")
        await harness.run("sync-contacts", wake=False)
        assert {*await harness.rows("GoogleContact")} == {"people/c1", "people/c4"}
        assert (await harness.state("sync-contacts")).checkpoint == {"token": "t3", "page": ""}
