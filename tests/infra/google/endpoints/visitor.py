"""A client of the emulated Google, and a push endpoint that records."""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

import httpx
from google.auth import jwt
from starlette.types import Receive, Scope, Send

from infra.local.google.parts import Google

ADA = "ada@demo.example"
SCOPE = "https://www.googleapis.com/auth/gmail."
MAIL = b"From: ben@demo.example\r\nTo: ada@demo.example\r\nSubject: Tea\r\n\r\nAt five?\r\n"
VERIFIER = "v" * 50
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
)


@dataclass
class Push:
    """One push request as the endpoint saw it."""

    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def data(self) -> dict[str, Any]:
        data: dict[str, Any] = json.loads(
            base64.b64decode(self.body["message"]["data"], validate=True)
        )
        return data

    @property
    def message_id(self) -> str:
        return str(self.body["message"]["messageId"])


@dataclass
class Endpoint:
    """A push endpoint: answers with the scripted statuses, then with 204."""

    statuses: list[int] = field(default_factory=list)
    pushes: list[Push] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        while True:
            event = await receive()
            body += event.get("body", b"")
            if not event.get("more_body"):
                break
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.pushes.append(Push(headers, json.loads(body)))
        status = self.statuses.pop(0) if self.statuses else 204
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body"})


class Visitor:
    """A client of the emulated Google, with the parts behind it in reach."""

    def __init__(self, http: httpx.AsyncClient, google: Google) -> None:
        self.http = http
        self.google = google

    async def control(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = await self.http.post(f"/_control{path}", json=body or {})
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def authorize(self, **changes: str | None) -> httpx.Response:
        return await self.http.get("/o/oauth2/v2/auth", params=self.request(**changes))

    def request(self, **changes: str | None) -> dict[str, str]:
        asked = {
            "client_id": self.google.settings.client_id,
            "redirect_uri": self.google.settings.redirect_uris[0],
            "response_type": "code",
            "scope": f"openid email {SCOPE}modify",
            "state": "st",
            "nonce": "no",
            "access_type": "offline",
            "prompt": "consent",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **changes,
        }
        return {name: value for name, value in asked.items() if value is not None}

    async def code(self, email: str = ADA, **changes: str | None) -> str:
        await self.control("/consent", {"email": email, "decision": "approve"})
        return returned(await self.authorize(**changes))["code"]

    async def token(self, **fields: str | None) -> httpx.Response:
        form = {
            "client_id": self.google.settings.client_id,
            "client_secret": self.google.settings.client_secret,
            **fields,
        }
        kept = {name: value for name, value in form.items() if value is not None}
        return await self.http.post("/token", data=kept)

    async def verified(self, token: str, audience: str | None) -> dict[str, Any]:
        """Return a token's claims once google-auth has checked it against our certificates."""
        certificates = (await self.http.get("/oauth2/v1/certs")).json()
        claims = jwt.decode(token, certs=certificates, audience=audience)
        return dict(claims)

    async def subject(self, access_token: str) -> str:
        """Return the `sub` of the account that an access token is of."""
        answer = await self.http.get("/tokeninfo", params={"access_token": access_token})
        return str(answer.json()["sub"])

    async def exchange(self, code: str | None, **changes: str | None) -> httpx.Response:
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.google.settings.redirect_uris[0],
            "code_verifier": VERIFIER,
            **changes,
        }
        return await self.token(**fields)

    async def refresh(self, refresh_token: str, **changes: str) -> httpx.Response:
        return await self.token(grant_type="refresh_token", refresh_token=refresh_token, **changes)

    async def sign_in(self, email: str = ADA, **changes: str | None) -> dict[str, Any]:
        answer = await self.exchange(await self.code(email, **changes))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def gmail(self, verb: str, path: str, token: str, **named: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}", **named.pop("headers", {})}
        return await self.http.request(verb, f"/gmail/v1/users/{path}", headers=headers, **named)

    async def watch(self, token: str, topic: str = "projects/demo/topics/gmail") -> httpx.Response:
        return await self.gmail("POST", "me/watch", token, json={"topicName": topic})


def returned(answer: httpx.Response) -> dict[str, str]:
    """Return what a redirect brought back to the client."""
    assert answer.next_request is not None, answer.text
    return dict(answer.next_request.url.params)
