"""What an own sync may be, and when it runs: refused at start, decided by state and clock."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import BaseModel

from shared.domain.ids import ConnectionId
from shared.domain.models.record import UnstorableRecordError, saved_row
from shared.domain.models.state import ModelSyncState, plan
from shared.domain.models.sync import Derived, Sync
from shared.domain.sync.records.projection import Projection
from shared.domain.sync.state import SyncStatus
from shared.errors import ConfigurationError

NOW = datetime(2026, 10, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Row:
    """A row."""

    id: str
    email: str = ""


@dataclass(frozen=True)
class Nested:
    """No checkpoint."""

    rows: list[str]


class WithId(BaseModel):
    """No model of a projection: its id would be lost."""

    id: str


async def run(_: Any) -> None:
    """Do nothing."""


GOOD: dict[str, Any] = {"name": "poll", "summary": "", "models": (Row,), "run": run}
WRONG: list[dict[str, Any]] = [
    {"name": "Poll"},
    {"models": ()},
    {"key": "email"},
    {"key": "nothing"},
    {"version": 0},
    {"frequency": timedelta(seconds=1)},
    {"scopes": ()},
    {"hosts": ("https://crm.example",)},
    {"hosts": "crm.example"},
    {"secrets": ("llm_key",)},
    {"secrets": ("POSTROOM_API_KEYS",)},
    {"checkpoint": Nested},
]


@pytest.mark.parametrize("wrong", WRONG)
def test_a_sync_that_could_not_run_is_refused_at_start(wrong: dict[str, Any]) -> None:
    """Names, ids, paces and checkpoints are checked before anything is served."""
    Sync(**GOOD)
    with pytest.raises(ConfigurationError):
        Sync(**{**GOOD, **wrong})


def test_a_derived_sync_is_by_message_or_thread() -> None:
    """There are no other keys."""
    with pytest.raises(ConfigurationError):
        Derived("find", "", Row, "sender", lambda _: [])  # type: ignore[arg-type]


def test_a_projection_may_have_no_id_of_its_own() -> None:
    """The message's id would overwrite it without a word."""
    with pytest.raises(ConfigurationError, match="id"):
        Projection(WithId, lambda _: None, "find-it", "")


@pytest.mark.parametrize("id", [None, "", 7, "x" * 513])
def test_a_row_needs_an_id_that_can_be_asked_for(id: object) -> None:
    """Text of 1 to 512 characters; the refusal quotes nothing of the row."""
    with pytest.raises(UnstorableRecordError) as refused:
        saved_row("Row", {"id": id, "email": "secret"}, "id")
    assert "secret" not in str(refused.value)


def test_equal_rows_have_equal_hashes_whatever_their_order() -> None:
    """What did not change keeps its number."""
    one = saved_row("Row", {"id": "a", "x": {"b": 1, "c": 2}}, "id")
    same = saved_row("Row", {"x": {"c": 2, "b": 1}, "id": "a"}, "id")
    assert one.hash == same.hash


ROW = Sync(**GOOD)
RUNNING = ModelSyncState(ConnectionId("c"), "poll", version=1, scheduled_at=NOW)
LATER = NOW + timedelta(hours=1)


@pytest.mark.parametrize(
    ("changes", "due"),
    [
        ({}, NOW),
        ({"scheduled_at": LATER}, LATER),
        ({"scheduled_at": LATER, "wakes_wanted": 1}, NOW),
        ({"scheduled_at": LATER, "began_at": NOW}, NOW),
        ({"scheduled_at": LATER, "emptying": True}, NOW),
        ({"scheduled_at": LATER, "version": 0}, NOW),
        ({"wakes_wanted": 1, "deferred_until": LATER}, LATER),
        ({"version": 2, "wakes_wanted": 1}, None),
        ({"status": SyncStatus.PAUSED, "wakes_wanted": 1}, None),
        ({"scheduled_at": None}, None),
    ],
)
def test_what_decides_when_a_sync_runs(changes: dict[str, Any], due: datetime | None) -> None:
    """A wish, a run under way or a newer version at once; a pause, or older code, never."""
    assert plan(replace(RUNNING, **changes), ROW, NOW) == due
