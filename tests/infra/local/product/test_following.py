"""What is pushed to an open page: every change once, in order, across restarts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from infra.local.connecting import connect
from infra.local.environment import API_KEY
from infra.local.product.live import Event, Follower
from infra.local.product.settings import ADA
from infra.local.product.state import ProductState
from infra.local.system import LocalSystem
from shared.client import Postroom

MAIL = b"From: Bo <bo@example.org>\r\nTo: ada@acme.example\r\nSubject: %b\r\n\r\nAt four?"


@pytest.fixture
async def system(tmp_path: Path) -> AsyncIterator[LocalSystem]:
    async with LocalSystem.start(
        tmp_path,
    ) as system:
        await system.control("/mailboxes", {"email": ADA.email, "messages": 3})
        await connect(system.client, system.google, ADA.email)
        await system.settle()
        yield system


@asynccontextmanager
async def following(system: LocalSystem, path: Path) -> AsyncIterator[Follower]:
    """Follow with the product's state at `path`, as one life of the product does."""
    state = ProductState(path)
    async with Postroom.open(system.url, API_KEY) as postroom:
        yield Follower(ADA, postroom, state, every_s=0.02)
    state.close()


async def deliver(system: LocalSystem, subject: bytes) -> None:
    path = f"/_control/mailboxes/{ADA.email}/messages"
    (await system.google.post(path, content=MAIL % subject)).raise_for_status()


async def heard(queue: "asyncio.Queue[Event | None]", kind: str) -> Event:
    """Return the next event of a kind."""
    async with asyncio.timeout(20):
        while True:
            event = await queue.get()
            if event is not None and event["type"] == kind:
                return event


async def test_mail_that_arrives_is_pushed_to_every_open_page(
    system: LocalSystem, tmp_path: Path
) -> None:
    async with (
        following(system, tmp_path / "harbor.sqlite") as follower,
        follower.page() as one,
        follower.page() as other,
    ):
        await heard(one, "reload")
        await deliver(system, b"Tea")
        for page in (one, other):
            rows = (await heard(page, "changes"))["rows"]
            assert [row["subject"] for row in rows] == ["Tea"]
            assert rows[0]["unread"]


async def test_a_restarted_product_goes_on_at_its_cursor(
    system: LocalSystem, tmp_path: Path
) -> None:
    path = tmp_path / "harbor.sqlite"
    async with following(system, path) as first, first.page() as page:
        await heard(page, "progress")
    await deliver(system, b"While away")
    await system.settle()
    async with following(system, path) as second, second.page() as page:
        rows = (await heard(page, "changes"))["rows"]
    assert [row["subject"] for row in rows] == ["While away"]


async def test_a_connection_removed_elsewhere_is_noticed(
    system: LocalSystem, tmp_path: Path
) -> None:
    async with following(system, tmp_path / "harbor.sqlite") as follower, follower.page() as page:
        shown = (await heard(page, "connection"))["connection"]
        assert shown["email"] == ADA.email
        await follower.postroom.connections.disconnect(
            follower.state.connection_of(ADA.email) or ""
        )
        async with asyncio.timeout(20):
            while (await heard(page, "connection"))["connection"] is not None:
                pass
        assert follower.state.connection_of(ADA.email) is None


async def test_a_page_that_goes_ends_the_following(system: LocalSystem, tmp_path: Path) -> None:
    before = asyncio.all_tasks()
    async with following(system, tmp_path / "harbor.sqlite") as follower:
        async with follower.page() as page:
            await heard(page, "connection")
        assert not {task for task in asyncio.all_tasks() - before if "_follow" in repr(task)}
