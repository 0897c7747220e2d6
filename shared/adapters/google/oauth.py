"""Google's OAuth endpoints: the port GoogleOAuth over HTTP (FACTS 6, 14.7)."""

import hmac
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Protocol
from urllib.parse import urlencode

import httpx
import orjson

from shared.adapters.google.id_tokens import GoogleCerts, GoogleJwt, refusal
from shared.domain.google.refusals import (
    GMAIL,
    REVOKED,
    SESSION_POLICY,
    TOKEN,
    UNNAMED,
    Concern,
    Meaning,
    Refusal,
    meaning_of,
)
from shared.domain.google.trouble import (
    OTHER_CLIENT,
    DeploymentError,
    GrantEndedError,
    UnnamedRefusalError,
)
from shared.domain.ids import GoogleSub
from shared.domain.trouble_board import TroubleNotes
from shared.errors import (
    GoogleOAuthUnavailableError,
    GrantRevokedError,
    PostroomError,
    ReauthRequiredError,
    SessionPolicyError,
)
from shared.ports.clock import Clock
from shared.ports.google.oauth import Identity, Tokens

CONSENT_URL: Final = "https://accounts.google.com"
TOKEN_URL: Final = "https://oauth2.googleapis.com"
GMAIL_URL: Final = "https://gmail.googleapis.com"
USERINFO_URL: Final = "https://openidconnect.googleapis.com"
REFUSALS: Final = frozenset({400, 401, 403})
TIMEOUT: Final = httpx.Timeout(8.0, connect=3.0)
"""Shorter than the ten seconds a refresh is claimed for (DESIGN 5.5)."""

_REASONS: Final = ("error", "error_subtype")
_NOT_A_CODE: Final = re.compile(r"[^a-z_]")


class OAuthSettings(Protocol):
    """The OAuth client, as the deployment's settings hold it."""

    @property
    def oauth_client_id(self) -> str:
        """The client's public id: the audience of id_tokens."""
        ...

    @property
    def oauth_client_secret(self) -> str:
        """Its secret."""
        ...

    @property
    def redirect_uri(self) -> str:
        """Where Google sends the end user back."""
        ...

    @property
    def google_url(self) -> str | None:
        """One address in place of all of Google's hosts, or None for the real ones."""
        ...


class HttpGoogleOAuth:
    """GoogleOAuth for one OAuth client. Nothing is retried: a code is good once."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        settings: OAuthSettings,
        clock: Clock,
        notes: TroubleNotes | None = None,
    ) -> None:
        self._http = http
        self._notes = notes or TroubleNotes()
        self._settings = settings
        self._clock = clock
        self._jwt = GoogleJwt(GoogleCerts(http, clock, settings.google_url), clock)

    def authorization_url(
        self,
        *,
        state: str,
        nonce: str,
        code_challenge: str,
        scopes: tuple[str, ...],
        login_hint: str | None = None,
    ) -> str:
        """Return Google's consent address; without prompt=consent a second consent would
        bring no refresh token (FACTS 6.2).
        """  # noqa: D205
        query = {
            "client_id": self._settings.oauth_client_id,
            "redirect_uri": self._settings.redirect_uri,
            "response_type": "code",
            "scope": " ".join(scopes),
            "state": state,
            "nonce": nonce,
            "code_challenge": code_challenge,
            "code_challenge_method": "S256",
            "access_type": "offline",
            "prompt": "consent",
            **({"login_hint": login_hint} if login_hint else {}),
        }
        return f"{self._at(CONSENT_URL)}/o/oauth2/v2/auth?{urlencode(query)}"

    async def exchange(self, *, code: str, code_verifier: str) -> Tokens:
        """Redeem a code."""
        return await self._tokens(
            {
                "grant_type": "authorization_code",
                "code": code,
                "code_verifier": code_verifier,
                "redirect_uri": self._settings.redirect_uri,
            }
        )

    async def refresh(self, refresh_token: str) -> Tokens:
        """Return a new access token; the refresh token stays the one it was (FACTS 6.4)."""
        return await self._tokens({"grant_type": "refresh_token", "refresh_token": refresh_token})

    async def revoke(self, token: str) -> None:
        """Revoke; 400 invalid_token means that it is revoked already (FACTS 14.7)."""
        response = await self._post("/revoke", {"token": token})
        if not response.is_success and token_refusal(response).concern is not Concern.GRANT:
            raise GoogleOAuthUnavailableError(f"Revocation answered {response.status_code}.")

    async def verify_id_token(self, id_token: str, *, nonce: str) -> Identity:
        """Return whose id_token it is, issued to this client in this flow."""
        claims = await self._jwt.claims(id_token, audience=self._settings.oauth_client_id)
        told, sub, email = (claims.get(name) for name in ("nonce", "sub", "email"))
        if not isinstance(told, str) or not hmac.compare_digest(told.encode(), nonce.encode()):
            raise refusal("its nonce")
        if not (isinstance(sub, str) and sub and isinstance(email, str) and email):
            raise refusal("its missing subject or e-mail")
        hosted = claims.get("hd")
        return Identity(
            GoogleSub(sub),
            email,
            claims.get("email_verified") is True,
            hosted if isinstance(hosted, str) and hosted else None,
        )

    async def identity(self, access_token: str) -> Identity:
        """Return whose access token it is; it must have been granted `openid email`."""
        try:
            response = await self._http.get(
                self._at(USERINFO_URL) + "/v1/userinfo",
                headers={"Authorization": f"Bearer {access_token}"},
                timeout=TIMEOUT,
            )
        except httpx.HTTPError as error:
            raise GoogleOAuthUnavailableError(
                f"Google's userinfo endpoint did not answer ({type(error).__name__})."
            ) from error
        if response.status_code in REFUSALS:
            raise refusal("its scopes: openid and email are needed")
        told = _error_of(response) if response.is_success else {}
        named = {name: told[name] for name in ("sub", "email") if isinstance(told.get(name), str)}
        if not any(named.values()):
            raise GoogleOAuthUnavailableError(f"Userinfo answered {response.status_code}.")
        sub, email = named.get("sub"), named.get("email")
        if not (sub and email):
            raise refusal("its missing subject or e-mail")
        return Identity(GoogleSub(sub), email, told.get("email_verified") is True)

    async def address_of(self, access_token: str) -> str:
        """Return the mailbox's address, as Gmail says it."""
        url = self._at(GMAIL_URL) + "/gmail/v1/users/me/profile"
        headers = {"Authorization": f"Bearer {access_token}"}
        try:
            response = await self._http.get(url, headers=headers, timeout=TIMEOUT)
        except httpx.HTTPError as error:
            raise GoogleOAuthUnavailableError(
                f"Gmail did not answer ({type(error).__name__})."
            ) from error
        told = _error_of(response)
        if response.is_success and isinstance(address := told.get("emailAddress"), str):
            return address
        raise _unnamed_mailbox(response.status_code, told)

    async def _tokens(self, form: Mapping[str, str]) -> Tokens:
        client = {
            "client_id": self._settings.oauth_client_id,
            "client_secret": self._settings.oauth_client_secret,
        }
        asked_at = self._clock.now()
        response = await self._post("/token", {**form, **client})
        if not response.is_success:
            raise self._note(token_error(response))
        self._notes.note_success("oauth_client_refused", asked_at)
        try:
            answer = orjson.loads(response.content)
            return Tokens(
                access_token=_text(answer["access_token"]),
                expires_at=asked_at + timedelta(seconds=_positive(answer["expires_in"])),
                scopes=frozenset(_text(answer["scope"]).split()),
                refresh_token=_optional_text(answer, "refresh_token"),
                id_token=_optional_text(answer, "id_token"),
                consent_ends_at=_consent_end(answer, asked_at),
            )
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            raise GoogleOAuthUnavailableError(
                "The token endpoint's answer is not what Google documents."
            ) from error

    def _note(self, error: PostroomError) -> PostroomError:
        """Note what concerns the client as a whole, and not one grant of another client's."""
        if isinstance(error, DeploymentError) and error.told != OTHER_CLIENT:
            self._notes.note_trouble(error.code, self._clock.now(), told=error.told)
        return error

    async def _post(self, path: str, form: Mapping[str, str]) -> httpx.Response:
        try:
            return await self._http.post(self._at(TOKEN_URL) + path, data=form, timeout=TIMEOUT)
        except httpx.HTTPError as error:
            raise GoogleOAuthUnavailableError(
                f"Google's OAuth endpoint did not answer ({type(error).__name__})."
            ) from error

    def _at(self, host: str) -> str:
        return (self._settings.google_url or host).rstrip("/")


def _unnamed_mailbox(status: int, told: Mapping[str, Any]) -> PostroomError:
    """Return why Gmail does not say whose mailbox a token opens."""
    error = told.get("error")
    inner = error if isinstance(error, dict) else {}
    entries = inner.get("errors")
    named = entries[0] if isinstance(entries, list) and entries else {}
    reason = named.get("reason") if isinstance(named, dict) else None
    message = inner.get("message")
    meaning = meaning_of(
        Refusal(
            status,
            frozenset({reason} if isinstance(reason, str) else ()),
            message if isinstance(message, str) else "",
            is_readable=bool(inner),
        ),
        GMAIL,
    )
    if meaning.concern is Concern.DEPLOYMENT:
        return DeploymentError(meaning.detail)
    if status in REFUSALS:
        return refusal("its scopes: Gmail does not say whose mailbox it opens")
    return GoogleOAuthUnavailableError(f"Gmail answered {status}.")


def token_refusal(response: httpx.Response) -> Meaning:
    """Return what a refusal of the token endpoint, or of revocation, concerns."""
    answer = _error_of(response)
    named = [one for name in _REASONS if isinstance(one := answer.get(name), str)]
    text = answer.get("error_description")
    words = " ".join((*named, text if isinstance(text, str) else ""))
    refusal = Refusal(response.status_code, frozenset(named), words, is_readable=bool(answer))
    return meaning_of(refusal, TOKEN)


def token_error(response: httpx.Response) -> PostroomError:
    """Translate a refusal of the token endpoint; only a dead grant ends a grant (FACTS 6.7)."""
    meaning = token_refusal(response)
    error = _error_of(response).get("error")
    code = _NOT_A_CODE.sub("", error[:40]) if isinstance(error, str) else ""
    if meaning.concern is Concern.DEPLOYMENT:
        return DeploymentError(meaning.detail, code)
    if meaning.concern is Concern.GRANT:
        return _grant_error(meaning)
    unavailable = UnnamedRefusalError if meaning == UNNAMED else GoogleOAuthUnavailableError
    return unavailable(
        f"The token endpoint answered {response.status_code} {code}.".replace(" .", ".")
    )


def _grant_error(meaning: Meaning) -> ReauthRequiredError:
    if meaning == SESSION_POLICY:
        return SessionPolicyError("A Workspace policy asks the end user to sign in again.")
    if meaning == REVOKED:
        return GrantRevokedError("Google no longer knows this grant.")
    text = f"Google no longer accepts this grant ({meaning.detail})."
    return GrantEndedError(text, cause=meaning.detail)


def _consent_end(answer: Mapping[str, Any], asked_at: datetime) -> datetime | None:
    seconds = answer.get("refresh_token_expires_in")
    return None if seconds is None else asked_at + timedelta(seconds=_positive(seconds))


def _error_of(response: httpx.Response) -> Mapping[str, Any]:
    try:
        answer = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError
    return value


def _optional_text(answer: Mapping[str, Any], name: str) -> str | None:
    return _text(answer[name]) if name in answer else None


def _positive(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError
    seconds = float(value)
    if not seconds > 0:
        raise ValueError
    return seconds
