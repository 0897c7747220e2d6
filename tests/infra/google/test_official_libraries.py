"""google-auth, written elsewhere, accepts the tokens, refreshes them and reads the identity."""

from datetime import UTC, datetime, timedelta
from typing import Any

import google.auth.transport.requests
import httpx
import pytest
from google.auth.exceptions import RefreshError
from google.oauth2 import id_token
from google.oauth2.credentials import Credentials

from infra.local.google.settings import GoogleSettings
from tests.infra.google.emulator import FULL, SCOPE, Google

ADA = "ada@demo.example"
SKEW_S = 366 * 86_400  # the clock other tests have advanced stays advanced


def credentials(google: Google, scopes: tuple[str, ...] = (FULL,)) -> Any:
    """Sign in and hand the tokens to google-auth."""
    tokens = google.sign_in(ADA, scopes)
    return Credentials(
        tokens["access_token"],
        refresh_token=tokens["refresh_token"],
        token_uri=f"{google.url}/token",
        client_id=GoogleSettings().client_id,
        client_secret=GoogleSettings().client_secret,
        scopes=["openid", "https://www.googleapis.com/auth/userinfo.email", *scopes],
    )


def request() -> google.auth.transport.requests.Request:
    return google.auth.transport.requests.Request()


def profile(google: Google, token: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return google.http.get("/gmail/v1/users/me/profile", headers=headers)


def test_google_auth_refreshes(google: Google, ada: str) -> None:
    held = credentials(google)
    before = held.token
    held.refresh(request())
    assert held.token != before
    assert profile(google, held.token).json()["emailAddress"] == ADA
    assert held.expiry > datetime.now(UTC).replace(tzinfo=None) + timedelta(minutes=50)
    assert FULL in held.granted_scopes


def test_google_auth_verifies_the_identity(google: Google, ada: str) -> None:
    """FACTS 6.5: the key of a user is `sub`, and it stays."""
    first, second = google.sign_in(ADA), google.sign_in(ADA)
    claims = [
        id_token.verify_token(
            one["id_token"],
            request(),
            audience=GoogleSettings().client_id,
            certs_url=f"{google.url}/oauth2/v1/certs",
            clock_skew_in_seconds=SKEW_S,
        )
        for one in (first, second)
    ]
    assert claims[0]["email"] == ADA
    assert claims[0]["email_verified"] is True
    assert claims[0]["sub"] == claims[1]["sub"] != ADA
    assert claims[0]["iss"] in {"https://accounts.google.com", "accounts.google.com"}


def test_a_revoked_grant_is_told_as_such(google: Google, ada: str) -> None:
    """FACTS 6.7 and 6.9: revoking an access token kills the refresh token with it."""
    held = credentials(google)
    assert google.http.post("/revoke", data={"token": held.token}).status_code == 200
    with pytest.raises(RefreshError) as refused:
        held.refresh(request())
    assert refused.value.args[1] == {
        "error": "invalid_grant",
        "error_description": "Token has been expired or revoked.",
    }
    assert not refused.value.retryable
    assert profile(google, held.token).status_code == 401


def test_a_failing_token_endpoint_is_worth_another_try(google: Google, ada: str) -> None:
    """google-auth itself tries a few times, so the fault lasts longer than its patience."""
    held = credentials(google)
    google.fault("token_5xx", times=50)
    with pytest.raises(RefreshError) as refused:
        held.refresh(request())
    assert refused.value.retryable
    google.control("DELETE", "/faults")
    held.refresh(request())
    assert profile(google, held.token).is_success


def test_unticked_scopes_are_missing_from_the_answer(google: Google, ada: str) -> None:
    """FACTS 6.3."""
    google.control(
        "POST",
        "/consent",
        json={"email": ADA, "decision": "approve", "scopes": [f"{SCOPE}send"]},
    )
    tokens = google.exchange(google.authorize((f"{SCOPE}send", f"{SCOPE}readonly")))
    granted = set(tokens["scope"].split())
    assert f"{SCOPE}send" in granted
    assert f"{SCOPE}readonly" not in granted
