"""A mailbox is found and kept whatever its address becomes (FACTS 18.11)."""

from collections.abc import Mapping
from typing import Any

import pytest

from shared.domain.connect.connection import Connection, ConnectionStatus
from shared.domain.ids import ConnectionId, GoogleSub, HistoryId, MailboxId, email_key
from shared.domain.sync.mailbox import RENEW_AFTER, Mailbox
from shared.usecases.sync.handle_push import UnknownMailbox
from shared.usecases.sync.watch.start import JITTER, Armed, NotArmed
from tests.harness.google import EMAIL
from tests.harness.syncing import CONNECTION, SyncHarness

NEW = "ada.lovelace@demo.example"
SUB, OTHER_SUB = GoogleSub("110169484474386276334"), GoogleSub("210169484474386276334")
BESIDE = ConnectionId("c-beside")
PERIOD = RENEW_AFTER + JITTER


async def connect(
    harness: SyncHarness,
    id: ConnectionId = CONNECTION,
    email: str = EMAIL,
    sub: GoogleSub = SUB,
    mailbox: MailboxId | None = None,
) -> None:
    """Store a connection, and its mailbox as an earlier release stored it."""
    now = harness.clock.now()
    await harness.store.connections.create(
        Connection(id, email, sub, frozenset(), ConnectionStatus.ACTIVE, now, now, mailbox=mailbox)
    )
    key = mailbox or MailboxId(email)
    await harness.store.mailboxes.create(Mailbox(key, frozenset({id}), renew_at=now))


def rename(harness: SyncHarness, to: str = NEW) -> None:
    harness.google.store.rename_mailbox(EMAIL, to)
    harness.google.grants.accounts.rename(EMAIL, to)
    harness.tokens.owners[CONNECTION] = to


async def renew(harness: SyncHarness) -> None:
    await harness.renewing()()
    harness.advance(PERIOD)


async def connection(harness: SyncHarness, id: ConnectionId = CONNECTION) -> Connection:
    found = await harness.store.connections.get(id)
    assert found is not None
    return found.value


async def leads_to(harness: SyncHarness, email: str) -> str | None:
    found = await harness.directory.by_address(email)
    return found.value.key if found else None


async def events(harness: SyncHarness, id: ConnectionId = CONNECTION) -> list[Mapping[str, Any]]:
    found = await harness.store.outbox.list(state=None, connection_id=id, limit=50)
    return [{**one.payload, "version": one.version} for one in found if one.type == "connection"]


async def test_a_renewal_notices_a_new_address_tells_of_it_once_and_push_lives_on(
    harness: SyncHarness,
) -> None:
    await connect(harness)
    await harness.settle()
    await renew(harness)
    assert await events(harness) == []
    rename(harness)
    await renew(harness)
    await renew(harness)
    told = await events(harness)
    assert [(one["operation"], one["formerEmail"], one["email"]) for one in told] == [
        ("address_changed", EMAIL, NEW)
    ]
    moved = await connection(harness)
    assert (moved.email, moved.mailbox_id) == (NEW, EMAIL)
    assert moved.version(0) < told[0]["version"]
    for address in (EMAIL, NEW):
        arrived = harness.google.store.deliver(NEW, b"Subject: x\r\n\r\nx")
        await harness.notifying()(address, HistoryId(arrived.history_id))
        assert arrived.id in await harness.stored()


async def test_each_further_rename_is_told_with_a_greater_version(harness: SyncHarness) -> None:
    await connect(harness)
    for former, to in ((EMAIL, NEW), (NEW, EMAIL)):
        harness.google.store.rename_mailbox(former, to)
        harness.google.grants.accounts.rename(former, to)
        harness.tokens.owners[CONNECTION] = to
        await renew(harness)
    told = sorted(await events(harness), key=lambda one: int(one["version"]))
    assert [one["email"] for one in told] == [NEW, EMAIL]
    assert told[0]["version"] < told[1]["version"]


async def test_a_revival_notices_it_too(harness: SyncHarness) -> None:
    await connect(harness)
    await renew(harness)
    rename(harness)
    assert isinstance(await harness.arming().restart(CONNECTION), Armed)
    assert (await connection(harness)).email == NEW
    assert await leads_to(harness, NEW) == EMAIL


async def test_a_renewal_that_broke_off_after_the_event_tells_no_second_time(
    harness: SyncHarness,
) -> None:
    await connect(harness)
    was = await harness.store.connections.get(CONNECTION)
    assert was is not None
    follow = harness.arming().follow
    await follow.tell(CONNECTION, NEW)
    now = await harness.store.connections.get(CONNECTION)
    assert now is not None
    await harness.store.connections.swap(now, was.value)
    await follow.tell(CONNECTION, NEW)
    assert len(await events(harness)) == 1
    assert (await connection(harness)).email == NEW


@pytest.mark.parametrize(
    ("stored", "announced"),
    [
        ("lovelace@gmail.com", "lovelace@googlemail.com"),
        ("lovelace@googlemail.com", "lovelace@gmail.com"),
        ("lovelace@googlemail.com", "Lovelace@GoogleMail.com"),
    ],
)
async def test_googlemail_and_gmail_are_one_mailbox(
    harness: SyncHarness, stored: str, announced: str
) -> None:
    """Also where an earlier release stored it, before and after its first renewal."""
    harness.google.store.create_mailbox(stored)
    harness.tokens.owners[CONNECTION] = stored
    await connect(harness, email=stored)
    assert await leads_to(harness, announced) == stored
    await renew(harness)
    assert await leads_to(harness, announced) == stored
    assert await events(harness) == []


async def test_other_domains_are_never_folded(harness: SyncHarness) -> None:
    await connect(harness, email="lovelace@gmail.com.example")
    assert await leads_to(harness, "lovelace@googlemail.com.example") is None
    outcome = await harness.notifying()("lovelace@googlemail.com.example", HistoryId(1))
    assert outcome == UnknownMailbox()


async def test_a_former_address_leads_to_whoever_takes_it(harness: SyncHarness) -> None:
    """A Workspace gives it to another person: their mail is no news of the renamed account."""
    await connect(harness)
    rename(harness)
    await renew(harness)
    harness.google.store.create_mailbox(EMAIL)
    harness.tokens.owners[BESIDE] = EMAIL
    id = await harness.directory.id_for(OTHER_SUB, EMAIL)
    assert id != EMAIL
    await connect(harness, BESIDE, sub=OTHER_SUB, mailbox=id)
    await renew(harness)
    assert await leads_to(harness, EMAIL) == id
    assert await leads_to(harness, NEW) == EMAIL
    assert await events(harness, BESIDE) == []
    assert await harness.directory.id_for(OTHER_SUB, EMAIL) == id
    assert await harness.directory.id_for(SUB, NEW) == EMAIL


async def test_two_mailboxes_of_one_account_become_one(harness: SyncHarness) -> None:
    """An account renamed before it was looked at, and connected again under the new address."""
    await connect(harness)
    rename(harness)
    harness.tokens.owners[BESIDE] = NEW
    await connect(harness, BESIDE, NEW)
    await harness.directory.claim(MailboxId(NEW), NEW, SUB)
    assert await harness.arming()(CONNECTION) == NotArmed("moved")
    moved = await connection(harness)
    assert (moved.email, moved.mailbox_id) == (NEW, NEW)
    kept = await harness.store.mailboxes.get(NEW)
    assert kept is not None
    assert kept.value.connections == {CONNECTION, BESIDE}
    assert await harness.store.mailboxes.get(EMAIL) is None
    assert len(await events(harness)) == 1


async def test_a_renewal_costs_one_unit_more_than_its_watch(harness: SyncHarness) -> None:
    await connect(harness)
    harness.google.stats.reset()
    await renew(harness)
    counted = harness.google.stats.as_json()["methods"]
    calls = {name.rpartition(".")[2]: it["calls"] for name, it in counted.items()}
    assert calls == {"getProfile": 1, "watch": 1}
    assert sum(it["units"] for it in counted.values()) == 101


async def test_a_mailbox_has_its_names_after_the_first_renewal(harness: SyncHarness) -> None:
    """So what an earlier release stored is found by its `sub` as well from then on."""
    await connect(harness)
    assert await harness.directory.of_account(SUB, NEW) is None
    await renew(harness)
    found = await harness.directory.of_account(SUB, NEW)
    assert found is not None
    assert (found.value.email, found.value.sub) == (EMAIL, SUB)
    assert found.value.addresses == frozenset({email_key(EMAIL)})
