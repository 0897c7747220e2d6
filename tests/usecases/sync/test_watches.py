"""One watch for each address, armed again in time, missed when it dies (FACTS 2.2, 2.6, 2.8)."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.connect.connection import Connection, ConnectionStatus
from shared.domain.ids import ConnectionId, GoogleSub, MailboxId, first_mailbox_id
from shared.domain.sync.mailbox import RENEW_AFTER, WATCH_LIFETIME, Mailbox
from shared.errors import GmailUnavailableError, StoreUnavailableError
from shared.ports.google.gmail import GmailTopic
from shared.usecases.sync.watch.renew import PAGE, Renewed
from shared.usecases.sync.watch.start import (
    JITTER,
    Armed,
    NotArmed,
    jitter,
)
from shared.usecases.sync.watch.stop import STOPPED_FOR, StopWatch
from tests.harness.google import EMAIL
from tests.harness.syncing import CONNECTION, SyncHarness

BESIDE = ConnectionId("c-beside")
SUB = GoogleSub("sub-ada")


async def connect(harness: SyncHarness, *ids: ConnectionId, email: str = EMAIL) -> None:
    """Connect an address so many times."""
    now = harness.clock.now()
    for id in ids:
        await harness.store.connections.create(
            Connection(id, email, SUB, frozenset(), ConnectionStatus.ACTIVE, now, now)
        )
    await harness.store.mailboxes.create(Mailbox(first_mailbox_id(email), frozenset(ids)))


async def mailbox(harness: SyncHarness, email: str = EMAIL) -> Mailbox:
    found = await harness.store.mailboxes.get(first_mailbox_id(email))
    assert found is not None
    return found.value


def calls(harness: SyncHarness) -> Counter[str]:
    """Return how often watch and stop were called."""
    counted = harness.google.stats.as_json()["methods"]
    return Counter({name.rpartition(".")[2]: it["calls"] for name, it in counted.items()})


async def told(harness: SyncHarness) -> list[str]:
    events = await harness.store.outbox.list(state=None, connection_id=None, limit=50)
    return [event.payload["operation"] for event in events if event.type == "watch"]


async def test_all_connections_on_an_address_share_one_watch(harness: SyncHarness) -> None:
    await connect(harness, CONNECTION, BESIDE)
    assert isinstance(await harness.arming()(CONNECTION), Armed)
    assert await harness.arming()(BESIDE) == NotArmed("not_due")
    assert calls(harness)["watch"] == 1


async def test_a_watch_of_another_topic_is_stopped_first(harness: SyncHarness) -> None:
    await connect(harness, CONNECTION)
    harness.google.faults.add("watch_conflict", times=1)
    assert isinstance(await harness.arming()(CONNECTION), Armed)
    assert calls(harness) >= Counter(watch=2, stop=1)
    assert (await mailbox(harness)).watch_error is None


async def test_a_refused_watch_is_tried_again_later_and_shown(harness: SyncHarness) -> None:
    await connect(harness, CONNECTION)
    harness.google.faults.add("status_429", times=1)
    assert isinstance(await harness.arming()(CONNECTION), NotArmed)
    shown = await mailbox(harness)
    assert shown.watch_error == "rate_limited"
    assert shown.renew_at is not None
    harness.advance(shown.renew_at - harness.clock.now())
    assert (await harness.renewing()()).armed == 1
    assert (await mailbox(harness)).watch_error is None


async def test_without_a_topic_no_watch_is_armed_revived_or_renewed(harness: SyncHarness) -> None:
    """Mailboxes are asked instead, as from a laptop that Pub/Sub does not reach."""
    await connect(harness, CONNECTION)
    unwatched = replace(harness.arming(), topic=GmailTopic(""))
    for outcome in (await unwatched(CONNECTION), await unwatched.restart(CONNECTION)):
        assert isinstance(outcome, NotArmed)
        assert outcome.reason == "no_topic"
    assert await replace(harness.renewing(), start_watch=unwatched)() == Renewed()
    assert not calls(harness)
    assert (await mailbox(harness)).watch_error is None


async def test_a_renewal_comes_early_and_through_a_grant_that_works(harness: SyncHarness) -> None:
    await connect(harness, CONNECTION, BESIDE)
    await harness.arming()(CONNECTION)
    was = await harness.store.connections.get(min(CONNECTION, BESIDE))
    assert was is not None
    await harness.store.connections.swap(was, dead(was.value))
    shown = await mailbox(harness)
    assert shown.renew_at is not None
    assert shown.renew_at < harness.clock.now() + WATCH_LIFETIME - timedelta(days=1)
    harness.advance(shown.renew_at - harness.clock.now())
    assert (await harness.renewing()()).armed == 1


def dead(connection: Connection) -> Connection:
    """Return the connection after its grant was revoked."""
    return replace(connection, status=ConnectionStatus.REAUTH_REQUIRED)


def test_renewals_are_spread_evenly_over_a_day() -> None:
    spread = [jitter(MailboxId(f"{number}@x.example")) for number in range(10_000)]
    assert all(abs(one) <= JITTER / 2 for one in spread)
    assert min(RENEW_AFTER + one for one in spread) > timedelta(days=4)
    hours = Counter(int((one + JITTER / 2) / timedelta(hours=1)) for one in spread)
    assert max(hours.values()) < 2 * 10_000 / 24


async def connection(harness: SyncHarness) -> Connection:
    found = await harness.store.connections.get(CONNECTION)
    assert found is not None
    return found.value


def stopping(harness: SyncHarness) -> StopWatch:
    return StopWatch(harness.store.mailboxes, harness.sync.gmail, harness.clock)


async def test_a_stopped_watch_is_recorded_for_all_and_armed_again_when_due(
    harness: SyncHarness,
) -> None:
    await connect(harness, CONNECTION, BESIDE)
    await harness.arming()(CONNECTION)
    await stopping(harness)(await connection(harness))
    stopped = await mailbox(harness)
    assert stopped.stopped_at is not None
    assert stopped.watch_expires_at is None
    assert (await harness.renewing()()).armed == 0
    assert await harness.arming().restart(CONNECTION) == NotArmed("not_due")
    harness.advance(STOPPED_FOR)
    assert (await harness.renewing()()).armed == 1
    armed = await mailbox(harness)
    assert armed.stopped_at is None
    assert armed.watch_expires_at is not None


async def test_a_watch_that_fell_silent_is_told_in_the_log_and_armed(
    harness: SyncHarness, caplog: pytest.LogCaptureFixture
) -> None:
    """An alert counts these lines: many at once mean that notifications do not arrive."""
    await connect(harness, CONNECTION)
    assert isinstance(await harness.arming().restart(CONNECTION), Armed)
    assert [one.getMessage() for one in caplog.records] == ["watch silent"]
    assert await harness.arming().restart(CONNECTION) == NotArmed("not_due")
    assert len(caplog.records) == 1


async def test_a_stop_whose_answer_is_lost_is_armed_again_by_the_next_renewal(
    harness: SyncHarness,
) -> None:
    await connect(harness, CONNECTION)
    await harness.arming()(CONNECTION)
    harness.google.faults.add("status_503", times=9)
    with pytest.raises(GmailUnavailableError):
        await stopping(harness)(await connection(harness))
    assert (await mailbox(harness)).watch_expires_at is None
    harness.google.faults.clear()
    assert (await harness.renewing()()).armed == 1


async def test_a_renewal_under_way_never_writes_over_a_stop(harness: SyncHarness) -> None:
    """Gmail may have heard either last: the state says stopped, and is armed within the hour."""
    await connect(harness, CONNECTION)
    claimed = await harness.store.mailboxes.get(first_mailbox_id(EMAIL))
    assert claimed is not None
    await stopping(harness)(await connection(harness))
    armed = replace(claimed.value, watch_expires_at=harness.clock.now() + WATCH_LIFETIME)
    await harness.arming()._record(claimed, armed)
    assert (await mailbox(harness)).stopped_at is not None
    assert (await mailbox(harness)).watch_expires_at is None


async def many(harness: SyncHarness, count: int) -> None:
    """Connect so many addresses whose renewal is due."""
    now = harness.clock.now()
    for number in range(count):
        id, email = ConnectionId(f"c-{number}"), f"user{number}@x.example"
        harness.google.store.create_mailbox(email)
        harness.tokens.owners[id] = email
        await harness.store.connections.create(
            Connection(id, email, GoogleSub(email), frozenset(), ConnectionStatus.ACTIVE, now, now)
        )
        await harness.store.mailboxes.create(
            Mailbox(first_mailbox_id(email), frozenset({id}), now + WATCH_LIFETIME, renew_at=now)
        )


async def test_one_run_renews_page_after_page(harness: SyncHarness) -> None:
    await many(harness, 3 * PAGE + 7)
    assert (await harness.renewing()()).armed == 3 * PAGE + 7
    assert not await harness.store.mailboxes.renewable(harness.clock.now(), 10)


async def test_a_run_that_dies_is_resumed_where_it_was(
    harness: SyncHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    await many(harness, 2 * PAGE)
    listed = type(harness.store.mailboxes).renewable
    asked = 0

    async def once(*args: object) -> object:
        nonlocal asked
        asked += 1
        if asked == 2:
            raise StoreUnavailableError("gone")
        return await listed(*args)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(type(harness.store.mailboxes), "renewable", once)
        with pytest.raises(StoreUnavailableError):
            await harness.renewing()()
    assert (await harness.renewing()()).armed == PAGE
    assert calls(harness)["watch"] == 2 * PAGE


async def test_a_watch_that_failed_before_it_expired_is_told_as_lapsed_once(
    harness: SyncHarness,
) -> None:
    """The expiry decides: an error days before neither tells of a lapse nor hides it."""
    await connect(harness, CONNECTION)
    await harness.arming()(CONNECTION)
    harness.google.faults.add("status_429", times=3)
    harness.advance(WATCH_LIFETIME - timedelta(hours=2))
    await harness.renewing()()
    assert (await mailbox(harness)).watch_error is not None
    assert await told(harness) == []
    harness.advance(timedelta(hours=3))
    for _ in range(3):
        await harness.renewing()()
        harness.advance(timedelta(minutes=11))
    assert sorted(await told(harness)) == ["lapsed", "recovered"]


async def test_a_watch_that_was_never_armed_is_told_once_and_so_is_its_arming(
    harness: SyncHarness,
) -> None:
    """The first refusal comes while the account connects, and may pass."""
    await connect(harness, CONNECTION)
    harness.google.faults.add("status_429", times=3)
    await harness.arming()(CONNECTION)
    assert await told(harness) == []
    for _ in range(3):
        harness.advance(timedelta(minutes=11))
        await harness.renewing()()
    assert sorted(await told(harness)) == ["never_armed", "recovered"]
    assert not (await mailbox(harness)).lapse_told


async def test_a_stopped_watch_that_is_not_armed_again_has_lapsed(harness: SyncHarness) -> None:
    await connect(harness, CONNECTION)
    await harness.arming()(CONNECTION)
    await stopping(harness)(await connection(harness))
    harness.google.faults.add("status_429", times=2)
    for _ in range(3):
        harness.advance(STOPPED_FOR + timedelta(minutes=11))
        await harness.renewing()()
    assert sorted(await told(harness)) == ["lapsed", "recovered"]


async def test_a_lapse_that_another_arming_meets_is_told_too(harness: SyncHarness) -> None:
    """A reconnect arms it before the renewal does."""
    await connect(harness, CONNECTION)
    await harness.arming()(CONNECTION)
    harness.advance(WATCH_LIFETIME + timedelta(hours=1))
    harness.google.faults.add("status_429", times=1)
    await harness.arming()(CONNECTION)
    assert await told(harness) == ["lapsed"]
    await harness.arming()(CONNECTION)
    assert sorted(await told(harness)) == ["lapsed", "recovered"]


async def test_a_watch_that_lapsed_is_told_once_and_so_is_its_return(harness: SyncHarness) -> None:
    await connect(harness, CONNECTION)
    await harness.arming()(CONNECTION)
    harness.advance(WATCH_LIFETIME + timedelta(hours=1))
    harness.google.faults.add("status_429", times=2)
    for _ in range(3):
        await harness.renewing()()
        harness.advance(timedelta(minutes=11))
    assert sorted(await told(harness)) == ["lapsed", "recovered"]
