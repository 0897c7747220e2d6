"""What a sync may be in the middle of when it is killed; together they reach every await."""

from dataclasses import replace
from datetime import timedelta

from shared.domain.ids import PageToken
from shared.domain.sync.state import Backfill
from tests.chaos.harness import ChaosHarness
from tests.chaos.owner import NOBODY
from tests.chaos.scene import DAY, HOUR, MINUTE, Scene, change, run, settled
from tests.chaos.scenes_after_deaths import SCENES_AFTER_DEATHS
from tests.chaos.scenes_beside import SCENES_BESIDE
from tests.chaos.scenes_told import SCENES_TOLD
from tests.harness.google import EMAIL
from tests.harness.syncing import CONNECTION

TOO_LARGE_TO_COME_INLINE = 600_000


async def _new_mailbox(harness: ChaosHarness) -> None:
    thread = harness.owner.thread_of(harness.owner.receive("thread 0"))
    for n in range(3):
        harness.owner.receive(f"thread {n + 1}", thread_id=thread)
    for n in range(3):
        harness.owner.receive(f"mail {n}")


async def first_sync(harness: ChaosHarness) -> None:
    """Anchor, arm the watch, read the window in threads and singly."""
    await run(harness)


async def _unwatched_mailbox(harness: ChaosHarness) -> None:
    await _new_mailbox(harness)
    harness.fault("status_503", method="watch", times=1)


async def first_sync_without_a_watch(harness: ChaosHarness) -> None:
    """Anchor where no watch could be armed."""
    await run(harness)


async def _large_new_mailbox(harness: ChaosHarness) -> None:
    for n in range(4):
        harness.owner.receive_noise(f"large {n}", 1_400_000 + n)


async def backfill_in_several_commits(harness: ChaosHarness) -> None:
    """Store more than one commit holds."""
    await run(harness)


async def _bogus_page(harness: ChaosHarness) -> None:
    await settled(harness)
    harness.owner.receive("unknown yet", age=2 * DAY)
    harness.google.store.expire_history(EMAIL)
    now = harness.clock.now()
    token = PageToken("bogus")
    backfill = Backfill(window_start=now - 9 * DAY, started_at=now, page_token=token)
    await change(harness, lambda it: replace(it, backfill=backfill).due_by(now))
    harness.expired = True


async def backfill_from_a_page_gmail_forgot(harness: ChaosHarness) -> None:
    """List again from the top."""
    await run(harness)


async def _changes(harness: ChaosHarness) -> None:
    ids = await settled(harness, 8)
    owner = harness.owner
    await harness.control.set_frequency(CONNECTION, HOUR)
    owner.relabel(ids[:3], add=("STARRED",), drop=("UNREAD",))
    owner.trash(ids[3])
    owner.delete([ids[4], ids[5]])
    owner.delete([owner.receive("fleeting")])
    thread = owner.thread_of(owner.receive("talk"))
    for n in range(3):
        owner.receive(f"talk {n}", thread_id=thread)
    draft = owner.write_draft("draft")
    for n in range(3):
        owner.save_draft(draft, f"draft {n}")
    owner.send_draft(draft)
    owner.write_draft("kept")
    owner.send("to nobody", to=NOBODY)
    harness.fault("page_without_history", times=1)


async def delta_by_push(harness: ChaosHarness) -> None:
    """Read adds, labels, deletions and drafts, a page without history among them."""
    await harness.push_now()


async def _unwatched_changes(harness: ChaosHarness) -> None:
    await _changes(harness)
    harness.advance(2 * HOUR)


async def delta_nobody_announced(harness: ChaosHarness) -> None:
    """Find changes by the hourly look, and then that the watch says nothing."""
    for _ in range(2):
        await harness.reconcile()
        await harness.work()
        harness.advance(3 * MINUTE)


async def _large_changes(harness: ChaosHarness) -> None:
    await settled(harness)
    for n in range(4):
        harness.owner.receive_noise(f"large {n}", 1_400_000 + n)


async def delta_in_several_commits(harness: ChaosHarness) -> None:
    """Store a part that is larger than a commit."""
    await harness.push_now()


async def _rate_limited(harness: ChaosHarness) -> None:
    await settled(harness)
    for n in range(8):
        harness.owner.receive(f"fresh {n}")
    harness.fault("status_429", method="messages.get", after=3, times=1)


async def delta_cut_short_by_a_refusal(harness: ChaosHarness) -> None:
    """Keep what came in; the refusal goes to every instance."""
    await harness.push_now()


async def _early_404(harness: ChaosHarness) -> None:
    await settled(harness)
    harness.owner.receive_noise("early", TOO_LARGE_TO_COME_INLINE)
    harness.fault("fresh_404", times=1)
    await harness.push_now()
    harness.google.faults.clear()
    harness.advance(10 * timedelta(seconds=1))


async def retry_from_quarantine(harness: ChaosHarness) -> None:
    """Fetch again what was announced too early."""
    await run(harness)


async def _in_quarantine(harness: ChaosHarness) -> None:
    await _early_404(harness)
    harness.owner.relabel(harness.owner.ids()[-1:], drop=("UNREAD",))
    harness.owner.receive("another")


async def delta_beside_quarantine(harness: ChaosHarness) -> None:
    """Leave what is set aside to its own schedule."""
    await harness.push_now()


async def _expired(harness: ChaosHarness) -> None:
    ids = await settled(harness, 10)
    harness.owner.relabel(ids[:4], add=("STARRED",), drop=("UNREAD",))
    harness.owner.delete(ids[4:6])
    harness.owner.receive("missed")
    harness.google.store.expire_history(EMAIL)
    harness.expired = True
    harness.transport.unlisted = {ids[7]}


async def recovery(harness: ChaosHarness) -> None:
    """Compare by listing; ask for what is not listed."""
    await harness.push_now()
    await run(harness)


async def _much_expired(harness: ChaosHarness) -> None:
    ids = [harness.owner.receive(f"old {n}") for n in range(320)]
    await harness.quiesce()
    harness.owner.relabel(ids, drop=("UNREAD",))
    harness.owner.relabel(ids[:2], drop=("INBOX",))
    harness.google.store.expire_history(EMAIL)
    harness.expired = True
    harness.transport.page_size = 200


async def recovery_in_several_commits(harness: ChaosHarness) -> None:
    """Find more than one commit changes."""
    await harness.push_now()
    await run(harness)


async def _lost_answers(harness: ChaosHarness) -> None:
    await settled(harness)
    harness.owner.receive("new")
    harness.clock.on_advance.clear()
    turns = iter(["answer", "request", "answer", None, "request"])
    reads = iter([None, "answer", None, "answer"])
    harness.witness.trouble = lambda write: (
        next(turns, None) if write == "commit" else next(reads, None) if write == "get" else None
    )


async def commits_whose_answers_are_lost(harness: ChaosHarness) -> None:
    """Read the state back after writes that nobody confirmed."""
    await harness.push_now()


async def _long_work(harness: ChaosHarness) -> None:
    await settled(harness)
    harness.owner.receive("missed", age=HOUR)
    harness.fault("page_without_history", times=3)
    harness.transport.each_call_takes = timedelta(seconds=21)


async def delta_that_needs_its_lease_renewed(harness: ChaosHarness) -> None:
    """Renew between slow pages."""
    await harness.push_now()


async def _slow(harness: ChaosHarness) -> None:
    for n in range(80):
        harness.owner.receive(f"old {n}")
    harness.transport.page_size = 20
    harness.units_per_minute = 600
    harness.restart()


async def backfill_at_a_slow_pace(harness: ChaosHarness) -> None:
    """Wait for the quota, and hand the rest to a task."""
    await harness.sync(CONNECTION, budget=timedelta(seconds=5))


async def _mail_after_trouble(harness: ChaosHarness) -> None:
    await settled(harness)
    harness.owner.receive("after the trouble")
    await change(harness, lambda was: replace(was.wanting_look(), failures=2, last_error="x"))


async def delta_that_ends_a_trouble(harness: ChaosHarness) -> None:
    """Succeed for the first time in a while: what is held is woken."""
    await run(harness)


SCENES = [
    Scene(_new_mailbox, first_sync),
    Scene(_unwatched_mailbox, first_sync_without_a_watch),
    Scene(_changes, delta_by_push),
    Scene(_unwatched_changes, delta_nobody_announced),
    Scene(_early_404, retry_from_quarantine),
    Scene(_in_quarantine, delta_beside_quarantine),
    Scene(_expired, recovery),
    Scene(_lost_answers, commits_whose_answers_are_lost),
    Scene(_rate_limited, delta_cut_short_by_a_refusal),
    Scene(_long_work, delta_that_needs_its_lease_renewed),
    Scene(_bogus_page, backfill_from_a_page_gmail_forgot),
    Scene(_mail_after_trouble, delta_that_ends_a_trouble),
    Scene(_slow, backfill_at_a_slow_pace),
    Scene(_much_expired, recovery_in_several_commits),
    Scene(_large_new_mailbox, backfill_in_several_commits),
    Scene(_large_changes, delta_in_several_commits),
    *SCENES_BESIDE,
    *SCENES_AFTER_DEATHS,
    *SCENES_TOLD,
]
