"""The OAuth client at Google: known, its secret right, our redirect URI registered."""

import re
from typing import Final

import httpx

from shared.adapters.google.oauth import token_refusal
from shared.commands.checks.context import CheckContext
from shared.commands.checks.finding import Finding, NotCheckedError, failure, ok
from shared.domain.base64url import decode_base64url
from shared.domain.connect.scopes import DEFAULT, SIGN_IN
from shared.domain.google.refusals import Concern
from shared.ports.google.oauth import GoogleOAuth

CLIENTS: Final = "https://console.cloud.google.com/auth/clients"
ERROR_PAGE: Final = "/signin/oauth/error"
SIGN_IN_PAGES: Final = (
    "/v3/signin",
    "/signin",
    "/ServiceLogin",
    "/AccountChooser",
    "/InteractiveLogin",
)
CODES: Final = re.compile(
    rb"redirect_uri_mismatch|invalid_client|deleted_client|disabled_client|invalid_scope|"
    rb"org_internal|admin_policy_enforced|invalid_request|unauthorized_client"
)
PROBE: Final = "1//postroom-doctor-holds-no-such-token"


async def redirect_uri_is_registered(context: CheckContext) -> Finding:
    """Begin a consent without a person (`prompt=none`): Google checks client and address first."""
    uri = context.settings.redirect_uri
    address = context.container.use(GoogleOAuth).authorization_url(
        state="doctor", nonce="doctor", code_challenge="d" * 43, scopes=(*SIGN_IN, *DEFAULT)
    )
    silent = httpx.URL(address).copy_set_param("prompt", "none")
    answer = await context.ask("GET", str(silent))
    code = refusal_in(answer)
    if code is None and _went_on(answer, uri):
        return ok(uri)
    if code == "redirect_uri_mismatch":
        return failure(
            f"Google does not know the redirect URI {uri}.",
            f"Open {CLIENTS}, choose the client of POSTROOM_OAUTH_CLIENT_ID, and add exactly "
            "that under Authorised redirect URIs. It may take five minutes to count.",
        )
    if code is not None:
        return failure(f"Google refuses to begin a consent: {code}.", _client_fix(code))
    raise NotCheckedError(f"Google answered {answer.status_code}, which says nothing either way.")


def refusal_in(answer: httpx.Response) -> str | None:
    """Return the code on Google's error page: in a redirect's `authError`, or in the page."""
    location = httpx.URL(answer.headers.get("location", ""))
    if location.path.startswith(ERROR_PAGE):
        return _code_of(location.params.get("authError", "")) or "unknown"
    found = CODES.search(answer.content) if answer.is_error else None
    return found[0].decode() if found else None


def _code_of(encoded: str) -> str | None:
    """Read the code, the first text of a small protocol buffer in URL-safe base64."""
    try:
        raw = decode_base64url(encoded)
    except ValueError:
        return None
    found = CODES.search(raw)
    return found[0].decode() if found else None


def _went_on(answer: httpx.Response, uri: str) -> bool:
    """Whether Google sent the visitor back to us, or to sign in."""
    location = answer.headers.get("location", "")
    path = httpx.URL(location).path
    return bool(location) and (location.startswith(uri) or path.startswith(SIGN_IN_PAGES))


async def client_is_known(context: CheckContext) -> Finding:
    """Refresh a token that does not exist: a client Google knows is told that of the grant."""
    settings = context.settings
    if not settings.oauth_client_secret:
        raise NotCheckedError(
            "POSTROOM_OAUTH_CLIENT_SECRET is not set here: export it for this one run."
        )
    form = {
        "grant_type": "refresh_token",
        "refresh_token": PROBE,
        "client_id": settings.oauth_client_id,
        "client_secret": settings.oauth_client_secret,
    }
    answer = await context.ask("POST", f"{context.at('oauth2')}/token", data=form)
    code, concern = _error(answer), token_refusal(answer).concern
    if concern is Concern.GRANT:
        return ok(settings.oauth_client_id)
    if concern is Concern.DEPLOYMENT:
        return failure(
            f"Google refuses id or secret of the OAuth client: {code}.", _client_fix(code)
        )
    raise NotCheckedError(f"Google's token endpoint answered {answer.status_code} {code}".strip())


def _error(answer: httpx.Response) -> str:
    try:
        body = answer.json()
    except ValueError:
        return ""
    return str(body.get("error", ""))[:40] if isinstance(body, dict) else ""


def _client_fix(code: str) -> str:
    match code:
        case "deleted_client" | "disabled_client":
            return f"Restore the client in {CLIENTS} (30 days after its deletion it is gone)."
        case "invalid_client" | "unauthorized_client":
            return (
                f"Open {CLIENTS}, choose the client (type Web application), and compare its id "
                "with POSTROOM_OAUTH_CLIENT_ID. If that is right, add a secret there and set "
                "POSTROOM_OAUTH_CLIENT_SECRET (Terraform: export TF_VAR_oauth_client_secret, raise "
                "oauth_client_secret_version, deploy)."
            )
        case "invalid_scope":
            return "Add gmail.modify under https://console.cloud.google.com/auth/scopes."
        case _:
            return (
                f"Open {CLIENTS} and https://console.cloud.google.com/auth/audience; "
                f"what {code} means: https://developers.google.com/identity/protocols/oauth2/"
                "web-server#authorization-errors"
            )
