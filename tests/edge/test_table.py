"""The route table as a whole, and the OpenAPI document made from it."""

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any, get_args

import httpx
import jsonschema
import pytest

from infra.archives import ROOT
from shared.actions.loading import actions, catalogue
from shared.domain.validation import validate
from shared.edge.compat.older_names import Metadata
from shared.edge.composition.container import AutowiredContainer
from shared.edge.settings.functions import FUNCTIONS, Trigger, function_for
from shared.edge.table import ROUTES_OF, whole_table
from shared.edge.web.openapi.document import document
from shared.edge.web.openapi.examples import BODIES as EXAMPLES
from shared.edge.web.openapi.requests import answers
from shared.edge.web.routes import Access, Method, Permission, Route
from shared.errors import UnauthenticatedError
from shared.ports.google.oauth import CallerTokens
from tests.edge.conftest import ClientOf
from tests.harness.samples import error_of

TABLE = whole_table()
KEYED = [route for route in TABLE if isinstance(route.access, Permission)]
PRIVATE = [
    route for route in TABLE if route.access in {Access.PUSH, Access.TASKS, Access.SCHEDULER}
]


class NoTokens:
    async def verify(self, token: str, *, audience: str, service_account: str) -> None:
        raise UnauthenticatedError("This token does not verify.")


def address(route: Route) -> str:
    return re.sub(r"\{[^}]*\}", "x", route.path)


def named(route: Route) -> str:
    return route.name


def test_every_route_is_served_by_the_function_whose_prefix_it_has() -> None:
    assert {*ROUTES_OF} == {function.name for function in FUNCTIONS}
    for name, routes in ROUTES_OF.items():
        for route in routes():
            assert function_for(address(route)).name == name, route.name


CALLERS: Mapping[Access | Permission, Trigger] = {
    Access.PUSH: Trigger.PUSH,
    Access.TASKS: Trigger.TASKS,
    Access.SCHEDULER: Trigger.SCHEDULER,
}
"""Whom the platform lets in, for each service whose token a route asks for."""


@pytest.mark.parametrize("route", PRIVATE, ids=named)
def test_what_googles_services_call_is_served_by_a_function_that_only_they_may_invoke(
    route: Route,
) -> None:
    """The signature may be gone before it reaches a public function (FACTS 7.3)."""
    assert function_for(route.path).trigger is CALLERS[route.access]


def test_a_function_that_one_service_may_invoke_serves_nothing_else() -> None:
    for one in FUNCTIONS:
        if one.trigger is not Trigger.PUBLIC:
            served = ROUTES_OF[one.name]()
            assert {CALLERS.get(route.access) for route in served} == {one.trigger}, one.name


def test_every_task_that_the_code_enqueues_has_a_private_entry() -> None:
    """Read from every string of the code, so that no path escapes the table."""
    entries = {route.path for route in PRIVATE if route.access is Access.TASKS}
    written = {
        node.value
        for file in (ROOT / "shared").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Constant) and re.fullmatch(r"/tasks/[a-z/-]+", str(node.value))
    }
    assert written == entries


def test_no_route_is_there_twice() -> None:
    assert len({route.name for route in TABLE}) == len(TABLE)


METHODS = {*get_args(Method)}


def methods_of(path: str) -> set[str]:
    return {
        one.method for one in TABLE if re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]+", one.path), path)
    }


async def test_a_method_that_a_path_does_not_take_is_told_all_those_it_takes(
    client_of: ClientOf,
) -> None:
    client = client_of(TABLE)
    for path in sorted({address(route) for route in TABLE}):
        for method in METHODS - methods_of(path):
            answer = await client.request(method, path)
            told = {*answer.headers.get("allow", "").split(", ")} - {"HEAD"}
            assert (answer.status_code, told) == (405, methods_of(path)), (method, path)


@pytest.mark.parametrize("route", KEYED, ids=named)
async def test_no_keyed_route_answers_without_a_key(client_of: ClientOf, route: Route) -> None:
    client = client_of(TABLE)
    without = await client.request(route.method, address(route), headers={"Authorization": ""})
    forged = await client.request(
        route.method, address(route), headers={"Authorization": "Bearer wrong"}
    )
    assert (without.status_code, error_of(without)["code"]) == (401, "missing_auth_header")
    assert (forged.status_code, error_of(forged)["code"]) == (401, "invalid_secret_key")


@pytest.mark.parametrize("route", PRIVATE, ids=named)
async def test_no_private_route_answers_to_a_forged_token_or_to_the_root_key(
    client_of: ClientOf, container: AutowiredContainer, route: Route
) -> None:
    container.bind(CallerTokens, NoTokens())
    answer = await client_of(TABLE).request(route.method, address(route))
    assert answer.status_code == 401


@pytest.mark.parametrize("route", [r for r in KEYED if r.body not in {None, Metadata}], ids=named)
async def test_every_body_of_ours_refuses_what_it_does_not_know(
    client_of: ClientOf, route: Route
) -> None:
    client = client_of(TABLE)
    unknown = await client.request(route.method, address(route), json={"no such field": 1})
    broken = await client.request(route.method, address(route), content=b'{"a":')
    for answer in (unknown, broken):
        assert (answer.status_code, error_of(answer)["code"]) == (400, "invalid_body"), answer.text


async def test_the_document_is_served_and_shows_every_documented_route(
    api: httpx.AsyncClient,
) -> None:
    served = (await api.get("/openapi.json", headers={"Authorization": ""})).json()
    shown = {
        f"{method.upper()} {path}"
        for path, methods in served["paths"].items()
        for method in methods
    }
    assert shown == {f"{one.method} {one.documented_path}" for one in TABLE if one.documented}
    assert served["openapi"] == "3.1.0"


def test_every_reference_of_the_document_leads_somewhere() -> None:
    made = document(whole_table, "http://127.0.0.1:8080")
    for reference in references(made):
        found: Any = made
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]


def test_every_schema_of_the_document_is_one() -> None:
    made = document(whole_table, "http://127.0.0.1:8080")
    for schema in made["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_operation_ids_are_unique() -> None:
    made = document(whole_table, "http://127.0.0.1:8080")
    ids = [one["operationId"] for methods in made["paths"].values() for one in methods.values()]
    assert len(ids) == len({*ids})


def test_the_document_is_made_once_for_what_is_served() -> None:
    made = document(whole_table, "http://x")
    assert document(whole_table, "http://y")["paths"] is made["paths"]
    catalogue.cache_clear()
    again = document(whole_table, "http://x")
    assert again["paths"] is not made["paths"]
    assert again == made


def test_no_two_schemas_of_the_document_have_one_title() -> None:
    """Generators name types by titles, and drop what has the name of another."""
    made = document(whole_table, "http://x")
    titles = [one["title"] for one in objects(made) if isinstance(one.get("title"), str)]
    titles.remove(made["info"]["title"])
    assert sorted(titles) == sorted(made["components"]["schemas"])


def test_nothing_is_null_by_default_and_every_media_type_is_one() -> None:
    for node in objects(document(whole_table, "http://x")):
        assert node.get("default", ...) is not None, node
        assert not [name for name in node if "*/" in name or "/*" in name], [*node]


def test_every_body_has_an_example_that_is_taken() -> None:
    bodies = {one.name: one.body for one in TABLE if one.documented and one.body is not None}
    assert {*bodies} == {*EXAMPLES}
    for name, model in bodies.items():
        assert validate(model, EXAMPLES[name]), name
    call = EXAMPLES["POST /action/trigger"]
    assert validate(actions()[call["action_name"]].input, call["input"])


def test_every_operation_has_an_example_of_its_answer_that_fits_its_description() -> None:
    made = document(whole_table, "http://x")
    for route in (one for one in TABLE if one.documented):
        printed = answers()[route.name]
        described = made["paths"][route.documented_path][route.method.lower()]["responses"]
        told = described.get(str(printed["status"]), described.get("default"))
        if "body" in printed:
            content = told["content"]["application/json"]
            assert content["example"] == printed["body"], route.name
            whole = {**content["schema"], "components": made["components"]}
            jsonschema.validate(content["example"], whole)


def objects(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for inner in node.values() if isinstance(node, dict) else node:
        if isinstance(inner, dict | list):
            yield from objects(inner)


def references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [one for value in node.values() for one in references(value)]
    if isinstance(node, list):
        return [one for value in node for one in references(value)]
    return []


def test_no_address_of_a_private_function_holds_anything() -> None:
    """The platform keeps their requests' addresses, and drops those of public functions."""
    private = [one for one in FUNCTIONS if one.trigger is not Trigger.PUBLIC]
    held = {
        (function.name, route.path)
        for function in private
        for route in ROUTES_OF[function.name]()
        if "{" in route.path or route.query is not None
    }
    assert held == set()
