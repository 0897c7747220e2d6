"""What a probe is: one claim about Gmail, what asking costs, and what a different answer means."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from shared.commands.verify.mailbox import Mailbox


class Level(StrEnum):
    """How far a run may go."""

    READ = "read"
    """It changes nothing."""
    SELF = "self"
    """It makes a label, drafts and mail of its own, to the account itself, and takes them away."""


class Verdict(StrEnum):
    """How a probe ended."""

    HOLDS = "holds"
    DIFFERS = "differs"
    NOT_TRIED = "not tried"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was seen; never an address, an id or anything a mail says."""

    verdict: Verdict
    seen: str


def compare(seen: Any, expected: Any, words: str = "") -> Finding:
    """Return whether what was seen is what was expected, in words."""
    if seen == expected:
        return Finding(Verdict.HOLDS, words or f"{seen}")
    return Finding(Verdict.DIFFERS, f"{words + ': ' if words else ''}{seen}, expected {expected}")


@dataclass(frozen=True, slots=True)
class Probe:
    """One question; `breaks` where Postroom is wrong if the answer differs.

    `units` are the most that it costs by itself (FACTS 1.3), `harm` what it makes and takes away.
    """

    number: int
    fact: str
    claim: str
    units: int
    means: str
    run: Callable[[Mailbox], Awaitable[Finding]]
    level: Level = Level.READ
    breaks: bool = False
    harm: str = ""

    @property
    def name(self) -> str:
        """The name by which ONLY= chooses it."""
        return f"P{self.number:02}"


def probe(
    number: int, fact: str, claim: str, *, units: int, means: str, **more: Any
) -> Callable[[Callable[[Mailbox], Awaitable[Finding]]], Probe]:
    """Make a probe of the function that asks."""
    return lambda run: Probe(number, fact, claim, units, means, run, **more)
