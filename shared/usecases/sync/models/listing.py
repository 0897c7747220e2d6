"""What a listing that did not show a record may do to it: as little as it proves.

A listing that breaks off deletes nothing; one of several pages may have shifted while it was read
(a record slips from a page not read yet onto one that was), so its silence has to be confirmed;
and one that misses nearly everything is not believed before the next says the same.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final

from shared.domain.models.record import ModelHead, Saved
from shared.domain.models.state import MOST_ABSENT, Absence

Confirm = Callable[[str], Awaitable[bool]]
"""Whether a record that the listing did not show is still there."""
FEW: Final = 20
"""Below so many records a listing may delete most of them."""


@dataclass(slots=True)
class Window:
    """One listing: what it showed, and whether it began at the beginning."""

    model: str
    confirm: Confirm | None
    whole: bool
    seen: set[str] = field(default_factory=set)
    rows: dict[str, str] = field(default_factory=dict)
    """Hashes by id, while it is a single answer."""
    commits: int = 0

    def shows(self, saved: Saved) -> None:
        """Note a record."""
        self.seen.add(saved.id)
        self.rows[saved.id] = saved.hash

    @property
    def digest(self) -> str | None:
        """Of all it showed; None where that was committed in parts, or nothing."""
        if self.commits or not self.rows:
            return None
        return digest_of("\0".join(row) for row in self.rows.items())


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which records are to end, and what is only remembered until the next listing."""

    gone: Sequence[ModelHead]
    absence: Absence


async def judge(  # noqa: PLR0911  each line is a rule
    window: Window, live: int, absent: Sequence[ModelHead], before: Absence
) -> Verdict:
    """Decide on what is stored, `live` records, and was not shown."""
    if not window.whole or not absent:
        return Verdict((), before if not window.whole else Absence())
    said = Absence(len(absent), digest_of(head.id for head in absent), _hashes(absent))
    if not window.seen or (live >= FEW and len(absent) * 2 > live):
        if before.held and before.digest == said.digest:
            return Verdict(absent, Absence())
        return Verdict((), Absence(said.count, said.digest, said.ids, held=True))
    if not window.commits:
        return Verdict(absent, Absence())
    if window.confirm is not None:
        gone = [head for head in absent if not await window.confirm(head.id)]
        return Verdict(gone, Absence())
    if before.digest == said.digest:
        return Verdict(absent, Absence())
    known = {*before.ids}
    return Verdict([head for head in absent if _hash(head.id) in known], said)


def digest_of(parts: Iterable[str]) -> str:
    """Return a digest of texts, in whatever order they come."""
    return blake2b("\1".join(sorted(parts)).encode(), digest_size=16).hexdigest()


def _hashes(absent: Sequence[ModelHead]) -> tuple[str, ...]:
    return tuple(_hash(head.id) for head in absent) if len(absent) <= MOST_ABSENT else ()


def _hash(id: str) -> str:
    return blake2b(id.encode(), digest_size=8).hexdigest()
