"""Gmail announces one change a second and drops the rest: what came within it is found."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from infra.local.connecting import connect
from infra.local.google.settings import GoogleSettings
from infra.local.system import LocalSystem
from shared.usecases.sync.watch.renew import RenewWatches
from tests.harness.google import EMAIL, PLENTY

MAIL = b"From: bo@example.org\r\nTo: ada@acme.example\r\nSubject: Tea\r\n\r\nAt four?"
READABLE = timedelta(seconds=5)


@pytest.fixture
async def system(tmp_path: Path) -> AsyncIterator[LocalSystem]:
    environ = {"POSTROOM_UNITS_PER_MINUTE": str(PLENTY)}
    google = GoogleSettings(units_per_minute=PLENTY)
    async with LocalSystem.start(tmp_path, environ=environ, google=google, jobs=()) as system:
        await system.control("/mailboxes", {"email": EMAIL, "messages": 3})
        yield system


async def receive(system: LocalSystem) -> str:
    """Let mail arrive."""
    path = f"/_control/mailboxes/{EMAIL}/messages"
    return str((await system.google.post(path, content=MAIL)).json()["id"])


async def renew(system: LocalSystem) -> None:
    """Arm the watch anew, as is due every few days: Gmail notifies of that."""
    await system.advance(timedelta(days=6).total_seconds())
    await system.container.use(RenewWatches)()


async def receive_unannounced(
    system: LocalSystem, notify: Callable[[LocalSystem], Awaitable[object]]
) -> str:
    """Let mail arrive right after the look that a notification caused, so that Gmail drops its own.

    Again and again, on a machine so busy that the second is over by then.
    """
    counts = system.emulated.pushes.counts
    for _ in range(50):
        await system.settle()
        taken, dropped = counts["acknowledged"], counts["capped"]
        await notify(system)
        while counts["acknowledged"] == taken:  # noqa: ASYNC110  the emulated Google has no event
            await asyncio.sleep(0)
        arrived = await receive(system)
        if counts["capped"] > dropped:
            return arrived
    raise AssertionError("Gmail announced everything")


async def readable(system: LocalSystem, connection: str) -> set[str]:
    headers = {"Connection-Id": connection, "Provider-Config-Key": "google-mail"}
    answer = await system.client.get(
        "/records", params={"model": "EmailMessage", "limit": 100}, headers=headers
    )
    return {record["id"] for record in answer.raise_for_status().json()["records"]}


def moved(system: LocalSystem) -> timedelta:
    """Return by how much the system's clock was moved on, beside the time that really passed."""
    return system.clock.now() - datetime.now(UTC)


@pytest.mark.parametrize("notify", [renew, receive], ids=["of its watch", "of other mail"])
async def test_mail_within_a_second_of_a_notification_is_readable_in_five(
    system: LocalSystem, notify: Callable[[LocalSystem], Awaitable[object]]
) -> None:
    connection = await connect(system.client, system.google, EMAIL)
    unannounced = await receive_unannounced(system, notify)
    before = moved(system)
    await system.settle()
    assert unannounced in await readable(system, connection)
    assert moved(system) - before <= READABLE
