"""What an answer that never came meant is read from the mailbox, never guessed (DESIGN 6.2)."""

from base64 import b64encode
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from shared.domain.connect.connection import ConnectionStatus
from shared.domain.connect.scopes import SEND
from shared.domain.google.observations import Kinds, Sightings
from shared.domain.send.entry import SendState
from shared.errors import IdempotencyInProgressError, RepeatNeededError
from shared.usecases.send.protocol import SETTLING
from shared.usecases.send.resume_send import FinishSend
from shared.usecases.send.send_email import SendEmail
from tests.harness.google import ADA
from tests.harness.sending import (
    CONNECTION,
    HELLO,
    SendHarness,
    Wrap,
    request,
    send_harness,
    unwrapped,
    with_status,
)

NOISE = b64encode(Random(7).randbytes(700_000)).decode()
BIG: dict[str, Any] = {**HELLO, "attachments": [{"filename": "a", "content_base64": NOISE}]}
"""Too large to be kept: only the caller can bring it again."""


async def test_a_lost_answer_to_the_draft_is_found_by_its_marker(harness: SendHarness) -> None:
    harness.fault("drop_response", "drafts.create")
    sending = await harness.send()
    assert sending.entry.state is SendState.SUBMITTED
    assert harness.calls()["drafts.create"] == 1
    assert len(harness.inbox()) == 1


async def test_a_draft_that_never_arrived_is_made_again_later(harness: SendHarness) -> None:
    harness.fault("drop_request", "drafts.create")
    assert (await harness.send()).entry.state is SendState.HELD
    assert (await harness.settle()).state is SendState.SUBMITTED
    assert harness.calls()["drafts.create"] == 1
    assert len(harness.inbox()) == 1


async def test_a_lost_answer_to_the_send_is_found_in_the_thread_at_once(
    harness: SendHarness,
) -> None:
    harness.fault("drop_response", "drafts.send")
    sending = await harness.send()
    assert sending.entry.state is SendState.SUBMITTED
    assert [sending.entry.message_id] == harness.inbox(ADA, "SENT")
    assert harness.calls()["drafts.send"] == 1


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [(None, "answered"), ("drop_response", "found"), ("drop_request", "sent.again")],
)
async def test_what_became_of_an_answer_is_counted(
    harness: SendHarness, fault: str | None, outcome: str
) -> None:
    seen = Sightings()
    if fault is not None:
        harness.fault(fault, "drafts.send")
    sending = await SendEmail(**harness.parts(), sightings=seen)(CONNECTION, request(**HELLO), "k1")
    while not sending.entry.state.final:
        harness.clock.advance(SETTLING)
        entry = await FinishSend(**harness.parts(), sightings=seen)(sending.entry.id)
        assert entry is not None
        sending = replace(sending, entry=entry)
    assert list(seen.kinds[Kinds.SENDS]) == [outcome]


async def test_a_draft_that_is_still_there_is_sent_again_only_when_the_request_is_over(
    harness: SendHarness,
) -> None:
    harness.fault("drop_request", "drafts.send")
    entry = (await harness.send()).entry
    assert (entry.state, len(harness.inbox())) == (SendState.SUBMITTING, 0)
    assert entry.next_due_at is not None
    assert entry.next_due_at - harness.clock.now() > SETTLING - timedelta(seconds=5)
    again = await harness.send()
    assert (again.entry.state, again.replayed) == (SendState.SUBMITTING, True)
    assert "drafts.send" not in harness.calls()
    assert (await harness.settle()).state is SendState.SUBMITTED
    assert (harness.calls()["drafts.send"], len(harness.inbox())) == (1, 1)


async def test_a_draft_edited_after_an_unclear_send_is_never_sent(harness: SendHarness) -> None:
    harness.fault("drop_request", "drafts.send")
    entry = (await harness.send()).entry
    raw = b"To: bob@acme.example\r\nSubject: Edited\r\n\r\nOther words"
    assert entry.draft_id is not None
    await harness.gmail.of(CONNECTION).update_draft(entry.draft_id, raw, None)
    settled = await harness.settle()
    assert (settled.state, settled.error) == (SendState.FAILED, "draft_changed")
    assert harness.inbox() == []
    (event,) = await harness.events()
    assert (event["operation"], event["success"]) == ("failed", False)
    assert event["error"]["type"] == "draft_changed"


async def test_a_draft_removed_before_it_was_sent_is_failed_and_not_unknown(
    harness: SendHarness,
) -> None:
    harness.fault("status_429", "drafts.send")
    entry = (await harness.send()).entry
    assert entry.state is SendState.DRAFTED
    await harness.gmail.of(CONNECTION).call("DELETE", f"/drafts/{entry.draft_id}")
    settled = await harness.settle()
    assert (settled.state, settled.error) == (SendState.FAILED, "draft_removed")


async def test_a_draft_removed_after_an_unclear_send_ends_unknown_after_minutes(
    harness: SendHarness,
) -> None:
    harness.fault("drop_request", "drafts.send")
    entry = (await harness.send()).entry
    await harness.gmail.of(CONNECTION).call("DELETE", f"/drafts/{entry.draft_id}")
    began = harness.clock.now()
    settled = await harness.settle()
    assert (settled.state, settled.error) == (SendState.UNKNOWN, "unknown_outcome")
    assert harness.clock.now() - began > timedelta(minutes=4)
    (event,) = await harness.events()
    assert (event["operation"], event["success"]) == ("unknown", False)


async def test_a_draft_the_end_user_sends_by_hand_counts_as_submitted(harness: SendHarness) -> None:
    harness.fault("status_429", "drafts.send")
    entry = (await harness.send()).entry
    assert entry.draft_id is not None
    sent = await harness.gmail.of(CONNECTION).send_draft(entry.draft_id)
    settled = await harness.settle()
    assert (settled.state, settled.message_id) == (SendState.SUBMITTED, sent.id)
    assert len(harness.inbox()) == 1


async def test_a_sent_message_that_shows_late_is_waited_for(harness: SendHarness) -> None:
    """The thread says not found, listing finds nothing: look again, do not send again."""
    harness.fault("drop_response", "drafts.send")
    harness.fault("status_503", "threads.get", times=6)
    entry = (await harness.send()).entry
    assert entry.state is SendState.SUBMITTING
    assert (await harness.settle()).state is SendState.SUBMITTED
    assert (harness.calls()["drafts.send"], len(harness.inbox())) == (1, 1)


@pytest.mark.parametrize("fault", ["status_429", "status_403_rate", "too_many_concurrent"])
@pytest.mark.parametrize("method", ["drafts.create", "drafts.send"])
async def test_a_limit_is_a_clear_no_and_the_send_goes_on_later(
    harness: SendHarness, fault: str, method: str
) -> None:
    harness.fault(fault, method)
    entry = (await harness.send()).entry
    state = SendState.ACCEPTED if method == "drafts.create" else SendState.DRAFTED
    assert (entry.state, entry.error) == (state, "rate_limited")
    assert (await harness.settle()).state is SendState.SUBMITTED
    assert len(harness.inbox()) == 1


async def test_a_long_limit_is_waited_out(harness: SendHarness) -> None:
    harness.fault("status_429_long", "drafts.send")
    entry = (await harness.send()).entry
    assert entry.next_due_at is not None
    assert entry.next_due_at - harness.clock.now() > timedelta(minutes=100)
    assert (await harness.settle()).state is SendState.SUBMITTED


async def test_what_gmail_never_takes_is_given_up_after_a_day(harness: SendHarness) -> None:
    harness.fault("status_429", "drafts.create", times=None)
    began = harness.clock.now()
    await harness.send()
    settled = await harness.settle(rounds=400)
    assert (settled.state, settled.error) == (SendState.FAILED, "rate_limited")
    assert timedelta(hours=23) < harness.clock.now() - began < timedelta(hours=26)
    assert harness.inbox() == []


async def test_a_draft_gmail_never_sends_is_given_up_after_a_day(harness: SendHarness) -> None:
    harness.fault("drop_request", "drafts.send", times=None)
    await harness.send()
    settled = await harness.settle(rounds=2_000)
    assert settled.state is SendState.FAILED
    assert harness.inbox() == []


async def test_without_drafts_an_unclear_send_is_unknown_and_never_tried_again(
    tmp_path: Path,
) -> None:
    async with send_harness(tmp_path, scopes=[SEND]) as harness:
        for key, fault in (("lost answer", "drop_response"), ("lost request", "drop_request")):
            harness.fault(fault, "messages.send")
            entry = (await harness.send(key)).entry
            assert (entry.state, entry.error) == (SendState.UNKNOWN, "unknown_outcome")
            assert (await harness.send(key)).entry.state is SendState.UNKNOWN
        assert harness.calls()["messages.send"] == len(harness.inbox()) == 1


async def test_without_drafts_a_limit_is_still_a_clear_no(tmp_path: Path) -> None:
    async with send_harness(tmp_path, scopes=[SEND]) as harness:
        harness.fault("status_429", "messages.send")
        assert (await harness.send()).entry.state is SendState.ACCEPTED
        assert (await harness.settle()).state is SendState.SUBMITTED
        assert len(harness.inbox()) == 1


async def test_a_direct_send_is_found_by_its_marker_where_reading_is_allowed(
    harness: SendHarness,
) -> None:
    harness.fault("drop_response", "messages.send")
    entry = (await harness.send(**HELLO, delivery="direct")).entry
    assert (entry.state, entry.message_id) == (SendState.SUBMITTED, harness.inbox(ADA, "SENT")[0])
    harness.fault("drop_request", "messages.send")
    await harness.send("k2", **HELLO, delivery="direct")
    assert (await harness.settle("k2")).state is SendState.UNKNOWN
    assert len(harness.inbox()) == 1


async def test_a_message_too_large_to_keep_must_come_again_and_may(harness: SendHarness) -> None:
    harness.fault("drop_request", "drafts.create")
    with pytest.raises(RepeatNeededError):
        await harness.send(**BIG)
    assert (await harness.entry()).request == b""
    assert (await harness.send(**BIG)).entry.state is SendState.SUBMITTED
    assert len(harness.inbox()) == 1


async def test_a_message_too_large_to_keep_is_failed_where_nobody_brings_it_again(
    harness: SendHarness,
) -> None:
    harness.fault("drop_request", "drafts.create")
    with pytest.raises(RepeatNeededError):
        await harness.send(**BIG)
    settled = await harness.settle(rounds=400)
    assert (settled.state, settled.error) == (SendState.FAILED, "repeat_needed")
    assert harness.inbox() == []


async def test_a_large_draft_whose_answer_was_lost_needs_nobody(harness: SendHarness) -> None:
    """The draft is in Gmail: that is where a large message is kept."""
    harness.fault("drop_response", "drafts.create")
    harness.fault("status_503", "drafts.list", times=3)
    with pytest.raises(RepeatNeededError):
        await harness.send(**BIG)
    assert (await harness.settle()).state is SendState.SUBMITTED
    assert len(harness.inbox()) == 1


async def test_a_request_whose_key_is_being_worked_on_is_told_so(harness: SendHarness) -> None:
    await harness.send()
    was = await harness.store.sends.get((await harness.entry()).id)
    assert was is not None
    now = harness.clock.now()
    busy = replace(was.value, state=SendState.SUBMITTING, claimed_until=now + timedelta(seconds=60))
    await harness.store.sends.swap(was, busy)
    with pytest.raises(IdempotencyInProgressError):
        await harness.send()
    assert await harness.finish_send(busy.id) is None


async def test_a_disconnected_mailbox_ends_what_is_under_way(harness: SendHarness) -> None:
    harness.fault("drop_request", "drafts.create")
    await harness.send("not submitted")
    harness.fault("drop_request", "drafts.send")
    await harness.send("perhaps")
    await with_status(harness, ConnectionStatus.DISCONNECTING)
    assert (await harness.settle("not submitted")).state is SendState.FAILED
    assert (await harness.settle("perhaps")).state is SendState.UNKNOWN


class Breaking:
    """Gmail, whose answer to one call is what no code expects, whether it did it or not."""

    def __init__(self, gmail: Any, method: str, *, does: bool) -> None:
        self._gmail, self._method, self._does = gmail, method, does

    def of(self, connection_id: Any) -> "Breaking":
        """Return for the connection."""
        return Breaking(self._gmail.of(connection_id), self._method, does=self._does)

    def __getattr__(self, name: str) -> Any:
        """Break once the call was made."""
        if name != self._method:
            return getattr(self._gmail, name)

        async def breaks(*given: Any) -> Any:
            if self._does:
                await getattr(self._gmail, name)(*given)
            raise KeyError(ADA)

        return breaks


def breaking(method: str, *, does: bool) -> Wrap:
    """Wrap Gmail so that it breaks at a call."""

    def wrap(port: Any, name: str) -> Any:
        return Breaking(port, method, does=does) if name == "gmail" else port

    return wrap


@pytest.mark.parametrize("method", ["create_draft", "send_draft"])
async def test_a_crash_leaves_the_send_due_again_and_sends_it_once(
    harness: SendHarness, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    harness.wrap = breaking(method, does=True)
    entry = (await harness.send()).entry
    assert not entry.state.final
    assert entry.next_due_at is not None
    assert "KeyError at shared/usecases/send/" in (entry.error_message or "")
    harness.wrap = unwrapped
    assert (await harness.settle()).state is SendState.SUBMITTED
    assert len(harness.inbox()) == 1
    assert ADA not in f"{entry.error_message}{caplog.text}"


async def test_a_crash_that_never_ends_ends_the_send(harness: SendHarness) -> None:
    harness.wrap = breaking("create_draft", does=False)
    await harness.send()
    assert (await harness.settle(rounds=300)).state is SendState.FAILED
