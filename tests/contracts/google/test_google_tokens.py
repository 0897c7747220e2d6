"""GoogleTokens: nothing but a valid token of the right service account gets in."""

import base64
import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.local.google.oauth.keys import SigningKey, new_pair
from infra.local.google.state import open_state
from shared.adapters.google.id_tokens import GoogleTokens
from shared.errors import UnauthenticatedError
from tests.contracts.google.emulated_google import StillClock

AUDIENCE = "https://postroom.example/push/gmail"
ACCOUNT = "gmail-push@demo.iam.gserviceaccount.com"


@dataclass(frozen=True)
class Where:
    google_url: str | None = None


@dataclass
class Google:
    """Certificates as Google serves them, and how often they were asked for."""

    keys: list[SigningKey]
    max_age: int = 3600
    fetches: int = 0
    down: bool = False
    clock: StillClock = field(default_factory=StillClock)

    def answer(self, request: httpx.Request) -> httpx.Response:
        assert str(request.url) == "https://www.googleapis.com/oauth2/v1/certs"
        self.fetches += 1
        if self.down:
            raise httpx.ConnectError("down")
        certs = {kid: pem for key in self.keys for kid, pem in key.certificates().items()}
        age = f"public, max-age={self.max_age}, must-revalidate"
        return httpx.Response(200, json=certs, headers={"cache-control": age})

    def tokens(self, *, behind_iam: bool = False) -> GoogleTokens:
        http = httpx.AsyncClient(transport=httpx.MockTransport(self.answer))
        return GoogleTokens(http, Where(), self.clock, behind_iam=behind_iam)

    def token(self, *, key: int = 0, **claims: Any) -> str:
        now = int(self.clock.now().timestamp())
        whole = {
            "iss": "https://accounts.google.com",
            "aud": AUDIENCE,
            "email": ACCOUNT,
            "email_verified": True,
            "iat": now,
            "exp": now + 3600,
            **claims,
        }
        return self.keys[key].sign({k: v for k, v in whole.items() if v is not None})


def new_key() -> SigningKey:
    return SigningKey(open_state(":memory:"), new_pair)


@pytest.fixture(scope="module")
def keys() -> list[SigningKey]:
    return [new_key(), new_key()]


@pytest.fixture
def google(keys: list[SigningKey]) -> Google:
    return Google(keys[:1])


async def verify(tokens: GoogleTokens, token: str) -> None:
    await tokens.verify(token, audience=AUDIENCE, service_account=ACCOUNT)


async def test_a_good_token_is_accepted_and_the_keys_are_fetched_once(google: Google) -> None:
    tokens = google.tokens()
    for _ in range(3):
        await verify(tokens, google.token())
    assert google.fetches == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"aud": "https://other.example"},
        {"aud": [AUDIENCE]},
        {"aud": None},
        {"iss": "https://evil.example"},
        {"email": "other@demo.iam.gserviceaccount.com"},
        {"email": None},
        {"email_verified": False},
        {"email_verified": None},
        {"exp": 1},
        {"exp": None},
        {"exp": "soon"},
        {"exp": True},
        {"iat": 99_999_999_999},
        {"iat": None},
    ],
    ids=str,
)
async def test_every_claim_counts(google: Google, wrong: dict[str, Any]) -> None:
    with pytest.raises(UnauthenticatedError):
        await verify(google.tokens(), google.token(**wrong))


async def test_clocks_may_differ_by_thirty_seconds_and_no_more(google: Google) -> None:
    tokens, token = google.tokens(), google.token()
    google.clock.at += timedelta(seconds=3_629)
    await verify(tokens, token)
    google.clock.at += timedelta(seconds=2)
    with pytest.raises(UnauthenticatedError):
        await verify(tokens, token)


async def test_a_forged_signature_is_refused(google: Google, keys: list[SigningKey]) -> None:
    head, body, _ = google.token().split(".")
    forged = Google([keys[1]]).token().split(".")[2]
    with pytest.raises(UnauthenticatedError):
        await verify(google.tokens(), f"{head}.{body}.{forged}")
    with pytest.raises(UnauthenticatedError):
        await verify(google.tokens(), f"{head}.{body}.SIGNATURE_REMOVED_BY_GOOGLE")


def removed(token: str) -> str:
    """Return the token as Cloud Run passes it on once it has verified it."""
    return f"{token.rpartition('.')[0]}.SIGNATURE_REMOVED_BY_GOOGLE"


async def test_behind_iam_the_claims_of_a_verified_token_are_enough(google: Google) -> None:
    await verify(google.tokens(behind_iam=True), removed(google.token()))
    assert google.fetches == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"aud": "https://other.example"},
        {"iss": "https://evil.example"},
        {"email": "other@demo.iam.gserviceaccount.com"},
        {"email_verified": False},
        {"exp": 1},
    ],
    ids=str,
)
async def test_behind_iam_every_claim_still_counts(google: Google, wrong: dict[str, Any]) -> None:
    with pytest.raises(UnauthenticatedError):
        await verify(google.tokens(behind_iam=True), removed(google.token(**wrong)))


async def test_behind_iam_a_signature_that_is_there_is_verified(google: Google) -> None:
    tokens, token = google.tokens(behind_iam=True), google.token()
    await verify(tokens, token)
    head, body, _ = token.split(".")
    for signature in ("", "AAAA", "REMOVED_BY_GOOGLE"):
        with pytest.raises(UnauthenticatedError):
            await verify(tokens, f"{head}.{body}.{signature}")


@pytest.mark.parametrize("header", [{"alg": "none"}, {"alg": "HS256"}, {"kid": None}, {"kid": [1]}])
async def test_another_algorithm_or_no_key_id_is_refused(
    google: Google, header: dict[str, Any]
) -> None:
    head, body, signature = google.token().split(".")
    told = json.loads(base64.urlsafe_b64decode(head + "=="))
    changed = base64.urlsafe_b64encode(json.dumps({**told, **header}).encode()).decode()
    with pytest.raises(UnauthenticatedError):
        await verify(google.tokens(), f"{changed}.{body}.{signature}")


async def test_an_empty_audience_or_account_lets_nobody_in(google: Google) -> None:
    token = google.token(aud="", email="")
    with pytest.raises(UnauthenticatedError):
        await google.tokens().verify(token, audience="", service_account="")


async def test_new_keys_are_fetched_when_they_are_met_at_most_once_a_minute(
    google: Google, keys: list[SigningKey]
) -> None:
    tokens = google.tokens()
    await verify(tokens, google.token())
    google.keys = keys
    stranger = google.token(key=1)
    for _ in range(5):
        with pytest.raises(UnauthenticatedError):
            await verify(tokens, stranger)
    assert google.fetches == 1
    google.clock.at += timedelta(seconds=60)
    await verify(tokens, stranger)
    assert google.fetches == 2


async def test_keys_that_google_withdrew_are_forgotten_when_the_cache_ends(
    google: Google, keys: list[SigningKey]
) -> None:
    tokens = google.tokens()
    await verify(tokens, google.token())
    google.keys = [keys[1]]
    google.clock.at += timedelta(seconds=3_601)
    with pytest.raises(UnauthenticatedError):
        await verify(tokens, Google([keys[0]], clock=google.clock).token())


async def test_an_outage_of_the_keys_is_bridged_for_an_hour(google: Google) -> None:
    tokens = google.tokens()
    await verify(tokens, google.token())
    google.down = True
    google.clock.at += timedelta(minutes=119)
    await verify(tokens, google.token())
    google.clock.at += timedelta(minutes=2)
    with pytest.raises(UnauthenticatedError):
        await verify(tokens, google.token())
    google.down = False
    google.clock.at += timedelta(minutes=1)
    await verify(tokens, google.token())


async def test_without_any_key_nobody_gets_in(google: Google) -> None:
    google.down = True
    with pytest.raises(UnauthenticatedError):
        await verify(google.tokens(), google.token())


def nested(depth: int) -> str:
    head = base64.urlsafe_b64encode(b'{"alg":"RS256","kid":"k"}').decode().rstrip("=")
    body = base64.urlsafe_b64encode(b"[" * depth).decode().rstrip("=")
    return f"{head}.{body}.AAAA"


@pytest.mark.parametrize(
    "token", ["", "a", "a.b", "a.b.c", "....", "é.é.é", "\ud800.a.b", nested(5_000), "a" * 9_000]
)
async def test_what_is_no_token_is_refused(google: Google, token: str) -> None:
    with pytest.raises(UnauthenticatedError):
        await verify(google.tokens(), token)


@given(st.text(max_size=60) | st.from_regex(r"[\w-]{0,20}\.[\w-]{0,20}\.[\w-]{0,20}"))
@settings(deadline=None)
async def test_no_text_gets_in(token: str) -> None:
    with pytest.raises(UnauthenticatedError):
        await verify(Google([]).tokens(), token)
