"""Made-up values in the place of real ones: the same for the same, and in the same order."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

MESSAGE_ID: Final = re.compile(r"[0-9a-f]{16}")
NUMBER: Final = re.compile(r"\d{1,20}")
LONG_NUMBER: Final = re.compile(r"\d{5,}")
ADDRESS: Final = re.compile(r"[^\s<>()\"',;:]+@[^\s<>()\"',;:]*[^\s<>()\"',;:.]")
MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")
OWN: Final = "user@example.com"
SUBSTITUTE_MOMENT: Final = "2026-01-01T00:00:00.000Z"
FIRST_MS: Final = 1_700_000_000_000
STEP_MS: Final = 60_000
ODD_MS: Final = 137
"""What a moment that is no whole second has beyond one."""
RANDOM_BITS: Final = 20
"""Below them an id is the millisecond of its arrival."""
FIRST_HISTORY_ID: Final = 1_000
LONGEST_WORDS: Final = 300


@dataclass
class MadeUp:
    """What stands for what; `moments`, `ids` and `history_ids` are learnt before anything is asked.

    Nothing of a value but its form, and its place among the others, passes into its substitute.
    """

    own: str
    ids: dict[str, str] = field(default_factory=dict)
    moments: dict[int, int] = field(default_factory=dict)
    history_ids: dict[str, str] = field(default_factory=dict)
    _named: dict[str, dict[str, str]] = field(default_factory=dict)

    @classmethod
    def of(
        cls, own: str, ids: Iterable[str], moments: Iterable[int], history_ids: Iterable[str]
    ) -> "MadeUp":
        """Learn every real value that has a place among others."""
        known = sorted(set(ids))
        arrivals = {int(one, 16) >> RANDOM_BITS for one in known}
        ranked = enumerate(sorted({*arrivals, *moments}))
        times = {real: FIRST_MS + place * STEP_MS + _rest(real) for place, real in ranked}
        numbered = enumerate(known, 1)
        made = {one: _id(times[int(one, 16) >> RANDOM_BITS], place) for place, one in numbered}
        histories = enumerate(sorted(set(history_ids), key=int), FIRST_HISTORY_ID)
        return cls(own.lower(), made, times, {real: str(one) for one, real in histories})

    def number(self, kind: str, real: str, form: str) -> str:
        """Return `form` with this value's number among those of its kind."""
        known = self._named.setdefault(kind, {})
        return known.setdefault(real, form.format(len(known) + 1))

    def replace_known(self, kind: str, text: str) -> str:
        """Return what stands for a value already met, the text itself for any other."""
        return self._named.get(kind, {}).get(text, text)

    def address(self, text: str) -> str:
        """Return the account's substitute for its own address, a stranger's for any other."""
        if self.own and self.own in text.lower():
            return OWN
        return self.number("address", text.lower(), "person{}@example.com")

    def words(self, text: str) -> str:
        """Return what Google says, without any value that it says it of."""
        if len(text) > LONGEST_WORDS:
            return f"<{len(text)} chars>"
        text = ADDRESS.sub(lambda found: self.address(found[0]), text)
        text = MOMENT.sub(SUBSTITUTE_MOMENT, text)
        text = re.sub(MESSAGE_ID, lambda found: self.ids.get(found[0], found[0]), text)
        return LONG_NUMBER.sub(lambda found: "0" * len(found[0]), text)


def _rest(moment: int) -> int:
    return ODD_MS if moment % 1000 else 0


def _id(moment: int, place: int) -> str:
    return f"{(moment << RANDOM_BITS) | place:016x}"
