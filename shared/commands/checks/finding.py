"""What a check answers: how it stands, what was seen, and what to click or run."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How a check ended. Only `failed` makes the whole run fail."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check saw; `fix` is empty where nothing is to be done."""

    verdict: Verdict
    seen: str
    fix: str = ""


class NotCheckedError(Exception):
    """The check cannot be made from here; the message says why."""


def ok(seen: str) -> Finding:
    """Return that all is well."""
    return Finding(Verdict.OK, seen)


def warning(seen: str, fix: str) -> Finding:
    """Return that it works and will not for ever, or not for all."""
    return Finding(Verdict.WARNING, seen, fix)


def failure(seen: str, fix: str) -> Finding:
    """Return what is broken and how to mend it."""
    return Finding(Verdict.FAILED, seen, fix)


def count_of(number: int, thing: str, things: str | None = None) -> str:
    """Return `1 watch` or `3 watches`."""
    return f"{number} {thing if number == 1 else things or thing + 's'}"
