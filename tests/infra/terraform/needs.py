"""What each function's code is composed of: read from the code, not from Terraform's map.

Starting at the functions of its routes, every type that is asked for (`call.use(X)`, and
`context.use(X)` in an action) is followed through the types of its fields, and through what its
provider asks for, down to the few that touch something outside the process.
"""

import ast
import inspect
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from importlib import import_module
from typing import Any, get_type_hints

from shared.edge.composition.providers import STORE_PORTS, provider_of
from shared.edge.table import ROUTES_OF, whole_table
from shared.edge.web.routes import Access, Permission, Route
from shared.ports.access import ApiKeys
from shared.ports.connections import ConnectSessions
from shared.ports.google.oauth import CallerTokens, GoogleOAuth, Sealer
from shared.ports.queue import Queue
from shared.ports.sinks import Sinks
from shared.ports.store import Store
from shared.usecases.events.receivers import Receivers

OUTSIDE = {
    Store: "store",
    Queue: "queue",
    Sealer: "keys",
    GoogleOAuth: "oauth",
    Sinks: "events",
    Receivers: "webhooks",
}
"""The types that reach out of the process, and what Terraform calls each."""
FOLLOWED = ("shared.edge", "shared.actions")
DESCRIBED = whole_table.__module__
"""The API's description reads the whole table, and runs none of it."""


def needs_of(function: str) -> set[str]:
    """Return what the function of that name uses of its surroundings."""
    used: set[Any] = set()
    for route in ROUTES_OF[function]():
        used |= _access(route) | used_by(route.function)
    return {OUTSIDE[one] for wanted in used for one in reached(wanted) if one in OUTSIDE}


def _access(route: Route) -> set[Any]:
    if isinstance(route.access, Permission):
        return {ApiKeys}
    return {
        Access.PUBLIC: set[Any](),
        Access.CONNECT_SESSION: {ConnectSessions},
    }.get(route.access, {CallerTokens})


def used_by(start: Any) -> set[Any]:
    """Return the types that `start`, or anything it calls in our code, asks the container for."""
    used: set[Any] = set()
    seen: set[int] = set()
    waiting = [start]
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if _is_code(one):
            tree, known = parsed(one), _known(one)
            used |= {known[name] for name in _asked_for(tree)}
            waiting += _named(tree, known)
        else:
            waiting += _inside(one)
    return used


def _is_code(one: Any) -> bool:
    named = inspect.isfunction(one) or inspect.isclass(one)
    return named and one.__module__ != DESCRIBED and one.__module__.startswith(FOLLOWED)


@cache
def parsed(code: Any) -> ast.AST:
    """Return the syntax tree of a function or class."""
    return ast.parse(textwrap.dedent(inspect.getsource(code)))


def _asked_for(tree: ast.AST) -> Iterator[str]:
    """Return X of every `.use(X)`, as the code writes it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", None) == "use":
            name = ast.unparse(node.args[0])
            if name != "wanted":  # a front of the container, which passes on what it is asked for
                yield name


def _known(code: Any) -> Mapping[str, Any]:
    """Return what the names in the code's module stand for, local imports included."""
    known: dict[str, Any] = dict(vars(inspect.getmodule(code)))
    for node in ast.walk(parsed(code)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                module = import_module(alias.name)
                known |= {f"{alias.name}.{name}": found for name, found in vars(module).items()}
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("shared."):
            module = import_module(node.module or "")
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                found = getattr(module, alias.name, None) or import_module(name)
                known[alias.asname or alias.name] = found
    return known


def _named(tree: ast.AST, known: Mapping[str, Any]) -> Iterator[Any]:
    """Return the objects that the names in `tree` stand for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in known:
            yield known[node.id]
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            holder = known.get(node.value.id)
            if inspect.ismodule(holder):
                yield getattr(holder, node.attr, None)


def _inside(one: Any) -> Iterator[Any]:
    """Return what a table or a row of ours holds: the actions, a route."""
    if isinstance(one, list | tuple | set | frozenset):
        yield from one
    elif isinstance(one, Mapping):
        yield from one.values()
    elif type(one).__module__.startswith(FOLLOWED) and not inspect.ismodule(one):
        names = getattr(one, "__dataclass_fields__", {})
        yield from (getattr(one, name) for name in names)


@cache
def reached(wanted: Any) -> frozenset[Any]:
    """Return `wanted` and every type that it is built from."""
    found: set[Any] = set()
    waiting = [wanted]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += _parts(one)
    return frozenset(found)


def _parts(wanted: Any) -> Iterator[Any]:
    if wanted in STORE_PORTS:
        yield Store
    elif (provide := provider_of(wanted)) is not None:
        known = _known(provide)
        yield from (known[name] for name in _asked_for(parsed(provide)))
    elif is_dataclass(wanted):
        types = get_type_hints(wanted)
        yield from (types[one.name] for one in fields(wanted))
