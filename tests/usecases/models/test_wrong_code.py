"""What a beginner's sync does wrong: it is told where and what, and nothing of it is stored."""

import sys
import warnings
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import pytest

from shared.actions.syncs import Derived, Sync, SyncContext
from shared.domain.mail.reading.email_message import EmailMessage
from tests.harness.models import model_harness
from tests.harness.syncing import CONNECTION

SECRET = "words of a mail"


@dataclass(frozen=True)
class Row:
    """A row with fields of several types."""

    id: str
    name: str = ""
    size: float = 0
    count: int = 0
    tags: tuple[str, ...] = ()


def wrong(id: Any = "a", **fields: Any) -> Row:
    """Return a row whose types nothing has checked."""
    return Row(id, **fields)


def plain(context: SyncContext[None]) -> None:
    context.save(Row("a"))


async def generator(context: SyncContext[None]) -> AsyncIterator[Row]:
    yield Row("a")


async def returning(context: SyncContext[None]) -> list[Row]:
    return [Row("a")]


async def exiting(context: SyncContext[None]) -> None:
    sys.exit(SECRET)


async def interrupting(context: SyncContext[None]) -> None:
    raise KeyboardInterrupt(SECRET)


async def raising(context: SyncContext[None]) -> None:
    raise ValueError(SECRET)


@pytest.mark.parametrize(
    ("run", "said"),
    [
        (plain, "WrongReturnError at tests/usecases/models/test_wrong_code.py:"),
        (generator, "WrongReturnError at tests/usecases/models/test_wrong_code.py:"),
        (returning, "WrongReturnError at tests/usecases/models/test_wrong_code.py:"),
        (exiting, "SystemExit"),
        (interrupting, "KeyboardInterrupt"),
        (raising, "ValueError"),
    ],
)
async def test_a_run_of_the_wrong_kind_fails_by_itself_and_is_named(run: Any, said: str) -> None:
    async with model_harness(Sync("own", "Own.", (Row,), run)) as harness:
        await harness.run("own")
        state = await harness.state("own")
        assert state.last_error == "sync_failed"
        assert said in (state.error_site or "")
        assert SECRET not in str(state)
        assert await harness.rows("Row") == {}


@pytest.mark.parametrize(
    ("saved", "code", "said"),
    [
        (wrong(name=None), "unstorable_record", "field name of a Row is not of its type"),
        (wrong(tags=SECRET), "unstorable_record", "field tags of a Row is not of its type"),
        (wrong(size=float("nan")), "unstorable_record", "field size of a Row is not of its type"),
        (wrong(count=2**70), "unstorable_record", "more than 64 bits"),
        (wrong(5), "unstorable_record", "field id of a Row"),
        ([Row("a")], "sync_failed", "no model list"),
        ({"id": "a"}, "sync_failed", "no model dict"),
    ],
    ids=str,
)
async def test_what_cannot_be_stored_is_said_in_the_status(
    saved: Any, code: str, said: str
) -> None:
    async def run(context: SyncContext[None]) -> None:
        context.save(saved)

    with warnings.catch_warnings():
        warnings.simplefilter("error")  # pydantic's quote the row
        async with model_harness(Sync("own", "Own.", (Row,), run)) as harness:
            await harness.run("own")
            state = await harness.state("own")
    assert state.last_error == code
    assert said in (state.error_site or "")
    assert SECRET not in str(state)


async def test_a_list_for_a_tuple_is_stored_and_read_back() -> None:
    async def run(context: SyncContext[None]) -> None:
        context.save(wrong(tags=["x"]))
        assert (await context.stored(Row, "a"))["a"] == Row("a", tags=("x",))

    async with model_harness(Sync("own", "Own.", (Row,), run)) as harness:
        await harness.run("own")
        assert (await harness.state("own")).last_error is None


@dataclass(frozen=True)
class Page:
    """A checkpoint."""

    number: int


@pytest.mark.parametrize(
    ("checkpoint", "said"),
    [
        (Page(cast("int", SECRET)), "The field number of a Page is not of its type."),
        (Page(cast("int", None)), "The field number of a Page is not of its type."),
        ({"number": 1}, "a checkpoint that is not its type"),
    ],
    ids=str,
)
async def test_a_checkpoint_that_could_not_be_read_back_is_refused(
    checkpoint: Any, said: str
) -> None:
    async def run(context: SyncContext[Page]) -> None:
        context.save(Row("a"))
        await context.commit(checkpoint)

    async with model_harness(Sync("own", "Own.", (Row,), run, checkpoint=Page)) as harness:
        await harness.run("own")
        state = await harness.state("own")
        assert said in (state.error_site or "")
        assert SECRET not in str(state)
        assert await harness.rows("Row") == {}


async def test_deleting_by_a_number_is_no_silent_nothing() -> None:
    async def run(context: SyncContext[None]) -> None:
        number: Any = 5
        context.delete(Row, number)

    async with model_harness(Sync("own", "Own.", (Row,), run)) as harness:
        await harness.run("own")
        assert "id that is no text" in ((await harness.state("own")).error_site or "")


def lost(messages: Sequence[EmailMessage]) -> Any:
    return None


def single(messages: Sequence[EmailMessage]) -> Any:
    return Row(messages[0]["id"])


async def awaited(messages: Sequence[EmailMessage]) -> Any:
    return [Row(messages[0]["id"])]


def leaving(messages: Sequence[EmailMessage]) -> Any:
    sys.exit(messages[0]["id"])


HERE = "WrongReturnError at tests/usecases/models/test_wrong_code.py:"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (lost, HERE),
        (single, HERE),
        (leaving, "SystemExit"),
        pytest.param(awaited, HERE, marks=pytest.mark.filterwarnings("ignore::RuntimeWarning")),
        (lambda _: [{"id": "a"}], "A dict was saved that is no Row."),
        (lambda _: [wrong(name=None)], "The field name of a Row is not of its type."),
    ],
)
async def test_wrong_rows_are_set_aside_with_a_reason(
    rows: Callable[[Any], Any], said: str
) -> None:
    async with model_harness(Derived("own", "Own.", Row, "message", rows)) as harness:
        harness.mail.deliver("One")
        await harness.mail.settle()
        await harness.run_due()
        (entry,) = await harness.store.model_records.list_poisoned(CONNECTION, "own", 10)
        assert said in entry.reason
        assert await harness.rows("Row") == {}


async def test_rows_may_be_a_generator() -> None:
    def rows(messages: Sequence[EmailMessage]) -> Any:
        yield from (Row(f"{messages[0]['id']}:{number}") for number in range(2))

    async with model_harness(Derived("own", "Own.", Row, "message", rows)) as harness:
        one = harness.mail.deliver("One")
        await harness.mail.settle()
        await harness.run_due()
        assert {*await harness.rows("Row")} == {f"{one}:0", f"{one}:1"}
