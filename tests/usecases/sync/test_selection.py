"""A connection that keeps only some labels or senders: deltas obey it as backfills do."""

from base64 import b64encode

import pytest

from shared.domain.ids import MessageId
from shared.domain.sync.records.payload import unpack
from shared.domain.sync.records.record import EndReason
from shared.domain.sync.selection import selection
from shared.domain.sync.state import SECOND_LOOK_AFTER
from shared.usecases.connect.update_connection import ChangeSelection
from shared.usecases.sync.control import ControlSync
from tests.harness.google import EMAIL
from tests.harness.syncing import CONNECTION, SyncHarness

GETS = ("messages.get", "threads.get")


async def select(
    harness: SyncHarness,
    *,
    labels: tuple[str, ...] = (),
    senders: tuple[str, ...] = (),
    exclude: tuple[str, ...] = (),
    headers: tuple[str, ...] = (),
):
    control = ControlSync(harness.store.sync_states, harness.queue, harness.clock)
    change = ChangeSelection(harness.store.sync_states, control)
    await change(CONNECTION, selection(labels, senders, exclude, headers))


def selected(harness: SyncHarness, *labels: str) -> dict[str, frozenset[str]]:
    return {id: under for id, under in harness.mailbox().items() if under & set(labels)}


def deliver_from(harness: SyncHarness, sender: str) -> str:
    raw = f"From: {sender}\r\nTo: {EMAIL}\r\nSubject: Hi\r\n\r\nHello.".encode()
    return harness.google.store.deliver(EMAIL, raw, internal_date=harness.clock.now()).id


def kept(harness: SyncHarness, *excluded: str) -> dict[str, frozenset[str]]:
    return {id: under for id, under in harness.mailbox().items() if not under & set(excluded)}


def gets(harness: SyncHarness) -> int:
    methods = harness.google.stats.as_json()["methods"]
    return sum(methods.get(f"gmail.users.{name}", {"calls": 0})["calls"] for name in GETS)


async def draft(harness: SyncHarness) -> str:
    raw = b64encode(f"To: bo@home.example\r\nSubject: {EMAIL}\r\n\r\nHm.".encode()).decode()
    made = await harness.gmail("POST", "/drafts", {"message": {"raw": raw}})
    return str(made["id"])


async def star(harness: SyncHarness, id: str) -> None:
    await harness.gmail("POST", f"/messages/{id}/modify", {"addLabelIds": ["STARRED"]})


async def unstar(harness: SyncHarness, id: str) -> None:
    await harness.gmail("POST", f"/messages/{id}/modify", {"removeLabelIds": ["STARRED"]})


async def test_a_backfill_keeps_what_is_selected_by_label(harness: SyncHarness) -> None:
    ids = [harness.deliver(f"Mail {n}") for n in range(8)]
    for id in ids[:3]:
        await star(harness, id)
    await harness.gmail("POST", f"/messages/{ids[5]}/trash")
    await select(harness, labels=("STARRED", "TRASH"))
    await harness.settle()
    assert await harness.stored() == selected(harness, "STARRED", "TRASH")
    assert len(await harness.stored()) == 4


async def test_a_label_that_comes_and_goes_brings_and_takes_the_record(
    harness: SyncHarness,
) -> None:
    await select(harness, labels=("STARRED",))
    id = harness.deliver("Plain")
    await harness.settle()
    assert await harness.stored() == {}
    await star(harness, id)
    await harness.push()
    assert await harness.stored() == selected(harness, "STARRED")
    await unstar(harness, id)
    await harness.push()
    assert await harness.stored() == {}
    assert not (await harness.heads())[id].live
    await star(harness, id)
    await harness.push()
    assert set(await harness.stored()) == {id}


async def test_narrowing_and_widening_by_label_end_at_the_selection(harness: SyncHarness) -> None:
    ids = [harness.deliver(f"Mail {n}") for n in range(6)]
    await star(harness, ids[0])
    await harness.settle()
    await select(harness, labels=("STARRED",))
    await harness.settle()
    assert await harness.stored() == selected(harness, "STARRED")
    await select(harness)
    await harness.settle()
    assert await harness.stored() == harness.mailbox()


async def test_a_selection_by_sender_holds_for_backfill_and_delta(harness: SyncHarness) -> None:
    kept = [
        deliver_from(harness, "Ann <ann@shop.example>"),
        deliver_from(harness, "bo@home.example"),
    ]
    deliver_from(harness, "stranger@far.example")
    await select(harness, senders=("@shop.example", "BO@home.example"))
    await harness.settle()
    assert sorted(await harness.stored()) == sorted(kept)
    kept.append(deliver_from(harness, "zoe@shop.example"))
    deliver_from(harness, "stranger@far.example")
    await harness.push()
    assert sorted(await harness.stored()) == sorted(kept)


async def test_an_expired_history_is_recovered_within_the_selection(harness: SyncHarness) -> None:
    ids = [harness.deliver(f"Mail {n}") for n in range(6)]
    await star(harness, ids[0])
    await select(harness, labels=("STARRED",))
    await harness.settle()
    await unstar(harness, ids[0])
    await star(harness, ids[1])
    harness.google.store.expire_history(EMAIL)
    harness.deliver("Trigger")
    await harness.push()
    await harness.settle()
    assert await harness.stored() == selected(harness, "STARRED")


async def test_a_backfill_leaves_out_what_is_excluded_without_reading_it(
    harness: SyncHarness,
) -> None:
    ids = [harness.deliver(f"Mail {n}") for n in range(6)]
    await harness.gmail("POST", f"/messages/{ids[0]}/trash")
    await draft(harness)
    await select(harness, exclude=("DRAFT", "TRASH", "Label_none"))
    before = gets(harness)
    await harness.settle()
    assert await harness.stored() == kept(harness, "DRAFT", "TRASH")
    assert gets(harness) - before == 5


async def test_excluded_drafts_cost_no_read_and_make_no_record(harness: SyncHarness) -> None:
    await select(harness, exclude=("DRAFT",))
    await harness.settle()
    first, before = await draft(harness), gets(harness)
    await harness.push()
    await draft(harness)
    await harness.push()
    assert gets(harness) == before
    assert await harness.heads() == {}
    await harness.gmail("POST", "/drafts/send", {"id": first})
    await harness.push()
    assert [sorted(under) for under in (await harness.stored()).values()] == [["SENT"]]


async def test_a_draft_that_is_sent_within_moments_is_never_asked_for(harness: SyncHarness) -> None:
    await harness.settle()
    made, before = await draft(harness), gets(harness)
    await harness.push()
    await harness.gmail("POST", "/drafts/send", {"id": made})
    await harness.settle()
    assert await harness.stored() == harness.mailbox()
    assert gets(harness) - before == 1


async def test_a_draft_that_stays_is_stored_by_the_second_look(harness: SyncHarness) -> None:
    await harness.settle()
    await draft(harness)
    await harness.push()
    harness.advance(SECOND_LOOK_AFTER)
    await harness.run()
    assert await harness.stored() == harness.mailbox()


async def test_an_excluded_label_takes_the_record_and_brings_it_back(harness: SyncHarness) -> None:
    await select(harness, exclude=("TRASH",))
    id = harness.deliver("Plain")
    await harness.settle()
    await harness.gmail("POST", f"/messages/{id}/trash")
    await harness.push()
    assert (await harness.heads())[id].reason is EndReason.LEFT_SELECTION
    await harness.gmail("POST", f"/messages/{id}/untrash")
    await harness.push()
    assert await harness.stored() == harness.mailbox()


@pytest.mark.parametrize("expired", [True, False], ids=["recovery", "audit"])
async def test_a_comparison_misses_nothing_that_is_excluded(
    harness: SyncHarness, expired: bool
) -> None:
    ids = [harness.deliver(f"Mail {n}") for n in range(4)]
    await harness.settle()
    await star(harness, ids[0])
    await select(harness, exclude=("STARRED",))
    await harness.settle()
    assert await harness.stored() == kept(harness, "STARRED")
    await unstar(harness, ids[0])
    await star(harness, ids[1])
    if expired:
        harness.google.store.expire_history(EMAIL)
        harness.deliver("Trigger")
    await harness.push()
    await ControlSync(harness.store.sync_states, harness.queue, harness.clock).audit(CONNECTION)
    await harness.settle()
    assert await harness.stored() == kept(harness, "STARRED")
    audit = (await harness.state()).audit
    assert audit is not None
    assert (audit.missing, audit.listed) == (0, len(kept(harness, "STARRED")))


def deliver_ticket(harness: SyncHarness, number: int) -> str:
    raw = f"From: a@home.example\r\nX-Ticket-Id: T{number}\r\nX-Other: o\r\n\r\nHello.".encode()
    return harness.google.store.deliver(EMAIL, raw, internal_date=harness.clock.now()).id


async def headers_of(harness: SyncHarness, id: str) -> dict[str, str]:
    record = await harness.store.records.get(CONNECTION, MessageId(id))
    assert record is not None
    return dict(unpack(record.payload)["headers"])


async def test_headers_of_ones_own_choice_are_kept_in_old_and_new_records(
    harness: SyncHarness,
) -> None:
    old = deliver_ticket(harness, 1)
    await harness.settle()
    assert "x-ticket-id" not in await headers_of(harness, old)
    await select(harness, headers=("X-Ticket-Id",))
    await harness.settle()
    new = deliver_ticket(harness, 2)
    await harness.push()
    for id, ticket in ((old, "T1"), (new, "T2")):
        kept = await headers_of(harness, id)
        assert kept["x-ticket-id"] == ticket
        assert "x-other" not in kept
