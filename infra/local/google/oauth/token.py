"""/token: codes and refresh tokens for access tokens."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import unquote_plus

from infra.local.google.clock import Clock
from infra.local.google.faults import Fault, Faults
from infra.local.google.oauth.grants import DAY_S, Approval, Grants
from infra.local.google.oauth.identity import id_token_claims
from infra.local.google.oauth.keys import SigningKey
from infra.local.google.oauth.scopes import spelled_out
from infra.local.google.settings import GoogleSettings
from infra.local.google.token_errors import TokenError, client_deleted

REVOKED = "Token has been expired or revoked."
REAUTH = "reauth related error (invalid_rapt)"

REFRESH_REFUSALS: Final[Mapping[str, tuple[str, str, int]]] = {
    "account_deleted": ("invalid_grant", "Account has been deleted", 400),
    "policy_enforced": ("policy_enforced", "Advanced Protection prohibits the grant.", 400),
    "unauthorized_client": ("unauthorized_client", "Unauthorized", 401),
    "token_unknown": ("computer_says_no", "", 400),
}
"""Faults that refuse a refresh alone: `error`, `error_description`, status (FACTS 18.8)."""


class Tokens:
    """Hands out tokens for the settings' one client."""

    def __init__(
        self,
        settings: GoogleSettings,
        clock: Clock,
        grants: Grants,
        key: SigningKey,
        faults: Faults,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._grants = grants
        self._key = key
        self._faults = faults

    def owner(self, form: Mapping[str, str]) -> str | None:
        """Return whose tokens a request is about, for faults that name a mailbox."""
        approval = self._grants.approval(form.get("code", ""))
        return approval.email if approval else self._grants.owner(form.get("refresh_token", ""))

    def answer(self, form: Mapping[str, str], authorization: str | None) -> dict[str, Any]:
        """Return the token response. Raises TokenError."""
        self._check_client(form, authorization)
        self._strike_any(self.owner(form))
        grant_type = form.get("grant_type")
        if grant_type == "authorization_code":
            return self._exchange(form)
        if grant_type == "refresh_token":
            return self._refresh(form)
        if not grant_type:
            raise TokenError("invalid_request", "Missing required parameter: grant_type")
        raise TokenError("unsupported_grant_type", f"Invalid grant_type: {grant_type}")

    def grant(self, email: str, scopes: Sequence[str]) -> dict[str, Any]:
        """Return what an exchange answers for a consent that is given now."""
        approval = Approval(
            email=email,
            scopes=tuple(scopes),
            redirect_uri="",
            nonce=None,
            challenge=None,
            challenge_method=None,
            with_refresh_token=True,
            given_at=self._clock.now().timestamp(),
        )
        self._grants.spend(self._grants.approve(approval))
        return self._answer_to(approval)

    def _check_client(self, form: Mapping[str, str], authorization: str | None) -> None:
        client_id, secret = _basic(authorization) or (form.get("client_id"), None)
        secret = secret if secret is not None else form.get("client_secret", "")
        if not client_id:
            raise TokenError("invalid_request", "Could not determine client ID from request.")
        if client_id != self._settings.client_id:
            raise TokenError("invalid_client", "The OAuth client was not found.", 401)
        if not secret:
            raise TokenError("invalid_request", "client_secret is missing.")
        if not hmac.compare_digest(secret.encode(), self._settings.client_secret.encode()):
            raise TokenError("invalid_client", "Unauthorized", 401)

    def _exchange(self, form: Mapping[str, str]) -> dict[str, Any]:
        code = _require(form, "code")
        approval = self._grants.approval(code)
        if approval is None:
            known_form = code.startswith("4/")
            raise TokenError("invalid_grant", "Bad Request" if known_form else MALFORMED)
        if _require(form, "redirect_uri") != approval.redirect_uri:
            raise TokenError("redirect_uri_mismatch", "Bad Request")
        _check_verifier(approval, form.get("code_verifier"))
        self._grants.spend(code)
        return self._answer_to(approval)

    def _answer_to(self, approval: Approval) -> dict[str, Any]:
        answer = self._tokens(approval.email, approval.scopes, approval.given_at, approval.nonce)
        withheld = self._faults.take("consent_without_refresh_token", "token", approval.email)
        if approval.with_refresh_token and not withheld:
            token = self._grants.new_refresh_token(approval, approval.scopes)
            access = {name: answer.pop(name) for name in ("access_token", "expires_in")}
            answer = {**access, "refresh_token": token, **answer}
            if (days := self._settings.refresh_token_days) is not None:
                answer["refresh_token_expires_in"] = days * DAY_S - 1
        return answer

    def _refresh(self, form: Mapping[str, str]) -> dict[str, Any]:
        token = _require(form, "refresh_token")
        held = self._grants.refresh(token)
        if held is None:
            known = self._grants.ever_issued(token)
            raise TokenError("invalid_grant", REVOKED if known else "Bad Request")
        self._strike(held.email, held.given_at)
        scopes: Sequence[str] = held.scopes
        if form.get("scope"):
            scopes = spelled_out(form["scope"].split())
            if not set(scopes) <= set(held.scopes):
                raise TokenError("invalid_scope", "Bad Request")
        return self._tokens(held.email, scopes, held.given_at, None)

    def _strike_any(self, email: str | None) -> None:
        """Refuse an exchange or a refresh if a fault says so, however new the consent."""
        if self._faults.take("client_deleted", "token", email):
            raise client_deleted()
        if said := self._faults.take("token_error", "token", email):
            raise said.words.token_error()

    def _strike(self, email: str, given_at: float) -> None:
        """Refuse a refresh if a fault says so."""
        if self._take_fault("grant_revoked", email, given_at):
            raise TokenError("invalid_grant", REVOKED)
        if self._take_fault("invalid_rapt", email, given_at):
            raise TokenError("invalid_grant", REAUTH, subtype="invalid_rapt")
        for name, refusal in REFRESH_REFUSALS.items():
            if self._take_fault(name, email, given_at):
                raise TokenError(*refusal)

    def _take_fault(self, name: str, email: str, given_at: float) -> bool:
        armed = self._faults.peek(name, "token", email)
        if armed is not None and not strikes(armed, given_at):
            return False
        return self._faults.take(name, "token", email) is not None

    def _tokens(
        self, email: str, scopes: Sequence[str], given_at: float, nonce: str | None
    ) -> dict[str, Any]:
        token = self._grants.new_access_token(email, scopes, given_at)
        answer: dict[str, Any] = {
            "access_token": token,
            "expires_in": self._settings.access_token_s,
            "scope": " ".join(scopes),
            "token_type": "Bearer",
        }
        if "openid" in scopes:
            claims = id_token_claims(
                email,
                subject=self._grants.accounts.subject(email),
                client_id=self._settings.client_id,
                access_token=token,
                nonce=nonce,
                now=self._clock.now(),
            )
            answer["id_token"] = self._key.sign(claims)
        return answer


MALFORMED = "Malformed auth code."


def strikes(fault: Fault, given_at: float) -> bool:
    """Whether a scripted revocation hits a consent given then: a later one is immune."""
    return given_at <= fault.posted_at.timestamp()


def _basic(authorization: str | None) -> tuple[str, str] | None:
    scheme, _, content = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, _, secret = base64.b64decode(content, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise TokenError("invalid_client", "Unauthorized", 401) from None
    return unquote_plus(client_id), unquote_plus(secret)


def _check_verifier(approval: Approval, verifier: str | None) -> None:
    if approval.challenge is None:
        if verifier is not None:
            raise TokenError("invalid_grant", "code_verifier or verifier is not needed.")
        return
    if not verifier:
        raise TokenError("invalid_grant", "Missing code verifier.")
    proof = verifier
    if approval.challenge_method == "S256":
        digest = hashlib.sha256(verifier.encode()).digest()
        proof = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    if not hmac.compare_digest(proof.encode(), approval.challenge.encode()):
        raise TokenError("invalid_grant", "Invalid code verifier.")


def _require(form: Mapping[str, str], name: str) -> str:
    value = form.get(name)
    if not value:
        raise TokenError("invalid_request", f"Missing required parameter: {name}")
    return value
