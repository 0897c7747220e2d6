"""Signing in to the console, by operator key or with Google, and out again."""

import re
from hmac import compare_digest

from starlette.responses import RedirectResponse, Response

from shared.edge.console.access import google_flow
from shared.edge.console.access.admission import check_origin, check_token, read_form
from shared.edge.console.access.session import (
    Session,
    digest_of_key,
    drop_session,
    end_session,
    google_session,
    key_session,
    record_of,
    sealed_session,
    set_session,
)
from shared.edge.console.layout.answers import SIGN_IN, html_page, page_headers
from shared.edge.console.layout.navigation import HOME
from shared.edge.console.layout.pages import ConsoleRequest, page
from shared.edge.settings.deployment import Settings
from shared.edge.web.call import Call
from shared.edge.web.callers.api_key_cache import FAILURES_A_MINUTE, ApiKeyCache
from shared.edge.web.callers.rates import client_address, too_fast
from shared.edge.web.logs import log_failure
from shared.edge.web.routes import Access, Function, Method, Route
from shared.errors import (
    ConfigurationError,
    ForbiddenError,
    PermanentError,
    RateLimitedError,
    TransientError,
    UnauthenticatedError,
)
from shared.ports.access import ConsoleSessions
from shared.ports.clock import Clock
from shared.ports.google.oauth import GoogleSignIn, Identity, Sealer
from shared.usecases.connect.consent.start_consent import challenge_of

FORM_BYTES = 8_192
CODE_CHARS = 2_048
OURS = re.compile(r"/console(?:/(?!/)[\w\-./@:+%~]*)?(?:\?[\w\-./@:+%~=&]*)?")
TOO_MANY = "Too many wrong keys came from this address: wait a minute before trying again."
WRONG_KEY = "This key opens nothing here."
STRANGER = "Google says who you are, and this console is not open to that account."
NOT_NOW = "Google could not be asked just now. Try again."
CANCELLED = "You were not signed in."
MISCONFIGURED = "Google refuses this deployment's OAuth client: an operator must look at it."


async def show_sign_in(call: Call) -> Response:
    """Return the page that asks who you are."""
    return _sign_in_page(call, _next(call.request.query_params.get("next", "")))


async def sign_in(call: Call) -> Response:
    """Take an operator key; guesses are slowed as those of API keys are."""
    form = await read_form(call.request, FORM_BYTES)
    way = _next(form.get("next", [""])[0])
    try:
        check_origin(call.request, call.use(Settings))
        digest = _digest(call, form.get("key", [""])[0])
    except RateLimitedError:
        return _sign_in_page(call, way, TOO_MANY, 429)
    except ForbiddenError as error:
        return _sign_in_page(call, way, str(error), 403)
    except UnauthenticatedError:
        return _sign_in_page(call, way, WRONG_KEY, 401)
    return await _let_in(call, key_session(digest, call.use(Clock).now()), way)


def _digest(call: Call, key: str) -> str:
    """Raise UnauthenticatedError; RateLimitedError where this address has guessed too often."""
    known, digest = call.use(ApiKeyCache), digest_of_key(key)
    address = client_address(call.request, call.use(Settings).proxy_hops)
    if known.rates.remaining(f"source:{address}", FAILURES_A_MINUTE) < 1:
        known.fail(address)
        raise too_fast(TOO_MANY, google_flow.LIFETIME)
    matching = [one for one in call.use(Settings).console.keys if compare_digest(one, digest)]
    if not matching:
        known.fail(address)
        raise UnauthenticatedError(WRONG_KEY)
    return digest


async def start_google(call: Call) -> Response:
    """Send the browser to Google, bound to it by a sealed cookie."""
    settings, way = call.use(Settings), _next(call.request.query_params.get("next", ""))
    if not settings.console.asks_google:
        return _sign_in_page(call, way, CANCELLED, 403)
    flow = google_flow.new_flow(way, call.use(Clock).now())
    address = call.use(GoogleSignIn).address(
        state=flow.state, nonce=flow.nonce, code_challenge=challenge_of(flow.verifier)
    )
    response = RedirectResponse(address, 303, page_headers())
    await google_flow.set_flow(response, flow, settings, call.use(Sealer))
    return response


async def answer_google(call: Call) -> Response:
    """Take Google's answer: who it is, and whether the settings let them in."""
    settings, now = call.use(Settings), call.use(Clock).now()
    flow = await google_flow.flow_of(call.request, settings, call.use(Sealer), now)
    state = call.request.query_params.get("state", "")
    if flow is None or not compare_digest(flow.state.encode(), state.encode()):
        return _fail(call, HOME, CANCELLED, 403)
    try:
        person = await _person(call, flow)
    except TransientError:
        return _fail(call, flow.way, NOT_NOW, 503)
    except ConfigurationError as error:
        log_failure("an operator cannot sign in", error)
        return _fail(call, flow.way, MISCONFIGURED, 502)
    except PermanentError:
        return _fail(call, flow.way, CANCELLED, 403)
    role = settings.console.role_of(person)
    if role is None:
        return _fail(call, flow.way, STRANGER, 403)
    return await _let_in(call, google_session(person, role, now), flow.way)


async def _person(call: Call, flow: google_flow.Flow) -> Identity:
    """Raise what the port raises; UnauthenticatedError where Google's answer brings no code."""
    asked = call.request.query_params
    if "error" in asked or asked.get("iss", google_flow.ISSUER) != google_flow.ISSUER:
        raise UnauthenticatedError(CANCELLED)
    return await call.use(GoogleSignIn).identity(
        code=asked.get("code", "")[:CODE_CHARS], code_verifier=flow.verifier, nonce=flow.nonce
    )


async def sign_out(call: Call) -> Response:
    """Take the session away; a foreign page cannot sign a person out."""
    settings = call.use(Settings)
    now = call.use(Clock).now()
    session = await sealed_session(call.request, settings, call.use(Sealer), now)
    form = await read_form(call.request, FORM_BYTES)
    if session is not None:
        check_origin(call.request, settings)
        check_token(session, form)
        await drop_session(call.use(ConsoleSessions), session.id)
    response = RedirectResponse(SIGN_IN, 303, page_headers())
    end_session(response, settings)
    return response


async def go_home(console: ConsoleRequest) -> Response:
    """Return the way to the first page."""
    return console.go(HOME)


async def _let_in(call: Call, session: Session, way: str) -> Response:
    response = RedirectResponse(way, 303, page_headers())
    now = call.use(Clock).now()
    await call.use(ConsoleSessions).create(record_of(session, now))
    await set_session(response, session, call.use(Settings), call.use(Sealer), now)
    google_flow.end_flow(response, call.use(Settings))
    return response


def _fail(call: Call, way: str, wrong: str, status: int) -> Response:
    response = _sign_in_page(call, way, wrong, status)
    google_flow.end_flow(response, call.use(Settings))
    return response


def _sign_in_page(call: Call, way: str, wrong: str | None = None, status: int = 200) -> Response:
    options = call.use(Settings).console
    context = {
        "title": "Sign in",
        "current": None,
        "wrong": wrong,
        "next": way,
        "google": options.asks_google,
        "keys": bool(options.keys),
    }
    return html_page(call.request, "sign_in.html", context, status)


def _next(asked: str) -> str:
    """Return where to go on to: a page of the console, whatever was asked."""
    ours = OURS.fullmatch(asked) and ".." not in asked and not asked.startswith(SIGN_IN)
    return asked if ours else HOME


def _public(method: Method, path: str, function: Function, summary: str) -> Route:
    return Route(
        method,
        path,
        Access.PUBLIC,
        function,
        summary,
        raw_body=True,
        raw_query=True,
        produces="text/html",
        documented=False,
    )


ROUTES = (
    _public("GET", SIGN_IN, show_sign_in, "Ask who is there"),
    _public("POST", SIGN_IN, sign_in, "Sign in with a key"),
    _public("GET", f"{SIGN_IN}/google", start_google, "Sign in with Google"),
    _public("GET", f"{SIGN_IN}/answer", answer_google, "Google's answer"),
    _public("POST", "/console/sign-out", sign_out, "Sign out"),
    page("/console", go_home, "The console"),
)
