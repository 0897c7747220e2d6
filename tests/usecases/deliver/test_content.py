"""What a receiver is sent of the messages themselves, and what it is not."""

import json
import sqlite3
from dataclasses import replace
from typing import Any

import pytest

from shared.domain.connect.connection import ConnectionStatus
from shared.domain.events.endpoint import Content
from shared.domain.events.event import Event, EventState, EventType
from shared.domain.ids import EventId, LabelId, SequenceNumber
from shared.domain.sync.records.content import MOST_MESSAGES
from shared.domain.sync.records.payload import make_payload
from shared.domain.sync.records.record import Record
from shared.domain.sync.state import SyncState
from shared.errors import InvalidRequestError
from shared.ports.sinks import SinkChoices
from shared.ports.sync_store import Batch
from tests.contracts import samples
from tests.harness.clock import START
from tests.harness.delivering import C1, HOOK, OTHER, DeliveryHarness, fails
from tests.harness.samples import a_record

WORDS = "The words of a mail"


def a_mail(number: int, text: str = WORDS) -> Record:
    id = f"{number:016x}"
    said = {"id": id, "threadId": id, "subject": f"Letter {number}", "text": text}
    sender = {"from": {"name": "Ann", "email": "ann@example.com"}, "snippet": "Words"}
    return replace(a_record(number), payload=make_payload({**said, **sender}).data)


async def store(harness: DeliveryHarness, *records: Record) -> None:
    """Commit records to the connection, which is made where it is not there."""
    store = harness.store
    if await store.connections.get(C1) is None:
        await store.connections.create(samples.connection(C1))
    was = await store.sync_states.get(C1) or await store.sync_states.create(SyncState(C1))
    last = max(record.head.sequence for record in records)
    now = replace(was.value, sequence=last)
    await store.sync_states.commit(was, now, Batch(put=records))


async def report(harness: DeliveryHarness, before: int, until: int) -> EventId:
    """Write the event of the records with those numbers."""
    payload = {"type": "sync", "cursorSequence": until, "sequenceBefore": before}
    id = EventId(f"evt_{before}_{until}")
    await harness.store.outbox.create(Event(id, C1, EventType.SYNC, payload, START, START))
    return id


def bodies(harness: DeliveryHarness, url: str = HOOK) -> list[dict[str, Any]]:
    return [json.loads(one.body) for one in harness.world.reached[url]]


def subjects(body: dict[str, Any]) -> list[str]:
    return [one["subject"] for one in body["messages"]]


async def test_each_receiver_gets_what_it_asked_for(harness: DeliveryHarness) -> None:
    urls = {Content.NONE: HOOK, Content.SUMMARY: OTHER, Content.FULL: "https://c.example.com/"}
    for content, url in urls.items():
        await harness.register(url, content=content)
    await store(harness, a_mail(1), a_mail(2), a_mail(3))
    await report(harness, 1, 2)
    await harness.work()
    none, summary, full = (bodies(harness, url)[0] for url in urls.values())
    assert {"messages", "messagesComplete", "sequenceBefore"}.isdisjoint(none)
    assert subjects(summary) == subjects(full) == ["Letter 2"]
    assert summary["messages"][0]["from"]["email"] == "ann@example.com"
    assert "text" not in summary["messages"][0]
    assert full["messages"][0]["text"] == WORDS
    assert full["messages"][0]["_nango_metadata"]["cursor"] == full["cursor"]
    assert summary["messagesComplete"] is full["messagesComplete"] is True


async def test_no_mail_is_stored_with_an_event_or_said_of_its_delivery(
    harness: DeliveryHarness, caplog: pytest.LogCaptureFixture
) -> None:
    await harness.register(content=Content.FULL)
    harness.world.answers[HOOK] = fails()
    await store(harness, a_mail(1))
    id = await report(harness, 0, 1)
    await harness.work()
    seen = await harness.store.operations.list(connection_id=C1, type=None, state=None, limit=9)
    for text in (str(await harness.event(id)), str(seen), caplog.text):
        assert WORDS not in text
        assert "Letter" not in text


async def test_more_messages_than_a_body_takes_are_cut_and_it_says_so(
    harness: DeliveryHarness,
) -> None:
    await harness.register(content=Content.SUMMARY)
    await store(harness, *(a_mail(number) for number in range(1, MOST_MESSAGES + 2)))
    await report(harness, 0, MOST_MESSAGES)
    await report(harness, 0, MOST_MESSAGES + 1)
    await harness.work()
    whole, cut = bodies(harness)
    assert (len(whole["messages"]), whole["messagesComplete"]) == (MOST_MESSAGES, True)
    assert (len(cut["messages"]), cut["messagesComplete"]) == (MOST_MESSAGES, False)


async def test_a_message_too_large_for_the_body_is_its_summary(
    harness: DeliveryHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    await harness.register(content=Content.FULL)
    large = "".join(f"{number:x}" for number in range(80_000))
    await store(harness, a_mail(1), a_mail(2, large), a_mail(3))
    await report(harness, 0, 3)
    await harness.work()
    (body,) = bodies(harness)
    small, cut, last = body["messages"]
    assert (small["text"], last["text"]) == (WORDS, WORDS)
    assert (cut["subject"], cut["body_truncated"], "text" in cut) == ("Letter 2", True, False)
    assert body["messagesComplete"] is True
    monkeypatch.setattr("shared.usecases.events.bodies.MOST_BYTES", 10)
    await report(harness, 1, 3)
    await harness.work()
    assert bodies(harness)[1]["messages"] == []
    assert bodies(harness)[1]["messagesComplete"] is False


async def test_what_was_erased_or_has_changed_since_is_not_sent_any_more(
    harness: DeliveryHarness,
) -> None:
    await harness.register(content=Content.FULL)
    await store(harness, a_mail(1), a_mail(2))
    await harness.store.records.prune(C1, SequenceNumber(1), 9, START)
    read = replace(a_mail(2).head, sequence=SequenceNumber(3), label_ids=frozenset[LabelId]())
    await store(harness, replace(a_mail(2), head=read))
    await report(harness, 0, 2)
    await harness.work()
    (body,) = bodies(harness)
    assert ["subject" in one for one in body["messages"]] == [False]
    found = await harness.store.connections.get(C1)
    assert found is not None
    ending = replace(found.value, status=ConnectionStatus.DISCONNECTING)
    await harness.store.connections.swap(found, ending)
    await report(harness, 2, 3)
    await harness.work()
    assert bodies(harness)[1]["messages"] == []


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE records SET origin = 'nowhere'",
        "UPDATE record_payloads SET payload = x'01'",
        "UPDATE record_payloads SET payload = substr(payload, 1, 40)",
        "UPDATE record_payloads SET payload = x'789c'",
    ],
)
async def test_mail_that_cannot_be_read_does_not_hold_up_the_news(
    harness: DeliveryHarness, damage: str
) -> None:
    await harness.register(content=Content.FULL)
    await store(harness, a_mail(1))
    id = await report(harness, 0, 1)
    with sqlite3.connect(harness.folder / "events.sqlite") as database:
        database.execute(damage)
    await harness.work()
    assert (await harness.event(id)).state is EventState.DELIVERED
    (body,) = bodies(harness)
    assert (body["messages"], body["messagesComplete"]) == ([], False)


async def test_a_topic_or_queue_takes_no_messages(harness: DeliveryHarness) -> None:
    sink = "pubsub:projects/p/topics/t"
    harness.endpoints = replace(harness.endpoints, sinks=SinkChoices(frozenset({sink})))
    with pytest.raises(InvalidRequestError, match="not erased"):
        await harness.register(sink, content=Content.FULL)
    id = await harness.register(sink)
    with pytest.raises(InvalidRequestError, match="not erased"):
        await harness.endpoints.change(id, {"content": Content.SUMMARY})
    assert Content.NONE is (await harness.endpoints.find(id)).value.content
