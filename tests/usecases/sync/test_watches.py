"""One watch for each address, armed again in time, missed when it dies (FACTS 2.2, 2.6, 2.8)."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.connect.connection import Connection, ConnectionStatus
from shared.domain.ids import ConnectionId, EmailKey, GoogleSub, email_key
from shared.domain.sync.mailbox import RENEW_AFTER, WATCH_LIFETIME, Mailbox
from shared.errors import GmailUnavailableError, StoreUnavailableError
from shared.ports.gmail import GmailTopic
from shared.usecases.sync.stop_watch import STOPPED_FOR, StopWatch
from shared.usecases.sync.watch import (
    JITTER,
    PAGE,
    Armed,
    NotArmed,
    RenewWatches,
    StartWatch,
    jitter,
)
from tests.usecases.sync.house import CONNECTION, EMAIL, House

BESIDE = ConnectionId("c-beside")
TOPIC = GmailTopic("projects/demo/topics/gmail")
SUB = GoogleSub("sub-ada")


def watching(house: House) -> StartWatch:
    store = house.store
    return StartWatch(store.mailboxes, store.connections, house.sync.gmail, house.clock, TOPIC)


def renewing(house: House) -> RenewWatches:
    store = house.store
    arm = watching(house)
    return RenewWatches(store.mailboxes, store.connections, store.outbox, arm, house.clock)


async def connect(house: House, *ids: ConnectionId, email: str = EMAIL) -> None:
    """Connect an address so many times."""
    now = house.clock.now()
    for id in ids:
        await house.store.connections.create(
            Connection(id, email, SUB, frozenset(), ConnectionStatus.ACTIVE, now, now)
        )
    await house.store.mailboxes.create(Mailbox(email_key(email), frozenset(ids)))


async def mailbox(house: House, email: str = EMAIL) -> Mailbox:
    found = await house.store.mailboxes.get(email_key(email))
    assert found is not None
    return found.value


def calls(house: House) -> Counter[str]:
    """Return how often watch and stop were called."""
    counted = house.google.stats.as_json()["methods"]
    return Counter({name.rpartition(".")[2]: it["calls"] for name, it in counted.items()})


async def told(house: House) -> list[str]:
    events = await house.store.outbox.list(state=None, connection_id=None, limit=50)
    return [event.payload["operation"] for event in events if event.type == "watch"]


async def test_all_connections_on_an_address_share_one_watch(house: House) -> None:
    await connect(house, CONNECTION, BESIDE)
    assert isinstance(await watching(house)(CONNECTION), Armed)
    assert await watching(house)(BESIDE) == NotArmed("not_due")
    assert calls(house)["watch"] == 1


async def test_a_watch_of_another_topic_is_stopped_first(house: House) -> None:
    await connect(house, CONNECTION)
    house.google.faults.add("watch_conflict", times=1)
    assert isinstance(await watching(house)(CONNECTION), Armed)
    assert calls(house) >= Counter(watch=2, stop=1)
    assert (await mailbox(house)).watch_error is None


async def test_a_refused_watch_is_tried_again_later_and_shown(house: House) -> None:
    await connect(house, CONNECTION)
    house.google.faults.add("status_429", times=1)
    assert isinstance(await watching(house)(CONNECTION), NotArmed)
    shown = await mailbox(house)
    assert shown.watch_error == "rate_limited"
    assert shown.renew_at is not None
    house.advance(shown.renew_at - house.clock.now())
    assert (await renewing(house)()).armed == 1
    assert (await mailbox(house)).watch_error is None


async def test_a_renewal_comes_early_and_through_a_grant_that_works(house: House) -> None:
    await connect(house, CONNECTION, BESIDE)
    await watching(house)(CONNECTION)
    was = await house.store.connections.get(min(CONNECTION, BESIDE))
    assert was is not None
    await house.store.connections.swap(was, dead(was.value))
    shown = await mailbox(house)
    assert shown.renew_at is not None
    assert shown.renew_at < house.clock.now() + WATCH_LIFETIME - timedelta(days=1)
    house.advance(shown.renew_at - house.clock.now())
    assert (await renewing(house)()).armed == 1


def dead(connection: Connection) -> Connection:
    """Return the connection after its grant was revoked."""
    return replace(connection, status=ConnectionStatus.REAUTH_REQUIRED)


def test_renewals_are_spread_evenly_over_a_day() -> None:
    spread = [jitter(EmailKey(f"{number}@x.example")) for number in range(10_000)]
    assert all(abs(one) <= JITTER / 2 for one in spread)
    assert min(RENEW_AFTER + one for one in spread) > timedelta(days=4)
    hours = Counter(int((one + JITTER / 2) / timedelta(hours=1)) for one in spread)
    assert max(hours.values()) < 2 * 10_000 / 24


async def connection(house: House) -> Connection:
    found = await house.store.connections.get(CONNECTION)
    assert found is not None
    return found.value


def stopping(house: House) -> StopWatch:
    return StopWatch(house.store.mailboxes, house.sync.gmail, house.clock)


async def test_a_stopped_watch_is_recorded_for_all_and_armed_again_when_due(house: House) -> None:
    await connect(house, CONNECTION, BESIDE)
    await watching(house)(CONNECTION)
    await stopping(house)(await connection(house))
    stopped = await mailbox(house)
    assert stopped.stopped_at is not None
    assert stopped.watch_expires_at is None
    assert (await renewing(house)()).armed == 0
    assert await watching(house).revive(CONNECTION) == NotArmed("not_due")
    house.advance(STOPPED_FOR)
    assert (await renewing(house)()).armed == 1
    armed = await mailbox(house)
    assert armed.stopped_at is None
    assert armed.watch_expires_at is not None


async def test_a_stop_whose_answer_is_lost_is_armed_again_by_the_next_renewal(
    house: House,
) -> None:
    await connect(house, CONNECTION)
    await watching(house)(CONNECTION)
    house.google.faults.add("status_503", times=9)
    with pytest.raises(GmailUnavailableError):
        await stopping(house)(await connection(house))
    assert (await mailbox(house)).watch_expires_at is None
    house.google.faults.clear()
    assert (await renewing(house)()).armed == 1


async def test_a_renewal_under_way_never_writes_over_a_stop(house: House) -> None:
    """Gmail may have heard either last: the state says stopped, and is armed within the hour."""
    await connect(house, CONNECTION)
    claimed = await house.store.mailboxes.get(email_key(EMAIL))
    assert claimed is not None
    await stopping(house)(await connection(house))
    armed = replace(claimed.value, watch_expires_at=house.clock.now() + WATCH_LIFETIME)
    await watching(house)._record(claimed, armed)
    assert (await mailbox(house)).stopped_at is not None
    assert (await mailbox(house)).watch_expires_at is None


async def many(house: House, count: int) -> None:
    """Connect so many addresses whose renewal is due."""
    now = house.clock.now()
    for number in range(count):
        id, email = ConnectionId(f"c-{number}"), f"user{number}@x.example"
        await house.store.connections.create(
            Connection(id, email, SUB, frozenset(), ConnectionStatus.ACTIVE, now, now)
        )
        await house.store.mailboxes.create(
            Mailbox(email_key(email), frozenset({id}), now + WATCH_LIFETIME, renew_at=now)
        )


async def test_one_run_renews_page_after_page(house: House) -> None:
    await many(house, 3 * PAGE + 7)
    assert (await renewing(house)()).armed == 3 * PAGE + 7
    assert not await house.store.mailboxes.renewable(house.clock.now(), 10)


async def test_a_run_that_dies_is_resumed_where_it_was(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await many(house, 2 * PAGE)
    listed = type(house.store.mailboxes).renewable
    asked = 0

    async def once(*args: object) -> object:
        nonlocal asked
        asked += 1
        if asked == 2:
            raise StoreUnavailableError("gone")
        return await listed(*args)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(type(house.store.mailboxes), "renewable", once)
        with pytest.raises(StoreUnavailableError):
            await renewing(house)()
    assert (await renewing(house)()).armed == PAGE
    assert calls(house)["watch"] == 2 * PAGE


async def test_a_watch_that_lapsed_is_told_once_and_so_is_its_return(house: House) -> None:
    await connect(house, CONNECTION)
    await watching(house)(CONNECTION)
    house.advance(WATCH_LIFETIME + timedelta(hours=1))
    house.google.faults.add("status_429", times=2)
    for _ in range(3):
        await renewing(house)()
        house.advance(timedelta(minutes=11))
    assert sorted(await told(house)) == ["lapsed", "recovered"]
