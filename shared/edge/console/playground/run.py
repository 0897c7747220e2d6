"""One try of an action in the playground: what was typed, what it stands for, what it came to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from hashlib import sha256
from typing import Any, Final

import orjson

from shared.actions.catalogue import schema_of
from shared.actions.registry import Action, Effect
from shared.domain.connect.connection import Connection
from shared.errors import Problem
from shared.pages.console.form_values import FormValues
from shared.pages.console.schema_form import PREFIX, Field, Kind, fields_of
from shared.pages.console.snippets import ActionRequest

DRY_RUN: Final = "dry_run"
WITHIN: Final = "input"
"""Where a request holds what the form is for."""
FIRST: Final = frozenset(
    {"to", "cc", "subject", "body", "reply_to_message_id", "send_at"}
    | {"id", "ids", "messageId", "partId", "raw", "threadId", "format", "name"}
    | {"q", "labelIds", "addLabelIds", "removeLabelIds", "startHistoryId"}
)
"""Fields most tries are about; the others are folded away."""


@dataclass(slots=True)
class PlaygroundRun:
    """An action on a connection with a form for its input; `wrong` says by path what is not."""

    action: Action[Any, Any]
    connection: Connection
    form: FormValues
    key: str
    """The idempotency key: kept until the effect has happened, so that no try doubles it."""
    fields: tuple[Field, ...] = ()
    input: Mapping[str, Any] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls, action: Action[Any, Any], connection: Connection, form: FormValues, key: str
    ) -> "PlaygroundRun":
        """Read the form."""
        fields = tuple(one for one in input_fields(action) if one.name != DRY_RUN)
        given = form.read(fields)
        return cls(action, connection, form, key, fields, given, dict(form.problems))

    @property
    def reads(self) -> bool:
        """Whether it changes nothing, so that it is run at once."""
        return self.action.effect is Effect.NONE

    @property
    def has_dry_run(self) -> bool:
        """Whether the action can say what it would do."""
        return any(one.name == DRY_RUN for one in input_fields(self.action))

    @property
    def first(self) -> Sequence[Field]:
        """The fields shown at once."""
        chosen = [one for one in self.fields if one.required or one.name in FIRST]
        return chosen or self.fields

    @property
    def rest(self) -> Sequence[Field]:
        """The fields folded away."""
        return [one for one in self.fields if one not in self.first]

    @property
    def rest_used(self) -> bool:
        """Whether something was typed there, or is wrong there."""
        paths = [path for path, texts in self.form.given.items() if any(texts) and texts != ["0"]]
        within = tuple(one.path for one in self.rest)
        return any(path.startswith(within) for path in [*paths, *self.wrong] if within)

    @property
    def print(self) -> str:
        """What a confirmation is for: another input needs another one."""
        meant = [self.action.name, self.connection.id, self.input]
        return sha256(orjson.dumps(meant, option=orjson.OPT_SORT_KEYS)).hexdigest()

    def request(self, address: str) -> ActionRequest:
        """Return the request that does it over HTTP."""
        key = None if self.reads else self.key
        return ActionRequest(address, self.connection.id, self.action.name, self.input, key)

    def blame(self, problems: Sequence[Problem]) -> list[str]:
        """Put each problem at its field; return those that belong to none."""
        known = {one.path for one in _all(self.fields, self.form)}
        others = []
        for problem in problems:
            steps = problem.path[1:] if problem.path[:1] == (WITHIN,) else problem.path
            named = ".".join(map(str, steps))
            path = _nearest(PREFIX + named, known)
            if path is None:
                others.append(f"{named}: {problem.message}" if named else problem.message)
            else:
                self.wrong.setdefault(path, problem.message)
        return others


@cache
def input_fields(action: Action[Any, Any]) -> tuple[Field, ...]:
    """Return the form of an action's input."""
    return fields_of(schema_of(action.input))


def resize(form: FormValues, wish: str) -> FormValues | None:
    """Return the form with an item more (`add:PATH`) or less (`remove:PATH.INDEX`) in a list.

    None where the wish is neither.
    """
    verb, _, path = wish.partition(":")
    if verb == "add":
        size = f"{path}.size"
        return FormValues({**form.given, size: [str(form.count(size) + 1)]})
    if verb == "remove" and path.rpartition(".")[2].isdecimal():
        owner, _, index = path.rpartition(".")
        return _without(form, owner, int(index))
    return None


def _without(form: FormValues, path: str, index: int) -> FormValues:
    """Take an item out; those after it move up."""
    given: dict[str, Sequence[str]] = {}
    for name, texts in form.given.items():
        place, _, rest = name.removeprefix(f"{path}.").partition(".")
        if not name.startswith(f"{path}.") or not place.isdecimal() or int(place) < index:
            given[name] = texts
        elif int(place) > index:
            given[f"{path}.{int(place) - 1}.{rest}"] = texts
    given[f"{path}.size"] = [str(max(form.count(f"{path}.size") - 1, 0))]
    return FormValues(given)


def _all(fields: Sequence[Field], form: FormValues) -> Iterator[Field]:
    for one in fields:
        yield one
        if one.kind is Kind.GROUP:
            yield from _all(one.fields, form)
        for index in range(form.size(one) if one.kind is Kind.LIST else 0):
            yield replace(one, path=f"{one.path}.{index}")
            yield from _all(one.item(index), form)


def _nearest(path: str, known: set[str]) -> str | None:
    while path not in known and "." in path:
        path = path.rpartition(".")[0]
    return path if path in known else None
