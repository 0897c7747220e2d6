"""From a route to its use case a type checker, and so an editor, can follow every call."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin

import pytest
from pydantic import BaseModel
from starlette.responses import Response

import shared
from shared.edge.table import whole_table
from shared.edge.web.routes import Route

SHARED = Path(shared.__file__).parent
BETWEEN = sorted([*(SHARED / "edge").rglob("*.py"), *(SHARED / "actions").rglob("*.py")])
"""All that a call passes through before it reaches a use case."""
UNTYPED: Mapping[str, str] = {
    "edge/web/routes.py output": "a type form: whatever pydantic can describe",
    "edge/composition/container.py _resolve": "objects of all types lie in one mapping",
    "edge/composition/container.py _wire": "the same",
}
"""What may return Any, and why."""
TABLE = whole_table()


def named(route: Route) -> str:
    return route.name


def is_model(kind: Any) -> bool:
    inner = get_args(kind)[0] if get_origin(kind) is list else kind
    return isinstance(inner, type) and issubclass(inner, BaseModel)


def is_response(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Response)


@pytest.mark.parametrize("route", TABLE, ids=named)
def test_every_route_function_says_what_it_returns_and_the_row_says_the_same(route: Route) -> None:
    kinds = route.returns
    models = [kind for kind in kinds if is_model(kind)]
    if route.name == "GET /openapi.json":  # a document of documents: no model of ours
        assert (kinds, route.output) == ((dict[str, Any],), dict[str, Any])
        return
    assert all(is_model(kind) or is_response(kind) or kind is NoneType for kind in kinds)
    assert (NoneType in kinds) <= (kinds == (NoneType,)), "204 or an answer, not either"
    if route.rendered is not None:
        assert kinds == (Response,), "only what renders itself may be described apart"
    else:
        described = get_args(route.output) if len(models) > 1 else (route.output,)
        assert [*described] == (models or [None])


@pytest.mark.parametrize("route", [one for one in TABLE if one.documented], ids=named)
def test_json_is_described_wherever_it_is_answered(route: Route) -> None:
    if route.produces == "application/json" and route.returns != (NoneType,):
        assert route.output is not None


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_nothing_between_a_route_and_a_use_case_hides_a_type() -> None:
    untyped: set[str] = set()
    for path in BETWEEN:
        tree = ast.parse(path.read_text())
        place = str(path.relative_to(SHARED))
        for function in functions(tree):
            assert function.name not in {"__getattr__", "__getattribute__"}, place
            assert function.returns is not None, f"{place} {function.name}"
            if ast.unparse(function.returns) in {"Any", "Awaitable[Any]"}:
                untyped.add(f"{place} {function.name}")
        names = {one.id for one in ast.walk(tree) if isinstance(one, ast.Name)}
        attributes = {one.attr for one in ast.walk(tree) if isinstance(one, ast.Attribute)}
        assert "cast" not in names | attributes, place
    assert untyped == {*UNTYPED}
