"""Scenes around the steps: the product's wishes, pushes, the governor, reconcile, watches."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from shared.domain.connect.connection import ConnectionStatus
from shared.domain.ids import ConnectionId, first_mailbox_id
from shared.domain.sync.state import LEASE_LIFETIME, SyncState
from shared.usecases.sync.work.lease import take
from tests.chaos.harness import ChaosHarness
from tests.chaos.scene import DAY, HOUR, MINUTE, Scene, run, settled, some_old_mail, somebody_else
from tests.harness.google import EMAIL
from tests.harness.syncing import CONNECTION


async def audit(harness: ChaosHarness) -> None:
    """Compare everything, at the product's wish."""
    await harness.control.audit(CONNECTION)
    await harness.work()


async def empty_cache(harness: ChaosHarness) -> None:
    """Delete every record, and read the window again."""
    await harness.control.trigger(CONNECTION, empty_cache=True)
    await harness.work()


async def _deleted_unseen(harness: ChaosHarness) -> None:
    """Have mail that a reader holds, and that its owner deletes before anybody looks again."""
    ids = await settled(harness)
    harness.owner.delete(ids[:2])


async def empty_cache_after_a_deletion(harness: ChaosHarness) -> None:
    """Delete every record: those whose mail is gone never come back."""
    await empty_cache(harness)


async def reset(harness: ChaosHarness) -> None:
    """Read the window again."""
    await harness.control.trigger(CONNECTION, reset=True)
    await harness.work()


async def pause_and_start(harness: ChaosHarness) -> None:
    """Stop, go on, and ask another time of day."""
    await harness.control.pause(CONNECTION)
    harness.owner.receive("while paused")
    await harness.push_now()
    await harness.control.set_frequency(CONNECTION, 2 * HOUR)
    await harness.control.start(CONNECTION)
    await harness.work()


async def _held(harness: ChaosHarness) -> None:
    await settled(harness)
    await take(harness.witness, harness.clock, CONNECTION, None)
    harness.owner.receive("knock")


async def push_while_another_holds_the_lease(harness: ChaosHarness) -> None:
    """Leave the hint and a task."""
    await harness.push_now()


async def _overtaken(harness: ChaosHarness) -> None:
    await settled(harness)
    harness.owner.receive("slow to fetch")

    async def take_over(path: str) -> None:
        harness.transport.meanwhile = None
        harness.advance(LEASE_LIFETIME + timedelta(seconds=1))
        with somebody_else():
            await take(harness.witness, harness.clock, CONNECTION, None)

    harness.transport.meanwhile = take_over


async def delta_that_stalls_past_its_lease(harness: ChaosHarness) -> None:
    """Come too late to write."""
    await harness.push_now()


async def sync_that_is_told_to_stop(harness: ChaosHarness) -> None:
    """Give the lease back, for the process is ending."""
    work = asyncio.create_task(run(harness))

    async def stop(path: str) -> None:
        harness.transport.meanwhile = None
        work.cancel()
        await asyncio.sleep(0)

    harness.transport.meanwhile = stop
    with suppress(asyncio.CancelledError):
        await work


async def _shared(harness: ChaosHarness) -> None:
    await settled(harness)
    other = ConnectionId("c-other")
    user = await harness.store.google_users.get("sub-ada")
    assert user is not None
    connections = frozenset({CONNECTION, other})
    await harness.store.google_users.swap(user, replace(user.value, connections=connections))
    await harness.store.sync_states.create(SyncState(other))
    await harness.control.trigger(CONNECTION, reset=True)


async def backfill_shared_with_another_connection(harness: ChaosHarness) -> None:
    """Divide the allowance."""
    await run(harness)


async def _asked_to_wait(harness: ChaosHarness) -> None:
    await _shared(harness)
    user = await harness.store.google_users.get("sub-ada")
    assert user is not None
    until = harness.clock.now() + MINUTE
    await harness.store.google_users.swap(user, replace(user.value, rate_limited_until=until))


async def backfill_of_a_user_who_was_asked_to_wait(harness: ChaosHarness) -> None:
    """Put it off."""
    await run(harness)


async def _due(harness: ChaosHarness) -> None:
    await settled(harness)
    harness.sends.waiting.append("s1")
    harness.bulks.waiting.append("b1")
    harness.advance(HOUR)
    harness.owner.receive("unannounced")


async def reconcile_what_is_due(harness: ChaosHarness) -> None:
    """Enqueue what nobody woke, mailboxes and sends."""
    await harness.reconcile()
    await harness.work()


async def _lapsed(harness: ChaosHarness) -> None:
    await settled(harness)
    harness.advance(8 * DAY)


async def renew_a_lapsed_watch(harness: ChaosHarness) -> None:
    """Renew, refused once, and tell the product both times."""
    harness.fault("watch_conflict", times=1)
    harness.fault("status_503", method="watch", times=1)
    await harness.renew_watches()
    harness.advance(HOUR)
    await harness.renew_watches()


async def _conflicting_watch(harness: ChaosHarness) -> None:
    await settled(harness)
    harness.advance(6 * DAY)
    harness.fault("watch_conflict", times=1)

    async def note_a_push(path: str) -> None:
        if path.endswith("/watch"):
            await harness.store.mailboxes.note_push(first_mailbox_id(EMAIL), harness.clock.now())

    harness.transport.meanwhile = note_a_push


async def renew_a_watch_that_conflicts(harness: ChaosHarness) -> None:
    """Stop first, then watch; a push is noted on the mailbox meanwhile."""
    await harness.renew_watches()


async def _nobody_able(harness: ChaosHarness) -> None:
    await settled(harness)
    harness.advance(6 * DAY)
    found = await harness.store.connections.get(CONNECTION)
    assert found is not None
    paused = replace(found.value, status=ConnectionStatus.PAUSED)
    await harness.store.connections.swap(found, paused)


async def postpone_a_watch_nobody_can_renew(harness: ChaosHarness) -> None:
    """Look again later."""
    await harness.renew_watches()


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
