"""Own actions and syncs are loaded anew when their files change, and what worked serves on."""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from infra.local.connecting import connect
from infra.local.environment import API_KEY, HOST, INTEGRATION
from infra.local.functions import ROOT
from infra.local.guide import reload_notice
from infra.local.own_code import OwnCode
from infra.local.system import LocalSystem
from shared.actions.loading import actions
from shared.ports.store import Store
from tests.actions.own_modules import HEAD, own_modules
from tests.harness.ports import free_ports
from tests.harness.whole import whole_system
from tests.infra.local.demos import Demo, connection_in, demo

ADA = "ada@acme.example"
BROKEN = "def broken(:\n"
SYNC = """\
from dataclasses import dataclass

from shared.actions.syncs import Sync, SyncContext
from shared.domain.connect.scopes import READONLY


@dataclass
class Tag:
    id: str


async def tags(context: SyncContext[None]) -> None:
    async with context.listing(Tag):
        context.save(Tag("one"))


SYNC = Sync(name="sync-tags", summary="Tags.", models=(Tag,), run=tags, scopes=(READONLY,))
"""


def an_action(says: str) -> str:
    row = 'ACTION = Action("own-words", "Words.", Given, Made, run, (LABELS,))\n'
    return HEAD.replace('"done"', f'"{says}"') + row


@pytest.fixture
def custom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "custom"
    folder.mkdir()
    monkeypatch.setattr("shared.actions.present.CUSTOM", folder)
    with own_modules(folder, monkeypatch) as opened:
        yield opened


def change(own_code: OwnCode, folder: Path, **sources: str | None) -> list[str]:
    """Write modules, or remove them, and load anew; return what is wrong."""
    for name, source in sources.items():
        file = folder / f"{name}.py"
        if source is None:
            file.unlink()
        else:
            file.write_text(source)
    assert not own_code.has_changed()  # it may still be written
    assert own_code.has_changed()
    found = [f"{fault.file}:{fault.line}" for fault in own_code.reload()]
    assert not own_code.has_changed()
    return found


def test_a_fault_is_named_and_the_version_that_worked_serves_on(custom: Path) -> None:
    (custom / "words.py").write_text(an_action("first"))
    own_code = OwnCode()
    first = actions()["own-words"]
    assert change(own_code, custom, words=BROKEN) == ["shared/actions/custom/words.py:1"]
    assert actions()["own-words"] is first
    assert own_code.kept == {"words"}
    assert "the version before it serves on" in reload_notice(own_code.faults())
    assert change(own_code, custom, words=BROKEN + "\n") == ["shared/actions/custom/words.py:1"]
    assert actions()["own-words"] is first
    assert change(own_code, custom, words=an_action("second")) == []
    assert actions()["own-words"].run is not first.run
    assert own_code.kept == set()


def test_a_new_module_with_a_fault_is_served_by_nothing_and_one_removed_is_gone(
    custom: Path,
) -> None:
    (custom / "words.py").write_text(an_action("first"))
    own_code = OwnCode()
    assert change(own_code, custom, other=BROKEN) == ["shared/actions/custom/other.py:1"]
    assert own_code.kept == set()
    assert "NOT SERVED" in reload_notice([{"at": "x", "words": "y", "kept": False}])
    assert "own-words" in actions()
    assert change(own_code, custom, words=None, other=None) == []
    assert "own-words" not in actions()


async def words_of(client: httpx.AsyncClient, connection: str) -> str:
    tenant = {"Connection-Id": connection, "Provider-Config-Key": INTEGRATION}
    body = {"action_name": "own-words", "input": {}}
    answer = await client.post("/action/trigger", json=body, headers=tenant)
    return str(answer.json().get("text")) if answer.is_success else str(answer.status_code)


async def test_a_running_postroom_serves_what_was_saved_on_the_store_it_had_open(
    custom: Path, tmp_path: Path
) -> None:
    async with whole_system(tmp_path, {ADA: 0}) as system:
        connection = await connect(system.client, system.google, ADA)
        store = system.container.use(Store)
        await _reload(system, custom, words=an_action("first"))
        assert await words_of(system.client, connection) == "first"
        await _reload(system, custom, words=an_action("other"), tags=SYNC)
        assert await words_of(system.client, connection) == "other"
        assert (await system.client.get("/openapi.json")).text.count('"own-words"')
        await system.settle()
        query = {"model": "Tag"}
        tenant = {"Connection-Id": connection, "Provider-Config-Key": INTEGRATION}
        answer = await system.client.get("/records", params=query, headers=tenant)
        assert [one["id"] for one in answer.json()["records"]] == ["one"]
        assert system.container.use(Store) is store


async def _reload(system: LocalSystem, folder: Path, **sources: str) -> None:
    for name, source in sources.items():
        (folder / f"{name}.py").write_text(source)
    own_code = system.postroom.own_code
    own_code.has_changed()
    assert own_code.has_changed()
    await system.postroom.reload_own_code()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a copy of what the demo runs."""
    copy = tmp_path / "project"
    ignored = shutil.ignore_patterns("__pycache__", "terraform")
    for name in ("shared", "infra", "functions"):
        shutil.copytree(ROOT / name, copy / name, ignore=ignored)
    return copy


async def test_a_demo_serves_an_action_as_it_is_saved_and_shows_what_is_wrong(
    project: Path, tmp_path: Path
) -> None:
    ports, file = free_ports(3), project / "shared" / "actions" / "custom" / "words.py"

    async def after(running: Demo, source: str, words: str) -> str:
        file.write_text(source)
        await asyncio.to_thread(running.read_until, words)
        return await words_of(client, connection)

    key = {"Authorization": f"Bearer {API_KEY}"}
    with demo(ports, tmp_path / "state", root=project) as running:
        text = await asyncio.to_thread(running.read_until, "100%")
        connection = connection_in(text)
        url = f"http://{HOST}:{ports[0]}"
        async with httpx.AsyncClient(base_url=url, headers=key, timeout=30) as client:
            assert await after(running, an_action("first"), "Own code loaded anew") == "first"
            shown = "words.py:1: SyntaxError"
            assert await after(running, BROKEN, shown) == "first"
            assert "the version before it serves on" in running.text
