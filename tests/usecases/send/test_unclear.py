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
from shared.domain.send.entry import SendState
from shared.errors import IdempotencyInProgressError, RepeatNeededError
from shared.usecases.send.protocol import SETTLING
from tests.usecases.send.office import (
    ADA,
    CONNECTION,
    HELLO,
    Office,
    Wrap,
    open_office,
    unwrapped,
    with_status,
)

NOISE = b64encode(Random(7).randbytes(700_000)).decode()
BIG: dict[str, Any] = {**HELLO, "attachments": [{"filename": "a", "content_base64": NOISE}]}
"""Too large to be kept: only the caller can bring it again."""


async def test_a_lost_answer_to_the_draft_is_found_by_its_marker(office: Office) -> None:
    office.fault("drop_response", "drafts.create")
    sending = await office.send()
    assert sending.entry.state is SendState.SUBMITTED
    assert office.calls()["drafts.create"] == 1
    assert len(office.inbox()) == 1


async def test_a_draft_that_never_arrived_is_made_again_later(office: Office) -> None:
    office.fault("drop_request", "drafts.create")
    assert (await office.send()).entry.state is SendState.ACCEPTED
    assert (await office.settle()).state is SendState.SUBMITTED
    assert office.calls()["drafts.create"] == 1
    assert len(office.inbox()) == 1


async def test_a_lost_answer_to_the_send_is_found_in_the_thread_at_once(office: Office) -> None:
    office.fault("drop_response", "drafts.send")
    sending = await office.send()
    assert sending.entry.state is SendState.SUBMITTED
    assert [sending.entry.message_id] == office.inbox(ADA, "SENT")
    assert office.calls()["drafts.send"] == 1


async def test_a_draft_that_is_still_there_is_sent_again_only_when_the_request_is_over(
    office: Office,
) -> None:
    office.fault("drop_request", "drafts.send")
    entry = (await office.send()).entry
    assert (entry.state, len(office.inbox())) == (SendState.SUBMITTING, 0)
    assert entry.next_due_at is not None
    assert entry.next_due_at - office.clock.now() > SETTLING - timedelta(seconds=5)
    again = await office.send()
    assert (again.entry.state, again.replayed) == (SendState.SUBMITTING, True)
    assert "drafts.send" not in office.calls()
    assert (await office.settle()).state is SendState.SUBMITTED
    assert (office.calls()["drafts.send"], len(office.inbox())) == (1, 1)


async def test_a_draft_edited_after_an_unclear_send_is_never_sent(office: Office) -> None:
    office.fault("drop_request", "drafts.send")
    entry = (await office.send()).entry
    raw = b"To: bob@acme.example\r\nSubject: Edited\r\n\r\nOther words"
    assert entry.draft_id is not None
    await office.gmail.of(CONNECTION).update_draft(entry.draft_id, raw, None)
    settled = await office.settle()
    assert (settled.state, settled.error) == (SendState.FAILED, "draft_changed")
    assert office.inbox() == []
    (event,) = await office.events()
    assert (event["operation"], event["success"]) == ("failed", False)
    assert event["error"]["type"] == "draft_changed"


async def test_a_draft_removed_before_it_was_sent_is_failed_and_not_unknown(office: Office) -> None:
    office.fault("status_429", "drafts.send")
    entry = (await office.send()).entry
    assert entry.state is SendState.DRAFTED
    await office.gmail.of(CONNECTION).call("DELETE", f"/drafts/{entry.draft_id}")
    settled = await office.settle()
    assert (settled.state, settled.error) == (SendState.FAILED, "draft_removed")


async def test_a_draft_removed_after_an_unclear_send_ends_unknown_after_minutes(
    office: Office,
) -> None:
    office.fault("drop_request", "drafts.send")
    entry = (await office.send()).entry
    await office.gmail.of(CONNECTION).call("DELETE", f"/drafts/{entry.draft_id}")
    began = office.clock.now()
    settled = await office.settle()
    assert (settled.state, settled.error) == (SendState.UNKNOWN, "unknown_outcome")
    assert office.clock.now() - began > timedelta(minutes=4)
    (event,) = await office.events()
    assert (event["operation"], event["success"]) == ("unknown", False)


async def test_a_draft_the_end_user_sends_by_hand_counts_as_submitted(office: Office) -> None:
    office.fault("status_429", "drafts.send")
    entry = (await office.send()).entry
    assert entry.draft_id is not None
    sent = await office.gmail.of(CONNECTION).send_draft(entry.draft_id)
    settled = await office.settle()
    assert (settled.state, settled.message_id) == (SendState.SUBMITTED, sent.id)
    assert len(office.inbox()) == 1


async def test_a_sent_message_that_shows_late_is_waited_for(office: Office) -> None:
    """The thread says not found, listing finds nothing: look again, do not send again."""
    office.fault("drop_response", "drafts.send")
    office.fault("status_503", "threads.get", times=6)
    entry = (await office.send()).entry
    assert entry.state is SendState.SUBMITTING
    assert (await office.settle()).state is SendState.SUBMITTED
    assert (office.calls()["drafts.send"], len(office.inbox())) == (1, 1)


@pytest.mark.parametrize("fault", ["status_429", "status_403_rate", "too_many_concurrent"])
@pytest.mark.parametrize("method", ["drafts.create", "drafts.send"])
async def test_a_limit_is_a_clear_no_and_the_send_goes_on_later(
    office: Office, fault: str, method: str
) -> None:
    office.fault(fault, method)
    entry = (await office.send()).entry
    state = SendState.ACCEPTED if method == "drafts.create" else SendState.DRAFTED
    assert (entry.state, entry.error) == (state, "rate_limited")
    assert (await office.settle()).state is SendState.SUBMITTED
    assert len(office.inbox()) == 1


async def test_a_long_limit_is_waited_out(office: Office) -> None:
    office.fault("status_429_long", "drafts.send")
    entry = (await office.send()).entry
    assert entry.next_due_at is not None
    assert entry.next_due_at - office.clock.now() > timedelta(minutes=100)
    assert (await office.settle()).state is SendState.SUBMITTED


async def test_what_gmail_never_takes_is_given_up_after_a_day(office: Office) -> None:
    office.fault("status_429", "drafts.create", times=None)
    began = office.clock.now()
    await office.send()
    settled = await office.settle(rounds=400)
    assert (settled.state, settled.error) == (SendState.FAILED, "rate_limited")
    assert timedelta(hours=23) < office.clock.now() - began < timedelta(hours=26)
    assert office.inbox() == []


async def test_a_draft_gmail_never_sends_is_given_up_after_a_day(office: Office) -> None:
    office.fault("drop_request", "drafts.send", times=None)
    await office.send()
    settled = await office.settle(rounds=2_000)
    assert settled.state is SendState.FAILED
    assert office.inbox() == []


async def test_without_drafts_an_unclear_send_is_unknown_and_never_tried_again(
    tmp_path: Path,
) -> None:
    async with open_office(tmp_path, scopes=[SEND]) as office:
        for key, fault in (("lost answer", "drop_response"), ("lost request", "drop_request")):
            office.fault(fault, "messages.send")
            entry = (await office.send(key)).entry
            assert (entry.state, entry.error) == (SendState.UNKNOWN, "unknown_outcome")
            assert (await office.send(key)).entry.state is SendState.UNKNOWN
        assert office.calls()["messages.send"] == len(office.inbox()) == 1


async def test_without_drafts_a_limit_is_still_a_clear_no(tmp_path: Path) -> None:
    async with open_office(tmp_path, scopes=[SEND]) as office:
        office.fault("status_429", "messages.send")
        assert (await office.send()).entry.state is SendState.ACCEPTED
        assert (await office.settle()).state is SendState.SUBMITTED
        assert len(office.inbox()) == 1


async def test_a_direct_send_is_found_by_its_marker_where_reading_is_allowed(
    office: Office,
) -> None:
    office.fault("drop_response", "messages.send")
    entry = (await office.send(**HELLO, delivery="direct")).entry
    assert (entry.state, entry.message_id) == (SendState.SUBMITTED, office.inbox(ADA, "SENT")[0])
    office.fault("drop_request", "messages.send")
    await office.send("k2", **HELLO, delivery="direct")
    assert (await office.settle("k2")).state is SendState.UNKNOWN
    assert len(office.inbox()) == 1


async def test_a_message_too_large_to_keep_must_come_again_and_may(office: Office) -> None:
    office.fault("drop_request", "drafts.create")
    with pytest.raises(RepeatNeededError):
        await office.send(**BIG)
    assert (await office.entry()).request == b""
    assert (await office.send(**BIG)).entry.state is SendState.SUBMITTED
    assert len(office.inbox()) == 1


async def test_a_message_too_large_to_keep_is_failed_where_nobody_brings_it_again(
    office: Office,
) -> None:
    office.fault("drop_request", "drafts.create")
    with pytest.raises(RepeatNeededError):
        await office.send(**BIG)
    settled = await office.settle(rounds=400)
    assert (settled.state, settled.error) == (SendState.FAILED, "repeat_needed")
    assert office.inbox() == []


async def test_a_large_draft_whose_answer_was_lost_needs_nobody(office: Office) -> None:
    """The draft is in Gmail: that is where a large message is kept."""
    office.fault("drop_response", "drafts.create")
    office.fault("status_503", "drafts.list", times=3)
    with pytest.raises(RepeatNeededError):
        await office.send(**BIG)
    assert (await office.settle()).state is SendState.SUBMITTED
    assert len(office.inbox()) == 1


async def test_a_request_whose_key_is_being_worked_on_is_told_so(office: Office) -> None:
    await office.send()
    was = await office.store.sends.get((await office.entry()).id)
    assert was is not None
    now = office.clock.now()
    busy = replace(was.value, state=SendState.SUBMITTING, claimed_until=now + timedelta(seconds=60))
    await office.store.sends.swap(was, busy)
    with pytest.raises(IdempotencyInProgressError):
        await office.send()
    assert await office.finish_send(busy.id) is None


async def test_a_disconnected_mailbox_ends_what_is_under_way(office: Office) -> None:
    office.fault("drop_request", "drafts.create")
    await office.send("not submitted")
    office.fault("drop_request", "drafts.send")
    await office.send("perhaps")
    await with_status(office, ConnectionStatus.DISCONNECTING)
    assert (await office.settle("not submitted")).state is SendState.FAILED
    assert (await office.settle("perhaps")).state is SendState.UNKNOWN


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
    office: Office, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    office.wrap = breaking(method, does=True)
    entry = (await office.send()).entry
    assert not entry.state.final
    assert entry.next_due_at is not None
    assert "KeyError at shared/usecases/send/" in (entry.error_message or "")
    office.wrap = unwrapped
    assert (await office.settle()).state is SendState.SUBMITTED
    assert len(office.inbox()) == 1
    assert ADA not in f"{entry.error_message}{caplog.text}"


async def test_a_crash_that_never_ends_ends_the_send(office: Office) -> None:
    office.wrap = breaking("create_draft", does=False)
    await office.send()
    assert (await office.settle(rounds=300)).state is SendState.FAILED
