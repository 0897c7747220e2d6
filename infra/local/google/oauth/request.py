"""An authorization request: what a client may ask for, and how Google refuses the rest."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import parse_qsl, urlencode, urlsplit

from infra.local.google.oauth.identity import ISSUER
from infra.local.google.oauth.scopes import GMAIL, spelled_out, unknown_scopes
from infra.local.google.settings import GoogleSettings

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
CHALLENGE = re.compile(r"[A-Za-z0-9._~-]{43,128}")


class RefusedRequestError(Exception):
    """A request so wrong that the user is told and no browser is redirected (FACTS 6.8)."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.error = error
        self.description = description


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A valid authorization request; `scopes` are spelled as Google reports them."""

    redirect_uri: str
    scopes: tuple[str, ...]
    state: str | None
    nonce: str | None
    challenge: str | None
    challenge_method: str | None
    login_hint: str | None
    prompts: frozenset[str]
    offline: bool
    include_granted_scopes: bool

    @property
    def gmail_scopes(self) -> list[str]:
        """The requested scopes that the user may untick."""
        return [scope for scope in self.scopes if scope in GMAIL]

    def answer(self, values: Mapping[str, str]) -> str:
        """Return the redirect to the client, with its state and this server's name."""
        fields = {**values, "iss": ISSUER}
        if self.state is not None:
            fields["state"] = self.state
        joint = "&" if urlsplit(self.redirect_uri).query else "?"
        return f"{self.redirect_uri}{joint}{urlencode(fields)}"


def read_request(query: str, settings: GoogleSettings) -> AuthorizationRequest:
    """Parse and check a query string. Raises RefusedRequestError."""
    pairs = parse_qsl(query)
    repeated = [name for name, count in Counter(name for name, _ in pairs).items() if count > 1]
    if repeated:
        _refuse(f"OAuth 2 parameters can only have a single value: {repeated[0]}")
    fields = dict(pairs)
    _check_client(fields, settings)
    _check_response_type(fields)
    _check_challenge(fields)
    return AuthorizationRequest(
        redirect_uri=fields["redirect_uri"],
        scopes=tuple(spelled_out(_scopes(fields))),
        state=fields.get("state"),
        nonce=fields.get("nonce"),
        challenge=fields.get("code_challenge"),
        challenge_method=_challenge_method(fields),
        login_hint=fields.get("login_hint"),
        prompts=_prompts(fields),
        offline=_choice(fields, "access_type", ("online", "offline")) == "offline",
        include_granted_scopes=_choice(fields, "include_granted_scopes", ("false", "true"))
        == "true",
    )


def _check_client(fields: Mapping[str, str], settings: GoogleSettings) -> None:
    if _require(fields, "client_id") != settings.client_id:
        raise RefusedRequestError(401, "invalid_client", "The OAuth client was not found.")
    if not _is_registered(_require(fields, "redirect_uri"), settings):
        raise RefusedRequestError(
            400,
            "redirect_uri_mismatch",
            "The redirect URI in the request does not match the ones authorized for the client: "
            + fields["redirect_uri"],
        )


def _is_registered(uri: str, settings: GoogleSettings) -> bool:
    """Whether it is the client's; a Desktop app's is any on loopback (RFC 8252, section 7.3)."""
    parts = urlsplit(uri)
    if settings.desktop_client:
        return parts.scheme == "http" and parts.hostname in LOOPBACK
    return uri in settings.redirect_uris


def _check_response_type(fields: Mapping[str, str]) -> None:
    if _require(fields, "response_type") != "code":
        raise RefusedRequestError(
            400,
            "unsupported_response_type",
            f"Only response_type=code is emulated here: {fields['response_type']}",
        )
    if fields.get("response_mode", "query") != "query":
        _refuse(f"Only response_mode=query is emulated here: {fields['response_mode']}")


def _check_challenge(fields: Mapping[str, str]) -> None:
    challenge = fields.get("code_challenge")
    method = fields.get("code_challenge_method")
    if challenge is None and method is not None:
        _refuse("code_challenge_method was given without code_challenge.")
    if method not in {None, "plain", "S256"}:
        _refuse(f"Invalid code_challenge_method: {method}")
    if challenge is not None and not CHALLENGE.fullmatch(challenge):
        _refuse("code_challenge must be 43 to 128 unreserved characters.")


def _challenge_method(fields: Mapping[str, str]) -> str | None:
    return fields.get("code_challenge_method", "plain") if "code_challenge" in fields else None


def _scopes(fields: Mapping[str, str]) -> list[str]:
    asked = _require(fields, "scope").split()
    invalid = unknown_scopes(asked)
    if invalid:
        valid = [scope for scope in asked if scope not in invalid]
        description = f"Some requested scopes were invalid. {{valid={valid}, invalid={invalid}}}"
        raise RefusedRequestError(400, "invalid_scope", description)
    return asked


def _prompts(fields: Mapping[str, str]) -> frozenset[str]:
    prompts = frozenset(fields.get("prompt", "").split())
    if prompts - {"none", "consent", "select_account"}:
        _refuse(f"Invalid parameter value for prompt: {fields['prompt']}")
    if "none" in prompts and len(prompts) > 1:
        _refuse("prompt=none cannot be combined with other values.")
    return prompts


def _choice(fields: Mapping[str, str], name: str, values: Sequence[str]) -> str:
    value = fields.get(name, values[0])
    if value not in values:
        _refuse(f"Invalid parameter value for {name}: {value}")
    return value


def _require(fields: Mapping[str, str], name: str) -> str:
    value = fields.get(name)
    if not value:
        _refuse(f"Missing required parameter: {name}")
    return value


def _refuse(description: str) -> NoReturn:
    raise RefusedRequestError(400, "invalid_request", description)
