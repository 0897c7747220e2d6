"""The OAuth endpoints as HTTP: discovery, consent, tokens, revocation, keys, identity."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from infra.local.google.bodies import struck_body
from infra.local.google.connection import ConnectionDroppedError, hang_up
from infra.local.google.gmail.errors import GmailError
from infra.local.google.oauth.grants import AccessToken
from infra.local.google.oauth.identity import ISSUER
from infra.local.google.oauth.scopes import EMAIL
from infra.local.google.parts import Google
from infra.local.google.scripted import strike_after, strike_before
from infra.local.google.token_errors import TokenError

NO_STORE = {"Cache-Control": "no-cache, no-store, max-age=0, must-revalidate", "Pragma": "no-cache"}
KEYS_CACHED = {"Cache-Control": "public, max-age=20000, must-revalidate, no-transform"}

Endpoint = Callable[[Request], Awaitable[Response]]


class OAuthEndpoints:
    """Routes of accounts.google.com, oauth2.googleapis.com and www.googleapis.com, on one host."""

    def __init__(self, google: Google) -> None:
        self._google = google

    def routes(self) -> list[Route]:
        """Return the routes."""
        show, decide = self._google.authorization.show, self._google.authorization.decide
        return [
            Route("/.well-known/openid-configuration", self.configuration),
            Route("/o/oauth2/v2/auth", show, methods=["GET"]),
            Route("/o/oauth2/v2/auth", decide, methods=["POST"]),
            Route("/token", self._droppable(self.token), methods=["POST"]),
            Route("/revoke", self._droppable(self.revoke), methods=["POST"]),
            Route("/v1/userinfo", self._droppable(self.userinfo), methods=["GET", "POST"]),
            Route("/tokeninfo", self.tokeninfo, methods=["GET", "POST"]),
            Route("/oauth2/v3/certs", self.jwks),
            Route("/oauth2/v1/certs", self.certificates),
        ]

    async def configuration(self, request: Request) -> Response:
        """Describe the provider: the real issuer, local addresses (FACTS 6.1)."""
        base = str(request.base_url).rstrip("/")
        return JSONResponse(
            {
                "issuer": ISSUER,
                "authorization_endpoint": f"{base}/o/oauth2/v2/auth",
                "token_endpoint": f"{base}/token",
                "userinfo_endpoint": f"{base}/v1/userinfo",
                "revocation_endpoint": f"{base}/revoke",
                "jwks_uri": f"{base}/oauth2/v3/certs",
                "response_types_supported": ["code"],
                "response_modes_supported": ["query"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "scopes_supported": ["openid", "email", "profile"],
                "token_endpoint_auth_methods_supported": [
                    "client_secret_post",
                    "client_secret_basic",
                ],
                "claims_supported": ["aud", "email", "email_verified", "exp", "iat", "iss", "sub"],
                "code_challenge_methods_supported": ["plain", "S256"],
                "grant_types_supported": ["authorization_code", "refresh_token"],
                "authorization_response_iss_parameter_supported": True,
            },
            headers={"Cache-Control": "public, max-age=3600"},
        )

    async def token(self, request: Request) -> Response:
        """Exchange a code or refresh a token; errors as FACTS 6.7."""
        google, form = self._google, await read_form(request)
        email = google.tokens.owner(form)
        if google.faults.take("token_5xx", "token", email):
            return JSONResponse({"error": "internal_failure"}, status_code=503, headers=NO_STORE)
        try:
            await strike_before(google.faults, google.clock, "token", email)
            body = google.tokens.answer(form, request.headers.get("authorization"))
        except TokenError as error:
            return JSONResponse(error.body, status_code=error.status, headers=NO_STORE)
        strike_after(google.faults, "token", email)
        return self._answer(body, "token", email)

    async def revoke(self, request: Request) -> Response:
        """End all that the token's user granted to the project (FACTS 6.9, 14.7).

        The mailbox's watch lives on: only users.stop or time ends it (FACTS 2.9).
        """
        google, form = self._google, await read_form(request)
        token = form.get("token") or request.query_params.get("token", "")
        email = google.grants.owner(token)
        await strike_before(google.faults, google.clock, "revoke", email)
        if email is None:
            body = {"error": "invalid_token", "error_description": "Token expired or revoked"}
            return JSONResponse(body, status_code=400, headers=NO_STORE)
        google.grants.revoke(email)
        strike_after(google.faults, "revoke", email)
        return self._answer({}, "revoke", email)

    async def userinfo(self, request: Request) -> Response:
        """Say whose access token this is."""
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        token = self._google.grants.access(text.strip()) if scheme.lower() == "bearer" else None
        email = token.email if token else None
        await strike_before(self._google.faults, self._google.clock, "userinfo", email)
        if token is None:
            body = {"error": "invalid_request", "error_description": "Invalid Credentials"}
            headers = {"WWW-Authenticate": f'Bearer realm="{ISSUER}/", error="invalid_request"'}
            return JSONResponse(body, status_code=401, headers=headers)
        strike_after(self._google.faults, "userinfo", email)
        named = {"sub": self._google.grants.accounts.subject(token.email)} | _address(token)
        return self._answer(named, "userinfo", email)

    async def tokeninfo(self, request: Request) -> Response:
        """Explain an access token or an id_token, for debugging."""
        fields = {**await read_form(request), **request.query_params}
        claims = self._google.key.claims_of(fields.get("id_token", ""))
        token = self._google.grants.access(fields.get("access_token", ""))
        now = self._google.clock.now().timestamp()
        if token is not None:
            return JSONResponse(self._token_info(token, now), headers=NO_STORE)
        if claims is not None and claims["exp"] > now:
            return JSONResponse(
                {name: str(value) for name, value in claims.items()}, headers=NO_STORE
            )
        body = {"error": "invalid_token", "error_description": "Invalid Value"}
        return JSONResponse(body, status_code=400, headers=NO_STORE)

    async def jwks(self, _request: Request) -> Response:
        """Return the signing keys as a JWKS."""
        return JSONResponse(self._google.key.jwks(), headers=KEYS_CACHED)

    async def certificates(self, _request: Request) -> Response:
        """Return the signing keys as certificates, the form google-auth fetches."""
        return self._answer(self._google.key.certificates(), "certs", None, KEYS_CACHED)

    def _answer(
        self,
        body: Mapping[str, object],
        endpoint: str,
        email: str | None,
        headers: Mapping[str, str] = NO_STORE,
    ) -> Response:
        """Return JSON, or whatever a fault makes of it."""
        content = struck_body(self._google.faults, endpoint, email, orjson.dumps(body))
        return Response(content, headers=headers, media_type="application/json")

    def _token_info(self, token: AccessToken, now: float) -> dict[str, object]:
        client_id = self._google.settings.client_id
        return {
            "azp": client_id,
            "aud": client_id,
            "sub": self._google.grants.accounts.subject(token.email),
            "scope": " ".join(sorted(token.scopes)),
            "exp": str(int(token.expires_at)),
            "expires_in": str(int(token.expires_at - now)),
            **({"email": token.email, "email_verified": "true"} if EMAIL in token.scopes else {}),
        }

    def _droppable(self, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
        async def serve(request: Request) -> Response:
            try:
                return await endpoint(request)
            except ConnectionDroppedError:
                return NoAnswer()
            except GmailError as error:
                headers: dict[str, str] = getattr(error, "headers", {})
                body = {"error": "internal_failure", "error_description": error.message}
                return JSONResponse(body, status_code=error.status, headers=headers)

        return serve


class NoAnswer(Response):
    """A response that is none: the connection is closed instead."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hang up."""
        del send
        await hang_up(scope, receive)


async def read_form(request: Request) -> dict[str, str]:
    """Return the fields of an urlencoded body; anything else has none."""
    return dict(parse_qsl((await request.body()).decode("utf-8", "replace")))


def _address(token: AccessToken) -> dict[str, Any]:
    return {"email": token.email, "email_verified": True} if EMAIL in token.scopes else {}
