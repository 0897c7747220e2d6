"""The laptop whole: Postroom and the emulated Google over real HTTP, in one event loop.

Everything holds on both stores: SQLite, and Firestore by its official emulator.
"""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from infra.local.connecting import connect, find_connection
from infra.local.google.settings import GoogleSettings
from infra.local.system import LocalSystem
from shared.ports.queue import Task

EMAIL = "ada@acme.example"
MAIL = b"From: bo@example.org\r\nTo: ada@acme.example\r\nSubject: Tea\r\n\r\nAt four?"


STORES = ["sqlite", pytest.param("firestore", marks=pytest.mark.emulators)]
PLENTY = 10_000_000


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Return the settings that choose a store; each test has a Firestore project of its own."""
    if request.param == "sqlite":
        return {}
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", request.getfixturevalue("firestore_emulator"))
    return {"POSTROOM_STORE": f"firestore:demo-{uuid4().hex[:12]}/(default)"}


@pytest.fixture
async def system(tmp_path: Path, store: dict[str, str]) -> AsyncIterator[LocalSystem]:
    environ = {"POSTROOM_UNITS_PER_MINUTE": str(PLENTY), **store}
    google = GoogleSettings(units_per_minute=PLENTY)
    async with LocalSystem.start(tmp_path, environ=environ, google=google) as system:
        yield system


async def seeded(system: LocalSystem, messages: int = 40) -> str:
    await system.control("/mailboxes", {"email": EMAIL, "messages": messages})
    return await connect(system.client, system.google, EMAIL)


async def deliver(system: LocalSystem) -> str:
    answer = await system.google.post(f"/_control/mailboxes/{EMAIL}/messages", content=MAIL)
    return str(answer.json()["id"])


async def records(system: LocalSystem, connection: str) -> dict[str, set[str]]:
    """Every live record by id, with its labels, paged through the API."""
    found: dict[str, set[str]] = {}
    query: dict[str, Any] = {"model": "EmailMessage", "limit": 100}
    tenant = {"Connection-Id": connection, "Provider-Config-Key": "google-mail"}
    while True:
        answer = await system.client.get("/records", params=query, headers=tenant)
        assert answer.is_success, answer.text
        page = answer.json()
        for record in page["records"]:
            if record["_nango_metadata"]["last_action"] != "DELETED":
                found[record["id"]] = set(record["labelIds"])
        if page["next_cursor"] is None:
            return found
        query["cursor"] = page["next_cursor"]


async def oracle(system: LocalSystem) -> dict[str, set[str]]:
    answer = await system.google.get(f"/_control/mailboxes/{EMAIL}/messages")
    return {one["id"]: set(one["labelIds"]) for one in answer.json()["messages"]}


async def test_a_connected_mailbox_is_copied_whole(system: LocalSystem) -> None:
    connection = await seeded(system)
    await system.settle()
    assert await records(system, connection) == await oracle(system)


async def test_new_mail_arrives_by_push(system: LocalSystem) -> None:
    connection = await seeded(system)
    await system.settle()
    delivered = await deliver(system)
    await system.settle()
    assert delivered in await records(system, connection)


async def test_a_connection_is_found_by_its_end_user(system: LocalSystem) -> None:
    connection = await seeded(system, messages=0)
    assert await find_connection(system.client, EMAIL) == connection
    assert await find_connection(system.client, "nobody@acme.example") is None


async def test_time_moves_in_both_at_once(system: LocalSystem) -> None:
    before = system.clock.now()
    await system.advance(86_400)
    assert system.clock.now() - before >= timedelta(days=1)
    assert abs(system.clock.now() - system.emulated.clock.now()) < timedelta(minutes=1)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"advance_s": "soon"}', b'{"advance_s": -1}'])
async def test_a_senseless_step_of_the_clock_changes_nothing(
    system: LocalSystem, body: bytes
) -> None:
    answer = await system.client.post("/_local/clock", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "invalid_body"


async def test_a_crash_in_the_middle_of_a_backfill_loses_nothing(system: LocalSystem) -> None:
    connection = await seeded(system, messages=600)
    stored = 0
    while not stored:
        stored = len(await records(system, connection))
    await system.kill()
    assert stored < 600
    await deliver(system)
    await system.restart()
    await system.settle()
    for _ in range(3):  # the dead lease ends, and the reconcile finds what nobody woke
        await system.advance(61)
        await system.settle()
    assert await records(system, connection) == await oracle(system)


async def test_a_task_accepted_before_a_crash_runs_after_it(system: LocalSystem) -> None:
    connection = await seeded(system, messages=0)
    await system.settle()
    later = system.clock.now() + timedelta(minutes=5)
    await system.postroom.queue.enqueue(
        Task("/tasks/sync", {"connection_id": connection}, not_before=later, name="after")
    )
    await system.kill()
    await system.restart()
    assert "after" in {task.name for task in system.postroom.queue.waiting()}
    await system.advance(301)
    await system.settle()
    assert "after" not in {task.name for task in system.postroom.queue.waiting()}


async def test_private_paths_are_closed_to_the_api_key(system: LocalSystem) -> None:
    for path in ("/tasks/sync", "/jobs/reconcile", "/push/gmail"):
        answer = await system.client.post(path, json={"connection_id": "c"})
        assert answer.status_code in {401, 403}, path
