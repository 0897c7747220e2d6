"""A restore brings erased mail back; what is known of its erasure erases it again."""

import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from shared.commands.__main__ import main
from shared.commands.replay_erasures import erased_by_log
from shared.domain.ids import ConnectionId
from shared.edge.composition.container import AutowiredContainer
from shared.errors import ConfigurationError
from shared.ports.clock import Clock
from shared.ports.connections import Connections, Grants, Receipts
from shared.ports.sync_store import Records
from shared.usecases.connect.disconnect import AcceptDisconnect, Disconnect
from shared.usecases.connect.replay_erasures import Erasures, ReplayErasures
from tests.harness import samples
from tests.harness.connecting import BEN, ConnectHarness
from tests.usecases.connect.test_disconnect import synced


def backed_up(harness: ConnectHarness) -> Path:
    """Copy the store as it is now."""
    path = harness.container.settings.sqlite_path
    assert path is not None
    copy = path.with_name("restored.sqlite")
    with closing(sqlite3.connect(path)) as live, closing(sqlite3.connect(copy)) as kept:
        live.backup(kept)
    return copy


@asynccontextmanager
async def restored_from(harness: ConnectHarness, copy: Path) -> AsyncIterator[AutowiredContainer]:
    """Open the deployment over the copy, with the same Google and clock."""
    restored = AutowiredContainer(replace(harness.container.settings, store=f"sqlite:{copy}"))
    restored.bind(Clock, harness.clock)
    restored.bind(httpx.AsyncClient, harness.container.use(httpx.AsyncClient))
    yield restored
    await restored.close()


async def has_mail(container: AutowiredContainer, id: ConnectionId) -> bool:
    batches = [batch async for batch in container.use(Records).all_heads(id, None)]
    return any(batches)


async def known_in(harness: ConnectHarness, replay: ReplayErasures) -> Erasures:
    """Ask the store that was left."""
    left = harness.container
    return await replay.known_to(left.use(Receipts), left.use(Connections))


async def test_a_disconnect_that_was_under_way_is_not_forgotten(harness: ConnectHarness) -> None:
    """It was accepted, and its task waits in a queue that is paused: there is no receipt yet."""
    connection = await synced(harness)
    copy = backed_up(harness)
    harness.advance(timedelta(hours=1))
    await harness.container.use(AcceptDisconnect)(connection.id)
    async with restored_from(harness, copy) as restored:
        replay = restored.use(ReplayErasures)
        ((id, at),) = await known_in(harness, replay)
        assert await replay(id, at)
        assert not await has_mail(restored, connection.id)


async def test_what_was_erased_since_the_backup_is_erased_again(harness: ConnectHarness) -> None:
    """By the receipts of the store that was left; what was not erased stays as it was."""
    erased, stays = await synced(harness), await synced(harness, BEN)
    copy = backed_up(harness)
    harness.advance(timedelta(hours=1))
    await harness.container.use(Disconnect)(erased.id)
    async with restored_from(harness, copy) as restored:
        assert await has_mail(restored, erased.id)
        replay = restored.use(ReplayErasures)
        known = await known_in(harness, replay)
        assert [id for id, _ in known] == [erased.id]
        assert [await replay(*one) for one in known] == [True]
        assert await restored.use(Connections).get(erased.id) is None
        assert await restored.use(Grants).get(erased.id) is None
        assert not await has_mail(restored, erased.id)
        assert await has_mail(restored, stays.id)
        assert [await replay(*one) for one in known] == [False]


async def test_a_connection_made_after_the_erasure_stays(harness: ConnectHarness) -> None:
    """An id may be used again: what is there by then was never erased."""
    connection = await synced(harness)
    before = connection.created_at - timedelta(seconds=1)
    assert not await harness.container.use(ReplayErasures)(connection.id, before)
    assert await has_mail(harness.container, connection.id)


def test_log_lines_tell_of_erasures_where_the_store_is_lost(tmp_path: Path) -> None:
    """Only of those that ended: an erasure goes on for several tasks."""
    path = tmp_path / "log.json"
    lines = [("c1", "Disconnected"), ("c2", "MoreToPurge")]
    path.write_text(
        json.dumps(
            [
                {
                    "timestamp": "2026-11-29T05:00:00.123456789Z",
                    "jsonPayload": {"task": "disconnect", "connection": id, "outcome": outcome},
                }
                for id, outcome in lines
            ]
        )
    )
    ((id, at),) = erased_by_log(path)
    assert (id, at) == ("c1", datetime.fromisoformat("2026-11-29T05:00:00.123456+00:00"))


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", '[{"jsonPayload": {"outcome": "Disconnected"}}]', '{"a": 1}']
)
def test_what_is_no_log_is_refused(tmp_path: Path, text: str) -> None:
    """Rather than taken for a log without erasures."""
    path = tmp_path / "log.json"
    path.write_text(text)
    with pytest.raises(ConfigurationError):
        erased_by_log(path)


def test_the_command_reads_the_store_that_was_left_and_never_the_restored_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its receipts are those of the backup: they know of nothing since."""
    for name, value in samples.environ(tmp_path).items():
        monkeypatch.setenv(name, value)
    left = f"sqlite:{tmp_path / 'left.sqlite'}"
    assert main(["replay-erasures", "--store", left]) == 0
    assert "0 erasures known" in capsys.readouterr().out
    assert main(["replay-erasures", "--store", samples.environ(tmp_path)["POSTROOM_STORE"]]) == 1
    assert "name the one left" in capsys.readouterr().err
