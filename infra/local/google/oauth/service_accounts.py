"""Identity tokens of service accounts: iamcredentials' `generateIdToken`, as Google signs them.

Cloud Tasks and Cloud Scheduler send such tokens with what they dispatch. Every service account
exists here, and any bearer may act as it: who may call is Google Cloud's own affair, what the
token says is ours to verify.
"""

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from infra.local.google.clock import Clock
from infra.local.google.oauth.identity import push_token_claims
from infra.local.google.oauth.keys import SigningKey

PATH = "/v1/projects/-/serviceAccounts/{email}:generateIdToken"
_FIELDS = {"audience", "includeEmail", "delegates", "organizationNumberIncluded"}
_STATUS = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED"}


class IdTokens:
    """The method behind PATH, on the emulated Google's own key and clock."""

    def __init__(self, key: SigningKey, clock: Clock) -> None:
        self._key = key
        self._clock = clock

    def route(self) -> Route:
        """Return the route to mount."""
        return Route(PATH, self.generate, methods=["POST"])

    async def generate(self, request: Request) -> JSONResponse:
        """Return {"token"}: one hour, with the e-mail only where `includeEmail` asks for it."""
        if not request.headers.get("authorization", "").startswith("Bearer "):
            return _refusal(401, "Request is missing required authentication credential.")
        body = _body(await request.body())
        if isinstance(body, str):
            return _refusal(400, body)
        claims = push_token_claims(
            request.path_params["email"], body["audience"], self._clock.now()
        )
        if not body.get("includeEmail"):
            del claims["email"], claims["email_verified"]
        return JSONResponse({"token": self._key.sign(claims)})


def _body(raw: bytes) -> dict[str, Any] | str:
    """Return the parsed body, or what is wrong with it."""
    try:
        body = json.loads(raw)
    except ValueError:
        return "Invalid JSON payload received."
    if not isinstance(body, dict) or not body.keys() <= _FIELDS:
        return "Invalid JSON payload received. Unknown name."
    if not isinstance(body.get("audience"), str) or not body["audience"]:
        return "audience is required."
    return body


def _refusal(code: int, message: str) -> JSONResponse:
    error = {"code": code, "message": message, "status": _STATUS[code]}
    return JSONResponse({"error": error}, status_code=code)
