"""/oauth: the start of consent, Google's callback, and the end user's confirmation (DESIGN 5.3)."""

from urllib.parse import parse_qs

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import HTMLResponse, RedirectResponse, Response

from shared.domain.google.trouble import DeploymentError
from shared.domain.validation import MAX_TEXT
from shared.edge.connect.flow_cookie import (
    FlowCookie,
    clear_cookie,
    read_cookie,
    set_cookie,
)
from shared.edge.connect.page import (
    PAGES,
    connected_page,
    html,
    look_of,
    refused_page,
    security_headers,
)
from shared.edge.connect.return_url import SEE_OTHER, back_to_product
from shared.edge.settings.deployment import Settings
from shared.edge.web.call import Call
from shared.edge.web.logs import log_failure
from shared.edge.web.reading import read_bytes
from shared.edge.web.routes import Access, Route
from shared.errors import (
    ConfigurationError,
    ConnectRefusedError,
    CorruptStateError,
    TransientError,
    UnauthenticatedError,
)
from shared.pages.connect.render import Look
from shared.usecases.connect.consent.finish_consent import (
    ConfirmBinding,
    ConsentAnswer,
    FinishConsent,
)
from shared.usecases.connect.consent.outcomes import (
    ConfirmNeeded,
    Connected,
    ConsentOutcome,
    Refused,
)
from shared.usecases.connect.consent.sessions import OpenConnectSession, TakeTicket
from shared.usecases.connect.consent.start_consent import StartConsent

FORM_BYTES = 4_096
TOKEN_LENGTH = 200


class StartQuery(BaseModel):
    """A ticket from an iframe, or the session token of a plain link."""

    model_config = ConfigDict(extra="ignore", frozen=True, str_max_length=MAX_TEXT)

    ticket: str | None = Field(None, max_length=TOKEN_LENGTH)
    session_token: str | None = Field(None, max_length=TOKEN_LENGTH)
    lang: str | None = Field(None, max_length=35)
    theme: str | None = Field(None, max_length=20)


class CallbackQuery(BaseModel):
    """What Google adds to the redirect address; the rest of it is ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True, str_max_length=MAX_TEXT)

    state: str = Field("", max_length=TOKEN_LENGTH)
    code: str | None = Field(None, max_length=2_048)
    error: str | None = Field(None, max_length=100)
    iss: str | None = Field(None, max_length=300)


async def start_consent(call: Call) -> Response:
    """Bind the flow to this browser by a cookie and go on to Google."""
    asked = call.query(StartQuery)
    settings = call.use(Settings)
    look = look_of(call.request, settings, asked.lang, asked.theme)
    try:
        session_id = await _session_id(call, asked)
    except ConnectRefusedError as refused:
        return refused_page(look, Refused(refused.code))
    except TransientError:
        return refused_page(look, Refused("unavailable"))
    return await begin_consent(call, session_id, look)


async def begin_consent(call: Call, session_id: str, given: Look | None = None) -> Response:
    """Return the way to Google, with the cookie that binds the flow, or the page of a refusal."""
    settings = call.use(Settings)
    look = given or look_of(call.request, settings, None, None)
    try:
        start = await call.use(StartConsent)(session_id)
    except ConnectRefusedError as refused:
        return refused_page(look, Refused(refused.code))
    except (DeploymentError, ConfigurationError, CorruptStateError) as error:
        log_failure("consent cannot start", error)
        return refused_page(look, Refused("invalid_client"))
    except TransientError:
        return refused_page(look, Refused("unavailable"))
    response = RedirectResponse(start.url, 303, security_headers())
    cookie = FlowCookie(start.cookie, look.strings.language, look.theme)
    set_cookie(response, settings, start.flow, cookie, start.lifetime)
    return response


async def _session_id(call: Call, asked: StartQuery) -> str:
    if asked.ticket:
        return await call.use(TakeTicket)(asked.ticket)
    try:
        return (await call.use(OpenConnectSession)(asked.session_token or "")).value.id
    except UnauthenticatedError:
        raise ConnectRefusedError("The link is over.", code="expired_session") from None


async def finish_consent(call: Call) -> Response:
    """Return Google's redirect with the page that says how the consent ended."""
    asked = call.query(CallbackQuery)
    cookie = read_cookie(call.request, call.use(Settings), asked.state)
    look = look_of(call.request, call.use(Settings), cookie.lang, cookie.theme)
    answer = ConsentAnswer(asked.state, cookie.secret, asked.code, asked.error, asked.iss)
    try:
        outcome = await call.use(FinishConsent)(answer)
    except ConnectRefusedError as refused:
        return refused_page(look, Refused(refused.code))
    except TransientError:
        outcome = Refused("unavailable")
    return _end_flow(call, look, outcome, asked.state)


async def confirm_binding(call: Call) -> Response:
    """Take the end user's word on whose mailbox this is."""
    form = parse_qs((await read_bytes(call.request, FORM_BYTES)).decode("ascii", "replace"))
    token = form.get("token", [""])[0][:TOKEN_LENGTH]
    cookie = read_cookie(call.request, call.use(Settings), token)
    look = look_of(call.request, call.use(Settings), cookie.lang, cookie.theme)
    accepted = form.get("decision", [""])[0] == "connect"
    try:
        outcome = await call.use(ConfirmBinding)(token, cookie.secret, accepted=accepted)
    except ConnectRefusedError as refused:
        return refused_page(look, Refused(refused.code))
    except TransientError:
        outcome = Refused("unavailable")
    if isinstance(outcome, Connected) and back_to_product(call, outcome) is None:
        # To an address: what a form has answered could only be reloaded by sending it again.
        return RedirectResponse(f"/oauth/callback?state={token}", 303, security_headers())
    return _end_flow(call, look, outcome, token)


def _end_flow(call: Call, look: Look, outcome: ConsentOutcome, token: str) -> Response:
    """Return the way back or the page, whose success keeps the cookie for a reload to show."""
    back = None if isinstance(outcome, ConfirmNeeded) else back_to_product(call, outcome)
    response = back or _page(call, look, outcome)
    if back is not None or not isinstance(outcome, Connected):
        clear_cookie(response, call.use(Settings), token)
    return response


def _page(call: Call, look: Look, outcome: ConsentOutcome) -> HTMLResponse:
    match outcome:
        case Connected():
            return connected_page(look, outcome)
        case Refused():
            return refused_page(look, outcome)
        case ConfirmNeeded():
            leads_to = call.use(Settings).product_origins
            response = html("confirm.html", look, _question(outcome), leads_to=leads_to)
            cookie = FlowCookie(outcome.cookie, look.strings.language, look.theme)
            set_cookie(response, call.use(Settings), outcome.flow, cookie)
            return response


def _question(outcome: ConfirmNeeded) -> dict[str, str | None]:
    return {
        "token": outcome.token,
        "google_email": outcome.google_email,
        "known": outcome.known_email or outcome.known_name,
    }


ROUTES = (
    Route(
        "GET",
        "/oauth/start",
        Access.PUBLIC,
        start_consent,
        "Start consent",
        query=StartQuery,
        produces="text/html",
        status=303,
        also=PAGES,
    ),
    Route(
        "GET",
        "/oauth/callback",
        Access.PUBLIC,
        finish_consent,
        "Google's answer",
        query=CallbackQuery,
        produces="text/html",
        also={**PAGES, SEE_OTHER: "Back to the session's `return_url`."},
    ),
    Route(
        "POST",
        "/oauth/confirm",
        Access.PUBLIC,
        confirm_binding,
        "The end user's confirmation",
        produces="text/html",
        raw_body=True,
        documented=False,
    ),
)
