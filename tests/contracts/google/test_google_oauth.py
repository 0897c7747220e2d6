"""HttpGoogleOAuth against the emulated Google."""

import base64
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from shared.adapters.google.http_client import new_http_client
from shared.adapters.google.oauth import HttpGoogleOAuth, token_error
from shared.domain.google.trouble import DeploymentError, UnnamedRefusalError
from shared.domain.ids import GoogleSub
from shared.errors import (
    GoogleOAuthUnavailableError,
    GrantRevokedError,
    PostroomError,
    SessionPolicyError,
    UnauthenticatedError,
)
from shared.ports.google.oauth import Identity, Tokens
from tests.contracts.google.emulated_google import ADA, StillClock
from tests.infra.google.emulator import SCOPE, Google

VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode()[:-1]
SCOPES = ("openid", "email", f"{SCOPE}modify", f"{SCOPE}send")


@dataclass(frozen=True)
class Client:
    google_url: str | None
    oauth_client_id: str = "postroom-local.apps.googleusercontent.com"
    oauth_client_secret: str = "postroom-local-secret"
    redirect_uri: str = "http://127.0.0.1:8080/oauth/callback"


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with new_http_client() as found:
        yield found


@pytest.fixture
def oauth(google: Google, http: httpx.AsyncClient, clock: StillClock) -> HttpGoogleOAuth:
    return HttpGoogleOAuth(http, Client(google.url), clock)


def consented(google: Google, oauth: HttpGoogleOAuth, scopes: list[str] | None = None) -> str:
    """Go through the consent screen; return the code."""
    body = {"email": ADA, "decision": "approve", **({"scopes": scopes} if scopes else {})}
    google.control("POST", "/consent", json=body)
    url = oauth.authorization_url(
        state="st", nonce="nn", code_challenge=CHALLENGE, scopes=SCOPES, login_hint=ADA
    )
    answer = parse_qs(urlsplit(google.http.get(url).headers["location"]).query)
    assert answer["state"] == ["st"]
    return answer["code"][0]


@pytest.fixture
async def tokens(google: Google, oauth: HttpGoogleOAuth) -> Tokens:
    return await oauth.exchange(code=consented(google, oauth), code_verifier=VERIFIER)


def test_the_real_consent_address_asks_for_a_refresh_token(http: httpx.AsyncClient) -> None:
    oauth = HttpGoogleOAuth(http, Client(None), StillClock())
    url = oauth.authorization_url(state="st", nonce="nn", code_challenge="cc", scopes=SCOPES)
    assert url.startswith("https://accounts.google.com/o/oauth2/v2/auth?")
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert query["access_type"] == "offline"
    assert query["prompt"] == "consent"
    assert query["code_challenge_method"] == "S256"
    assert query["scope"].split() == list(SCOPES)
    assert "login_hint" not in query


async def test_a_code_is_redeemed_once(
    google: Google, oauth: HttpGoogleOAuth, clock: StillClock
) -> None:
    code = consented(google, oauth)
    tokens = await oauth.exchange(code=code, code_verifier=VERIFIER)
    assert tokens.refresh_token
    assert tokens.id_token
    assert timedelta(minutes=50) < tokens.expires_at - clock.now() <= timedelta(hours=1)
    assert f"{SCOPE}modify" in tokens.scopes
    with pytest.raises(GrantRevokedError):
        await oauth.exchange(code=code, code_verifier=VERIFIER)


async def test_scopes_that_were_unticked_are_missing(
    google: Google, oauth: HttpGoogleOAuth
) -> None:
    code = consented(google, oauth, ["openid", "email", f"{SCOPE}send"])
    tokens = await oauth.exchange(code=code, code_verifier=VERIFIER)
    assert f"{SCOPE}send" in tokens.scopes
    assert f"{SCOPE}modify" not in tokens.scopes


async def test_another_verifier_redeems_nothing(google: Google, oauth: HttpGoogleOAuth) -> None:
    with pytest.raises(GrantRevokedError):
        await oauth.exchange(code=consented(google, oauth), code_verifier="w" * 43)


async def test_a_refresh_brings_an_access_token_and_no_refresh_token(
    oauth: HttpGoogleOAuth, tokens: Tokens
) -> None:
    fresh = await oauth.refresh(tokens.refresh_token or "")
    assert fresh.access_token != tokens.access_token
    assert fresh.refresh_token is None


async def test_revoking_ends_the_grant_and_can_be_repeated(
    oauth: HttpGoogleOAuth, tokens: Tokens
) -> None:
    await oauth.revoke(tokens.refresh_token or "")
    await oauth.revoke(tokens.refresh_token or "")
    with pytest.raises(GrantRevokedError):
        await oauth.refresh(tokens.refresh_token or "")


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("grant_revoked", GrantRevokedError),
        ("invalid_rapt", SessionPolicyError),
        ("token_5xx", GoogleOAuthUnavailableError),
    ],
)
async def test_a_failed_refresh_says_whether_the_grant_is_dead(
    google: Google, oauth: HttpGoogleOAuth, tokens: Tokens, fault: str, error: type[PostroomError]
) -> None:
    google.fault(fault, times=1)
    with pytest.raises(error):
        await oauth.refresh(tokens.refresh_token or "")


@pytest.mark.parametrize("fault", ["drop_request", "drop_response", "status_503", "status_429"])
async def test_a_refresh_that_went_unanswered_ends_nothing(
    google: Google, oauth: HttpGoogleOAuth, tokens: Tokens, fault: str
) -> None:
    google.fault(fault, method="token", times=1)
    with pytest.raises(GoogleOAuthUnavailableError):
        await oauth.refresh(tokens.refresh_token or "")
    assert await oauth.refresh(tokens.refresh_token or "")


async def test_a_revocation_that_went_unanswered_is_transient(
    google: Google, oauth: HttpGoogleOAuth, tokens: Tokens
) -> None:
    google.fault("status_503", method="revoke", times=1)
    with pytest.raises(GoogleOAuthUnavailableError):
        await oauth.revoke(tokens.refresh_token or "")


@pytest.mark.parametrize("wrong", ["oauth_client_id", "oauth_client_secret"])
async def test_a_wrong_client_is_a_matter_of_configuration(
    google: Google, http: httpx.AsyncClient, tokens: Tokens, wrong: str
) -> None:
    changed = {wrong: "wrong"}
    client = replace(Client(google.url), **changed)
    with pytest.raises(DeploymentError) as refused:
        await HttpGoogleOAuth(http, client, StillClock()).refresh(tokens.refresh_token or "")
    assert "wrong" not in str(refused.value)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, {"error": "admin_policy_enforced"}, SessionPolicyError),
        (400, {"error": "invalid_grant", "error_subtype": "invalid_rapt"}, SessionPolicyError),
        (401, {"error": "deleted_client"}, DeploymentError),
        (400, {"error": "something_new"}, UnnamedRefusalError),
        (429, {}, GoogleOAuthUnavailableError),
        (400, ["x"], GoogleOAuthUnavailableError),
        (400, {"error": {"code": 400}}, UnnamedRefusalError),
    ],
)
def test_only_words_that_mean_it_end_a_grant(
    status: int, body: object, error: type[PostroomError]
) -> None:
    assert type(token_error(httpx.Response(status, json=body))) is error


@pytest.mark.parametrize("content", [b"", b"[]", b'{"access_token": 1}', b'{"access_token": "a"}'])
async def test_a_token_answer_of_another_shape_is_no_answer(content: bytes) -> None:
    transport = httpx.MockTransport(lambda _request: httpx.Response(200, content=content))
    async with httpx.AsyncClient(transport=transport) as http:
        with pytest.raises(GoogleOAuthUnavailableError):
            await HttpGoogleOAuth(http, Client(None), StillClock()).refresh("r")


# Who consented


async def test_an_id_token_names_the_google_user(oauth: HttpGoogleOAuth, tokens: Tokens) -> None:
    identity = await oauth.verify_id_token(tokens.id_token or "", nonce="nn")
    assert identity.email == ADA
    assert identity.email_verified
    assert identity.sub.isdigit()


async def test_an_id_token_of_another_flow_is_refused(
    oauth: HttpGoogleOAuth, tokens: Tokens
) -> None:
    with pytest.raises(UnauthenticatedError):
        await oauth.verify_id_token(tokens.id_token or "", nonce="other")


async def test_an_id_token_for_another_client_is_refused(
    google: Google, http: httpx.AsyncClient, clock: StillClock, tokens: Tokens
) -> None:
    other = HttpGoogleOAuth(http, replace(Client(google.url), oauth_client_id="other"), clock)
    with pytest.raises(UnauthenticatedError):
        await other.verify_id_token(tokens.id_token or "", nonce="nn")


def answering(status: int, body: object) -> httpx.AsyncClient:
    transport = httpx.MockTransport(lambda _: httpx.Response(status, json=body))
    return httpx.AsyncClient(transport=transport)


@pytest.mark.parametrize("seconds", [604_799, None])
async def test_a_consent_for_a_limited_time_says_when_it_ends(
    clock: StillClock, seconds: int | None
) -> None:
    """FACTS 6.4: Google names the time only where there is one."""
    told = {} if seconds is None else {"refresh_token_expires_in": seconds}
    answer = {"access_token": "ya29.x", "expires_in": 3599, "scope": "openid", **told}
    tokens = await HttpGoogleOAuth(answering(200, answer), Client(None), clock).refresh("1//x")
    ends_at = None if seconds is None else clock.now() + timedelta(seconds=seconds)
    assert tokens.consent_ends_at == ends_at


async def test_google_says_whose_access_token_it_is(clock: StillClock) -> None:
    told = {"sub": "1", "email": "a@x.org", "email_verified": True}
    oauth = HttpGoogleOAuth(answering(200, told), Client(None), clock)
    assert await oauth.identity("ya29.x") == Identity(
        GoogleSub("1"), "a@x.org", email_verified=True
    )


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, {"email": "a@x.org"}, UnauthenticatedError),
        (200, [], GoogleOAuthUnavailableError),
        (401, {"error": "invalid_request"}, UnauthenticatedError),
        (403, {}, UnauthenticatedError),
        (503, {}, GoogleOAuthUnavailableError),
    ],
)
async def test_an_access_token_of_nobody_in_particular_is_refused(
    clock: StillClock, status: int, body: object, error: type[PostroomError]
) -> None:
    with pytest.raises(error):
        await HttpGoogleOAuth(answering(status, body), Client(None), clock).identity("ya29.x")
