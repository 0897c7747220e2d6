"""Holds requests and answers against the API's own description, strictly.

Strictly: an object whose fields are named has no others, although the description leaves an
answer free to gain some. A field that is served and not described is found here.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from copy import deepcopy
from functools import cache
from typing import Any
from urllib.parse import quote, unquote

import httpx
import jsonschema_rs

from shared.edge.table import whole_table
from shared.edge.web.openapi.document import document

JSON = "application/json"
ADDRESS = "urn:postroom:api"
PARAMETER = re.compile(r"\\?\{\w+\\?\}")
LONG = re.compile(r"^/(proxy|sends)/")
"""Paths whose parameter may hold slashes."""
Check = Callable[[httpx.Response], Awaitable[None]]


@cache
def description() -> dict[str, Any]:
    """Return the document, each object closed where it does not say that it is open."""
    made = deepcopy(document(whole_table, "http://127.0.0.1:8080"))
    _close(made)
    return made


def operation_of(request: httpx.Request) -> tuple[str, Mapping[str, Any]] | None:
    """Return the template of the path and the operation, None for what is not described."""
    path = request.url.raw_path.decode().partition("?")[0].rstrip("/") or "/"
    for pattern, template in _patterns():
        operation = description()["paths"][template].get(request.method.lower())
        if operation is not None and pattern.fullmatch(path):
            return template, operation
    return None


async def check_answer(response: httpx.Response) -> None:
    """Fail where the answer is not what its operation's description says."""
    found = operation_of(response.request)
    if found is None:
        return
    template, operation = found
    asked = f"{response.request.method} {template}"
    answers = operation["responses"]
    status = str(response.status_code) if str(response.status_code) in answers else "default"
    assert status in answers, f"{asked} answered {response.status_code}: not described"
    content = answers[status].get("content", {})
    kind = response.headers.get("content-type", "").partition(";")[0]
    is_whole = kind or not content or not response.is_success  # a redirect is its head alone
    assert is_whole, f"{asked} answered {response.status_code} without its body"
    if kind != JSON:
        return
    is_described = "schema" in content.get(JSON, {})
    assert is_described, f"{asked} answered JSON with {response.status_code}: not described"
    await response.aread()
    place = (template, response.request.method.lower(), "responses", status)
    _hold(f"{asked} {response.status_code}", place, response.json())


def check_request(request: httpx.Request) -> str:
    """Return the operation's name; fail where it is asked with what it does not describe."""
    found = operation_of(request)
    assert found is not None, f"{request.method} {request.url.path} is not described"
    template, operation = found
    name = f"{request.method} {template}"
    known = {one["name"].partition("[")[0] for one in operation["parameters"] if _asked(one)}
    given = {unquote(one).partition("[")[0] for one in request.url.params}
    assert given <= known, f"{name}: {given - known}"
    body = operation.get("requestBody")
    if body is None:
        assert request.content in {b"", b"{}"}, name
    elif body["required"] or request.content:
        place = (template, request.method.lower(), "requestBody")
        _hold(f"{name} body", place, httpx.Response(200, content=request.content).json())
    return name


def _asked(parameter: Mapping[str, Any]) -> bool:
    return bool(parameter["in"] == "query")


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """Return the paths, the most literal first: `/sends/x` is no connection's."""
    found = []
    for template in description()["paths"]:
        inside = ".+" if LONG.match(template) else "[^/]+"
        found.append((re.compile(PARAMETER.sub(inside, re.escape(template))), template))
    return sorted(found, key=lambda one: one[1].count("{"))


@cache
def _registry() -> jsonschema_rs.Registry:
    return jsonschema_rs.Registry([(ADDRESS, description())])


@cache
def _validator(place: tuple[str, ...]) -> jsonschema_rs.Validator:
    """Return what holds JSON to the schema at a place below `paths`.

    It refers to the document: one that had a copy would take 2 MB, and there are hundreds.
    """
    names = ("paths", *place, "content", JSON, "schema")
    pointer = "/".join(quote(one.replace("~", "~0").replace("/", "~1"), safe="~") for one in names)
    whole = {"$ref": f"{ADDRESS}#/{pointer}"}
    return jsonschema_rs.Draft202012Validator(whole, registry=_registry())


def _hold(name: str, place: tuple[str, ...], value: Any) -> None:
    problems = [
        f"{'/'.join(map(str, one.instance_path))}: {one.message[:300]}"
        for one in _validator(place).iter_errors(value)
    ]
    assert not problems, f"{name}: {problems[:5]}"


def _close(node: Any) -> None:
    if isinstance(node, dict):
        if "properties" in node and node.get("type") == "object":
            node.setdefault("additionalProperties", False)
        for inner in node.values():
            _close(inner)
    if isinstance(node, list):
        for inner in node:
            _close(inner)
