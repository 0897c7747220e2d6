"""A send for later goes out once at its hour, or never where it was called off."""

from datetime import timedelta

import pytest

from shared.domain.send.entry import SendState
from shared.errors import NotFoundError, SendUnderWayError, TooLargeError
from tests.usecases.send.office import CONNECTION, HELLO, Office
from tests.usecases.send.test_unclear import BIG


def at(office: Office, **when: float) -> str:
    return (office.clock.now() + timedelta(**when)).isoformat()


async def test_it_waits_for_its_hour_and_goes_out_once(office: Office) -> None:
    send_at = at(office, days=29)
    first = await office.send(**HELLO, send_at=send_at)
    assert (first.entry.state, office.inbox()) == (SendState.ACCEPTED, [])
    assert first.entry.request != b""
    office.advance(timedelta(days=28))
    assert await office.finish_send(first.entry.id) is None
    assert await office.finish_due() == 0
    replay = await office.send(**HELLO, send_at=send_at)
    assert (replay.entry.state, replay.replayed) == (SendState.ACCEPTED, True)
    office.advance(timedelta(days=1, seconds=1))
    assert await office.finish_due() == 1
    assert (await office.entry()).state is SendState.SUBMITTED
    assert len(office.inbox()) == 1
    again = await office.send(**HELLO, send_at=send_at)
    assert (again.entry.state, again.replayed) == (SendState.SUBMITTED, True)


async def test_its_date_is_that_of_the_hour_it_goes_out(office: Office) -> None:
    await office.send(**HELLO, send_at=at(office, days=2))
    office.advance(timedelta(days=2, seconds=1))
    await office.finish_due()
    date = office.read(office.inbox()[0]).header("Date")
    assert date == office.clock.now().strftime("%a, %d %b %Y %H:%M:%S +0000")[: len(date)] or (
        date[:16] == office.clock.now().strftime("%a, %d %b %Y")[:16]
    )


async def test_a_task_is_left_for_its_hour(office: Office) -> None:
    first = await office.send(**HELLO, send_at=at(office, hours=3))
    (task,) = office.queue.tasks
    assert (task.path, task.body) == ("/tasks/send", {"id": first.entry.id})
    assert task.not_before == first.entry.send_at


async def test_it_can_be_called_off_until_then(office: Office) -> None:
    await office.send(**HELLO, send_at=at(office, hours=1))
    cancelled = await office.cancel_send(CONNECTION, "k1")
    assert (cancelled.state, cancelled.request) == (SendState.CANCELLED, b"")
    assert await office.cancel_send(CONNECTION, "k1") == cancelled
    office.advance(timedelta(hours=2))
    assert await office.finish_due() == 0
    assert office.inbox() == []


async def test_what_has_begun_cannot_be_called_off(office: Office) -> None:
    await office.send("done")
    office.fault("drop_request", "drafts.send")
    await office.send("perhaps")
    for key in ("done", "perhaps"):
        with pytest.raises(SendUnderWayError):
            await office.cancel_send(CONNECTION, key)
    with pytest.raises(NotFoundError):
        await office.cancel_send(CONNECTION, "nobody")


async def test_what_waits_for_gmail_can_still_be_called_off(office: Office) -> None:
    office.fault("status_429", "drafts.create")
    await office.send()
    assert (await office.cancel_send(CONNECTION, "k1")).state is SendState.CANCELLED
    office.advance(timedelta(days=1))
    await office.finish_due()
    assert office.inbox() == []


@pytest.mark.parametrize("method", ["drafts.create", "drafts.send"])
@pytest.mark.parametrize("name", ["mail_not_enabled", "gmail_api_disabled", "precondition"])
async def test_trouble_that_is_not_the_sends_does_not_end_it(
    office: Office, name: str, method: str
) -> None:
    office.fault(name, method, times=2)
    assert not (await office.send(**HELLO)).entry.state.final
    for _ in range(3):
        office.advance(timedelta(minutes=15))
        await office.finish_due()
    assert (await office.entry()).state is SendState.SUBMITTED
    assert len(office.inbox()) == 1


async def test_what_cannot_be_kept_cannot_wait(office: Office) -> None:
    with pytest.raises(TooLargeError):
        await office.send(**BIG, send_at=at(office, hours=1))


async def test_a_message_whose_parent_is_gone_by_then_is_failed_and_told(office: Office) -> None:
    first = await office.send("k0", **HELLO)
    parent = first.entry.message_id
    await office.send(reply_to_message_id=parent, body="Later.", send_at=at(office, hours=1))
    store = office.google.store
    message = store.message("ada@acme.example", int(parent or "", 16))
    assert message is not None
    with store.writing() as writer:
        writer.delete(store.mailbox("ada@acme.example"), [message])
    office.advance(timedelta(hours=1, seconds=1))
    await office.finish_due()
    entry = await office.entry()
    assert (entry.state, entry.error) == (SendState.FAILED, "unknown_message")
    assert [one["operation"] for one in await office.events()] == ["submitted", "failed"]
