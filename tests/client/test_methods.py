"""Each method asks for one described operation, and together they ask for all there are."""

import inspect
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import httpx
import pytest

from shared.client import Postroom, PostroomApiError, RetryPolicy
from shared.client.actions import Method, Started
from shared.client.records import LONGEST_LINK
from tests.conformity import check_request, description

NOT_FOR_A_CLIENT = (
    "/proxy/upload/",
    "/mcp",
    "/integrations",
    "/providers",
    "/environment-variables",
)
"""Uploads are Gmail's own protocol, agents have clients of theirs, and constants are known."""
GIVEN: Mapping[str, Any] = {
    "access": "read",
    "action": "get-profile",
    "connections": ["c-1"],
    "content": "summary",
    "flavour": "postroom",
    "frequency": "every hour",
    "headers": {},
    "message": {"to": "bo@example.org"},
    "method": "GET",
    "messages": {"k-1": {"to": "bo@example.org"}},
    "path": "users/me/labels",
    "permissions": ["send"],
    "retention": "30d",
    "since": datetime.now(UTC),
    "started": Started(id="a-1", status_url="/action/a-1"),
    "state": "dead",
    "status": "held",
    "tags": {"end_user_id": "u"},
    "type": "sync",
    "types": ["sync"],
    "return_url": "https://app.example.com/done",
    "webhook_url": "https://hooks.example.com/x",
    "url": "https://hooks.example.com/x",
}
"""What a parameter of that name takes; any other takes what its type does."""


def asked_by(postroom: Postroom) -> list[tuple[str, Any]]:
    return [
        (f"{resource.name}.{name}", method)
        for resource in fields(postroom)
        for name, method in inspect.getmembers(getattr(postroom, resource.name), callable)
        if not name.startswith("_")
    ]


@pytest.fixture
async def asked() -> AsyncIterator[tuple[Postroom, list[str]]]:
    """Return a client whose Postroom refuses everything, and what it was asked for."""
    names: list[str] = []

    def refuse(request: httpx.Request) -> httpx.Response:
        names.append(check_request(request))
        return httpx.Response(403, json={"error": {"code": "forbidden", "message": "No."}})

    transport = httpx.MockTransport(refuse)
    async with httpx.AsyncClient(transport=transport, base_url="http://postroom") as http:
        yield Postroom.over(http, RetryPolicy(tries=1)), names


def arguments(
    method: Any, chosen: Mapping[str, Any], *, all: bool
) -> tuple[list[Any], dict[str, Any]]:
    """Return something for every parameter, or only for those that must be given."""
    hints = get_type_hints(method)
    places: list[Any] = []
    named: dict[str, Any] = {}
    for one in inspect.signature(method).parameters.values():
        needed = one.default is inspect.Parameter.empty
        value = chosen.get(one.name, example(hints[one.name]))
        if one.kind is inspect.Parameter.KEYWORD_ONLY and (all or needed):
            named[one.name] = value
        elif one.kind is inspect.Parameter.VAR_POSITIONAL or all or needed:
            places.append(value)
    return places, named


def example(hint: Any) -> Any:
    """Return a value of a type, or of the first of several."""
    kind = get_args(hint)[0] if get_origin(hint) in {Union, UnionType} else hint
    if get_origin(kind) is Sequence:
        return []
    moment, span = datetime.now(UTC), LONGEST_LINK
    return {str: "x", bool: True, int: 7, datetime: moment, timedelta: span}.get(kind, {})


async def ask(answer: Any) -> None:
    """Do what a method does, whatever kind it is; it is refused."""
    if isinstance(answer, AbstractAsyncContextManager):
        answer = answer.__aenter__()
    elif hasattr(answer, "__anext__"):
        answer = anext(answer)
    with pytest.raises(PostroomApiError):
        await answer


async def test_every_operation_for_products_has_a_method_that_asks_for_it_as_described(
    asked: tuple[Postroom, list[str]],
) -> None:
    postroom, names = asked
    for name, method in asked_by(postroom):
        before = len(names)
        for all in (True, False):
            places, named = arguments(method, GIVEN, all=all)
            await ask(method(*places, **named))
        assert len(names) == before + 2, name
    for verb in get_args(Method):
        places, named = arguments(postroom.actions.gmail, {**GIVEN, "method": verb}, all=True)
        await ask(postroom.actions.gmail(*places, **named))
    assert {*names} == operations()


def operations() -> set[str]:
    return {
        f"{method.upper()} {path}"
        for path, methods in description()["paths"].items()
        for method, one in methods.items()
        if {"apiKey": []} in one["security"] and not path.startswith(NOT_FOR_A_CLIENT)
    }
