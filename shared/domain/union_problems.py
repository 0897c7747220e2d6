"""Which of a union's problems the caller is told: those of the branch that was meant.

pydantic tries every branch and reports the problems of all. A branch that takes another kind of
value was not meant where one exists that takes this kind; where none does, one problem names all.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

Step = str | int
KIND = ("_type", "_parsing", "enum", "literal_error")
"""How the types of problems end that say: not a value of this kind at all."""
BEGINS = "Input should be "
DICT_KEY = "[key]"
"""What pydantic calls the key of an object that is itself wrong."""


@dataclass(frozen=True, slots=True)
class Found:
    """A problem as pydantic places it: `loc` also names the branches that were tried."""

    type: str
    loc: tuple[Step, ...]
    message: str

    def other_kind(self, branch: tuple[Step, ...]) -> bool:
        """Whether it says that the value as a whole is no value for this branch."""
        return self.loc == branch and self.type.endswith(KIND)


def meant_problems(data: Any, problems: Sequence[Found]) -> list[Found]:
    """Return the problems of the branches that were meant, in their order."""
    unions: dict[tuple[Step, ...], dict[Step, list[Found]]] = defaultdict(dict)
    for one in problems:
        for place, branch in branches(data, one):
            unions[place].setdefault(branch, []).append(one)
    dropped: set[Found] = set()
    joined: dict[Found, Found] = {}
    for place, tried in unions.items():
        others = [ones[0] for name, ones in tried.items() if ones[0].other_kind((*place, name))]
        if len(others) < len(tried):
            dropped.update(others)
        else:
            dropped.update(others[1:])
            joined[others[0]] = replace(others[0], message=_either(others))
    return [joined.get(one, one) for one in problems if one not in dropped]


def branches(data: Any, found: Found) -> Iterator[tuple[tuple[Step, ...], Step]]:
    """Yield the unions that a problem stands in: each one's place, and the branch tried."""
    for depth, step in enumerate(found.loc):
        if has(data, step):
            data = data[step]
        elif step != DICT_KEY and not (found.type == "missing" and found.loc[depth:] == (step,)):
            yield found.loc[:depth], step


def has(data: Any, step: Step) -> bool:
    """Whether a step of a place leads into the data."""
    if isinstance(data, Mapping):
        return step in data
    return isinstance(step, int) and isinstance(data, list | tuple) and step < len(data)


def _either(problems: Sequence[Found]) -> str:
    first, *others = dict.fromkeys(one.message for one in problems)
    return " or ".join([first, *(one.removeprefix(BEGINS) for one in others)])
