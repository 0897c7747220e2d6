"""What a long run costs for each mailbox: store and Google, second quarter against the last."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from infra.local.google.quota import Stats
from shared.adapters.sqlite.database import SqliteDatabase

EVERY_S = 1.0
ENOUGH_S = 60.0
"""Shorter runs have too few faults and looks in a quarter for two of them to be alike."""
MAY_DIFFER = 1.3
"""Faults are drawn by chance, and a busy machine makes fewer changes in a quarter."""
KINDS = {"rows": "reads", "row": "reads", "stream": "reads", "transaction": "writes"}
"""SqliteDatabase's methods by what they are counted as: reads, and transactions of writes."""


@dataclass
class Spending:
    """Totals over a run, noted with their time."""

    stats: Stats
    store: Counter[str] = field(default_factory=Counter)
    noted: list[tuple[float, Mapping[str, int]]] = field(default_factory=list)

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Count every use of every SQLite store that this process opens or has open."""
        kept = {name: getattr(SqliteDatabase, name) for name in KINDS}
        for name, method in kept.items():
            setattr(SqliteDatabase, name, self._counted(method, KINDS[name]))
        try:
            yield
        finally:
            for name, method in kept.items():
                setattr(SqliteDatabase, name, method)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Leave out what is read without a pause meanwhile: it is the run's own looking."""
        before = self.store.copy()
        yield
        self.store = before

    def note(self) -> None:
        """Note the totals, if the last ones are old enough."""
        now = time.monotonic()
        if self.noted and now < self.noted[-1][0] + EVERY_S:
            return
        google = self.stats.as_json()
        calls = {"calls to Gmail": google["calls"], "units": google["units"]}
        self.noted.append((now, {**self.store, **calls}))

    def faults(self) -> Sequence[str]:
        """Name what a mailbox costs more of in the last quarter than in the second."""
        if not self.noted or self.noted[-1][0] - self.noted[0][0] < ENOUGH_S:
            return []
        return [
            f"{name} of a mailbox grew from {early:,.0f} to {late:,.0f} in a quarter of the run"
            for name, (early, late) in self._quarters().items()
            if late > early * MAY_DIFFER
        ]

    def shown(self, mailboxes: int) -> str:
        """Return what each mailbox cost, second quarter and last."""
        return ", ".join(
            f"{name} {early / mailboxes:.2f} then {late / mailboxes:.2f}"
            for name, (early, late) in self._quarters().items()
        )

    def _quarters(self) -> Mapping[str, tuple[int, int]]:
        """Return, by name, what was spent in the second quarter of the time and in the last."""
        began, ended = self.noted[0][0], self.noted[-1][0]
        marks = [self._at(began + (ended - began) * part / 4) for part in (1, 2, 3, 4)]
        first, second, third, fourth = marks
        return {name: (second[name] - first[name], fourth[name] - third[name]) for name in fourth}

    def _at(self, moment: float) -> Counter[str]:
        """Return the totals as they were noted last until then."""
        return Counter([totals for at, totals in self.noted if at <= moment][-1])

    def _counted(self, method: Callable[..., Any], kind: str) -> Callable[..., Any]:
        def counted(*args: Any, **options: Any) -> Any:
            self.store[kind] += 1
            return method(*args, **options)

        return counted
