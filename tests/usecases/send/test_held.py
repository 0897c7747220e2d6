"""A send that meets trouble not its own is held: it goes out once, ends or is called off."""

from datetime import timedelta
from typing import Any

import pytest

from shared.domain.google.refusals import Concern
from shared.domain.send.entry import HELD_AT_MOST, SendState
from shared.errors import SendUnderWayError
from shared.usecases.send.held import WakeHeld
from tests.harness.google import ADA
from tests.harness.sending import BOB, CONNECTION, HELLO, MINUTE, SendHarness, mail

CLOSED = {
    "mail_not_enabled": Concern.MAILBOX,
    "domain_policy": Concern.MAILBOX,
    "api_disabled": Concern.DEPLOYMENT,
    "precondition": Concern.PASSING,
    "status_503": Concern.PASSING,
    "status_500": Concern.PASSING,
}


def wake(harness: SendHarness) -> WakeHeld:
    return WakeHeld(harness.store.sends, harness.queue, harness.clock)


def refused(harness: SendHarness) -> int:
    """Return how many calls Gmail has refused so far."""
    methods = harness.google.stats.as_json()["methods"]
    return sum(tally["refused"] for tally in methods.values())


@pytest.mark.parametrize("method", ["drafts.create", "drafts.send"])
@pytest.mark.parametrize("fault", CLOSED)
async def test_trouble_of_another_holds_the_send_until_it_is_over(
    harness: SendHarness, fault: str, method: str
) -> None:
    """It is tried every minute, so that it is out within one of the trouble's end."""
    harness.fault(fault, method, times=None)
    entry = (await harness.send()).entry
    if (fault, method) not in {("status_503", "drafts.send"), ("status_500", "drafts.send")}:
        assert entry.state is SendState.HELD  # after an unclear drafts.send it is `submitting`
        assert entry.hold is not None
        assert entry.hold.concern is CLOSED[fault]
    for _ in range(30):
        harness.advance(MINUTE)
        await harness.finish_due()
    assert not (await harness.entry()).state.final
    assert harness.inbox() == []
    harness.google.faults.clear()
    harness.advance(SETTLED)
    await harness.finish_due()
    assert (await harness.entry()).state is SendState.SUBMITTED
    assert len(harness.inbox()) == 1


HOUR = timedelta(hours=1)
SETTLED = timedelta(seconds=76)
"""A minute, and what an unclear request may still take."""


async def wait_held(harness: SendHarness, duration: timedelta) -> None:
    """Let nearly that much time pass, an hour at a time: the send ends in none of them."""
    for _ in range(duration // HOUR - 1):
        harness.advance(HOUR)
        await harness.finish_due()
        assert not (await harness.entry()).state.final


@pytest.mark.parametrize("fault", ["mail_not_enabled", "api_disabled", "status_503"])
async def test_it_is_held_for_a_day_and_then_expired(harness: SendHarness, fault: str) -> None:
    harness.fault(fault, "drafts.create", times=None)
    began = harness.clock.now()
    entry = (await harness.send()).entry
    assert entry.held_until == entry.created_at + HELD_AT_MOST
    await wait_held(harness, HELD_AT_MOST)
    settled = await harness.settle(rounds=200)
    assert (settled.state, settled.error) == (SendState.FAILED, "expired")
    assert HELD_AT_MOST <= harness.clock.now() - began < HELD_AT_MOST + MINUTE
    (event,) = await harness.events()
    assert event["error"]["type"] == "expired"
    assert harness.inbox() == []


async def test_a_scheduled_send_is_held_from_its_hour(harness: SendHarness) -> None:
    later = harness.clock.now() + timedelta(hours=5)
    harness.fault("mail_not_enabled", times=None)
    entry = (await harness.send(**HELLO, send_at=later.isoformat())).entry
    assert entry.held_until == later + HELD_AT_MOST
    await wait_held(harness, timedelta(hours=5) + HELD_AT_MOST)
    await harness.settle(rounds=200)
    assert harness.clock.now() >= later + HELD_AT_MOST


@pytest.mark.parametrize("method", ["drafts.create", "drafts.send"])
async def test_a_held_send_can_be_called_off_and_never_goes_out(
    harness: SendHarness, method: str
) -> None:
    harness.fault("mail_not_enabled", method, times=None)
    await harness.send()
    cancelled = await harness.cancel_send(CONNECTION, "k1")
    assert cancelled.state is SendState.CANCELLED
    harness.google.faults.clear()
    harness.advance(timedelta(hours=1))
    await harness.finish_due()
    assert (await harness.entry()).state is SendState.CANCELLED
    assert harness.inbox() == []


async def test_what_may_be_out_is_not_held_and_cannot_be_called_off(harness: SendHarness) -> None:
    harness.fault("drop_response", "drafts.send")
    harness.fault("status_503", "threads.get", times=None)
    assert (await harness.send()).entry.state is SendState.SUBMITTING
    with pytest.raises(SendUnderWayError):
        await harness.cancel_send(CONNECTION, "k1")


async def test_a_message_that_cannot_be_composed_yet_is_held_too(harness: SendHarness) -> None:
    """Its parent cannot be read while the mailbox is closed; its key is taken all the same."""
    parent = harness.deliver(mail(Message_ID="<p@x>"))
    harness.fault("mail_not_enabled", times=None)
    fields: dict[str, Any] = {"reply_to_message_id": parent, "body": "Yes."}
    assert (await harness.send(**fields)).entry.state is SendState.HELD
    assert (await harness.send(**fields)).replayed
    harness.google.faults.clear()
    assert (await harness.settle()).state is SendState.SUBMITTED
    assert len(harness.inbox(BOB)) == 1


async def test_the_newest_asks_for_all_and_wakes_them_when_it_is_out(harness: SendHarness) -> None:
    """A closed mailbox is asked once a minute, however many sends wait for it."""
    harness.fault("mail_not_enabled", "drafts.create", times=None)
    for number in range(5):
        await harness.send(f"k{number}")
        harness.advance(timedelta(seconds=1))
    for _ in range(60):
        harness.advance(MINUTE)
        await harness.finish_due()
    before = refused(harness)
    for _ in range(10):
        harness.advance(MINUTE)
        await harness.finish_due()
    assert refused(harness) - before <= 10 + 5
    harness.google.faults.clear()
    for _ in range(3):
        harness.advance(timedelta(seconds=20))
        await harness.finish_due()
    assert len(harness.inbox()) == 5


async def test_a_wake_up_makes_due_what_is_held_and_nothing_else(harness: SendHarness) -> None:
    harness.fault("mail_not_enabled", "drafts.create", times=None)
    await harness.send("held")
    harness.google.faults.clear()
    harness.fault("status_429_long", "drafts.create")
    await harness.send("limited")
    assert await wake(harness)(CONNECTION) == 1
    await harness.finish_due()
    assert (await harness.entry("held")).state is SendState.SUBMITTED
    assert (await harness.entry("limited")).state is SendState.ACCEPTED
    assert await wake(harness)(CONNECTION) == 0
    assert harness.inbox(ADA, "SENT") != []
