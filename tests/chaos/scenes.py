"""What a sync may be in the middle of when it is killed; together they reach every await."""

from dataclasses import replace
from datetime import timedelta

from shared.domain.ids import PageToken
from shared.domain.sync.state import Backfill
from tests.chaos.chaos_house import ChaosHouse
from tests.chaos.owner import NOBODY
from tests.chaos.scene import DAY, HOUR, MINUTE, Scene, change, run, settled
from tests.chaos.scenes_after_deaths import SCENES_AFTER_DEATHS
from tests.chaos.scenes_beside import SCENES_BESIDE
from tests.usecases.sync.house import CONNECTION, EMAIL

TOO_LARGE_TO_COME_INLINE = 600_000


async def _new_mailbox(house: ChaosHouse) -> None:
    thread = house.owner.thread_of(house.owner.receive("thread 0"))
    for n in range(3):
        house.owner.receive(f"thread {n + 1}", thread_id=thread)
    for n in range(3):
        house.owner.receive(f"mail {n}")


async def first_sync(house: ChaosHouse) -> None:
    """Anchor, arm the watch, read the window in threads and singly."""
    await run(house)


async def _large_new_mailbox(house: ChaosHouse) -> None:
    for n in range(4):
        house.owner.receive_noise(f"large {n}", 1_400_000 + n)


async def backfill_in_several_commits(house: ChaosHouse) -> None:
    """Store more than one commit holds."""
    await run(house)


async def _bogus_page(house: ChaosHouse) -> None:
    await settled(house)
    house.owner.receive("unknown yet", age=2 * DAY)
    house.google.store.expire_history(EMAIL)
    now = house.clock.now()
    token = PageToken("bogus")
    backfill = Backfill(window_start=now - 9 * DAY, started_at=now, page_token=token)
    await change(house, lambda it: replace(it, backfill=backfill).due_by(now))
    house.expired = True


async def backfill_from_a_page_gmail_forgot(house: ChaosHouse) -> None:
    """List again from the top."""
    await run(house)


async def _changes(house: ChaosHouse) -> None:
    ids = await settled(house, 8)
    owner = house.owner
    await house.control.set_frequency(CONNECTION, HOUR)
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
    house.fault("page_without_history", times=1)


async def delta_by_push(house: ChaosHouse) -> None:
    """Read adds, labels, deletions and drafts, a page without history among them."""
    await house.push_now()


async def _unwatched_changes(house: ChaosHouse) -> None:
    await _changes(house)
    house.advance(2 * HOUR)


async def delta_nobody_announced(house: ChaosHouse) -> None:
    """Find changes by the hourly look, and then that the watch says nothing."""
    for _ in range(2):
        await house.reconcile()
        await house.work()
        house.advance(3 * MINUTE)


async def _large_changes(house: ChaosHouse) -> None:
    await settled(house)
    for n in range(4):
        house.owner.receive_noise(f"large {n}", 1_400_000 + n)


async def delta_in_several_commits(house: ChaosHouse) -> None:
    """Store a part that is larger than a commit."""
    await house.push_now()


async def _rate_limited(house: ChaosHouse) -> None:
    await settled(house)
    for n in range(8):
        house.owner.receive(f"fresh {n}")
    house.fault("status_429", method="messages.get", after=3, times=1)


async def delta_cut_short_by_a_refusal(house: ChaosHouse) -> None:
    """Keep what came in; the refusal goes to every instance."""
    await house.push_now()


async def _early_404(house: ChaosHouse) -> None:
    await settled(house)
    house.owner.receive_noise("early", TOO_LARGE_TO_COME_INLINE)
    house.fault("fresh_404", times=1)
    await house.push_now()
    house.google.faults.clear()
    house.advance(10 * timedelta(seconds=1))


async def retry_from_quarantine(house: ChaosHouse) -> None:
    """Fetch again what was announced too early."""
    await run(house)


async def _in_quarantine(house: ChaosHouse) -> None:
    await _early_404(house)
    house.owner.relabel(house.owner.ids()[-1:], drop=("UNREAD",))
    house.owner.receive("another")


async def delta_beside_quarantine(house: ChaosHouse) -> None:
    """Leave what is set aside to its own schedule."""
    await house.push_now()


async def _expired(house: ChaosHouse) -> None:
    ids = await settled(house, 10)
    house.owner.relabel(ids[:4], add=("STARRED",), drop=("UNREAD",))
    house.owner.delete(ids[4:6])
    house.owner.receive("missed")
    house.google.store.expire_history(EMAIL)
    house.expired = True
    house.transport.unlisted = {ids[7]}


async def recovery(house: ChaosHouse) -> None:
    """Compare by listing; ask for what is not listed."""
    await house.push_now()
    await run(house)


async def _much_expired(house: ChaosHouse) -> None:
    ids = [house.owner.receive(f"old {n}") for n in range(320)]
    await house.quiesce()
    house.owner.relabel(ids, drop=("UNREAD",))
    house.owner.relabel(ids[:2], drop=("INBOX",))
    house.google.store.expire_history(EMAIL)
    house.expired = True
    house.transport.page_size = 200


async def recovery_in_several_commits(house: ChaosHouse) -> None:
    """Find more than one commit changes."""
    await house.push_now()
    await run(house)


async def _lost_answers(house: ChaosHouse) -> None:
    await settled(house)
    house.owner.receive("new")
    house.clock.on_advance.clear()
    turns = iter(["answer", "request", "answer", None, "request"])
    reads = iter([None, "answer", None, "answer"])
    house.witness.trouble = lambda write: (
        next(turns, None) if write == "commit" else next(reads, None) if write == "get" else None
    )


async def commits_whose_answers_are_lost(house: ChaosHouse) -> None:
    """Read the state back after writes that nobody confirmed."""
    await house.push_now()


async def _long_work(house: ChaosHouse) -> None:
    await settled(house)
    house.owner.receive("missed", age=HOUR)
    house.fault("page_without_history", times=3)
    house.transport.each_call_takes = timedelta(seconds=21)


async def delta_that_needs_its_lease_renewed(house: ChaosHouse) -> None:
    """Renew between slow pages."""
    await house.push_now()


async def _slow(house: ChaosHouse) -> None:
    for n in range(80):
        house.owner.receive(f"old {n}")
    house.transport.page_size = 20
    house.units_per_minute = 600
    house.restart()


async def backfill_at_a_slow_pace(house: ChaosHouse) -> None:
    """Wait for the quota, and hand the rest to a task."""
    await house.sync(CONNECTION, budget=timedelta(seconds=5))


SCENES = [
    Scene(_new_mailbox, first_sync),
    Scene(_changes, delta_by_push),
    Scene(_unwatched_changes, delta_nobody_announced),
    Scene(_early_404, retry_from_quarantine),
    Scene(_in_quarantine, delta_beside_quarantine),
    Scene(_expired, recovery),
    Scene(_lost_answers, commits_whose_answers_are_lost),
    Scene(_rate_limited, delta_cut_short_by_a_refusal),
    Scene(_long_work, delta_that_needs_its_lease_renewed),
    Scene(_bogus_page, backfill_from_a_page_gmail_forgot),
    Scene(_slow, backfill_at_a_slow_pace),
    Scene(_much_expired, recovery_in_several_commits),
    Scene(_large_new_mailbox, backfill_in_several_commits),
    Scene(_large_changes, delta_in_several_commits),
    *SCENES_BESIDE,
    *SCENES_AFTER_DEATHS,
]
