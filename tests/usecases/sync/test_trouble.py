"""What Gmail does to those who trust it: lag, early 404s, lost answers, refusals (FACTS 15)."""

from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from shared.domain.ids import HistoryId
from shared.domain.sync.state import RECHECK_LADDER
from tests.harness.google import EMAIL
from tests.harness.syncing import SyncHarness


async def fault(harness: SyncHarness, name: str, **options: Any) -> None:
    answer = await harness.http.post(
        "http://google.test/_control/faults", json={"fault": name, **options}
    )
    assert answer.status_code == 200, answer.text


async def clear(harness: SyncHarness) -> None:
    await harness.http.delete("http://google.test/_control/faults")


def listings(harness: SyncHarness) -> int:
    methods = harness.google.stats.as_json()["methods"]
    return int(methods["gmail.users.messages.list"]["calls"])


@pytest.fixture
async def settled(harness: SyncHarness) -> AsyncIterator[SyncHarness]:
    for n in range(12):
        harness.deliver(f"Mail {n}")
    await harness.settle()
    yield harness
    await clear(harness)
    await harness.settle()
    assert await harness.stored() == harness.mailbox()
    state = await harness.state()
    assert state.lease is None
    assert state.unmet_hint is None


async def test_a_push_that_comes_before_the_history_is_looked_at_again(
    settled: SyncHarness,
) -> None:
    await fault(settled, "index_lag", times=2)
    arrived = settled.deliver("Early bird")
    await settled.push()
    assert arrived not in await settled.stored()
    state = await settled.state()
    assert state.recheck is not None
    settled.advance(state.recheck.at - settled.clock.now())
    await clear(settled)
    await settled.run()
    assert arrived in await settled.stored()


async def test_the_checkpoint_waits_for_hidden_history(settled: SyncHarness) -> None:
    await fault(settled, "index_lag")
    before = (await settled.state()).checkpoint
    settled.deliver("Hidden")
    await settled.push()
    assert (await settled.state()).checkpoint == before


async def test_a_first_404_on_a_fresh_message_is_no_deletion(settled: SyncHarness) -> None:
    await fault(settled, "fresh_404", times=1)
    arrived = settled.deliver("Not yet there")
    await settled.push()
    entries = await settled.store.quarantine.list("c-ada", 10)  # type: ignore[arg-type]
    assert [entry.message_id for entry in entries] == [arrived]
    settled.advance(timedelta(seconds=6))
    await settled.run()
    assert arrived in await settled.stored()
    assert not await settled.store.quarantine.list("c-ada", 10)  # type: ignore[arg-type]


async def test_a_page_with_a_token_and_no_history_is_not_the_end(settled: SyncHarness) -> None:
    await fault(settled, "page_without_history", times=1)
    arrived = settled.deliver("After the gap")
    await settled.push()
    assert arrived in await settled.stored()


async def test_an_expired_history_becomes_a_recovery(settled: SyncHarness) -> None:
    await fault(settled, "history_expired", times=1)
    arrived = settled.deliver("Beyond the gap")
    await settled.push()
    await settled.settle()
    assert arrived in await settled.stored()


async def test_a_quiet_mailbox_whose_history_is_refused_is_not_recovered_for_ever(
    settled: SyncHarness,
) -> None:
    """Gmail may refuse even the current history ID of a mailbox in which nothing happens."""
    await fault(settled, "history_expired")
    before = listings(settled)
    for _ in range(24):
        settled.advance(timedelta(hours=1))
        await settled.run()
    once = listings(settled)
    assert once == before
    await clear(settled)
    arrived = settled.deliver("At last")
    await settled.push()
    assert arrived in await settled.stored()


async def test_mail_that_arrives_where_history_is_refused_is_found(settled: SyncHarness) -> None:
    await fault(settled, "history_expired")
    arrived = settled.deliver("Beyond the refusal")
    await settled.push()
    await settled.settle()
    assert arrived in await settled.stored()
    before = listings(settled)
    for _ in range(6):
        settled.advance(timedelta(hours=1))
        await settled.run()
    assert listings(settled) == before


@pytest.mark.parametrize(
    "name",
    ["status_500", "status_503", "status_403_rate", "status_429", "too_many_concurrent"],
)
async def test_a_passing_refusal_only_delays(settled: SyncHarness, name: str) -> None:
    await fault(settled, name, times=4)
    settled.deliver("Delayed")
    await settled.push()


@pytest.mark.parametrize("name", ["drop_response", "drop_request"])
async def test_a_lost_answer_only_delays(settled: SyncHarness, name: str) -> None:
    await fault(settled, name, times=4)
    settled.deliver("Delayed")
    await settled.push()


async def test_a_long_refusal_defers_instead_of_spinning(settled: SyncHarness) -> None:
    await fault(settled, "status_429_long", times=1)
    settled.deliver("Patience")
    await settled.push()
    state = await settled.state()
    assert state.deferred_until is not None
    assert state.deferred_until - settled.clock.now() > timedelta(minutes=30)
    before = settled.units()
    await settled.run()
    assert settled.units() == before
    settled.advance(timedelta(hours=3))


async def test_one_message_that_fails_does_not_block_the_others(settled: SyncHarness) -> None:
    poison = settled.deliver("Poison")
    await fault(settled, "status_500", method="messages.get", email=EMAIL, times=3)
    fine = settled.deliver("Fine")
    await settled.push()
    await settled.run()
    stored = await settled.stored()
    assert {poison, fine} & set(stored)


@pytest.mark.parametrize("history_id", [2**63 - 1, 10**12])
@pytest.mark.parametrize("rungs", range(len(RECHECK_LADDER) + 2))
async def test_a_push_of_an_id_that_no_history_reaches_hides_no_later_mail(
    settled: SyncHarness, history_id: int, rungs: int
) -> None:
    await settled.run(HistoryId(history_id), only_live=True)
    for _ in range(rungs):
        due = (await settled.state()).next_due_at
        assert due is not None
        settled.advance(due - settled.clock.now())
        await settled.run()
    arrived = settled.deliver("Heard all the same")
    await settled.push()
    assert arrived in await settled.stored()


TROUBLE = {
    "mail_not_enabled": "mail_not_enabled",
    "domain_policy": "domain_policy",
    "api_disabled": "gmail_api_disabled",
    "precondition": "upstream_error",
}


async def failing(harness: SyncHarness, name: str, looks: int) -> list[timedelta]:
    """Fail so many times, waiting each time; return the waits, the last of which is to come."""
    await fault(harness, name)
    harness.deliver("Not now")
    await harness.push()
    waits = []
    for _ in range(looks):
        state = await harness.state()
        assert state.last_error == TROUBLE[name]
        assert state.deferred_until is not None
        waits.append(state.deferred_until - harness.clock.now())
        harness.advance(max(waits[-1], timedelta()) + timedelta(seconds=0.1))
        await harness.run()
    return waits


@pytest.mark.parametrize("name", TROUBLE)
async def test_trouble_that_is_not_the_calls_climbs_to_an_hour_and_sets_no_message_aside(
    settled: SyncHarness, name: str
) -> None:
    waits = await failing(settled, name, 14)
    assert waits[0] <= timedelta(seconds=2)
    assert timedelta(minutes=59) < waits[-1] <= timedelta(hours=1)
    assert [a < b for a, b in pairwise(waits[:11])] == [True] * 10
    assert not await settled.store.quarantine.list("c-ada", 10)  # type: ignore[arg-type]
    await clear(settled)
    settled.advance(timedelta(hours=1))


@pytest.mark.parametrize("name", TROUBLE)
async def test_a_push_after_the_trouble_is_read_at_once(settled: SyncHarness, name: str) -> None:
    await failing(settled, name, 10)
    await clear(settled)
    arrived = settled.deliver("At last")
    await settled.push()
    assert arrived in await settled.stored()
    assert (await settled.state()).last_error is None
