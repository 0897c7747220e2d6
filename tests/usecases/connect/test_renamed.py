"""One Google account is one mailbox, under whichever address it is connected (FACTS 18.11)."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from shared.domain.connect.connection import Connection, ConnectionStatus
from shared.domain.ids import ConnectionId
from shared.domain.sync.mailbox import Mailbox, address_name, sub_name
from shared.ports.connections import Connections, Mailboxes, MailboxNames
from shared.ports.documents import update
from shared.ports.events import Outbox
from shared.usecases.connect.disconnect import AcceptDisconnect, Disconnect
from shared.usecases.follow_address import FollowAddress
from shared.usecases.mailboxes import MailboxDirectory
from tests.harness.connecting import ADA, ConnectHarness, follow, outcome
from tests.usecases.connect.test_import import elsewhere, imported

NEW = "ada.lovelace@demo.example"


async def rename(harness: ConnectHarness, email: str = ADA, to: str = NEW) -> None:
    answer = await harness.control.post(f"/mailboxes/{email}/rename", json={"to": to})
    answer.raise_for_status()


async def connection(harness: ConnectHarness, id: str) -> Connection:
    found = await harness.container.use(Connections).get(id)
    assert found is not None
    return found.value


async def mailbox(harness: ConnectHarness, email: str) -> Mailbox:
    found = await harness.container.use(MailboxDirectory).by_address(email)
    assert found is not None
    return found.value


async def changes(harness: ConnectHarness, id: ConnectionId) -> Sequence[tuple[str, str]]:
    found = await harness.container.use(Outbox).list(state=None, connection_id=id, limit=20)
    told = [one.payload for one in found if one.type == "connection"]
    return [(one["formerEmail"], one["email"]) for one in told]


async def reconnect(harness: ConnectHarness, id: str, email: str) -> str:
    opened = await harness.reconnect_session(id)
    await harness.will_approve(email)
    return outcome(await follow(harness.browser(), opened["connect_link"]))


async def lose(harness: ConnectHarness, id: str) -> None:
    """Let the connection wait to be connected again."""

    def lost(was: Connection) -> Connection:
        return replace(was, status=ConnectionStatus.REAUTH_REQUIRED, error="revoked")

    await update(harness.container.use(Connections), id, lost)


async def test_the_same_account_under_a_new_address_finds_the_same_mailbox(
    harness: ConnectHarness,
) -> None:
    """Its other connections learn the address, and the product is told."""
    first = await harness.connect(ADA)
    await rename(harness)
    second = await harness.connect(NEW)
    assert first != second
    box = await mailbox(harness, NEW)
    assert box.connections == {first, second}
    assert box.key == (await mailbox(harness, ADA)).key
    assert (await connection(harness, first)).email == NEW
    assert await changes(harness, first) == [(ADA, NEW)]
    assert await changes(harness, second) == []


async def test_a_reconnect_under_the_new_address_keeps_connection_and_mailbox(
    harness: ConnectHarness,
) -> None:
    id = await harness.connect(ADA)
    before = (await connection(harness, id)).mailbox_id
    await rename(harness)
    assert await reconnect(harness, id, NEW) == "connected"
    now = await connection(harness, id)
    assert (now.email, now.mailbox_id) == (NEW, before)
    assert (await mailbox(harness, NEW)).connections == {id}
    assert await changes(harness, id) == [(ADA, NEW)]


async def test_who_takes_the_former_address_gets_a_mailbox_of_their_own(
    harness: ConnectHarness,
) -> None:
    first = await harness.connect(ADA)
    await rename(harness)
    second = await harness.connect(ADA)
    assert (await mailbox(harness, ADA)).connections == {second}
    assert await reconnect(harness, first, NEW) == "connected"
    assert (await mailbox(harness, NEW)).connections == {first}
    assert (await mailbox(harness, ADA)).connections == {second}
    assert await changes(harness, second) == []


@pytest.mark.parametrize("renamed", [False, True])
async def test_the_last_to_leave_takes_every_name_along(
    harness: ConnectHarness, renamed: bool
) -> None:
    id = await harness.connect(ADA)
    if renamed:
        await rename(harness)
        await reconnect(harness, id, NEW)
    box = await mailbox(harness, ADA)
    assert box.sub is not None
    assert box.addresses is not None
    await harness.container.use(AcceptDisconnect)(id)
    await harness.container.use(Disconnect)(id)
    names = harness.container.use(MailboxNames)
    assert await harness.container.use(Mailboxes).get(box.key) is None
    for name in (*map(address_name, box.addresses), sub_name(box.sub)):
        assert await names.get(name) is None


async def test_an_account_that_never_told_its_sub_is_followed_by_its_mailbox(
    harness: ConnectHarness,
) -> None:
    """Imported without `openid email`, renamed, noticed by a renewal, then consented to anew."""
    await harness.mailbox(ADA)
    token = await elsewhere(harness, ADA, "gmail.modify")
    assert (await imported(harness, token, connection_id="c")).status_code == 201
    await rename(harness)
    assert await reconnect(harness, "c", NEW) != "connected"
    box = await mailbox(harness, ADA)
    await harness.container.use(FollowAddress)(box, NEW, None)
    assert await reconnect(harness, "c", NEW) == "connected"
    now = await connection(harness, "c")
    assert (now.email, now.sub.isdecimal()) == (NEW, True)


async def test_a_second_connect_after_the_grant_was_lost_reconnects(
    harness: ConnectHarness,
) -> None:
    """Also where the first was imported without a `sub`: the mailbox is known."""
    await harness.mailbox(ADA)
    token = await elsewhere(harness, ADA, "gmail.modify")
    body = {"tags": {"end_user_id": "ada", "end_user_email": ADA}}
    assert (await imported(harness, token, connection_id="c", **body)).status_code == 201
    await lose(harness, "c")
    assert await harness.connect(ADA) == "c"
    now = await connection(harness, "c")
    assert (now.status, now.error) == (ConnectionStatus.ACTIVE, None)
