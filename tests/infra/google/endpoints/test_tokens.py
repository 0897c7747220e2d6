"""The token endpoint, revocation and identity, checked with google-auth where it can."""

import base64
import hashlib

import pytest

from tests.infra.google.endpoints.visitor import ADA, SCOPE, Visitor

REVOKED = {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}


async def test_an_exchange_brings_tokens_and_a_signed_identity(visitor: Visitor) -> None:
    tokens = await visitor.sign_in()

    claims = await visitor.verified(tokens["id_token"], visitor.google.settings.client_id)
    half = hashlib.sha256(tokens["access_token"].encode()).digest()[:16]
    assert tokens["expires_in"] == 3599
    assert tokens["token_type"] == "Bearer"
    assert claims["iss"] == "https://accounts.google.com"
    assert (claims["email"], claims["email_verified"], claims["nonce"]) == (ADA, True, "no")
    assert claims["at_hash"] == base64.urlsafe_b64encode(half).rstrip(b"=").decode()
    assert len(claims["sub"]) == 21
    assert claims["sub"].isdecimal()


async def test_the_jwks_and_the_certificates_hold_the_same_key(visitor: Visitor) -> None:
    keys = (await visitor.http.get("/oauth2/v3/certs")).json()["keys"]
    certificates = (await visitor.http.get("/oauth2/v1/certs")).json()

    assert [key["kid"] for key in keys] == list(certificates)
    assert {"kty": "RSA", "alg": "RS256", "use": "sig"}.items() <= keys[0].items()


async def test_the_client_may_authenticate_by_basic(visitor: Visitor) -> None:
    code = await visitor.code()
    settings = visitor.google.settings
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": settings.redirect_uris[0],
        "code_verifier": "v" * 50,
    }

    answer = await visitor.http.post(
        "/token", data=form, auth=(settings.client_id, settings.client_secret)
    )

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_secret": None}, 400, "invalid_request"),
        ({"client_id": "someone-else"}, 401, "invalid_client"),
        ({"client_id": None}, 400, "invalid_request"),
        ({"grant_type": None}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"code": None}, 400, "invalid_request"),
        ({"code": "4/0never"}, 400, "invalid_grant"),
        ({"redirect_uri": "http://127.0.0.1:8080/other"}, 400, "redirect_uri_mismatch"),
        ({"code_verifier": None}, 400, "invalid_grant"),
        ({"code_verifier": "w" * 50}, 400, "invalid_grant"),
    ],
)
async def test_a_wrong_exchange_is_refused(
    visitor: Visitor, changes: dict[str, str | None], status: int, error: str
) -> None:
    code = await visitor.code()

    answer = await visitor.exchange(**{"code": code, **changes})

    assert (answer.status_code, answer.json()["error"]) == (status, error)


async def test_a_plain_challenge_is_its_own_proof(visitor: Visitor) -> None:
    code = await visitor.code(code_challenge="p" * 43, code_challenge_method="plain")

    wrong = await visitor.exchange(code, code_verifier="q" * 43)
    right = await visitor.exchange(code, code_verifier="p" * 43)

    assert wrong.json()["error_description"] == "Invalid code verifier."
    assert right.status_code == 200


async def test_a_verifier_without_a_challenge_is_refused(visitor: Visitor) -> None:
    code = await visitor.code(code_challenge=None, code_challenge_method=None)

    assert (await visitor.exchange(code)).json()["error"] == "invalid_grant"
    assert (await visitor.exchange(code, code_verifier=None)).status_code == 200


async def test_a_code_works_once(visitor: Visitor) -> None:
    code = await visitor.code()
    await visitor.exchange(code)

    assert (await visitor.exchange(code)).json()["error"] == "invalid_grant"


async def test_a_code_expires(visitor: Visitor) -> None:
    code = await visitor.code()
    visitor.google.clock.advance(601)

    assert (await visitor.exchange(code)).json()["error"] == "invalid_grant"


async def test_a_refresh_brings_no_new_refresh_token(visitor: Visitor) -> None:
    tokens = await visitor.sign_in()

    answer = (await visitor.refresh(tokens["refresh_token"])).json()

    assert answer["access_token"] != tokens["access_token"]
    assert answer["scope"] == tokens["scope"]
    assert "refresh_token" not in answer


async def test_a_refresh_can_narrow_but_not_widen(visitor: Visitor) -> None:
    tokens = await visitor.sign_in(scope=f"openid {SCOPE}send {SCOPE}readonly")

    narrow = await visitor.refresh(tokens["refresh_token"], scope=f"{SCOPE}send")
    wide = await visitor.refresh(tokens["refresh_token"], scope="https://mail.google.com/")

    assert narrow.json()["scope"] == f"{SCOPE}send"
    assert wide.json()["error"] == "invalid_scope"


async def test_an_access_token_expires_and_the_grant_does_not(visitor: Visitor) -> None:
    tokens = await visitor.sign_in()
    visitor.google.clock.advance(3600)

    stale = await visitor.gmail("GET", "me/profile", tokens["access_token"])
    fresh = (await visitor.refresh(tokens["refresh_token"])).json()["access_token"]

    assert stale.status_code == 401
    assert (await visitor.gmail("GET", "me/profile", fresh)).status_code == 200


async def test_a_grant_unused_for_half_a_year_dies(visitor: Visitor) -> None:
    tokens = await visitor.sign_in()
    visitor.google.clock.advance(100 * 86_400)
    assert (await visitor.refresh(tokens["refresh_token"])).status_code == 200
    visitor.google.clock.advance(181 * 86_400)

    assert (await visitor.refresh(tokens["refresh_token"])).json() == REVOKED


async def test_the_oldest_of_too_many_refresh_tokens_dies_silently(visitor: Visitor) -> None:
    oldest = (await visitor.sign_in())["refresh_token"]
    newer = [(await visitor.sign_in())["refresh_token"] for _ in range(100)]

    assert (await visitor.refresh(oldest)).json() == REVOKED
    assert (await visitor.refresh(newer[0])).status_code == 200


async def test_revoking_any_token_ends_all_the_user_granted_to_the_project(
    visitor: Visitor,
) -> None:
    visitor.google.store.create_mailbox("ben@demo.example")
    first, second = await visitor.sign_in(), await visitor.sign_in()
    other = await visitor.sign_in("ben@demo.example")

    answer = await visitor.http.post("/revoke", data={"token": first["access_token"]})

    assert answer.status_code == 200
    assert (await visitor.refresh(second["refresh_token"])).json() == REVOKED
    assert (await visitor.gmail("GET", "me/profile", second["access_token"])).status_code == 401
    assert (await visitor.refresh(other["refresh_token"])).status_code == 200


async def test_revoking_an_unknown_token_is_invalid_token(visitor: Visitor) -> None:
    token = (await visitor.sign_in())["refresh_token"]
    await visitor.http.post("/revoke", data={"token": token})

    again = await visitor.http.post("/revoke", data={"token": token})

    assert (again.status_code, again.json()["error"]) == (400, "invalid_token")


async def test_after_a_revocation_the_first_consent_brings_a_refresh_token_again(
    visitor: Visitor,
) -> None:
    tokens = await visitor.sign_in(prompt=None)
    await visitor.http.post("/revoke", data={"token": tokens["access_token"]})

    assert "refresh_token" in await visitor.sign_in(prompt=None)


async def test_a_revoked_grant_as_a_fault_spares_a_later_consent(visitor: Visitor) -> None:
    before = await visitor.sign_in()
    await visitor.control("/faults", {"fault": "grant_revoked", "email": ADA})

    refused = await visitor.refresh(before["refresh_token"])
    called = await visitor.gmail("GET", "me/profile", before["access_token"])
    after = await visitor.sign_in()

    assert refused.json() == REVOKED
    assert called.status_code == 401
    assert (await visitor.refresh(after["refresh_token"])).status_code == 200
    assert (await visitor.gmail("GET", "me/profile", after["access_token"])).status_code == 200


async def test_session_control_is_told_by_its_subtype(visitor: Visitor) -> None:
    tokens = await visitor.sign_in()
    await visitor.control("/faults", {"fault": "invalid_rapt", "times": 1})

    refused = (await visitor.refresh(tokens["refresh_token"])).json()

    assert refused == {
        "error": "invalid_grant",
        "error_subtype": "invalid_rapt",
        "error_description": "reauth related error (invalid_rapt)",
    }
    assert (await visitor.refresh(tokens["refresh_token"])).status_code == 200


async def test_the_token_endpoint_can_be_down(visitor: Visitor) -> None:
    tokens = await visitor.sign_in()
    await visitor.control("/faults", {"fault": "token_5xx", "email": ADA, "after": 1, "times": 1})

    statuses = [(await visitor.refresh(tokens["refresh_token"])).status_code for _ in range(3)]

    assert statuses == [200, 503, 200]


async def test_userinfo_and_tokeninfo_know_the_user(visitor: Visitor) -> None:
    tokens = await visitor.sign_in()
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}

    info = (await visitor.http.get("/v1/userinfo", headers=headers)).json()
    fields = {"access_token": tokens["access_token"]}
    explained = (await visitor.http.get("/tokeninfo", params=fields)).json()

    assert info["email"] == explained["email"] == ADA
    assert info["sub"] == explained["sub"]
    assert (await visitor.http.get("/v1/userinfo")).status_code == 401


async def test_the_discovery_document_names_the_real_issuer_and_local_addresses(
    visitor: Visitor,
) -> None:
    found = (await visitor.http.get("/.well-known/openid-configuration")).json()

    assert found["issuer"] == "https://accounts.google.com"
    assert found["token_endpoint"] == "http://google.test/token"
    assert found["authorization_response_iss_parameter_supported"] is True
