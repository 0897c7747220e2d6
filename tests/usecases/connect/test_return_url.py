"""A session with a `return_url`: the end user comes back to the product, and nowhere else."""

import httpx
import pytest

from tests.harness.connecting import (
    ADA,
    BEN,
    PRODUCT,
    PUBLIC,
    ConnectHarness,
    follow,
    google_answer,
    press,
    query_of,
)
from tests.harness.samples import error_of

DONE = f"{PRODUCT}/settings?tab=mail&status=old"


async def ended(harness: ConnectHarness, opened: dict[str, str]) -> httpx.Response:
    """Walk through consent; return the answer to Google's redirect."""
    browser = harness.browser()
    start = f"{PUBLIC}/oauth/start?session_token={opened['token']}"
    answer = await google_answer(browser, start)
    browser.follow_redirects = False
    return await browser.get(answer)


async def test_it_is_reached_with_the_connection(harness: ConnectHarness) -> None:
    opened = await harness.session_for(ADA, return_url=DONE)
    await harness.will_approve(ADA)
    back = await ended(harness, opened)
    connection = (await harness.look(opened["token"]))["connection_id"]
    assert back.status_code == 303
    assert back.headers["location"].partition("?")[0] == f"{PRODUCT}/settings"
    told = {"tab": "mail", "status": "connected", "connection_id": connection}
    assert query_of(back.headers["location"]) == told
    assert back.headers["referrer-policy"] == "no-referrer"


async def test_it_is_reached_with_the_error(harness: ConnectHarness) -> None:
    opened = await harness.session_for(ADA, return_url=DONE)
    await harness.will_deny(ADA)
    told = {"tab": "mail", "status": "failed", "error": "access_denied"}
    assert query_of((await ended(harness, opened)).headers["location"]) == told


async def test_it_is_reached_from_the_confirmation_too(harness: ConnectHarness) -> None:
    opened = await harness.session_for(ADA, return_url=DONE)
    await harness.will_approve(BEN)
    browser = harness.browser()
    asking = await follow(browser, opened["connect_link"])
    policy = asking.headers["content-security-policy"]
    assert f"form-action 'self' {PRODUCT};" in policy
    browser.follow_redirects = False
    back = await press(browser, asking, 0)
    assert back.status_code == 303
    assert query_of(back.headers["location"])["status"] == "connected"


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/done",
        f"{PRODUCT}.evil.example/done",
        f"{PRODUCT}@evil.example/done",
        f"{PRODUCT}\\@evil.example",
        f"{PRODUCT}/a\nb",
        "//127.0.0.1:8090/done",
        "javascript:alert(1)",
        "/done",
        "",
    ],
)
async def test_no_other_origin_is_taken(harness: ConnectHarness, url: str) -> None:
    session = {"end_user": {"id": "u"}, "return_url": url}
    refused = await harness.api.post("/connect/sessions", json=session)
    assert (refused.status_code, error_of(refused)["code"]) == (400, "invalid_body")
    assert error_of(refused)["errors"][0]["path"] == ["return_url"]


@pytest.mark.parametrize("url", [PRODUCT, f"{PRODUCT}/", f"{PRODUCT}?a=/b", f"{PRODUCT}/a?b=c"])
async def test_any_page_of_an_origin_is_taken(harness: ConnectHarness, url: str) -> None:
    assert (await harness.session_for(ADA, return_url=url))["token"]


async def test_a_reconnect_comes_back_too(harness: ConnectHarness) -> None:
    connection = await harness.connect(ADA)
    body = {"connection_id": connection, "integration_id": "google-mail", "return_url": DONE}
    opened = await harness.session("/connect/sessions/reconnect", **body)
    await harness.will_approve(ADA)
    location = (await ended(harness, opened)).headers["location"]
    assert query_of(location)["connection_id"] == connection
