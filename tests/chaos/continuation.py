"""Where a suspended coroutine stands, as a value: equal values go on equally.

A coroutine cannot be copied, but it can be told apart: by the chain of frames it waits in, the
instruction each has reached, and the local variables they hold. Two coroutines alike in these do
the same with the same answer, so a model checker may treat them as one state and still run the
real code. Objects are compared by content; closures by their code and cells.
"""

from collections import deque
from collections.abc import Callable, Hashable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import cache
from types import CellType, CodeType, CoroutineType, FunctionType, MethodType
from typing import Any

from shared.domain.sync.state import SyncState

_PLAIN = (str, int, float, bytes, bool, type(None), datetime, timedelta, Enum, type, CodeType)


class Name(str):
    """A random name: only its equality with others means anything."""

    __slots__ = ()


class Port:
    """A dependency without state of its own."""


def names_of(state: SyncState) -> set[Name]:
    """Return the random names in a sync state."""
    names: list[Any] = [state.lease.token if state.lease else None, state.commit_id]
    return {name for name in names if isinstance(name, Name)}


class Standpoint:
    """One pass over a coroutine: its frozen value and the random names met on the way."""

    def __init__(self, ignored: frozenset[str]) -> None:
        """Leave out local variables and attributes called by one of the `ignored` names."""
        self.names: set[Name] = set()
        self._ignored = ignored
        self._seen: dict[int, int] = {}
        self._alive: list[object] = []

    def of(self, value: Any) -> Hashable:
        """Return `value` frozen."""
        kind = type(value)
        found = _KINDS.get(kind)
        if found is None:
            found = _KINDS[kind] = _kind_of(kind)
        return found(self, value)

    def _plain(self, value: Any) -> Hashable:
        frozen: Hashable = value
        return frozen

    def _name(self, name: Name) -> Hashable:
        self.names.add(name)
        return name

    def _port(self, port: Port) -> Hashable:
        return type(port).__name__

    def _state(self, state: SyncState) -> Hashable:
        self.names |= names_of(state)
        return state

    def _fields(self, value: Any) -> Hashable:
        kind: type = type(value)
        names = [name for name in _field_names(kind) if name not in self._ignored]
        return (kind.__name__, *[self.of(getattr(value, name)) for name in names])

    def _items(self, values: Any) -> Hashable:
        return tuple([self.of(item) for item in values])

    def _members(self, values: Any) -> Hashable:
        return frozenset(self.of(item) for item in values)

    def _entries(self, values: Mapping[Any, Any]) -> Hashable:
        return tuple((self.of(key), self.of(item)) for key, item in values.items())

    def _function(self, function: FunctionType) -> Hashable:
        return (function.__code__, self.of(function.__closure__), self.of(function.__defaults__))

    def _method(self, method: MethodType) -> Hashable:
        return (method.__name__, self.of(method.__self__))

    def _cell(self, cell: CellType) -> Hashable:
        return self.of(cell.cell_contents)

    def _error(self, error: BaseException) -> Hashable:
        return str(error)

    def _suspended(self, coroutine: "CoroutineType[Any, Any, Any]") -> Hashable:
        frame = coroutine.cr_frame
        if frame is None:
            return "ended"
        held = frame.f_locals  # its order is by when each was bound at a look before
        local = [(name, self.of(held[name])) for name in sorted(held) if name not in self._ignored]
        return (frame.f_code, frame.f_lasti, tuple(local), self._awaited(coroutine))

    def _awaited(self, coroutine: "CoroutineType[Any, Any, Any]") -> Hashable:
        inner = coroutine.cr_await
        return self._suspended(inner) if isinstance(inner, CoroutineType) else None


@cache
def _field_names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


_Frozen = Callable[[Standpoint, Any], Hashable]
_KINDS: dict[type, _Frozen] = {}
"""Per type met so far, how it is frozen."""
_VALUES: tuple[tuple[Any, _Frozen], ...] = (
    (Name, Standpoint._name),
    (_PLAIN, Standpoint._plain),
    (Port, Standpoint._port),
    (SyncState, Standpoint._state),
    (tuple, Standpoint._items),
    (frozenset, Standpoint._members),
)
_OBJECTS: tuple[tuple[Any, _Frozen], ...] = (
    ((list, deque), Standpoint._items),
    (set, Standpoint._members),
    (Mapping, Standpoint._entries),
    (FunctionType, Standpoint._function),
    (MethodType, Standpoint._method),
    (CellType, Standpoint._cell),
    (BaseException, Standpoint._error),
    (CoroutineType, Standpoint._suspended),
)


def _kind_of(kind: type) -> _Frozen:
    for types, frozen in _VALUES:
        if issubclass(kind, types):
            return frozen
    for types, frozen in _OBJECTS:
        if issubclass(kind, types):
            return _once(kind, frozen)
    if not is_dataclass(kind):
        raise AssertionError(f"no way to compare {kind}")
    unchanging = vars(kind)["__dataclass_params__"].frozen
    return Standpoint._fields if unchanging else _once(kind, Standpoint._fields)


def _once(kind: type, inside: _Frozen) -> _Frozen:
    """Freeze what can change: whether two such objects are one makes a difference."""

    def frozen(standpoint: Standpoint, value: Any) -> Hashable:
        seen = standpoint._seen
        if id(value) in seen:
            return ("again", seen[id(value)])
        seen[id(value)] = len(seen)
        standpoint._alive.append(value)  # an id means something only while its object lives
        return (kind.__name__, inside(standpoint, value))

    return frozen
