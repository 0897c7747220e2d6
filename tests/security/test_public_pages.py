"""What anybody may open: nothing frames it, nothing it is told sends people elsewhere."""

from urllib.parse import urlsplit

import httpx
import pytest

from shared.edge.table import oauth_callback_routes
from shared.edge.web.routes import Access, Route
from tests.harness.connecting import (
    ADA,
    BEN,
    GOOGLE,
    PRODUCT,
    PUBLIC,
    ConnectHarness,
    follow,
    google_answer,
    outcome,
    query_of,
)
from tests.security.described import operations

PAGES = [one for one in oauth_callback_routes() if one.produces == "text/html"]
EVIL = "https://evil.example"
LURES = (
    "redirect", "redirect_uri", "redirect_url", "return_to", "returnTo", "next", "continue", "url",
    "apiURL", "baseURL", "callback", "origin", "state", "ticket", "session_token", "code", "error",
    "iss", "lang", "theme",
)  # fmt: skip


async def opened(harness: ConnectHarness, route: Route, query: dict[str, str]) -> httpx.Response:
    browser = harness.browser()
    browser.follow_redirects = False
    return await browser.request(route.method, route.path, params=query)


@pytest.mark.parametrize("route", PAGES, ids=lambda route: route.name)
async def test_no_page_can_be_framed_by_a_stranger(harness: ConnectHarness, route: Route) -> None:
    """Generated from the table: a page that is added is held to it."""
    session = await harness.session_for(ADA)
    for query in ({}, {"session_token": session["token"]}, {"session_token": "wrong"}):
        answer = await opened(harness, route, query)
        headers = answer.headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        if query and headers.get("content-type") == "application/json":
            assert answer.status_code == 400  # a form takes no parameters: no page was shown
            continue
        policy = headers["content-security-policy"]
        ancestors = policy.partition("frame-ancestors ")[2]
        assert ancestors in {"'none'", PRODUCT}
        assert ancestors == PRODUCT or headers["x-frame-options"] == "DENY"
        assert "unsafe" not in policy
        assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("route", PAGES, ids=lambda route: route.name)
async def test_no_parameter_sends_anybody_elsewhere(harness: ConnectHarness, route: Route) -> None:
    """No open redirect, no form or link to a stranger, and no address of theirs echoed."""
    for lure in (EVIL, f"//{EVIL[8:]}", f"javascript:fetch('{EVIL}')", f"{PUBLIC}@{EVIL[8:]}"):
        answer = await opened(harness, route, dict.fromkeys(LURES, lure))
        location = answer.headers.get("location", "")
        assert "evil" not in location
        assert "evil.example" not in answer.text, route.name


async def test_consent_leads_to_google_and_comes_back_to_us_whatever_is_asked(
    harness: ConnectHarness,
) -> None:
    session = await harness.session_for(ADA)
    browser = harness.browser()
    browser.follow_redirects = False
    start = await browser.get(
        "/oauth/start",
        params={
            **dict.fromkeys(LURES, EVIL),
            "ticket": "",
            "session_token": session["token"],
        },
    )
    assert start.status_code == 303
    location = start.headers["location"]
    assert location.startswith(f"{GOOGLE}/o/oauth2/v2/auth?")
    assert urlsplit(query_of(location)["redirect_uri"])[:3] == (
        "http",
        "127.0.0.1:8080",
        "/oauth/callback",
    )
    assert "evil" not in location


async def test_login_csrf_an_attackers_finished_consent_binds_nothing_in_a_victims_browser(
    harness: ConnectHarness,
) -> None:
    """The victim would otherwise work in the attacker's mailbox without knowing."""
    attack = await harness.session_for(BEN)
    await harness.will_approve(BEN)
    link = await google_answer(harness.browser(), f"/oauth/start?session_token={attack['token']}")
    victim = harness.browser()
    mine = await harness.session_for(ADA)
    await harness.will_approve(ADA)
    await google_answer(victim, f"/oauth/start?session_token={mine['token']}")
    page = await victim.get(link)
    assert (page.status_code, outcome(page)) == (403, "other_browser")
    assert (await harness.look(mine["token"]))["status"] == "pending"
    assert (await harness.look(attack["token"]))["status"] == "pending"


async def test_a_foreign_state_with_ones_own_cookie_is_no_flow(harness: ConnectHarness) -> None:
    """Two flows in one browser: the state of one never finishes under the cookie of the other."""
    browser = harness.browser()
    states = []
    for _ in range(2):
        session = await harness.session_for(ADA)
        await harness.will_approve(ADA)
        address = await google_answer(browser, f"/oauth/start?session_token={session['token']}")
        states.append(query_of(address))
    crossed = {**states[0], "state": states[1]["state"]}
    page = await browser.get("/oauth/callback", params=crossed)
    assert outcome(page) in {"invalid_grant", "bad_identity"}


async def test_a_forwarded_link_asks_before_it_binds_and_binds_nothing_unasked(
    harness: ConnectHarness,
) -> None:
    """Ada forwards her connect link; Ben follows it and signs in as himself."""
    session = await harness.session_for(ADA)
    await harness.will_approve(BEN)
    page = await follow(harness.browser(), session["connect_link"])
    assert "data-outcome" not in page.text
    assert (ADA in page.text, BEN in page.text) == (True, True)
    assert (await harness.api.get("/connections")).json()["connections"] == []


async def test_a_session_token_opens_none_of_the_api(harness: ConnectHarness) -> None:
    session = await harness.session_for(ADA)
    for one in operations():
        if one.keyed:
            answer = await harness.api.request(
                one.method,
                one.path.replace("{", "").replace("}", ""),
                headers={"Authorization": f"Bearer {session['token']}"},
            )
            assert answer.status_code in {401, 404, 429}, one.name


def test_only_pages_and_files_are_public_there() -> None:
    public = {one.name for one in oauth_callback_routes() if one.access is Access.PUBLIC}
    assert public == {
        "GET /connect-ui",
        "GET /connect-ui/brand.css",
        "GET /connect-ui/static/{name}",
        "GET /oauth/start",
        "GET /oauth/callback",
        "GET /oauth/connect/{name}",
        "POST /oauth/confirm",
    }
