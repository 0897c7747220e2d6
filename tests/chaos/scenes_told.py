"""Scenes in which somebody is told: a silent watch, mail refused alike, labels left out."""

from dataclasses import replace
from datetime import timedelta

from infra.local.google.wording import Words
from shared.domain.ids import LabelId, first_mailbox_id
from shared.domain.sync.selection import Selection
from shared.usecases.sync.watch.start import IN_VAIN
from shared.usecases.sync.watch.stop import LiveWatch
from shared.usecases.sync.work.hydrate import FEWEST_ALIKE
from shared.usecases.sync.work.run import BLAMED_AFTER
from tests.chaos.harness import ChaosHarness
from tests.chaos.scene import HOUR, MINUTE, Scene, change, run, settled
from tests.harness.google import EMAIL
from tests.harness.syncing import CONNECTION

REFUSAL = Words(status=400, reason="odd", message="Not this one")


async def _silent(harness: ChaosHarness, *, since: timedelta | None, revivals: int) -> None:
    """Have a watch that was armed anew so often, and announced nothing."""
    found = await harness.store.mailboxes.get(first_mailbox_id(EMAIL))
    assert found is not None
    now = harness.clock.now()
    marked = replace(
        found.value,
        revived_at=now - 2 * HOUR,
        last_push_at=now - 3 * HOUR,
        vain_revivals=revivals,
        silent_since=None if since is None else now - since,
    )
    await harness.store.mailboxes.swap(found, marked)


async def _silent_watch(harness: ChaosHarness) -> None:
    await settled(harness)
    await _silent(harness, since=HOUR, revivals=IN_VAIN)
    harness.owner.receive("announced again")


async def push_of_a_silent_watch(harness: ChaosHarness) -> None:
    """Tell that it announces mail again."""
    await harness.push_now()


async def _unannounced_again(harness: ChaosHarness) -> None:
    await settled(harness)
    await _silent(harness, since=None, revivals=IN_VAIN - 1)
    harness.owner.receive("unannounced")
    harness.advance(2 * HOUR)


async def last_revival_in_vain(harness: ChaosHarness) -> None:
    """Find mail that no push announced, and tell that the watch stays silent."""
    for _ in range(2):
        await harness.reconcile()
        await harness.work()
        harness.advance(3 * MINUTE)


async def _watch_ran_out(harness: ChaosHarness) -> None:
    await settled(harness)
    found = await harness.store.mailboxes.get(first_mailbox_id(EMAIL))
    assert found is not None
    ended = replace(found.value, watch_expires_at=harness.clock.now() - HOUR)
    await harness.store.mailboxes.swap(found, ended)


async def watch_that_a_product_asks_for(harness: ChaosHarness) -> None:
    """Arm the mailbox's one watch, and return the end of the one that lives."""
    for _ in range(2):
        found = await harness.store.connections.get(CONNECTION)
        assert found is not None
        await harness.container.use(LiveWatch)(found.value)


async def _refused_alike(harness: ChaosHarness) -> None:
    await settled(harness)
    for n in range(FEWEST_ALIKE):
        harness.owner.receive(f"refused {n}")
    harness.fault("refuse", method="messages.get", times=FEWEST_ALIKE, words=REFUSAL)
    await change(harness, lambda it: replace(it.wanting_look(), failures=BLAMED_AFTER))


async def delta_of_mail_refused_alike(harness: ChaosHarness) -> None:
    """Ask for a stored message, and set the others aside."""
    await run(harness)


async def _with_a_label_left_out(harness: ChaosHarness) -> None:
    for n in range(3):
        harness.owner.receive(f"mail {n}")
    left_out = Selection(exclude=(LabelId("SPAM"),))
    await change(harness, lambda it: replace(it, selection=left_out))


async def first_sync_that_leaves_a_label_out(harness: ChaosHarness) -> None:
    """List what is under the label before anything is fetched."""
    await run(harness)


SCENES_TOLD = (
    Scene(_silent_watch, push_of_a_silent_watch),
    Scene(_unannounced_again, last_revival_in_vain),
    Scene(_watch_ran_out, watch_that_a_product_asks_for),
    Scene(_refused_alike, delta_of_mail_refused_alike),
    Scene(_with_a_label_left_out, first_sync_that_leaves_a_label_out),
)
