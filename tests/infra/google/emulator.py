"""A running emulator and the official client pointed at it."""

import base64
import hashlib
import json
import secrets
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any
from urllib.parse import parse_qs, urlsplit

import google_auth_httplib2
import httplib2
import httpx
import uvicorn
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build_from_document
from googleapiclient.http import HttpRequest

from infra.local.google.app import create_app
from infra.local.google.settings import GoogleSettings
from infra.local.loopback import TRUSTS_NO_CERTIFICATE
from tests.infra.google.discovery import check_answer, document_at

FULL = "https://mail.google.com/"
SCOPE = "https://www.googleapis.com/auth/gmail."
VERIFIER = secrets.token_urlsafe(48)
CALLBACK = "http://127.0.0.1:8080/oauth/callback"


class CheckedRequest(HttpRequest):  # type: ignore[misc]  # the package has no types
    """A request whose answer, batched or not, is held against the discovery document."""

    driven: set[str] = set()  # noqa: RUF012 - one register for the whole run

    def __init__(self, http: Any, postproc: Any, *args: Any, **named: Any) -> None:
        method_id = named["methodId"]

        def checked(response: Any, content: bytes) -> Any:
            answer = postproc(response, content)
            if response.status < 300:
                check_answer(method_id, answer)
                CheckedRequest.driven.add(method_id)
            return answer

        super().__init__(http, checked, *args, **named)


class Google:
    """What a test may do to the emulated Google, and the ways to look at it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = httpx.Client(base_url=url, timeout=30, verify=TRUSTS_NO_CERTIFICATE)
        self._tokens: dict[tuple[str, tuple[str, ...]], str] = {}

    def control(self, verb: str, path: str, **named: Any) -> Any:
        """Call the control API; return its JSON, if any."""
        answer = self.http.request(verb, f"/_control{path}", **named)
        assert answer.is_success, f"{verb} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def reset(self) -> None:
        """Forget everything."""
        self.control("POST", "/reset")
        self._tokens.clear()

    def reset_tokens(self) -> None:
        """Forget the access tokens, so that the next call signs in again."""
        self._tokens.clear()

    def mailbox(self, email: str, messages: int = 0, span_days: int = 25) -> str:
        """Create a mailbox, seeded or empty; return its address."""
        body = {"email": email, "messages": messages, "span_days": span_days}
        self.control("POST", "/mailboxes", json=body)
        return email

    def deliver(self, email: str, mail: EmailMessage | bytes) -> dict[str, str]:
        """Deliver a mail; return id, threadId, historyId."""
        raw = mail if isinstance(mail, bytes) else mail.as_bytes()
        found: dict[str, str] = self.control(
            "POST",
            f"/mailboxes/{email}/messages",
            content=raw,
            headers={"Content-Type": "message/rfc822"},
        )
        return found

    def held(self, email: str) -> list[dict[str, Any]]:
        """Return what the mailbox holds: the oracle."""
        found: list[dict[str, Any]] = self.control("GET", f"/mailboxes/{email}/messages")[
            "messages"
        ]
        return found

    def fault(self, fault: str, **named: Any) -> None:
        """Script a fault."""
        self.control("POST", "/faults", json={"fault": fault, **named})

    def advance(self, **by: float) -> None:
        """Move the emulator's clock."""
        seconds = timedelta(**by).total_seconds()
        self.control("POST", "/clock", json={"advance_s": seconds})

    def sign_in(self, email: str, scopes: Sequence[str] = (FULL,)) -> dict[str, Any]:
        """Run the whole OAuth code flow with PKCE; return the token endpoint's answer."""
        self.control("POST", "/consent", json={"email": email, "decision": "approve"})
        return self.exchange(self.authorize(scopes))

    def authorize(
        self, scopes: Sequence[str], identity: Sequence[str] = ("openid", "email")
    ) -> str:
        """Ask for consent, which has been answered beforehand; return the code."""
        digest = hashlib.sha256(VERIFIER.encode()).digest()
        ask = {
            "client_id": GoogleSettings().client_id,
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scope": " ".join((*identity, *scopes)),
            "state": "st-1",
            "access_type": "offline",
            "prompt": "consent",
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        sent_back = self.http.get(self._endpoint("authorization"), params=ask)
        assert sent_back.status_code in {302, 303}, sent_back.text
        brought = parse_qs(urlsplit(sent_back.headers["location"]).query)
        assert brought["state"] == ["st-1"]
        return brought["code"][0]

    def exchange(self, code: str) -> dict[str, Any]:
        """Exchange a code for tokens."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "client_id": GoogleSettings().client_id,
            "client_secret": GoogleSettings().client_secret,
            "code_verifier": VERIFIER,
        }
        answer = self.http.post(self._endpoint("token"), data=form)
        assert answer.status_code == 200, answer.text
        tokens: dict[str, Any] = answer.json()
        return tokens

    def _endpoint(self, kind: str) -> str:
        known = self.http.get("/.well-known/openid-configuration").json()
        return str(known[f"{kind}_endpoint"])

    def token(self, email: str, scopes: Sequence[str] = (FULL,)) -> str:
        """Return an access token, signing in once for each set of scopes."""
        key = (email, tuple(scopes))
        if key not in self._tokens:
            self._tokens[key] = self.sign_in(email, scopes)["access_token"]
        return self._tokens[key]

    def client(self, email: str, scopes: Sequence[str] = (FULL,)) -> Any:
        """Return the official client's `users()`, every answer of which is checked."""
        return self.service(email, scopes).users()

    def service(self, email: str, scopes: Sequence[str] = (FULL,)) -> Any:
        """Return the official client, pointed here (FACTS 14.6)."""
        credentials = Credentials(self.token(email, scopes))
        return build_from_document(
            document_at(self.url),
            http=google_auth_httplib2.AuthorizedHttp(credentials, httplib2.Http(timeout=30)),
            requestBuilder=CheckedRequest,
        )

    def call(self, email: str, verb: str, path: str, **named: Any) -> httpx.Response:
        """Send a bare request to the Gmail API, for what the client would not send."""
        headers = {"Authorization": f"Bearer {self.token(email)}", **named.pop("headers", {})}
        return self.http.request(verb, f"/gmail/v1/users/{path}", headers=headers, **named)


def letter(
    subject: str,
    text: str = "Hello.\n",
    *,
    sender: str = "Maya Okafor <maya@harbourlight.example>",
    to: str = "ada@demo.example",
    **headers: str,
) -> EmailMessage:
    """Compose a small mail; `headers` are further ones, `_` standing for `-`."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, to, subject
    mail["Date"] = datetime.now(UTC)
    mail["Message-ID"] = f"<{secrets.token_hex(12)}@{sender.rpartition('@')[2].rstrip('>')}>"
    for name, value in headers.items():
        del mail[name.replace("_", "-")]
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail


def b64(mail: EmailMessage | bytes) -> str:
    """Encode a message as the `raw` field wants it."""
    raw = mail if isinstance(mail, bytes) else mail.as_bytes()
    return base64.urlsafe_b64encode(raw).decode()


def unb64(data: str) -> bytes:
    """Decode a `raw` or `data` field."""
    return base64.urlsafe_b64decode(data + "=" * (-len(data) % 4))


def error_of(response: httpx.Response | Any) -> dict[str, Any]:
    """Return the `error` object of a refusal, having checked its shape (FACTS 14.5)."""
    content = response.content
    body: dict[str, Any] = json.loads(content)["error"]
    assert set(body) >= {"code", "message", "errors", "status"}
    (entry, *_) = body["errors"]
    named = {"message", "reason"} | (set() if entry["reason"] == "invalid" else {"domain"})
    assert set(entry) >= named
    return body


@contextmanager
def running(settings: GoogleSettings) -> Iterator[str]:
    """Serve the emulator on a free port for as long as the block lasts; yield its address."""
    bound = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(settings), log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        bound.close()
