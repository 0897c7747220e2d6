"""A rolling deployment: this version and the next one work on one store, side by side.

The next version is this one with a further field and a higher schema version in everything that
is stored. It runs as a process of its own, syncing the same mailbox.
"""

import asyncio
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from infra.archives import ROOT
from infra.local.connecting import connect
from infra.local.google.settings import GoogleSettings
from infra.local.system import LocalSystem

pytestmark = pytest.mark.timeout(600)  # several processes of their own
EMAIL = "ada@acme.example"
MAIL = b"From: bo@example.org\r\nTo: ada@acme.example\r\nSubject: Tea\r\n\r\nAt four?"
PLENTY = 10_000_000
STORES = ["sqlite", pytest.param("firestore", marks=pytest.mark.emulators)]
STORED = re.compile(r"^    schema_version: int = \S+$", re.MULTILINE)
TOMORROW = """
import asyncio, os, sys
from dataclasses import fields, replace
from datetime import timedelta
from shared.domain.ids import ConnectionId
from shared.ports.store import Store
from shared.usecases.sync.sync_mailbox import SyncMailbox
from shared.edge.settings.deployment import settings_from
from shared.edge.composition.container import AutowiredContainer

async def every(container):
    for field in fields(container.use(Store)):
        port = getattr(container.use(Store), field.name)
        if hasattr(port, "walk"):
            after = None
            while True:
                found, after = await port.walk(after, 100)
                for one in found:
                    yield field.name, port, one
                if after is None:
                    break

async def mark(container):
    marked = set()
    for _ in range(5):
        async for name, port, was in every(container):
            if was.value.added_tomorrow != "kept":
                now = replace(was.value, added_tomorrow="kept", schema_version=2)
                try:
                    await port.swap(was, now)
                    marked.add(name)
                except Exception as error:
                    if type(error).__name__ != "ConflictError":
                        raise
    print("marked", *sorted(marked))

async def check(container):
    lost = [name async for name, _, one in every(container)
            if one.value.schema_version == 2 and one.value.added_tomorrow != "kept"]
    kept = [name async for name, _, one in every(container) if one.value.added_tomorrow == "kept"]
    print("lost", *sorted(set(lost)))
    print("kept", *sorted(set(kept)))

async def main(work, connection):
    container = AutowiredContainer(settings_from(os.environ))
    if work == "sync":
        for _ in range(8):
            await container.use(SyncMailbox)(ConnectionId(connection), budget=timedelta(seconds=2))
            await asyncio.sleep(0.05)
        await mark(container)
    else:
        await check(container)
    await container.close()

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture(params=STORES)
async def system(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[LocalSystem]:
    environ = {"POSTROOM_UNITS_PER_MINUTE": str(PLENTY)}
    if request.param == "firestore":
        host = request.getfixturevalue("firestore_emulator")
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", host)
        environ["POSTROOM_STORE"] = f"firestore:demo-{uuid4().hex[:12]}/(default)"
    google = GoogleSettings(units_per_minute=PLENTY)
    async with LocalSystem.start(tmp_path, environ=environ, google=google) as system:
        yield system


@pytest.fixture
def tomorrow(tmp_path: Path) -> Path:
    """Copy shared/ and give everything stored a field that this version does not know."""
    copy = tmp_path / "tomorrow"
    shutil.copytree(ROOT / "shared", copy / "shared", ignore=shutil.ignore_patterns("__pycache__"))
    changed = 0
    for path in (
        *(copy / "shared" / "domain").rglob("*.py"),
        *(copy / "shared" / "ports").glob("*"),
    ):
        if path.suffix == ".py" and STORED.search(source := path.read_text()):
            further = '    schema_version: int = 2\n    added_tomorrow: str = "unset"'
            path.write_text(STORED.sub(further, source))
            changed += 1
    assert changed > 5
    return copy


async def run(tomorrow: Path, system: LocalSystem, work: str, connection: str) -> str:
    """Run the next version in a process of its own; answer what it printed."""
    own = {"PYTHONPATH": str(tomorrow), "PYTHONDONTWRITEBYTECODE": "1"}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", TOMORROW, work, connection),
        cwd=tomorrow,
        env={**os.environ, **system.environ, **own},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complaints = await process.communicate()
    assert process.returncode == 0, complaints.decode()
    return said.decode()


async def stored(system: LocalSystem, connection: str) -> set[str]:
    tenant = {"Connection-Id": connection, "Provider-Config-Key": "google-mail"}
    found: set[str] = set()
    query: dict[str, str | int] = {"model": "EmailMessage", "limit": 100}
    while True:
        page = (await system.client.get("/records", params=query, headers=tenant)).json()
        found |= {one["id"] for one in page["records"]}
        if page["next_cursor"] is None:
            return found
        query["cursor"] = page["next_cursor"]


async def deliver(system: LocalSystem, count: int) -> None:
    for _ in range(count):
        await system.google.post(f"/_control/mailboxes/{EMAIL}/messages", content=MAIL)


async def test_two_versions_share_a_store_and_lose_neither_mail_nor_fields(
    system: LocalSystem, tomorrow: Path
) -> None:
    await system.control("/mailboxes", {"email": EMAIL, "messages": 40})
    connection = await connect(system.client, system.google, EMAIL)
    next_version = asyncio.create_task(run(tomorrow, system, "sync", connection))
    await deliver(system, 3)
    marked = await next_version
    assert {"connections", "grants", "mailboxes", "sync_states"} <= set(marked.split())

    await deliver(system, 3)
    await system.settle()
    answer = await system.google.get(f"/_control/mailboxes/{EMAIL}/messages")
    assert await stored(system, connection) == {one["id"] for one in answer.json()["messages"]}

    lost, kept = (await run(tomorrow, system, "check", connection)).splitlines()
    assert lost.split() == ["lost"]
    assert {"connections", "grants", "mailboxes", "sync_states"} <= set(kept.split())
