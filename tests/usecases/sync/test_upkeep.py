"""Audit, emptying, quarantine by hand, and explanations."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.ids import HistoryId, MessageId
from shared.errors import UnknownRecordError
from shared.ports.sync_store import Batch
from shared.usecases.sync.control import ControlSync
from shared.usecases.sync.explain import Explain, Verdict
from shared.usecases.sync.quarantine import RetryQuarantined
from tests.usecases.sync.house import CONNECTION, EMAIL, House


def control(house: House) -> ControlSync:
    return ControlSync(house.store.sync_states, house.queue, house.clock)


def explainer(house: House) -> Explain:
    store = house.store
    return Explain(
        store.sync_states, store.records, store.quarantine, house.sync.gmail, house.clock
    )


async def skip_history(house: House) -> None:
    """Lose what happened since, as a faulty system would: the checkpoint jumps ahead."""
    was = await house.store.sync_states.get(CONNECTION)
    assert was is not None
    ahead = HistoryId(house.google.store.history_id(EMAIL))
    await house.store.sync_states.commit(was, replace(was.value, checkpoint=ahead), Batch())


async def test_an_audit_finds_and_heals_what_is_missing(house: House) -> None:
    ids = [house.deliver(f"Mail {n}") for n in range(10)]
    await house.settle()
    lost = house.deliver("Lost")
    await house.gmail("POST", f"/messages/{ids[0]}/trash")
    await house.gmail("DELETE", f"/messages/{ids[1]}")
    await skip_history(house)
    await house.settle()
    assert lost not in await house.stored()
    await control(house).audit(CONNECTION)
    await house.settle()
    assert await house.stored() == house.mailbox()
    audit = (await house.state()).audit
    assert audit is not None
    assert (audit.listed, audit.missing, audit.relabelled, audit.gone) == (10, 1, 1, 1)
    assert audit.coverage == pytest.approx(0.8)
    assert (await house.heads())[lost].origin == "audit"


async def test_an_audit_of_a_whole_mailbox_reports_full_coverage(house: House) -> None:
    house.deliver("Here")
    await house.settle()
    await control(house).audit(CONNECTION)
    await house.settle()
    audit = (await house.state()).audit
    assert audit is not None
    assert audit.coverage == 1.0
    assert audit.finished_at is not None


async def test_emptying_reads_everything_again_with_higher_sequence_numbers(house: House) -> None:
    for n in range(5):
        house.deliver(f"Mail {n}")
    await house.settle()
    highest = max(head.sequence for head in (await house.heads()).values())
    await control(house).trigger(CONNECTION, empty_cache=True)
    await house.settle()
    heads = await house.heads()
    assert await house.stored() == house.mailbox()
    assert min(head.sequence for head in heads.values()) > highest
    assert (await house.state()).live_records == 5


async def test_a_quarantined_message_can_be_retried_at_once(house: House) -> None:
    await house.settle()
    fault = {"fault": "fresh_404", "times": 1}
    await house.http.post("http://google.test/_control/faults", json=fault)
    late = house.deliver("Late")
    await house.push()
    retry = RetryQuarantined(
        house.store.sync_states, house.store.quarantine, house.queue, house.clock
    )
    assert (await explainer(house)(CONNECTION, MessageId(late))).verdict is Verdict.QUARANTINED
    await retry(CONNECTION, MessageId(late))
    await house.run()
    assert late in await house.stored()
    with pytest.raises(UnknownRecordError):
        await retry(CONNECTION, MessageId(late))


async def test_a_message_is_explained(house: House) -> None:
    explain = explainer(house)
    stored, deleted = house.deliver("Stored"), house.deliver("Deleted")
    await house.settle()
    await house.gmail("DELETE", f"/messages/{deleted}")
    await house.push()
    raw = b"From: a@x.example\r\nSubject: Old\r\n\r\nOld."
    long_ago = house.clock.now() - timedelta(days=300)
    old = house.google.store.deliver(EMAIL, raw, internal_date=long_ago).id
    await skip_history(house)
    lost = house.deliver("Lost")
    await skip_history(house)

    async def verdict(id: str) -> Verdict:
        return (await explain(CONNECTION, MessageId(id))).verdict

    assert await verdict(stored) is Verdict.STORED
    assert await verdict(deleted) is Verdict.DELETED
    assert await verdict(old) is Verdict.OUTSIDE_WINDOW
    assert await verdict(lost) is Verdict.MISSING
    assert (await explain(CONNECTION, MessageId(lost))).subject == "Lost"
    assert await verdict("00000000000000aa") is Verdict.NOT_IN_GMAIL
    assert await verdict("noid") is Verdict.NOT_IN_GMAIL, "Gmail refuses it with 400"
    await control(house).pause(CONNECTION)
    assert await verdict(lost) is Verdict.SYNC_STOPPED
