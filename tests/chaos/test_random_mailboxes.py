"""Whatever happens to a mailbox and to us, at rest the copy equals the mailbox.

Hypothesis drives the owner, the product, every fault of the emulated Google, lost writes, kills and
stalls between any two effects, and time. Then the trouble ends and time passes; nobody helps.
"""

import asyncio
import random
import secrets
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from shared.adapters.firestore.store import open_store
from tests.chaos import oracle
from tests.chaos.await_points import standing_in_awaits
from tests.chaos.shared_google import SharedGoogle, open_shared_google
from tests.chaos.verdict import verify
from tests.chaos.walk import Walk

pytestmark = [
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited"),
    pytest.mark.timeout(7_200),
]
ALWAYS = ("deliver", "push", "wait", "fault", "kill")
OFTEN = ("work", "stall", "resume", "lose_write", "reply", "label", "reconcile", "sync")
NOW_AND_THEN = (
    *("trash", "untrash", "delete", "write_draft", "save_draft", "send_draft", "discard_draft"),
    *("send", "deliver_old", "mark_all_read", "drop_push", "renew", "trigger", "audit", "read"),
    *("take_events", "expire", "cut_off", "reconnect", "reconnect", "pause", "start", "start"),
)
KINDS = ALWAYS * 6 + OFTEN * 3 + NOW_AND_THEN
LEAST_STEPS, MOST_STEPS = 30, 45
NUMBERS = st.integers(0, 999)
STEPS = st.lists(
    st.tuples(st.sampled_from(KINDS), NUMBERS, NUMBERS),
    min_size=LEAST_STEPS,
    max_size=MOST_STEPS,
)


Steps = list[tuple[str, int, int]]


class Walks:
    """The one loop and the one Google of all examples, and what they came to."""

    def __init__(self) -> None:
        self.runner = asyncio.Runner()
        self.opened = open_shared_google()
        self.shared_google: SharedGoogle = self.runner.run(self.opened.__aenter__())
        self.counts: Counter[str] = Counter()

    def walk(self, steps: Steps, project: str | None = None) -> None:
        """Take the steps, then compare; `project` is one of the Firestore emulator's."""
        random.seed(0)
        self.runner.run(self._walk(steps, project))

    async def _walk(self, steps: Steps, project: str | None) -> None:
        store = open_store(project) if project else None
        async with self.shared_google.harness(store) as harness:
            walk = Walk(harness, self.counts)
            for n in range(6):
                harness.owner.receive(f"old {n}")
            for kind, a, b in steps:
                await walk.step(kind, a, b)
            await walk.end()
            await verify(harness)
            self.counts["examples"] += 1
            self.counts["steps"] += len(steps)
            self.counts.update(harness.witness.counts)
        if store is not None:
            await store.close()

    def close(self) -> None:
        """Print the counts."""
        self.counts.update({f"fault {name}": n for name, n in self.shared_google.struck.items()})
        for name, count in sorted(self.counts.items()):
            print(f"{count:8} {name}")
        self.runner.run(self.opened.__aexit__(None, None, None))
        self.runner.close()


@pytest.fixture(scope="module")
def walks() -> Iterator[Walks]:
    with ExitStack() as stack:
        stack.enter_context(standing_in_awaits())
        opened = Walks()
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def firestore(firestore_emulator: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FIRESTORE_EMULATOR_HOST", firestore_emulator)
        yield


def often(examples: int, *, same_each_time: bool) -> settings:
    """Return settings for so many walks."""
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=same_each_time,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
        print_blob=True,
    )


@often(200, same_each_time=True)
@given(steps=STEPS)
def test_at_rest_the_copy_equals_the_mailbox(walks: Walks, steps: Steps) -> None:
    walks.walk(steps)


@pytest.mark.deep
@often(2_500, same_each_time=False)
@given(steps=STEPS)
def test_at_rest_the_copy_equals_the_mailbox_thousands_of_times(walks: Walks, steps: Steps) -> None:
    walks.walk(steps)


@pytest.mark.emulators
@often(5, same_each_time=True)
@given(steps=STEPS)
def test_at_rest_the_copy_equals_the_mailbox_on_firestore(
    walks: Walks, firestore: None, steps: Steps
) -> None:
    walks.walk(steps, f"walk-{secrets.token_hex(8)}")


@pytest.mark.deep
@pytest.mark.emulators
@often(150, same_each_time=False)
@given(steps=STEPS)
def test_at_rest_the_copy_equals_the_mailbox_on_firestore_many_times(
    walks: Walks, firestore: None, steps: Steps
) -> None:
    walks.walk(steps, f"walk-{secrets.token_hex(8)}")


def test_a_status_that_claims_too_much_is_found(
    walks: Walks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oracle, "reported_status", lambda *_: "SUCCESS")
    with pytest.raises(AssertionError, match="SUCCESS without"):
        walks.walk([("deliver", 0, 0)])
