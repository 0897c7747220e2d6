"""`dryrun --sync`: Google is read, everything is told, and nothing is stored."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from infra.local.connecting import connect
from infra.local.system import LocalSystem
from shared.domain.connect.connection import INTEGRATION
from tests.commands.running import Said, called, started
from tests.harness.whole import whole_system

EMAIL = "ada@acme.example"


class DrySyncHarness:
    """A mailbox of three messages on a system that serves two of the ready syncs."""

    def __init__(self, system: LocalSystem, connection: str) -> None:
        self.system = system
        self.connection = connection

    async def dryrun(self, sync: str, *more: str, run: Any = called) -> Said:
        """Run the command."""
        arguments = ["dryrun", "--sync", sync, "--connection", self.connection, *more]
        found: Said = await run(self.system.environ, *arguments)
        return found

    async def records(self, model: str) -> list[dict[str, Any]]:
        """Return what the API tells of a model."""
        headers = {"Connection-Id": self.connection, "Provider-Config-Key": INTEGRATION}
        answer = await self.system.client.get("/records", params={"model": model}, headers=headers)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["records"]
        return found

    async def kept(self) -> dict[str, Any]:
        """Return what a run might change: statuses, records and events."""
        client, query = self.system.client, {"connection_id": self.connection}
        statuses = (await client.get("/sync/status", params={"syncs": "*", **query})).json()
        told = (await client.get("/operations", params={"limit": "100"})).json()["operations"]
        models = {name: await self.records(name) for name in ("GmailLabel", "GmailThread")}
        return {"statuses": statuses, "operations": told, **models}

    async def rename(self, label: str, name: str) -> None:
        """Rename a label at Gmail."""
        await self.act("update-label", {"id": label, "name": name})

    async def act(self, action: str, given: Any) -> Any:
        """Run an action."""
        body = {"action_name": action, "input": given}
        headers = {"Connection-Id": self.connection, "Provider-Config-Key": INTEGRATION}
        answer = await self.system.client.post("/action/trigger", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[DrySyncHarness]:
    environ = {"POSTROOM_SYNCS": "labels,threads"}
    async with whole_system(tmp_path, {EMAIL: 3}, environ) as system:
        connection = await connect(system.client, system.google, EMAIL)
        await system.settle()
        yield DrySyncHarness(system, connection)


async def test_a_listing_tells_what_it_would_save_change_and_delete(
    harness: DrySyncHarness,
) -> None:
    kept, gone = [
        (await harness.act("create-label", {"name": name}))["id"] for name in ("Kept", "Gone")
    ]
    body = {"provider_config_key": INTEGRATION, "connection_id": harness.connection}
    await harness.system.client.post("/sync/trigger", json={**body, "syncs": ["sync-labels"]})
    await harness.system.settle()
    await harness.act("create-label", {"name": "New"})
    await harness.rename(kept, "Renamed")
    await harness.act("delete-label", {"id": gone})
    before = await harness.kept()
    said = await harness.dryrun("sync-labels", run=started)
    assert (said.code, said.err) == (0, "")
    call, commit, summary = said.out.splitlines()
    assert call.split() == ["GET", "/labels", "1", "units"]
    assert commit == "COMMIT GmailLabel +1 ~1 -1, changed: name"
    assert summary == (
        "sync-labels would save 1 new record and 1 changed one, and delete 1: 1 page, "
        "1 request, 1 quota unit. Nothing was stored."
    )
    shown = await harness.dryrun("sync-labels", "--show")
    _, _, *lines, _ = shown.out.splitlines()
    assert {line[:14] for line in lines} == {"  + GmailLabel", "  ~ GmailLabel", "  - GmailLabel"}
    (changed,) = (line for line in lines if line.startswith("  ~"))
    assert orjson.loads(changed.partition("GmailLabel ")[2])["name"] == "Renamed"
    assert await harness.kept() == before


async def test_a_derived_sync_runs_from_its_place_or_from_the_start(
    harness: DrySyncHarness,
) -> None:
    before = await harness.kept()
    caught_up = await harness.dryrun("sync-threads")
    assert "0 new records and 0 changed ones, and delete 0: 0 pages, 0 requests" in caught_up.out
    again = await harness.dryrun("sync-threads", "--from", "start")
    (commit, summary) = again.out.splitlines()
    assert commit.startswith("COMMIT messages up to ")
    assert "delete 0: 1 page, 0 requests, 0 quota units." in summary
    assert await harness.kept() == before


async def test_a_ready_sync_can_be_tried_before_it_is_switched_on(harness: DrySyncHarness) -> None:
    said = await harness.dryrun("sync-send-as-aliases", "--show")
    assert said.code == 0
    assert "COMMIT GmailSendAsAlias +1 ~0 -0" in said.out
    assert EMAIL in said.out
    assert EMAIL not in (await harness.dryrun("sync-send-as-aliases")).out
    unread = await harness.system.client.get(
        "/sync/status", params={"syncs": "*", "connection_id": harness.connection}
    )
    assert "sync-send-as-aliases" not in {one["name"] for one in unread.json()["syncs"]}


async def test_a_failure_is_told_with_its_code_and_ends_with_1(harness: DrySyncHarness) -> None:
    said = await harness.dryrun("sync-contacts")
    assert said.code == 1
    assert "It failed with missing_scope." in said.out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("fly",), "no own sync 'fly': there are sync-labels"),
        (("sync-labels", "--really"), "no effect to make"),
    ],
)
async def test_what_cannot_be_run_is_one_line_and_a_code(
    harness: DrySyncHarness, arguments: tuple[str, ...], told: str
) -> None:
    said = await harness.dryrun(*arguments)
    assert said.code == 1
    assert told in said.err
    assert said.err.count("\n") == 1
