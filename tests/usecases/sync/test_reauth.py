"""A grant that Google refuses stops the sync, until the end user comes back."""

from dataclasses import replace

from shared.errors import GrantRevokedError
from shared.usecases.sync.work.lease import Held, take
from tests.harness.syncing import CONNECTION, SyncHarness


async def test_a_reconnect_while_a_run_gives_up_is_not_forgotten(harness: SyncHarness) -> None:
    await harness.settle()
    held = await take(harness.store.sync_states, harness.clock, CONNECTION, None)
    assert isinstance(held, Held)
    was = await harness.store.sync_states.get(CONNECTION)
    assert was is not None
    now = harness.clock.now()
    await harness.store.sync_states.swap(was, replace(was.value, next_due_at=now))
    error = GrantRevokedError("Revoked.")
    await held.leave(lambda state: replace(state, last_error=error.code), None)
    state = await harness.state()
    assert state.lease is None
    assert state.next_due_at == now


async def test_a_run_that_gives_up_undisturbed_waits_for_the_end_user(harness: SyncHarness) -> None:
    await harness.settle()
    held = await take(harness.store.sync_states, harness.clock, CONNECTION, None)
    assert isinstance(held, Held)
    await held.leave(lambda state: state, None)
    assert (await harness.state()).next_due_at is None
