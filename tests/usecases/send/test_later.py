"""A send for later goes out once at its hour, or never where it was called off."""

from datetime import timedelta

import pytest

from shared.domain.send.entry import SendState
from shared.errors import NotFoundError, SendUnderWayError, TooLargeError
from tests.harness.sending import CONNECTION, HELLO, SendHarness
from tests.usecases.send.test_unclear import BIG


def at(harness: SendHarness, **when: float) -> str:
    return (harness.clock.now() + timedelta(**when)).isoformat()


async def test_it_waits_for_its_hour_and_goes_out_once(harness: SendHarness) -> None:
    send_at = at(harness, days=29)
    first = await harness.send(**HELLO, send_at=send_at)
    assert (first.entry.state, harness.inbox()) == (SendState.ACCEPTED, [])
    assert first.entry.request != b""
    harness.advance(timedelta(days=28))
    assert await harness.finish_send(first.entry.id) is None
    assert await harness.finish_due() == 0
    replay = await harness.send(**HELLO, send_at=send_at)
    assert (replay.entry.state, replay.replayed) == (SendState.ACCEPTED, True)
    harness.advance(timedelta(days=1, seconds=1))
    assert await harness.finish_due() == 1
    assert (await harness.entry()).state is SendState.SUBMITTED
    assert len(harness.inbox()) == 1
    again = await harness.send(**HELLO, send_at=send_at)
    assert (again.entry.state, again.replayed) == (SendState.SUBMITTED, True)


async def test_its_date_is_that_of_the_hour_it_goes_out(harness: SendHarness) -> None:
    await harness.send(**HELLO, send_at=at(harness, days=2))
    harness.advance(timedelta(days=2, seconds=1))
    await harness.finish_due()
    date = harness.read(harness.inbox()[0]).header("Date")
    assert date == harness.clock.now().strftime("%a, %d %b %Y %H:%M:%S +0000")[: len(date)] or (
        date[:16] == harness.clock.now().strftime("%a, %d %b %Y")[:16]
    )


async def test_a_task_is_left_for_its_hour(harness: SendHarness) -> None:
    first = await harness.send(**HELLO, send_at=at(harness, hours=3))
    (task,) = harness.queue.tasks
    assert (task.path, task.body) == ("/tasks/send", {"id": first.entry.id})
    assert task.not_before == first.entry.send_at


async def test_it_can_be_called_off_until_then(harness: SendHarness) -> None:
    await harness.send(**HELLO, send_at=at(harness, hours=1))
    cancelled = await harness.cancel_send(CONNECTION, "k1")
    assert (cancelled.state, cancelled.request) == (SendState.CANCELLED, b"")
    assert await harness.cancel_send(CONNECTION, "k1") == cancelled
    harness.advance(timedelta(hours=2))
    assert await harness.finish_due() == 0
    assert harness.inbox() == []


async def test_what_has_begun_cannot_be_called_off(harness: SendHarness) -> None:
    await harness.send("done")
    harness.fault("drop_request", "drafts.send")
    await harness.send("perhaps")
    for key in ("done", "perhaps"):
        with pytest.raises(SendUnderWayError):
            await harness.cancel_send(CONNECTION, key)
    with pytest.raises(NotFoundError):
        await harness.cancel_send(CONNECTION, "nobody")


async def test_what_waits_for_gmail_can_still_be_called_off(harness: SendHarness) -> None:
    harness.fault("status_429", "drafts.create")
    await harness.send()
    assert (await harness.cancel_send(CONNECTION, "k1")).state is SendState.CANCELLED
    harness.advance(timedelta(days=1))
    await harness.finish_due()
    assert harness.inbox() == []


@pytest.mark.parametrize("method", ["drafts.create", "drafts.send"])
@pytest.mark.parametrize("name", ["mail_not_enabled", "api_disabled", "precondition"])
async def test_trouble_that_is_not_the_sends_does_not_end_it(
    harness: SendHarness, name: str, method: str
) -> None:
    harness.fault(name, method, times=2)
    assert not (await harness.send(**HELLO)).entry.state.final
    for _ in range(3):
        harness.advance(timedelta(minutes=15))
        await harness.finish_due()
    assert (await harness.entry()).state is SendState.SUBMITTED
    assert len(harness.inbox()) == 1


async def test_what_cannot_be_kept_cannot_wait(harness: SendHarness) -> None:
    with pytest.raises(TooLargeError):
        await harness.send(**BIG, send_at=at(harness, hours=1))


async def test_a_message_whose_parent_is_gone_by_then_is_failed_and_told(
    harness: SendHarness,
) -> None:
    first = await harness.send("k0", **HELLO)
    parent = first.entry.message_id
    await harness.send(reply_to_message_id=parent, body="Later.", send_at=at(harness, hours=1))
    store = harness.google.store
    message = store.message("ada@acme.example", int(parent or "", 16))
    assert message is not None
    with store.writing() as writer:
        writer.delete(store.mailbox("ada@acme.example"), [message])
    harness.advance(timedelta(hours=1, seconds=1))
    await harness.finish_due()
    entry = await harness.entry()
    assert (entry.state, entry.error) == (SendState.FAILED, "unknown_message")
    assert [one["operation"] for one in await harness.events()] == ["submitted", "failed"]
