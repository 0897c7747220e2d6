"""What the modelled sync is in the middle of when the mailbox changes."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from shared.domain.ids import MessageId
from shared.domain.sync.state import LEASE_LIFETIME, SyncState
from tests.chaos.schedule_mailbox import STARRED, START, FakeMailbox, ManualClock, undisturbed
from tests.chaos.schedule_setting import CONNECTION, DiedError, ModelledSync, driven
from tests.chaos.schedule_store import FakeStore


def new_mailbox(**traits: Any) -> ModelledSync:
    """Return a connected mailbox of three messages whose first sync has not run."""
    clock = ManualClock()
    mailbox = FakeMailbox(clock, **traits)
    state = SyncState(CONNECTION, next_due_at=START, delta_due_at=START)
    modelled = ModelledSync(clock, mailbox, FakeStore(mailbox, state))
    with undisturbed(mailbox):
        for _ in range(3):
            mailbox.deliver()
    return modelled


def settled_mailbox(**traits: Any) -> ModelledSync:
    """Return one whose first sync is done."""
    modelled = new_mailbox(**traits)
    modelled.settle()
    modelled.answers = 0
    return modelled


def unlisted_mailbox(**traits: Any) -> ModelledSync:
    """Return a settled one of whose messages one has dropped out of the search index."""
    modelled = settled_mailbox(**traits)
    modelled.mailbox.messages[MessageId("m1")].unlisted = True
    return modelled


def _start(modelled: ModelledSync) -> None:
    modelled.run()


def _expire(modelled: ModelledSync) -> None:
    modelled.mailbox.deliver()
    modelled.mailbox.toggle(MessageId("m1"), STARRED)
    modelled.mailbox.expire()
    modelled.store.state = replace(modelled.store.state, delta_due_at=modelled.clock.now())
    modelled.run()


def _push(modelled: ModelledSync) -> None:
    modelled.mailbox.deliver()
    try:
        modelled.push()
    except DiedError:
        modelled.clock.at += LEASE_LIFETIME


def _reset(modelled: ModelledSync) -> None:
    driven(modelled.control.trigger(CONNECTION, reset=True))
    modelled.run()


def _audit(modelled: ModelledSync) -> None:
    driven(modelled.control.audit(CONNECTION))
    modelled.run()


@dataclass(frozen=True, slots=True)
class Scenario:
    """Where schedules start, and what is under way while the mailbox changes."""

    start: Callable[..., ModelledSync]
    begin: Callable[[ModelledSync], None]


SCENARIOS = {
    "first sync": Scenario(new_mailbox, _start),
    "delta": Scenario(settled_mailbox, _push),
    "recovery": Scenario(settled_mailbox, _expire),
    "recovery, a message unlisted": Scenario(unlisted_mailbox, _expire),
    "reset": Scenario(settled_mailbox, _reset),
    "audit": Scenario(settled_mailbox, _audit),
    "audit, a message unlisted": Scenario(unlisted_mailbox, _audit),
}
