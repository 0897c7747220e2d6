"""No lost wake-up, no second writer, no step back; and what each rule is there for."""

import gc
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.chaos.lease_actors import Actors
from tests.chaos.lease_model import Search, Setting
from tests.chaos.lease_rules import (
    CAPPED,
    FALSE,
    ONE,
    RULES,
    TWO,
    Rule,
    modelled,
    searched,
    steps_of,
)
from tests.chaos.lease_world import Budget

THREE = Budget(changes=3)
SETTINGS = {
    "one invocation dies anywhere": Setting(TWO._replace(crashes=1)),
    "two die, with time to take over": Setting(ONE._replace(crashes=2, waits=2)),
    "one dies or is slow": Setting(ONE._replace(crashes=1, ticks=1), workers=2),
    "a store's or queue's answer is lost": Setting(
        ONE._replace(lost=1, doubled=1), parts=True, workers=2
    ),
    "a write arrives after its writer gave up": Setting(
        ONE._replace(late=1, doubled=1), parts=True
    ),
    "history hides a change for a while": Setting(
        ONE._replace(waits=1, doubled=1), workers=2, lag_s=20
    ),
    "a trigger looks before history shows it": Setting(
        ONE._replace(triggers=1, waits=1), workers=2, lag_s=20
    ),
    "Gmail refuses once": Setting(TWO._replace(refusals=1)),
    "an unannounced change, a death, and reconcile": Setting(
        TWO._replace(crashes=1, dropped=1), reconcile=True
    ),
    "three changes on pages of their own, looks fetch": Setting(THREE, paged=True, leased=True),
    "changes in commits of their own, one death": Setting(
        TWO._replace(crashes=1), workers=2, paged=True, short=True
    ),
    "a false push, and looks that fetch": replace(FALSE, leased=True),
    "pushes in any order, and looks that fetch": Setting(TWO._replace(doubled=1), leased=True),
    "two triggers, and looks that fetch": Setting(
        ONE._replace(triggers=2, dropped=1), workers=2, leased=True
    ),
    "a late write or a death, and looks that fetch": Setting(
        ONE._replace(late=1, crashes=1), parts=True, leased=True, workers=2
    ),
    "Gmail announces one of two changes": CAPPED,
    "a slow worker, looks fetch": Setting(
        ONE._replace(ticks=1, doubled=1), workers=2, paged=True, leased=True
    ),
}
DEEP_SETTINGS = {
    "two changes, a store's or queue's answer is lost": Setting(TWO._replace(lost=1), parts=True),
    "history hides two changes for a while": Setting(TWO._replace(waits=1), workers=2, lag_s=20),
    "a trigger looks before history shows it, three workers": Setting(
        ONE._replace(triggers=1, waits=1), lag_s=20
    ),
    "two changes, a slow worker, looks fetch": Setting(
        TWO._replace(ticks=1), workers=2, paged=True, leased=True
    ),
    "two triggers, one change unannounced": Setting(ONE._replace(triggers=2, dropped=1), workers=2),
    "three changes on pages of their own, two workers": Setting(THREE, workers=2, paged=True),
    "pushes come in any order, one twice": Setting(TWO._replace(doubled=1)),
    "a late write, and looks that no push asked for": Setting(
        ONE._replace(late=1, triggers=1, dropped=1), parts=True, workers=2
    ),
    "a false push": FALSE,
    "one dies or is slow, a push comes twice, looks fetch": Setting(
        ONE._replace(crashes=1, doubled=1, ticks=1), workers=2, leased=True
    ),
    "Gmail announces two of three changes": Setting(
        Budget(changes=3, capped=1, waits=1), workers=2
    ),
    "three changes in commits of their own": Setting(THREE, workers=2, paged=True, short=True),
    "a death and a slow worker": Setting(TWO._replace(crashes=1, ticks=1), leased=True),
    "two deaths, a push twice": Setting(ONE._replace(crashes=2, doubled=1)),
    "a lost answer and a death": Setting(
        ONE._replace(lost=1, crashes=1, doubled=1), parts=True, workers=2
    ),
    "two lost answers": Setting(TWO._replace(lost=2)),
    "a late write, one change unannounced": Setting(
        TWO._replace(late=1, dropped=1), workers=2, paged=True, short=True
    ),
    "a slow worker with many commits": Setting(
        ONE._replace(ticks=1, doubled=1), workers=2, paged=True, short=True
    ),
    "a very slow worker, a push twice": Setting(
        ONE._replace(doubled=1, ticks=2), workers=2, leased=True
    ),
    "three changes, a death, pages": Setting(THREE._replace(crashes=1), paged=True, leased=True),
    "a hidden change, a death, time": Setting(
        ONE._replace(crashes=1, waits=1, doubled=1), workers=2, lag_s=20
    ),
    "a trigger, a death, one change unannounced": Setting(
        ONE._replace(triggers=1, crashes=1, dropped=1), workers=2
    ),
}
COMPARED = {
    "one invocation dies anywhere": SETTINGS["one invocation dies anywhere"],
    "an answer is lost": Setting(TWO._replace(lost=1)),
    "a slow worker, looks fetch": SETTINGS["a slow worker, looks fetch"],
}


@pytest.fixture(autouse=True, scope="module")
def no_collection() -> Iterator[None]:
    """Collect no garbage: a search keeps nearly all that it makes, and goes when it ends."""
    gc.disable()
    yield
    steps_of.cache_clear()
    gc.enable()


def check(name: str, setting: Setting) -> None:
    found = searched(setting)
    print(f"{name}: {found.states} states, {found.steps} steps of code, {found.still} still")
    assert found.broken is None, "\n".join((found.broken, *found.trace))


@pytest.mark.parametrize("name", SETTINGS)
def test_every_interleaving_keeps_every_promise(name: str) -> None:
    """Each kind of trouble by itself; what several do together, `make test-deep` searches."""
    check(name, SETTINGS[name])


@pytest.mark.deep
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", DEEP_SETTINGS)
def test_every_interleaving_of_more_faults_keeps_every_promise(name: str) -> None:
    check(name, DEEP_SETTINGS[name])


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.sentence)
def test_without_this_rule_a_promise_breaks(rule: Rule) -> None:
    found = searched(rule.setting, rule)
    print(f"without: {rule.sentence}: {found.broken}, in {len(found.trace)} steps")
    assert found.broken is not None
    assert found.broken.startswith(rule.broken)


@pytest.mark.parametrize("name", COMPARED)
def test_coroutines_that_stand_alike_go_on_alike(name: str) -> None:
    setting, actors = COMPARED[name], Actors()
    with modelled(setting, actors):
        assert Search(setting, actors).run().broken is None
        compared = actors.compare_alike()
    print(f"{name}: {compared} of {actors.steps} steps compared")
    assert compared > 400
