"""Whoever is nobody sees nothing, whoever may look changes nothing, and only our forms count.

Generated from the table: a page or a change that is added is held to it.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared.adapters.system_clock import AdjustableClock
from shared.domain.operation import OperationState
from shared.edge.composition.container import AutowiredContainer
from shared.edge.console.access.admission import admit
from shared.edge.console.access.session import IDLE, LONGEST, key_session
from shared.edge.console.layout.pages import Change, Page
from shared.edge.settings.deployment import settings_from
from shared.edge.table import console_routes
from shared.edge.web.call import Call
from shared.edge.web.routes import Access, Route
from shared.ports.clock import Clock
from shared.ports.connections import Connections
from shared.ports.events import Operations
from shared.ports.store import Store
from tests.edge.conftest import ClientOf
from tests.edge.console.people import (
    DIGEST,
    ORIGIN,
    a_viewer,
    an_operator,
    person,
    problem_of,
)
from tests.harness.samples import CONNECTION, a_connection

ROUTES = console_routes()
PAGES = [one for one in ROUTES if isinstance(one.function, Page)]
CHANGES = [one for one in ROUTES if isinstance(one.function, Change)]
OPEN = {
    "GET /console/sign-in",
    "POST /console/sign-in",
    "GET /console/sign-in/google",
    "GET /console/sign-in/answer",
    "POST /console/sign-out",
    "GET /console/static/{name}",
}


@pytest.fixture
def console(client_of: ClientOf) -> httpx.AsyncClient:
    client = client_of(ROUTES)
    del client.headers["Authorization"]
    return client


def address(route: Route) -> str:
    return re.sub(r"\{[^}]*\}", CONNECTION, route.path)


def touched(text: str, place: int) -> str:
    """Return the text with one letter changed."""
    other = "B" if text[place] == "A" else "A"
    return text[:place] + other + text[place + 1 :]


def named(route: Route) -> str:
    return route.name


def test_every_route_is_a_page_a_change_or_one_of_the_open_ones() -> None:
    assert {one.name for one in ROUTES if one.access is not Access.CONSOLE} == OPEN
    guarded = {one.name for one in ROUTES} - OPEN
    assert guarded == {one.name for one in (*PAGES, *CHANGES)}
    assert {one.method for one in PAGES} == {"GET"}
    assert {one.method for one in CHANGES} == {"POST"}


@pytest.mark.parametrize("route", PAGES, ids=named)
async def test_a_stranger_is_asked_to_sign_in(console: httpx.AsyncClient, route: Route) -> None:
    answer = await console.get(address(route))
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/console/sign-in?next=")
    live = await console.get(address(route), headers={"X-Console-Live": "1"})
    assert live.status_code == 401


@pytest.mark.parametrize("route", CHANGES, ids=named)
async def test_a_stranger_changes_nothing(console: httpx.AsyncClient, route: Route) -> None:
    answer = await console.post(address(route), headers={"Origin": ORIGIN})
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/sign-in")


@pytest.mark.parametrize("route", CHANGES, ids=named)
async def test_a_viewer_is_refused_every_change(
    console: httpx.AsyncClient, container: AutowiredContainer, route: Route
) -> None:
    viewer = await a_viewer(console, container)
    answer = await viewer.post(address(route))
    assert (answer.status_code, problem_of(answer)) == (403, "forbidden")
    assert "ask an operator" in answer.text


@pytest.mark.parametrize("route", CHANGES, ids=named)
async def test_a_forged_form_is_refused(
    console: httpx.AsyncClient, container: AutowiredContainer, route: Route
) -> None:
    """No token, another session's token, no origin, a stranger's origin: each is enough."""
    operator = await an_operator(console, container)
    right = {"csrf": operator.csrf}
    for form, headers in (
        ({}, {"Origin": ORIGIN}),
        ({"csrf": "x" * 43}, {"Origin": ORIGIN}),
        (right, {}),
        (right, {"Origin": "null"}),
        (right, {"Origin": "https://evil.example"}),
        (right, {"Origin": "http://127.0.0.1:8090"}),
    ):
        answer = await console.post(address(route), data=form, headers=headers)
        assert (answer.status_code, problem_of(answer)) == (403, "forbidden")


@pytest.mark.parametrize("route", PAGES, ids=named)
async def test_no_page_may_be_framed_kept_or_run_foreign_code(
    console: httpx.AsyncClient, container: AutowiredContainer, route: Route
) -> None:
    await container.use(Connections).create(a_connection())
    operator = await an_operator(console, container)
    answer = await operator.get(address(route))
    assert answer.status_code in {200, 303, 404}, answer.text
    if answer.status_code == 303:
        return
    policy = answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>|\sstyle=|\son\w+=", answer.text)
    assert not re.search(r'(?:src|href|action)="(?:https?:)?//', answer.text)


async def test_a_change_is_written_into_the_operations_log_with_who_did_it(
    console: httpx.AsyncClient, container: AutowiredContainer
) -> None:
    operator = await an_operator(console, container)
    await operator.post(f"/console/connections/{CONNECTION}/pause")
    (noted,) = await container.use(Operations).list(
        connection_id=CONNECTION, type=None, state=None, limit=9
    )
    assert (noted.name, noted.state, noted.error) == (
        "pause sync",
        OperationState.FAILED,
        "unknown_connection",
    )
    assert noted.detail == {"by": f"operator key {DIGEST[:8]}"}


async def test_a_session_ends_after_an_hour_of_silence_and_after_eight_in_any_case(
    console: httpx.AsyncClient, container: AutowiredContainer
) -> None:
    clock = container.bind(Clock, AdjustableClock())
    operator = await an_operator(console, container)
    clock.advance(IDLE - timedelta(minutes=1))
    kept = await operator.get("/console/connections")
    assert kept.status_code == 200
    console.headers["Cookie"] = kept.headers["set-cookie"].partition(";")[0]
    clock.advance(IDLE - timedelta(minutes=1))
    assert (await operator.get("/console/connections")).status_code == 200
    clock.advance(timedelta(minutes=2))
    assert (await operator.get("/console/connections")).status_code == 303
    old = replace(key_session(DIGEST, clock.now()), since=clock.now() - LONGEST)
    stale = await person(console, container, old)
    assert (await stale.get("/console/connections")).status_code == 303


async def test_looking_at_a_page_that_refreshes_itself_keeps_nobody_signed_in(
    console: httpx.AsyncClient, container: AutowiredContainer
) -> None:
    clock = container.bind(Clock, AdjustableClock())
    operator = await an_operator(console, container)
    clock.advance(IDLE / 2)
    assert "set-cookie" not in (await operator.get("/console/connections", live=True)).headers
    assert "set-cookie" in (await operator.get("/console/connections")).headers


async def test_a_key_or_person_taken_out_of_the_settings_is_out_at_once(
    environ: Mapping[str, str],
    console: httpx.AsyncClient,
    container: AutowiredContainer,
    client_of: ClientOf,
) -> None:
    operator = await an_operator(console, container)
    assert (await operator.get("/console/connections")).status_code == 200
    container.settings = settings_from({**environ, "POSTROOM_CONSOLE_KEYS": "ab" * 32})
    assert (await operator.get("/console/connections")).status_code == 303


async def test_a_cookie_that_was_touched_or_sealed_for_something_else_opens_nothing(
    console: httpx.AsyncClient, container: AutowiredContainer
) -> None:
    await an_operator(console, container)
    name, _, value = console.headers["Cookie"].partition("=")
    flow = await console.get("/console/sign-in/google", headers={"Cookie": ""})
    foreign = flow.headers["set-cookie"].partition(";")[0].partition("=")[2]
    for bad in (value[:-2], touched(value, 0), touched(value, 99), foreign, "", "%%"):
        console.headers["Cookie"] = f"{name}={bad}"
        assert (await console.get("/console/connections")).status_code == 303


async def test_an_unchanged_live_part_is_not_sent_twice(
    console: httpx.AsyncClient, container: AutowiredContainer
) -> None:
    operator = await an_operator(console, container)
    first = await operator.get("/console/connections", live=True)
    assert "<html" not in first.text
    again = await console.get(
        "/console/connections",
        headers={"X-Console-Live": "1", "If-None-Match": first.headers["etag"]},
    )
    assert (again.status_code, again.content) == (304, b"")


async def test_an_unexpected_failure_is_a_page_with_a_trace_and_nothing_else(
    console: httpx.AsyncClient, container: AutowiredContainer
) -> None:
    operator = await an_operator(console, container)

    class Broken:
        async def find(self, query: object) -> None:
            raise RuntimeError("secret detail")

    container.bind(Store, replace(container.use(Store), connections=Broken()))  # type: ignore[arg-type]
    answer = await operator.get("/console/connections")
    assert (answer.status_code, problem_of(answer)) == (500, "internal")
    assert "secret detail" not in answer.text
    assert "Trace" in answer.text


async def who(_: Call) -> Any:
    return {}


async def test_the_console_without_a_frame_takes_an_operator_and_a_form_of_ours(
    client_of: ClientOf, container: AutowiredContainer
) -> None:
    """Session, role, origin and token are asked of a bare route as of one that has a frame."""
    client = client_of(
        [
            Route("GET", "/door", Access.CONSOLE, who, "Look", admit=admit),
            Route("POST", "/door", Access.CONSOLE, who, "Change", admit=admit, raw_body=True),
        ]
    )
    viewer = await a_viewer(client, container)
    assert ((await viewer.get("/door")).status_code, (await viewer.post("/door")).status_code) == (
        200,
        403,
    )
    operator = await an_operator(client, container)
    forged = [
        await client.post("/door", data={"csrf": operator.csrf}),
        await client.post("/door", headers={"Origin": ORIGIN}),
    ]
    assert [one.status_code for one in forged] == [403, 403]
    assert (await operator.post("/door")).status_code == 200


async def test_a_route_of_the_console_without_an_admission_is_closed(
    client_of: ClientOf, container: AutowiredContainer
) -> None:
    client = client_of([Route("GET", "/door", Access.CONSOLE, who, "Look")])
    operator = await an_operator(client, container)
    assert (await operator.get("/door")).status_code == 401


def test_every_route_of_the_console_names_its_admission() -> None:
    closed = [one for one in console_routes() if one.access is Access.CONSOLE]
    assert closed
    assert all(one.admit is admit for one in closed)
