"""/connect/sessions for the product's backend, /connect/session for the connect page (API 2)."""

from shared.domain.connect.connect_session import ConnectStatus
from shared.domain.connect.integration_names import IntegrationNames
from shared.edge.api.connections import check_webhook_address
from shared.edge.connect.models import (
    ReconnectBody,
    SessionAnswer,
    SessionBody,
    SessionData,
    SessionView,
    SessionViewAnswer,
    TicketAnswer,
    TicketData,
)
from shared.edge.connect.return_url import check_return_url
from shared.edge.connect.ui import account_before
from shared.edge.web.call import Call
from shared.edge.web.routes import Access, Permission, Route
from shared.errors import UnknownConnectionError
from shared.usecases.connect.consent.sessions import (
    CreateConnectSession,
    ExchangeTicket,
    OpenedSession,
    WithdrawConnectSession,
)

CREATED = 201
NO_CONTENT = 204
PAGE_SETTINGS = {"showWatermark": False, "defaultTheme": "system"}
NO_STORE = "no-store"


async def create_session(call: Call) -> SessionAnswer:
    """Open a connect session for one of your end users; it lasts 30 minutes.

    While its end user is at Google it goes on, so that your page learns how that ended.

    Give `token` to your frontend, or send the end user to `connect_link`.
    """
    request = call.body(SessionBody).request(call.use(IntegrationNames))
    check_webhook_address(call, request.webhook_url_override)
    check_return_url(call, request.return_url)
    return _answer(call, await call.use(CreateConnectSession)(request))


async def create_reconnect_session(call: Call) -> SessionAnswer:
    """Open a session in which an end user renews a connection, with the same Google account."""
    request = call.body(ReconnectBody).request(call.use(IntegrationNames))
    check_webhook_address(call, request.webhook_url_override)
    check_return_url(call, request.return_url)
    if request.reconnect is None or not call.caller.sees(request.reconnect):
        raise UnknownConnectionError("No such connection to reconnect.")
    return _answer(call, await call.use(CreateConnectSession)(request))


def _answer(call: Call, session: OpenedSession) -> SessionAnswer:
    call.response_headers["Cache-Control"] = NO_STORE
    return SessionAnswer(
        data=SessionData(
            token=session.token, connect_link=session.connect_link, expires_at=session.expires_at
        )
    )


async def show_session(call: Call) -> SessionViewAnswer:
    """Return the session behind the token, and how its consent is going."""
    call.response_headers["Cache-Control"] = NO_STORE
    session = call.session.value
    connected = session.status is ConnectStatus.CONNECTED
    return SessionViewAnswer(
        data=SessionView(
            allowed_integrations=list(session.allowed_integrations),
            integrations_config_defaults=dict(session.integrations_config_defaults),
            is_reconnecting=session.reconnect is not None,
            end_user=dict(session.end_user) if session.end_user else None,
            connect_ui_settings=PAGE_SETTINGS,
            status=session.status.value,
            # The id exists from the start; it means something once it is connected.
            connection_id=session.connection_id if connected else None,
            error=session.error,
            scopes=list(session.scopes),
            account=await account_before(call, session),
        )
    )


async def withdraw_session(call: Call) -> None:
    """End the session: its token and its connect link open nothing any more."""
    await call.use(WithdrawConnectSession)(call.session.value.id)


async def create_ticket(call: Call) -> TicketAnswer:
    """Return a ticket with which a window may start consent at /oauth/start, once."""
    call.response_headers["Cache-Control"] = NO_STORE
    issued = await call.use(ExchangeTicket)(call.session.value)
    return TicketAnswer(data=TicketData(ticket=issued.ticket, expires_at=issued.expires_at))


ROUTES = (
    Route(
        "POST",
        "/connect/sessions",
        Permission.CONNECT,
        create_session,
        "Open a connect session",
        body=SessionBody,
        status=CREATED,
    ),
    Route(
        "POST",
        "/connect/sessions/reconnect",
        Permission.CONNECT,
        create_reconnect_session,
        "Open a session that renews a connection",
        body=ReconnectBody,
        status=CREATED,
    ),
)
"""For the product's backend."""

SESSION_ROUTES = (
    Route(
        "GET",
        "/connect/session",
        Access.CONNECT_SESSION,
        show_session,
        "Show the connect session of a token",
    ),
    Route(
        "POST",
        "/connect/session/ticket",
        Access.CONNECT_SESSION,
        create_ticket,
        "Exchange the token for a ticket",
    ),
    Route(
        "DELETE",
        "/connect/session",
        Access.CONNECT_SESSION,
        withdraw_session,
        "End a connect session",
        status=NO_CONTENT,
    ),
)
"""For the connect page, which asks its own origin: they belong to the function it comes from."""
