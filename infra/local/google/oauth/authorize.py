"""/o/oauth2/v2/auth: from a client's request to the user's answer."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from infra.local.google.clock import Clock
from infra.local.google.faults import Faults
from infra.local.google.oauth.grants import Approval, Grants
from infra.local.google.oauth.pages import consent_page, refused_page
from infra.local.google.oauth.request import (
    AuthorizationRequest,
    RefusedRequestError,
    read_request,
)
from infra.local.google.oauth.scopes import EMAIL, GMAIL, PROFILE, spelled_out
from infra.local.google.settings import GoogleSettings
from infra.local.google.token_errors import client_deleted


@dataclass(frozen=True, slots=True)
class ScriptedAnswer:
    """The answer a test gives in place of a user; `scopes` None grants all that is asked."""

    email: str
    approve: bool
    scopes: tuple[str, ...] | None


class Authorization:
    """The consent screen and its three kinds of answer: a code, a denial, an error page."""

    def __init__(
        self,
        settings: GoogleSettings,
        clock: Clock,
        grants: Grants,
        accounts: Callable[[], Sequence[str]],
        faults: Faults,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._grants = grants
        self._accounts = accounts
        self._faults = faults
        self.scripted: deque[ScriptedAnswer] = deque()

    async def show(self, http: Request) -> Response:
        """Return GET: the consent page, or at once where no question is left."""
        try:
            request = self._read(http)
        except RefusedRequestError as refused:
            return refused_page(refused.status, refused.error, refused.description)
        chosen = self._account(request.login_hint)
        if "none" in request.prompts:  # asks no user, so it takes no scripted answer
            return self._silent_answer(request, chosen)
        if self.scripted:
            return self._scripted_answer(request)
        if chosen and not request.prompts and self._already_granted(request, chosen):
            return self._grant(request, chosen, request.scopes)
        return self._page(http, request, chosen)

    async def decide(self, http: Request) -> Response:
        """Return POST: what the user chose on the page."""
        try:
            request = self._read(http)
        except RefusedRequestError as refused:
            return refused_page(refused.status, refused.error, refused.description)
        form = parse_qsl((await http.body()).decode("utf-8", "replace"))
        fields = dict(form)
        if fields.get("decision") != "allow":
            return self._deny(request, "access_denied")
        email = self._account(fields.get("email"))
        if email is None:
            return self._page(http, request, None)
        ticked = {value for name, value in form if name == "scope"}
        return self._grant(request, email, _reduce(request, ticked))

    def _read(self, http: Request) -> AuthorizationRequest:
        """Return the request. Raises RefusedRequestError, for a deleted client too."""
        if self._faults.peek("client_deleted", "token", None):
            deleted = client_deleted()
            raise RefusedRequestError(deleted.status, deleted.body["error"], str(deleted))
        return read_request(http.url.query, self._settings)

    def _page(self, http: Request, request: AuthorizationRequest, chosen: str | None) -> Response:
        accounts = sorted(self._accounts())
        if chosen is None and len(accounts) == 1:
            chosen = accounts[0]
        return consent_page(
            action=f"{http.url.path}?{http.url.query}",
            client=self._settings.client_id.partition(".")[0],
            destination=urlsplit(request.redirect_uri).netloc,
            accounts=accounts,
            chosen=chosen,
            scopes=[(scope, GMAIL[scope]) for scope in request.gmail_scopes],
        )

    def _scripted_answer(self, request: AuthorizationRequest) -> Response:
        answer = self._next_answer(request.login_hint)
        if not answer.approve:
            return self._deny(request, "access_denied")
        if answer.scopes is None:
            return self._grant(request, answer.email, request.scopes)
        return self._grant(request, answer.email, _reduce(request, spelled_out(answer.scopes)))

    def _next_answer(self, hint: str | None) -> ScriptedAnswer:
        """Take the hinted account's answer, or the oldest: people consent side by side."""
        hinted = (answer for answer in self.scripted if answer.email == hint)
        answer = next(hinted, self.scripted[0])
        self.scripted.remove(answer)
        return answer

    def _silent_answer(self, request: AuthorizationRequest, chosen: str | None) -> Response:
        if chosen is None:
            return self._deny(request, "login_required")
        if not self._already_granted(request, chosen):
            return self._deny(request, "interaction_required")
        return self._grant(request, chosen, request.scopes)

    def _already_granted(self, request: AuthorizationRequest, email: str) -> bool:
        return set(request.scopes) <= set(self._grants.consented_scopes(email))

    def _grant(self, request: AuthorizationRequest, email: str, scopes: Sequence[str]) -> Response:
        if not scopes:
            return self._deny(request, "access_denied")
        earlier = self._grants.consented_scopes(email)
        if request.include_granted_scopes:
            scopes = list(dict.fromkeys((*scopes, *earlier)))
        approval = Approval(
            email=email,
            scopes=tuple(scopes),
            redirect_uri=request.redirect_uri,
            nonce=request.nonce,
            challenge=request.challenge,
            challenge_method=request.challenge_method,
            # A refresh token comes with the first consent only, unless asked for (FACTS 6.2).
            with_refresh_token=request.offline and ("consent" in request.prompts or not earlier),
            given_at=self._clock.now().timestamp(),
        )
        code = self._grants.approve(approval)
        values = {"code": code, "scope": " ".join(_as_redirected(scopes)), "authuser": "0"}
        return _redirect(request.answer({**values, "prompt": " ".join(request.prompts) or "none"}))

    def _deny(self, request: AuthorizationRequest, error: str) -> Response:
        return _redirect(request.answer({"error": error}))

    def _account(self, hint: str | None) -> str | None:
        wanted = (hint or "").lower()
        for email in self._accounts():
            if wanted in {email.lower(), self._grants.accounts.subject(email)}:
                return email
        return None


def _reduce(request: AuthorizationRequest, ticked: Sequence[str] | set[str]) -> list[str]:
    """Return what is left of the request: sign-in scopes cannot be unticked (FACTS 6.3)."""
    return [scope for scope in request.scopes if scope not in GMAIL or scope in ticked]


def _as_redirected(scopes: Sequence[str]) -> list[str]:
    """Return the scopes as the redirect spells them: with the short sign-in names too."""
    short = {EMAIL: "email", PROFILE: "profile"}
    return [short[scope] for scope in scopes if scope in short] + list(scopes)


def _redirect(address: str) -> Response:
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return RedirectResponse(address, status_code=302, headers=headers)
