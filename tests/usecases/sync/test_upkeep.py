"""Audit, emptying, quarantine by hand, and explanations."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.ids import HistoryId, LabelId, MessageId
from shared.domain.sync.selection import Selection
from shared.errors import UnknownRecordError
from shared.ports.sync_store import Batch
from shared.usecases.sync.control import ControlSync
from shared.usecases.sync.explain import Explain, Verdict
from shared.usecases.sync.quarantine import RetryQuarantined
from tests.harness.google import EMAIL
from tests.harness.syncing import CONNECTION, SyncHarness


def control(harness: SyncHarness) -> ControlSync:
    return ControlSync(harness.store.sync_states, harness.queue, harness.clock)


def explainer(harness: SyncHarness) -> Explain:
    store = harness.store
    return Explain(
        store.sync_states, store.records, store.quarantine, harness.sync.gmail, harness.clock
    )


async def skip_history(harness: SyncHarness) -> None:
    """Lose what happened since, as a faulty system would: the checkpoint jumps ahead."""
    was = await harness.store.sync_states.get(CONNECTION)
    assert was is not None
    ahead = HistoryId(harness.google.store.history_id(EMAIL))
    await harness.store.sync_states.commit(was, replace(was.value, checkpoint=ahead), Batch())


async def test_an_audit_finds_and_heals_what_is_missing(harness: SyncHarness) -> None:
    ids = [harness.deliver(f"Mail {n}") for n in range(10)]
    await harness.settle()
    lost = harness.deliver("Lost")
    await harness.gmail("POST", f"/messages/{ids[0]}/trash")
    await harness.gmail("DELETE", f"/messages/{ids[1]}")
    await skip_history(harness)
    await harness.settle()
    assert lost not in await harness.stored()
    await control(harness).audit(CONNECTION)
    await harness.settle()
    assert await harness.stored() == harness.mailbox()
    audit = (await harness.state()).audit
    assert audit is not None
    assert (audit.listed, audit.missing, audit.relabelled, audit.gone) == (10, 1, 1, 1)
    assert audit.coverage == pytest.approx(0.8)
    assert (await harness.heads())[lost].origin == "audit"


async def test_an_audit_of_a_whole_mailbox_reports_full_coverage(harness: SyncHarness) -> None:
    harness.deliver("Here")
    await harness.settle()
    await control(harness).audit(CONNECTION)
    await harness.settle()
    audit = (await harness.state()).audit
    assert audit is not None
    assert audit.coverage == 1.0
    assert audit.finished_at is not None


async def test_emptying_reads_everything_again_with_higher_sequence_numbers(
    harness: SyncHarness,
) -> None:
    for n in range(5):
        harness.deliver(f"Mail {n}")
    await harness.settle()
    highest = max(head.sequence for head in (await harness.heads()).values())
    await control(harness).trigger(CONNECTION, empty_cache=True)
    await harness.settle()
    heads = await harness.heads()
    assert await harness.stored() == harness.mailbox()
    assert min(head.sequence for head in heads.values()) > highest
    assert (await harness.state()).live_records == 5


async def test_a_quarantined_message_can_be_retried_at_once(harness: SyncHarness) -> None:
    await harness.settle()
    fault = {"fault": "fresh_404", "times": 1}
    await harness.http.post("http://google.test/_control/faults", json=fault)
    late = harness.deliver("Late")
    await harness.push()
    retry = RetryQuarantined(
        harness.store.sync_states, harness.store.quarantine, harness.queue, harness.clock
    )
    assert (await explainer(harness)(CONNECTION, MessageId(late))).verdict is Verdict.QUARANTINED
    await retry(CONNECTION, MessageId(late))
    await harness.run()
    assert late in await harness.stored()
    with pytest.raises(UnknownRecordError):
        await retry(CONNECTION, MessageId(late))


@pytest.mark.parametrize(
    "kept", [Selection(labels=(LabelId("SENT"),)), Selection(senders=("@b.example",))]
)
async def test_a_message_that_is_not_selected_is_explained(
    harness: SyncHarness, kept: Selection
) -> None:
    """What the selection leaves out is not missing, whichever half of it says so."""
    await harness.settle()
    was = await harness.store.sync_states.get(CONNECTION)
    assert was is not None
    await harness.store.sync_states.swap(was, replace(was.value, selection=kept))
    left_out = harness.deliver("Left out")
    await harness.push()
    found = await explainer(harness)(CONNECTION, MessageId(left_out))
    assert found.verdict is Verdict.NOT_SELECTED


async def test_a_message_is_explained(harness: SyncHarness) -> None:
    explain = explainer(harness)
    stored, deleted = harness.deliver("Stored"), harness.deliver("Deleted")
    await harness.settle()
    await harness.gmail("DELETE", f"/messages/{deleted}")
    await harness.push()
    raw = b"From: a@x.example\r\nSubject: Old\r\n\r\nOld."
    long_ago = harness.clock.now() - timedelta(days=300)
    old = harness.google.store.deliver(EMAIL, raw, internal_date=long_ago).id
    await skip_history(harness)
    lost = harness.deliver("Lost")
    await skip_history(harness)

    async def verdict(id: str) -> Verdict:
        return (await explain(CONNECTION, MessageId(id))).verdict

    assert await verdict(stored) is Verdict.STORED
    assert await verdict(deleted) is Verdict.DELETED
    assert await verdict(old) is Verdict.OUTSIDE_WINDOW
    assert await verdict(lost) is Verdict.MISSING
    assert (await explain(CONNECTION, MessageId(lost))).subject == "Lost"
    assert await verdict("00000000000000aa") is Verdict.NOT_IN_GMAIL
    assert await verdict("noid") is Verdict.NOT_IN_GMAIL, "Gmail refuses it with 400"
    await control(harness).pause(CONNECTION)
    assert await verdict(lost) is Verdict.SYNC_STOPPED
