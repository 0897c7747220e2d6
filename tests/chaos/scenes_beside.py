"""Scenes around the steps: the product's wishes, pushes, the governor, reconcile, watches."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from shared.domain.connect.connection import ConnectionStatus
from shared.domain.ids import ConnectionId, email_key
from shared.domain.sync.state import LEASE_LIFETIME, SyncState
from shared.usecases.sync.lease import take
from tests.chaos.chaos_house import ChaosHouse
from tests.chaos.scene import DAY, HOUR, MINUTE, Scene, run, settled, some_old_mail, somebody_else
from tests.usecases.sync.house import CONNECTION, EMAIL


async def audit(house: ChaosHouse) -> None:
    """Compare everything, at the product's wish."""
    await house.control.audit(CONNECTION)
    await house.work()


async def empty_cache(house: ChaosHouse) -> None:
    """Delete every record, and read the window again."""
    await house.control.trigger(CONNECTION, empty_cache=True)
    await house.work()


async def _deleted_unseen(house: ChaosHouse) -> None:
    """Have mail that a reader holds, and that its owner deletes before anybody looks again."""
    ids = await settled(house)
    house.owner.delete(ids[:2])


async def empty_cache_after_a_deletion(house: ChaosHouse) -> None:
    """Delete every record: those whose mail is gone never come back."""
    await empty_cache(house)


async def reset(house: ChaosHouse) -> None:
    """Read the window again."""
    await house.control.trigger(CONNECTION, reset=True)
    await house.work()


async def pause_and_start(house: ChaosHouse) -> None:
    """Stop, go on, and ask another time of day."""
    await house.control.pause(CONNECTION)
    house.owner.receive("while paused")
    await house.push_now()
    await house.control.set_frequency(CONNECTION, 2 * HOUR)
    await house.control.start(CONNECTION)
    await house.work()


async def _held(house: ChaosHouse) -> None:
    await settled(house)
    await take(house.witness, house.clock, CONNECTION, None)
    house.owner.receive("knock")


async def push_while_another_holds_the_lease(house: ChaosHouse) -> None:
    """Leave the hint and a task."""
    await house.push_now()


async def _overtaken(house: ChaosHouse) -> None:
    await settled(house)
    house.owner.receive("slow to fetch")

    async def take_over(path: str) -> None:
        house.transport.meanwhile = None
        house.advance(LEASE_LIFETIME + timedelta(seconds=1))
        with somebody_else():
            await take(house.witness, house.clock, CONNECTION, None)

    house.transport.meanwhile = take_over


async def delta_that_stalls_past_its_lease(house: ChaosHouse) -> None:
    """Come too late to write."""
    await house.push_now()


async def sync_that_is_told_to_stop(house: ChaosHouse) -> None:
    """Give the lease back, for the process is ending."""
    work = asyncio.create_task(run(house))

    async def stop(path: str) -> None:
        house.transport.meanwhile = None
        work.cancel()
        await asyncio.sleep(0)

    house.transport.meanwhile = stop
    with suppress(asyncio.CancelledError):
        await work


async def _shared(house: ChaosHouse) -> None:
    await settled(house)
    other = ConnectionId("c-other")
    user = await house.store.google_users.get("sub-ada")
    assert user is not None
    connections = frozenset({CONNECTION, other})
    await house.store.google_users.swap(user, replace(user.value, connections=connections))
    await house.store.sync_states.create(SyncState(other))
    await house.control.trigger(CONNECTION, reset=True)


async def backfill_shared_with_another_connection(house: ChaosHouse) -> None:
    """Divide the allowance."""
    await run(house)


async def _asked_to_wait(house: ChaosHouse) -> None:
    await _shared(house)
    user = await house.store.google_users.get("sub-ada")
    assert user is not None
    until = house.clock.now() + MINUTE
    await house.store.google_users.swap(user, replace(user.value, rate_limited_until=until))


async def backfill_of_a_user_who_was_asked_to_wait(house: ChaosHouse) -> None:
    """Put it off."""
    await run(house)


async def _due(house: ChaosHouse) -> None:
    await settled(house)
    house.sends.waiting.append("s1")
    house.bulks.waiting.append("b1")
    house.advance(HOUR)
    house.owner.receive("unannounced")


async def reconcile_what_is_due(house: ChaosHouse) -> None:
    """Enqueue what nobody woke, mailboxes and sends."""
    await house.reconcile()
    await house.work()


async def _lapsed(house: ChaosHouse) -> None:
    await settled(house)
    house.advance(8 * DAY)


async def renew_a_lapsed_watch(house: ChaosHouse) -> None:
    """Renew, refused once, and tell the product both times."""
    house.fault("watch_conflict", times=1)
    house.fault("status_503", method="watch", times=1)
    await house.renew_watches()
    house.advance(HOUR)
    await house.renew_watches()


async def _conflicting_watch(house: ChaosHouse) -> None:
    await settled(house)
    house.advance(6 * DAY)
    house.fault("watch_conflict", times=1)

    async def note_a_push(path: str) -> None:
        if path.endswith("/watch"):
            await house.store.mailboxes.note_push(email_key(EMAIL), house.clock.now())

    house.transport.meanwhile = note_a_push


async def renew_a_watch_that_conflicts(house: ChaosHouse) -> None:
    """Stop first, then watch; a push is noted on the mailbox meanwhile."""
    await house.renew_watches()


async def _nobody_able(house: ChaosHouse) -> None:
    await settled(house)
    house.advance(6 * DAY)
    found = await house.store.connections.get(CONNECTION)
    assert found is not None
    paused = replace(found.value, status=ConnectionStatus.PAUSED)
    await house.store.connections.swap(found, paused)


async def postpone_a_watch_nobody_can_renew(house: ChaosHouse) -> None:
    """Look again later."""
    await house.renew_watches()


SCENES_BESIDE = [
    Scene(_overtaken, delta_that_stalls_past_its_lease),
    Scene(_due, sync_that_is_told_to_stop),
    Scene(some_old_mail, audit),
    Scene(some_old_mail, empty_cache),
    Scene(_deleted_unseen, empty_cache_after_a_deletion),
    Scene(some_old_mail, reset),
    Scene(some_old_mail, pause_and_start),
    Scene(_held, push_while_another_holds_the_lease),
    Scene(_shared, backfill_shared_with_another_connection),
    Scene(_asked_to_wait, backfill_of_a_user_who_was_asked_to_wait),
    Scene(_due, reconcile_what_is_due),
    Scene(_lapsed, renew_a_lapsed_watch),
    Scene(_conflicting_watch, renew_a_watch_that_conflicts),
    Scene(_nobody_able, postpone_a_watch_nobody_can_renew),
]
