"""A session lives on while its person is at Google, and a success can be looked at again."""

from datetime import timedelta
from urllib.parse import urlsplit

import httpx

from shared.domain.connect.connect_session import token_hash
from shared.domain.ids import ConnectionId
from shared.ports.connections import OAuthStates
from shared.ports.events import Outbox
from tests.harness.connecting import (
    ADA,
    BEN,
    PUBLIC,
    ConnectHarness,
    follow,
    google_answer,
    outcome,
    press,
    query_of,
)


def start_of(opened: dict[str, str]) -> str:
    return f"/oauth/start?session_token={opened['token']}"


async def stay_at_google(
    harness: ConnectHarness, opened: dict[str, str], browser: httpx.AsyncClient
) -> httpx.Response:
    """Go to Google a minute before the session's half hour ends, and come back 14 minutes later."""
    harness.advance(timedelta(minutes=29))
    browser.follow_redirects = False
    to_google = await browser.get(start_of(opened))
    harness.advance(timedelta(minutes=14))
    assert (await harness.look(opened["token"]))["status"] == "pending"
    browser.follow_redirects = True
    return await browser.get(to_google.headers["location"])


async def test_a_session_outlives_its_half_hour_while_its_person_is_at_google(
    harness: ConnectHarness,
) -> None:
    opened = await harness.session_for(ADA)
    await harness.will_approve(ADA)
    assert outcome(await stay_at_google(harness, opened, harness.browser())) == "connected"
    seen = await harness.look(opened["token"])
    assert seen["status"] == "connected"
    id = ConnectionId(seen["connection_id"])
    (event,) = await harness.container.use(Outbox).list(state=None, connection_id=id, limit=10)
    assert (event.payload["type"], event.payload["success"]) == ("auth", True)


async def test_the_confirmation_has_its_time_too(harness: ConnectHarness) -> None:
    opened = await harness.session_for(ADA)
    await harness.will_approve(BEN)
    browser = harness.browser()
    question = await stay_at_google(harness, opened, browser)
    harness.advance(timedelta(minutes=14))
    assert outcome(await press(browser, question, 0)) == "connected"
    assert (await harness.look(opened["token"]))["status"] == "connected"


async def test_a_confirmation_that_comes_too_late_is_told_to_the_frame(
    harness: ConnectHarness,
) -> None:
    opened = await harness.session_for(ADA)
    await harness.will_approve(BEN)
    browser = harness.browser()
    question = await follow(browser, opened["connect_link"])
    harness.advance(timedelta(minutes=16))
    assert outcome(await press(browser, question, 0)) == "expired_state"
    seen = await harness.look(opened["token"])
    assert (seen["status"], seen["error"]) == ("failed", "expired_state")


async def test_trying_again_keeps_no_session_alive_for_ever(harness: ConnectHarness) -> None:
    """A consent a quarter of an hour, and none begins after the first hour."""
    opened = await harness.session_for(ADA)
    bearer = {"Authorization": f"Bearer {opened['token']}"}
    tried = 0
    while (await harness.api.post("/connect/session/ticket", headers=bearer)).status_code == 200:
        await harness.will_deny(ADA)
        page = await harness.browser().get(f"{PUBLIC}{start_of(opened)}")
        assert outcome(page) == "access_denied"
        harness.advance(timedelta(minutes=15))
        tried += 1
    assert tried == 4
    late = await harness.browser().get(f"{PUBLIC}{start_of(opened)}")
    assert outcome(late) == "expired_session"
    harness.advance(timedelta(minutes=31))
    assert (await harness.api.get("/connect/session", headers=bearer)).status_code == 401


async def test_a_success_can_be_loaded_again_by_its_state_alone(harness: ConnectHarness) -> None:
    opened = await harness.session_for(ADA)
    await harness.will_approve(ADA)
    browser = harness.browser()
    answer = await google_answer(browser, start_of(opened))
    await browser.get(answer)
    state = query_of(answer)["state"]
    again = await browser.get(f"{PUBLIC}/oauth/callback?state={state}")
    assert (again.status_code, outcome(again)) == (200, "connected")
    assert ADA in again.text


async def test_a_confirmed_success_stands_at_an_address(harness: ConnectHarness) -> None:
    opened = await harness.session_for(ADA)
    await harness.will_approve(BEN)
    browser = harness.browser()
    page = await press(browser, await follow(browser, opened["connect_link"]), 0)
    assert urlsplit(str(page.url)).path == "/oauth/callback"
    again = await browser.get(str(page.url))
    assert (outcome(page), outcome(again)) == ("connected", "connected")


async def test_a_used_state_holds_no_secret(harness: ConnectHarness) -> None:
    opened = await harness.session_for(ADA)
    await harness.will_approve(BEN)
    browser = harness.browser()
    question = await follow(browser, opened["connect_link"])
    page = await press(browser, question, 0)
    found = await harness.container.use(OAuthStates).get(
        token_hash(query_of(str(page.url))["state"])
    )
    assert found is not None
    assert (found.value.used, found.value.code_verifier, found.value.pending) == (True, b"", None)
