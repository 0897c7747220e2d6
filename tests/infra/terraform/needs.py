"""What each function's code is wired to: read from the code, not from Terraform's map.

Starting at the functions of its routes, every use of the wiring (`call.wiring.X`, and `.ports.X`
where the wiring was handed on as an action's ports) is followed through the wiring's own
properties down to the few that touch something outside the process.
"""

import ast
import inspect
import textwrap
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from importlib import import_module
from typing import Any

from shared.edge.composition.container import Wiring
from shared.edge.table import ROUTES_OF, whole_table
from shared.edge.web.routes import Access, Permission, Route

OUTSIDE = {
    "store": "store",
    "queue": "queue",
    "sealer": "keys",
    "oauth": "oauth",
    "sinks": "events",
    "receivers": "webhooks",
}
"""The wiring's properties that reach out of the process, and what Terraform calls each."""
FOLLOWED = ("shared.edge", "shared.actions")
HANDED_ON = frozenset({"wiring", "ports"})
DESCRIBED = whole_table.__module__
"""The API's description reads the whole table, and runs none of it."""


def needs_of(function: str) -> set[str]:
    """Return what the function of that name uses of its surroundings."""
    used: set[str] = set()
    for route in ROUTES_OF[function]():
        used |= _access(route) | wired_by(route.function)
    return {OUTSIDE[name] for one in used for name in reached(one) if name in OUTSIDE}


def _access(route: Route) -> set[str]:
    if isinstance(route.access, Permission):
        return {"api_keys"}
    return {
        Access.PUBLIC: set[str](),
        Access.CONNECT_SESSION: {"connect_sessions"},
    }.get(route.access, {"caller_tokens"})


def wired_by(start: Any) -> set[str]:
    """Return the wiring's properties that `start`, or anything it calls in our code, names."""
    used: set[str] = set()
    seen: set[int] = set()
    waiting = [start]
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if _is_code(one):
            tree = parsed(one)
            used |= set(_wired_names(tree))
            waiting += _named(one, tree)
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


def _wired_names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            holder = node.value
            name = getattr(holder, "attr", getattr(holder, "id", None))
            if name in HANDED_ON:
                yield node.attr


def _named(code: Any, tree: ast.AST) -> Iterator[Any]:
    """Return the objects that the names in `tree` stand for, local imports included."""
    known: dict[str, Any] = dict(vars(inspect.getmodule(code)))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("shared."):
            module = import_module(node.module or "")
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                found = getattr(module, alias.name, None) or import_module(name)
                known[alias.asname or alias.name] = found
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
def reached(name: str) -> frozenset[str]:
    """Return the wiring's property `name` and every other one it is composed from."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        one = waiting.pop()
        if one in found or not hasattr(Wiring, one):
            continue
        found.add(one)
        waiting += _own_attributes(inspect.getattr_static(Wiring, one))
    return frozenset(found)


def _own_attributes(member: Any) -> Iterator[str]:
    code = member.func if isinstance(member, cached_property) else getattr(member, "fget", member)
    if not inspect.isfunction(code):
        return
    for node in ast.walk(parsed(code)):
        if isinstance(node, ast.Attribute) and getattr(node.value, "id", None) == "self":
            yield node.attr
