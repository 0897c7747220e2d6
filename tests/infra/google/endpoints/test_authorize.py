"""The consent screen: who is asked, what is refused, what comes back."""

import html
import re
from urllib.parse import urlencode

import pytest

from infra.local.google.settings import GoogleSettings
from tests.infra.google.endpoints.visitor import ADA, SCOPE, Visitor, returned

EMAIL = "https://www.googleapis.com/auth/userinfo.email"


async def test_the_page_lists_the_mailboxes_and_each_gmail_scope(visitor: Visitor) -> None:
    visitor.google.store.create_mailbox("ben@demo.example")

    page = await visitor.authorize(scope=f"openid email {SCOPE}readonly {SCOPE}send")

    assert page.status_code == 200
    assert re.findall(r'name="email" value="([^"]+)"', page.text) == [ADA, "ben@demo.example"]
    assert re.findall(r'name="scope" value="([^"]+)"', page.text) == [
        f"{SCOPE}readonly",
        f"{SCOPE}send",
    ]


async def test_the_page_refuses_to_be_framed_or_kept(visitor: Visitor) -> None:
    page = await visitor.authorize()

    assert page.headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"
    assert "<script" not in page.text


async def test_a_login_hint_chooses_the_account(visitor: Visitor) -> None:
    visitor.google.store.create_mailbox("ben@demo.example")

    page = await visitor.authorize(login_hint="Ben@demo.example")

    assert 'value="ben@demo.example" required checked' in page.text
    assert f'value="{ADA}" required checked' not in page.text


async def test_allowing_on_the_page_brings_back_a_code_with_iss_state_and_scope(
    visitor: Visitor,
) -> None:
    page = await visitor.authorize(scope=f"openid email {SCOPE}readonly {SCOPE}send")
    action = html.unescape(re.findall(r'action="([^"]+)"', page.text)[0])
    ticked = {"email": ADA, "decision": "allow", "scope": f"{SCOPE}send"}

    answer = returned(await visitor.http.post(action, data=ticked))

    assert answer["iss"] == "https://accounts.google.com"
    assert answer["state"] == "st"
    assert answer["scope"].split() == ["email", "openid", EMAIL, f"{SCOPE}send"]
    tokens = (await visitor.exchange(answer["code"])).json()
    assert set(tokens["scope"].split()) == {"openid", EMAIL, f"{SCOPE}send"}


async def test_cancelling_on_the_page_is_access_denied(visitor: Visitor) -> None:
    answer = await visitor.http.post(
        "/o/oauth2/v2/auth", params=visitor.request(), data={"decision": "cancel"}
    )

    assert returned(answer) == {
        "error": "access_denied",
        "state": "st",
        "iss": "https://accounts.google.com",
    }


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_id": None}, 400, "invalid_request"),
        ({"client_id": "someone-else"}, 401, "invalid_client"),
        ({"redirect_uri": None}, 400, "invalid_request"),
        ({"redirect_uri": "http://127.0.0.1:8080/elsewhere"}, 400, "redirect_uri_mismatch"),
        ({"response_type": None}, 400, "invalid_request"),
        ({"response_type": "token"}, 400, "unsupported_response_type"),
        ({"scope": None}, 400, "invalid_request"),
        ({"scope": "openid https://www.googleapis.com/auth/drive"}, 400, "invalid_scope"),
        ({"prompt": "none consent"}, 400, "invalid_request"),
        ({"prompt": "login"}, 400, "invalid_request"),
        ({"access_type": "forever"}, 400, "invalid_request"),
        ({"code_challenge": "short"}, 400, "invalid_request"),
        ({"code_challenge": None}, 400, "invalid_request"),
        ({"code_challenge_method": "S512"}, 400, "invalid_request"),
    ],
)
async def test_a_wrong_request_is_shown_to_the_user_and_redirects_nobody(
    visitor: Visitor, changes: dict[str, str | None], status: int, error: str
) -> None:
    page = await visitor.authorize(**changes)

    assert page.status_code == status
    assert f"Error {status}: <code>{error}</code>" in page.text
    assert "location" not in page.headers


@pytest.mark.parametrize("settings", [GoogleSettings(desktop_client=True)])
async def test_a_desktop_app_may_come_back_to_any_port_of_this_machine_and_nowhere_else(
    visitor: Visitor,
) -> None:
    for uri in ("http://127.0.0.1:9080/oauth/callback", "http://localhost", "http://[::1]:7/"):
        assert (await visitor.authorize(redirect_uri=uri)).status_code == 200
    for uri in ("https://127.0.0.1:9080/", "http://127.0.0.1.example.com/", "http://10.0.0.1/"):
        refused = await visitor.authorize(redirect_uri=uri)
        assert "redirect_uri_mismatch" in refused.text


async def test_a_repeated_parameter_is_refused(visitor: Visitor) -> None:
    query = urlencode([*visitor.request().items(), ("state", "another")])

    page = await visitor.http.get(f"/o/oauth2/v2/auth?{query}")

    assert page.status_code == 400
    assert "single value: state" in page.text


async def test_a_queued_denial_answers_one_screen_only(visitor: Visitor) -> None:
    await visitor.control("/consent", {"email": ADA, "decision": "deny"})

    assert returned(await visitor.authorize())["error"] == "access_denied"
    assert (await visitor.authorize()).status_code == 200


async def test_people_who_consent_side_by_side_each_get_their_own_answer(
    visitor: Visitor,
) -> None:
    await visitor.control("/mailboxes", {"email": "ben@demo.example"})
    for email in (ADA, "ben@demo.example"):
        await visitor.control("/consent", {"email": email, "decision": "approve"})
    for email in ("ben@demo.example", ADA):
        code = returned(await visitor.authorize(login_hint=email))["code"]
        claims = await visitor.verified((await visitor.exchange(code)).json()["id_token"], None)
        assert claims["email"] == email


async def test_a_queued_consent_can_untick_scopes_but_not_sign_in(visitor: Visitor) -> None:
    await visitor.control(
        "/consent", {"email": ADA, "decision": "approve", "scopes": ["gmail.send"]}
    )

    answer = returned(await visitor.authorize(scope=f"openid email {SCOPE}readonly {SCOPE}send"))

    assert f"{SCOPE}readonly" not in answer["scope"]
    assert f"{SCOPE}send" in answer["scope"]
    assert EMAIL in answer["scope"]


async def test_unticking_all_there_was_is_a_denial(visitor: Visitor) -> None:
    await visitor.control("/consent", {"email": ADA, "decision": "approve", "scopes": []})

    assert returned(await visitor.authorize(scope=f"{SCOPE}send"))["error"] == "access_denied"


async def test_without_a_prompt_a_second_consent_asks_nothing_and_brings_no_refresh_token(
    visitor: Visitor,
) -> None:
    first = await visitor.sign_in(prompt=None)

    answer = returned(await visitor.authorize(prompt=None, login_hint=ADA))
    second = (await visitor.exchange(answer["code"])).json()

    assert "refresh_token" in first
    assert "refresh_token" not in second


async def test_online_access_brings_no_refresh_token(visitor: Visitor) -> None:
    assert "refresh_token" not in await visitor.sign_in(access_type="online")


async def test_a_silent_request_says_what_it_would_have_had_to_ask(visitor: Visitor) -> None:
    stranger = returned(await visitor.authorize(prompt="none", login_hint="x@demo.example"))
    unasked = returned(await visitor.authorize(prompt="none", login_hint=ADA))
    await visitor.sign_in()
    granted = returned(await visitor.authorize(prompt="none", login_hint=ADA))

    assert stranger["error"] == "login_required"
    assert unasked["error"] == "interaction_required"
    assert "code" in granted


async def test_incremental_consent_covers_what_was_granted_before(visitor: Visitor) -> None:
    await visitor.sign_in(scope=f"openid {SCOPE}send")

    plain = await visitor.sign_in(scope=f"openid {SCOPE}labels")
    added = await visitor.sign_in(scope=f"openid {SCOPE}labels", include_granted_scopes="true")

    assert f"{SCOPE}send" not in plain["scope"]
    assert f"{SCOPE}send" in added["scope"]
