"""Consents that must not be bound, each with its page, and nothing changed."""

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape

import httpx
import pytest

from shared.domain.connect.connect_session import token_hash
from shared.domain.connect.scopes import METADATA, MODIFY
from shared.domain.events.event import Event
from shared.domain.ids import first_mailbox_id
from shared.domain.operation import OperationState, OperationType
from shared.ports.connections import (
    ConnectionQuery,
    Connections,
    ConnectSessions,
    Grants,
    Mailboxes,
)
from shared.ports.events import Operations, Outbox
from shared.usecases.connect.disconnect import Disconnect
from shared.usecases.connect.tokens.access_tokens import AccessTokens
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
from tests.harness.samples import error_of

RETRY = re.compile(r'id="retry" href="([^"]+)"')
READ_AND_SEND = {"google-mail": {"user_scopes": "read send"}}


async def nothing_is_bound(harness: ConnectHarness) -> bool:
    connections = await harness.container.use(Connections).find(ConnectionQuery())
    mailbox = await harness.container.use(Mailboxes).get(first_mailbox_id(ADA))
    tasks = {path for path, _ in await harness.tasks()}
    return not connections and mailbox is None and tasks <= {"/tasks/deliver"}


async def failures(harness: ConnectHarness) -> list[Event]:
    found = await harness.container.use(Outbox).list(state=None, connection_id=None, limit=50)
    return [one for one in found if one.payload.get("success") is False]


def start_of(opened: dict[str, str]) -> str:
    return f"{PUBLIC}/oauth/start?session_token={opened['token']}"


async def retried(browser: httpx.AsyncClient, page: httpx.Response) -> httpx.Response:
    found = RETRY.search(page.text)
    assert found, page.text
    return await browser.get(unescape(found[1]))


async def test_a_denial_has_its_page_and_a_second_chance(harness: ConnectHarness) -> None:
    opened = await harness.session_for(ADA)
    await harness.will_deny(ADA)
    browser = harness.browser()
    page = await follow(browser, opened["connect_link"])
    assert (page.status_code, outcome(page)) == (403, "access_denied")
    seen = await harness.look(opened["token"])
    assert (seen["status"], seen["error"]) == ("failed", "access_denied")
    assert seen["connection_id"] is None
    assert await nothing_is_bound(harness)
    await harness.will_approve(ADA)
    assert outcome(await retried(browser, page)) == "connected"
    assert (await harness.look(opened["token"]))["status"] == "connected"


async def test_the_product_is_told_of_a_denial_once_and_no_more_once_it_is_connected(
    harness: ConnectHarness,
) -> None:
    opened = await harness.session_for(ADA, webhook_url_override="https://hooks.example.com/ada")
    browser = harness.browser()
    await harness.will_deny(ADA)
    page = await follow(browser, opened["connect_link"])
    await harness.will_deny(ADA)
    page = await retried(browser, page)
    (event,) = await failures(harness)
    assert event.webhook_url_override == "https://hooks.example.com/ada"
    body = event.payload
    assert (body["type"], body["operation"], body["success"]) == ("auth", "creation", False)
    assert body["error"]["type"] == "access_denied"
    assert body["endUser"]["endUserEmail"] == ADA
    assert ("/tasks/deliver", {"event_id": event.id}) in [
        (path, {"event_id": body.get("event_id")}) for path, body in await harness.tasks()
    ]
    await harness.will_approve(ADA)
    assert outcome(await retried(browser, page)) == "connected"
    connected = (await harness.look(opened["token"]))["connection_id"]
    outbox = harness.container.use(Outbox)
    told = await outbox.list(state=None, connection_id=connected, limit=50)
    assert event.id in {one.id for one in told}
    assert any(event.is_overtaken_by(one) for one in told)


async def test_a_reconnect_that_is_denied_tells_nothing_of_the_connection_that_stays(
    harness: ConnectHarness,
) -> None:
    connection = await harness.connect(ADA)
    opened = await harness.reconnect_session(connection)
    await harness.will_deny(ADA)
    page = await follow(harness.browser(), opened["connect_link"])
    assert outcome(page) == "access_denied"
    assert await failures(harness) == []


async def test_a_metadata_scope_beside_a_wider_one_is_refused_with_its_page(
    harness: ConnectHarness,
) -> None:
    """A session that was opened before such scopes were refused at once."""
    opened = await harness.session_for(ADA)
    sessions = harness.container.use(ConnectSessions)
    session = await sessions.get(token_hash(opened["token"]))
    assert session is not None
    await sessions.swap(session, replace(session.value, scopes=(MODIFY, METADATA)))
    await harness.will_approve(ADA)
    page = await follow(harness.browser(), opened["connect_link"])
    assert (page.status_code, outcome(page)) == (403, "metadata_scope")
    assert "message headers only" in page.text
    assert await nothing_is_bound(harness)


async def test_a_session_for_a_metadata_scope_beside_a_wider_one_is_refused(
    harness: ConnectHarness,
) -> None:
    """With its reason; alone the scope is a grant that sends and reads no bodies."""
    wanted = {"google-mail": {"user_scopes": "full gmail.metadata"}}
    body = {"end_user": {"id": "u1"}, "integrations_config_defaults": wanted}
    answer = await harness.api.post("/connect/sessions", json=body)
    assert (answer.status_code, error_of(answer)["code"]) == (400, "metadata_scope")
    assert "gmail.metadata" in error_of(answer)["message"]


async def test_an_unticked_scope_is_named_and_asked_for_again(harness: ConnectHarness) -> None:
    opened = await harness.session_for(ADA, integrations_config_defaults=READ_AND_SEND)
    await harness.will_approve(ADA, ["gmail.readonly"])
    browser = harness.browser()
    page = await follow(browser, opened["connect_link"])
    assert (page.status_code, outcome(page)) == (403, "missing_scope")
    assert "Send mail as you" in page.text
    assert "Read your mail" not in page.text
    assert (await harness.look(opened["token"]))["error"] == "missing_scope"
    assert await nothing_is_bound(harness)
    await harness.will_approve(ADA)
    assert outcome(await retried(browser, page)) == "connected"


async def test_a_refusal_is_logged_as_a_code(harness: ConnectHarness) -> None:
    opened = await harness.session_for(ADA)
    await harness.will_deny(ADA)
    await follow(harness.browser(), opened["connect_link"])
    (entry,) = await harness.container.use(Operations).list(
        connection_id=None, type=OperationType.AUTH, state=OperationState.FAILED, limit=10
    )
    assert entry.error == "access_denied"


async def test_a_reconnect_refuses_another_google_account(harness: ConnectHarness) -> None:
    id = await harness.connect(ADA)
    opened = await harness.reconnect_session(id)
    await harness.will_approve(BEN)
    page = await follow(harness.browser(), opened["connect_link"])
    assert (page.status_code, outcome(page)) == (409, "wrong_account")
    assert ADA in page.text
    assert BEN in page.text
    kept = await harness.container.use(Connections).get(id)
    grant = await harness.container.use(Grants).get(id)
    assert kept is not None
    assert grant is not None
    assert (kept.value.email, grant.value.generation) == (ADA, 1)
    assert await harness.container.use(Mailboxes).get(first_mailbox_id(BEN)) is None


async def test_an_answer_counts_once(harness: ConnectHarness) -> None:
    opened = await harness.session_for(ADA)
    await harness.will_approve(ADA)
    browser = harness.browser()
    answer = await google_answer(browser, start_of(opened))
    cookies = httpx.Cookies(browser.cookies)
    assert outcome(await browser.get(answer)) == "connected"
    browser.cookies = cookies
    assert outcome(await browser.get(answer)) == "connected"
    assert harness.requests.count("POST /token authorization_code") == 1
    stranger = await harness.browser().get(answer)
    assert (stranger.status_code, outcome(stranger)) == (403, "other_browser")


async def test_a_refused_answer_shows_nothing_twice(harness: ConnectHarness) -> None:
    opened = await harness.session_for(ADA)
    await harness.will_deny(ADA)
    browser = harness.browser()
    answer = await google_answer(browser, start_of(opened))
    cookies = httpx.Cookies(browser.cookies)
    assert outcome(await browser.get(answer)) == "access_denied"
    browser.cookies = cookies
    again = await browser.get(answer)
    assert (again.status_code, outcome(again)) == (400, "unknown_state")


async def test_an_answer_counts_only_in_the_browser_that_asked(harness: ConnectHarness) -> None:
    """Login CSRF: an attacker's answer in the victim's browser binds nothing."""
    opened = await harness.session_for(ADA)
    await harness.will_approve(ADA)
    attacker = harness.browser()
    answer = await google_answer(attacker, start_of(opened))
    page = await harness.browser().get(answer)
    assert (page.status_code, outcome(page)) == (403, "other_browser")
    assert await nothing_is_bound(harness)
    assert outcome(await attacker.get(answer)) == "connected"


async def test_a_made_up_state_is_refused(harness: ConnectHarness) -> None:
    page = await harness.browser().get(f"{PUBLIC}/oauth/callback?state=made-up&code=x")
    assert (page.status_code, outcome(page)) == (400, "unknown_state")


async def test_a_code_of_another_flow_is_refused_by_pkce(harness: ConnectHarness) -> None:
    opened = await harness.session_for(ADA)
    mine, theirs = harness.browser(), harness.browser()
    await harness.will_approve(ADA)
    stolen = query_of(await google_answer(theirs, start_of(opened)))["code"]
    await harness.will_approve(ADA)
    answer = query_of(await google_answer(mine, start_of(opened)))
    page = await mine.get("/oauth/callback", params={**answer, "code": stolen})
    assert outcome(page) == "invalid_grant"
    assert await nothing_is_bound(harness)


@pytest.mark.parametrize("issuer", ["https://evil.example", None])
async def test_an_answer_of_another_issuer_is_never_redeemed(
    harness: ConnectHarness, issuer: str | None
) -> None:
    opened = await harness.session_for(ADA)
    await harness.will_approve(ADA)
    browser = harness.browser()
    answer = query_of(await google_answer(browser, start_of(opened)))
    del answer["iss"]
    page = await browser.get(
        "/oauth/callback", params={**answer, **({"iss": issuer} if issuer else {})}
    )
    assert outcome(page) == ("wrong_issuer" if issuer else "google_error")
    assert harness.requests.count("POST /token authorization_code") == 0
    assert await nothing_is_bound(harness)


async def test_an_answer_that_comes_too_late_is_refused(harness: ConnectHarness) -> None:
    opened = await harness.session_for(ADA)
    await harness.will_approve(ADA)
    browser = harness.browser()
    answer = await google_answer(browser, start_of(opened))
    harness.advance(timedelta(minutes=16))
    page = await browser.get(answer)
    assert (page.status_code, outcome(page)) == (410, "expired_state")
    assert harness.requests.count("POST /token authorization_code") == 0
    seen = await harness.look(opened["token"])
    assert (seen["status"], seen["error"]) == ("failed", "expired_state")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        ("admin_policy_enforced", 403),
        ("org_internal", 403),
        ("disallowed_useragent", 400),
        ("deleted_client", 502),
        ("redirect_uri_mismatch", 502),
        ("<script>", 502),
    ],
)
async def test_every_error_of_google_has_a_page(
    harness: ConnectHarness, error: str, status: int
) -> None:
    opened = await harness.session_for(ADA)
    await harness.will_approve(ADA)
    browser = harness.browser()
    state = query_of(await google_answer(browser, start_of(opened)))["state"]
    page = await browser.get("/oauth/callback", params={"state": state, "error": error})
    assert page.status_code == status
    assert outcome(page) == ("google_error" if "<" in error else error)


async def test_google_out_of_reach_is_a_page_with_a_second_chance(harness: ConnectHarness) -> None:
    opened = await harness.session_for(ADA)
    await harness.will_approve(ADA)
    harness.fault("token_5xx", times=10)
    browser = harness.browser()
    page = await follow(browser, opened["connect_link"])
    assert (page.status_code, outcome(page)) == (503, "unavailable")
    await harness.control.delete("/faults")
    await harness.will_approve(ADA)
    assert outcome(await retried(browser, page)) == "connected"


async def test_a_consent_given_while_the_last_connection_leaves_is_asked_for_again(
    harness: ConnectHarness,
) -> None:
    """The revocation of the one that leaves takes the new consent with it (FACTS 6.9)."""
    id = await harness.connect(ADA)
    opened = await harness.session_for(ADA)
    await harness.will_approve(ADA)
    browser = harness.browser()
    answer = await google_answer(browser, start_of(opened))
    await harness.container.use(Disconnect)(id)
    page = await browser.get(answer)
    assert outcome(page) in {"invalid_grant", "closing"}
    await harness.will_approve(ADA)
    assert outcome(await retried(browser, page)) == "connected"
    new = (await harness.look(opened["token"]))["connection_id"]
    harness.advance(timedelta(hours=1))
    assert await harness.container.use(AccessTokens)(new)


async def test_a_deployment_without_its_keys_answers_a_page(harness: ConnectHarness) -> None:
    opened = await harness.session_for(ADA)
    (harness.folder / "keyring.json").unlink()
    page = await harness.browser().get(start_of(opened))
    assert (page.status_code, outcome(page)) == (502, "invalid_client")
    assert await nothing_is_bound(harness)


@pytest.mark.parametrize("known", [ADA, BEN], ids=["at once", "once confirmed"])
async def test_a_grant_that_a_policy_ends_before_it_is_stored_leaves_nothing_and_has_its_page(
    harness: ConnectHarness, known: str
) -> None:
    opened = await harness.session_for(known)
    await harness.will_approve(ADA)
    browser = harness.browser()
    back = await google_answer(browser, start_of(opened))
    harness.fault("invalid_rapt", email=ADA)
    page = await browser.get(back)
    page = page if known == ADA else await press(browser, page, 0)
    assert outcome(page) == "session_policy"
    seen = await harness.look(opened["token"])
    assert (seen["status"], seen["error"]) == ("failed", "session_policy")
    assert await nothing_is_bound(harness)
