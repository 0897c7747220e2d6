"""Which own syncs are served, and that none is left out without a word."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from shared.actions.faults import known_left_out
from shared.actions.syncs import any_own_sync, left_out_syncs, own_syncs
from shared.commands.checks.context import CheckContext
from shared.commands.checks.finding import Finding, Verdict
from shared.commands.checks.own_code import own_code_is_served
from shared.domain.sync.event import UnknownSyncError
from shared.edge.web.deployment import Deployment
from tests.actions.own_modules import own_modules, put
from tests.harness.acting import ActionHarness

ROW = """
from dataclasses import make_dataclass
from shared.actions.syncs import Sync

async def run(context):
    pass

def row(name, model):
    rows = make_dataclass(model, [("id", str)], frozen=True)
    return Sync(name=name, summary="Things.", models=(rows,), run=run)

"""


@pytest.fixture
def custom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Yield a folder whose modules are served as the deployment's own."""
    folder = tmp_path / "custom"
    folder.mkdir()
    with own_modules(folder, monkeypatch) as opened:
        yield opened


async def looked_at(harness: ActionHarness, *ready: str) -> Finding:
    """Return what the doctor says where these ready syncs are named."""
    harness.container.settings = replace(harness.container.settings, syncs=ready)
    return await own_code_is_served(CheckContext(harness.container))


async def test_a_ready_sync_whose_name_or_model_is_taken_is_told(
    custom: Path, harness: ActionHarness
) -> None:
    """One of the deployment's own goes first; the ready one beside it is named with the reason."""
    put(custom, own=ROW + 'SYNCS = (row("sync-labels", "Tag"), row("find-it", "GmailThread"))')
    assert [one.name for one in own_syncs(["labels", "threads"]).rows] == ["sync-labels", "find-it"]
    told = [f"{one.name}: {one.reason}" for one in left_out_syncs(["labels", "threads"])]
    assert told == [
        "sync-labels: the name sync-labels is taken by one of your own",
        "sync-threads: the name GmailThread is taken by one of your own",
    ]
    found = await looked_at(harness, "labels", "threads")
    assert found.verdict is Verdict.FAILED
    assert all(one in found.seen for one in told)
    assert "POSTROOM_SYNCS" in found.fix


async def test_a_running_deployment_names_the_syncs_that_never_run(
    custom: Path, harness: ActionHarness
) -> None:
    """As it names modules that are not served: to anyone who asks how it is."""
    put(custom, own=ROW + 'SYNC = row("sync-labels", "Tag")')
    own_syncs(())
    assert known_left_out(()) == []
    told = known_left_out(["labels"])
    assert [one.name for one in told] == ["sync-labels"]
    deployment = harness.container.use(Deployment)
    harness.container.bind(Deployment, replace(deployment, ready_syncs=("labels",)))
    health = (await harness.api.get("/health", headers={"Authorization": ""})).json()
    assert health["status"] == "degraded"
    assert health["left_out"] == [{"name": told[0].name, "reason": told[0].reason}]


async def test_what_is_more_than_a_deployment_serves_is_told(
    custom: Path, harness: ActionHarness
) -> None:
    """The twenty-first and all after it, ready ones included."""
    rows = 'SYNCS = tuple(row(f"find-{n}", f"Thing{n}") for n in range(21))'
    put(custom, many=ROW + rows)
    assert len(own_syncs(["labels"]).rows) == 20
    assert [one.name for one in left_out_syncs(["labels"])] == ["find-20", "sync-labels"]
    found = await looked_at(harness, "labels")
    assert found.verdict is Verdict.FAILED
    assert "find-20: a deployment serves 20 syncs" in found.seen


async def test_a_ready_sync_named_twice_is_served_once(harness: ActionHarness) -> None:
    """That is no fault."""
    assert [one.name for one in own_syncs(["labels", "labels"]).rows] == ["sync-labels"]
    found = await looked_at(harness, "labels", "labels")
    assert (found.verdict, found.seen[-8:]) == (Verdict.OK, ", 1 sync")


def test_any_of_them_is_found_by_its_name(custom: Path) -> None:
    """Also a ready one that is not switched on, and not what is no sync."""
    put(custom, own=ROW + 'SYNC = row("find-it", "Thing")')
    assert any_own_sync("find-it", ()).name == "find-it"
    assert any_own_sync("sync-labels", ()).name == "sync-labels"
    with pytest.raises(UnknownSyncError, match="find-it, sync-contacts"):
        any_own_sync("fly", ())
