"""Connecting while others leave, and connecting in an instance that dies on the way."""

import asyncio
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from shared.domain.connect.connection import ConnectionStatus
from shared.domain.ids import ConnectionId, GoogleSub, first_mailbox_id
from shared.domain.sync.mailbox import GoogleUser, Mailbox
from shared.domain.sync.state import SyncStatus
from shared.edge.composition.container import AutowiredContainer
from shared.errors import ConnectRefusedError
from shared.ports.connections import ConnectionQuery, Connections, GoogleUsers, Grants, Mailboxes
from shared.ports.events import Outbox
from shared.ports.google.oauth import GoogleOAuth, Identity
from shared.ports.queue import Queue
from shared.ports.store import Store
from shared.ports.sync_store import SyncStates
from shared.usecases.connect.disconnect import Disconnect
from shared.usecases.connect.tokens.access_tokens import AccessTokens
from shared.usecases.mailboxes import MailboxDirectory
from shared.usecases.membership import join_mailbox, join_user, leave
from tests.harness.connecting import ADA, PUBLIC, ConnectHarness, follow, google_answer, outcome
from tests.usecases.connect.interrupted import Bomb, Crash, Interrupted

SUB = GoogleSub("123")
KEY = first_mailbox_id(ADA)
ONE, TWO = ConnectionId("one"), ConnectionId("two")


@dataclass
class LeavingMeanwhile:
    """Google's OAuth, where the other connection's disconnect falls right after an exchange."""

    google: GoogleOAuth
    harness: ConnectHarness
    leaving: ConnectionId

    def __getattr__(self, name: str) -> Any:
        return getattr(self.google, name)

    async def verify_id_token(self, id_token: str, *, nonce: str) -> Identity:
        await self.harness.container.use(Disconnect)(self.leaving)
        return await self.google.verify_id_token(id_token, nonce=nonce)


async def test_a_revocation_between_exchange_and_join_is_found_out(harness: ConnectHarness) -> None:
    leaving = await harness.connect(ADA)
    instance = harness.instance()
    instance.bind(GoogleOAuth, LeavingMeanwhile(instance.use(GoogleOAuth), harness, leaving))
    browser = harness.browser(harness.serve(instance))
    opened = await harness.session_for(ADA)
    await harness.will_approve(ADA)
    page = await follow(browser, opened["connect_link"])
    assert outcome(page) == "closing"
    assert not await harness.container.use(Connections).find(ConnectionQuery())
    assert await harness.container.use(Mailboxes).get(KEY) is None
    await harness.will_approve(ADA)
    assert outcome(await follow(harness.browser(), opened["connect_link"])) == "connected"


async def test_joining_a_closing_user_waits_and_asks_for_consent_again(
    harness: ConnectHarness,
) -> None:
    users = harness.container.use(GoogleUsers)
    closing = await users.create(GoogleUser(SUB, frozenset({ONE}), closing=True))
    joining = asyncio.create_task(join_user(users, harness.clock, SUB, TWO))
    await asyncio.sleep(0)
    await users.delete(closing)
    harness.clock.advance(timedelta(seconds=1))
    with pytest.raises(ConnectRefusedError):
        await joining
    assert await users.get(SUB) is None


async def test_joining_a_closing_mailbox_waits_and_then_joins(harness: ConnectHarness) -> None:
    boxes = harness.container.use(Mailboxes)
    closing = await boxes.create(Mailbox(KEY, frozenset({ONE}), closing=True))
    directory = harness.container.use(MailboxDirectory)
    identity = Identity(SUB, ADA, email_verified=True)
    joining = asyncio.create_task(join_mailbox(directory, harness.clock, KEY, identity, TWO))
    await asyncio.sleep(0)
    await boxes.delete(closing)
    harness.clock.advance(timedelta(seconds=1))
    await joining
    joined = await boxes.get(KEY)
    assert joined is not None
    assert joined.value.connections == {TWO}


async def test_a_close_that_never_ends_refuses_the_connect(harness: ConnectHarness) -> None:
    users = harness.container.use(GoogleUsers)
    await users.create(GoogleUser(SUB, frozenset({ONE}), closing=True))
    joining = asyncio.create_task(join_user(users, harness.clock, SUB, TWO))
    await asyncio.sleep(0)
    harness.clock.advance(timedelta(seconds=11))
    with pytest.raises(ConnectRefusedError):
        await joining


async def test_many_joining_and_leaving_at_once_lose_nobody(harness: ConnectHarness) -> None:
    users = harness.container.use(GoogleUsers)
    ids = [ConnectionId(f"c{n}") for n in range(10)]
    await asyncio.gather(*(join_user(users, harness.clock, SUB, id) for id in ids))
    await asyncio.gather(*(leave(users, SUB, id) for id in ids[:-1]))
    found = await users.get(SUB)
    assert found is not None
    assert found.value.connections == {ids[-1]}
    assert not found.value.closing
    last = await leave(users, SUB, ids[-1])
    again = await leave(users, SUB, ids[-1])
    assert last is not None
    assert last == again
    assert last.value.closing


async def test_a_reconnect_that_meets_a_finished_disconnect_makes_nothing(
    harness: ConnectHarness,
) -> None:
    id = await harness.connect(ADA)
    other = await harness.connect(ADA)
    opened = await harness.reconnect_session(id)
    await harness.will_approve(ADA)
    browser = harness.browser()
    answer = await google_answer(browser, f"{PUBLIC}/oauth/start?session_token={opened['token']}")
    await harness.container.use(Disconnect)(id)
    assert outcome(await browser.get(answer)) == "disconnecting"
    assert await harness.container.use(Connections).get(id) is None
    assert await harness.container.use(Grants).get(id) is None
    mailbox = await harness.container.use(Mailboxes).get(KEY)
    assert mailbox is not None
    assert mailbox.value.connections == {other}


def dying(harness: ConnectHarness, bomb: Bomb) -> AutowiredContainer:
    """Return an instance whose store, queue and Google die at the bomb's call."""
    instance = harness.instance()
    store = instance.use(Store)
    ports: dict[str, Any] = {
        one.name: Interrupted(getattr(store, one.name), one.name, bomb)
        for one in fields(store)
        if one.name != "close"
    }
    instance.bind(Store, replace(store, **ports))
    instance.bind(GoogleOAuth, Interrupted(instance.use(GoogleOAuth), "oauth", bomb))
    instance.bind(Queue, Interrupted(instance.use(Queue), "queue", bomb))
    return instance


async def one_working_connection(harness: ConnectHarness) -> None:
    (connection,) = await harness.container.use(Connections).find(ConnectionQuery())
    assert (connection.status, connection.error) == (ConnectionStatus.ACTIVE, None)
    user = await harness.container.use(GoogleUsers).get(connection.sub)
    mailbox = await harness.container.use(Mailboxes).get(KEY)
    state = await harness.container.use(SyncStates).get(connection.id)
    assert user is not None
    assert mailbox is not None
    assert state is not None
    assert user.value.connections == mailbox.value.connections == {connection.id}
    assert state.value.status is SyncStatus.RUNNING
    assert state.value.next_due_at is not None
    assert await harness.container.use(AccessTokens)(connection.id)
    events = await harness.container.use(Outbox).list(
        state=None, connection_id=connection.id, limit=9
    )
    assert [one.payload["operation"] for one in events] == ["creation"]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_killed_at_any_call_the_second_try_makes_the_one_connection(
    tmp_path: Path, after: bool
) -> None:
    """The calls are counted, not listed: a new one cannot be forgotten."""
    for number in count(1):
        (tmp_path / f"{number}").mkdir()
        harness = ConnectHarness(tmp_path / f"{number}")
        await harness.mailbox(ADA)
        opened = await harness.session_for(ADA)
        await harness.will_approve(ADA)
        bomb = Bomb(number, after)
        browser = harness.browser(harness.serve(dying(harness, bomb)))
        try:
            await follow(browser, opened["connect_link"])
        except Crash:
            if (await harness.look(opened["token"]))["status"] != "connected":
                await harness.will_approve(ADA)
                await follow(harness.browser(), opened["connect_link"])
            await one_working_connection(harness)
            await harness.close()
        else:
            await harness.close()
            break
    assert number > 20
