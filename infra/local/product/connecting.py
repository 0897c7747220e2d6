"""Connect and disconnect, as a product's server does it."""

from http import HTTPStatus
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from infra.local.loopback import loopback_client
from infra.local.product.context import COOKIE, PageError, product_of
from infra.local.product.language import language_of
from infra.local.product.live import connection_fields
from infra.local.product.sample_mail import sample_mail
from shared.client import ConnectSession


async def session(request: Request) -> Response:
    """Begin to connect: the token goes to the connect page in the iframe, and nowhere else."""
    made = await _session(request)
    return JSONResponse({"token": made.token, "link": made.connect_link})


async def link(request: Request) -> Response:
    """Begin to connect without a script: a form leads here, and on to the connect page."""
    made = await _session(request)
    return RedirectResponse(
        f"{made.connect_link}&lang={language_of(request)}", HTTPStatus.SEE_OTHER
    )


async def _session(request: Request) -> ConnectSession:
    """Ask for a session; a connection that lost its consent is renewed and keeps its id."""
    product = product_of(request)
    there = await product.follower(request).connection()
    tags = product.tags(request)
    if there is not None and there.needs_consent:
        return await product.postroom.connections.reconnect_session(there.id, tags)
    return await product.postroom.connections.session(tags)


async def show_connection(request: Request) -> Response:
    """Look who is connected now.

    The connect page told the browser a connection id. What comes through a browser proves
    nothing, so it is not even taken: Postroom is asked for the connections of this end user.
    """
    follower = product_of(request).follower(request)
    connection = await follower.connection()
    follower.nudge(connected=True)
    return JSONResponse({"connection": connection_fields(connection)})


async def disconnect(request: Request) -> Response:
    """Disconnect: the grant is revoked at Google and every record removed."""
    product = product_of(request)
    await product.postroom.connections.disconnect(await product.connection_id(request))
    product.state.forget(product.person(request).email)
    product.follower(request).tell({"type": "connection", "connection": None})
    return JSONResponse({"connection": None})


async def sign_in(request: Request) -> Response:
    """Become another person of the product."""
    chosen = dict(parse_qsl((await request.body()).decode(errors="replace"))).get("email", "")
    answer = RedirectResponse("/", HTTPStatus.SEE_OTHER)
    if chosen in {one.email for one in product_of(request).settings.people}:
        answer.set_cookie(COOKIE, chosen, httponly=True, samesite="lax")
    return answer


async def receive_sample(request: Request) -> Response:
    """Have the emulated Google deliver a mail to the signed-in person, as the world would."""
    product = product_of(request)
    control, email = product.settings.google_control, product.person(request).email
    if control is None:
        raise PageError(HTTPStatus.NOT_FOUND, "no_control", "There is no emulated Google here.")
    path = f"{control}/_control/mailboxes/{email}/messages"
    async with loopback_client(timeout=10) as google:
        answer = await google.post(path, content=sample_mail(email))
    if not answer.is_success:
        text = "The emulated Google has no such mailbox."
        raise PageError(HTTPStatus.BAD_GATEWAY, "no_mailbox", text)
    return Response(status_code=HTTPStatus.NO_CONTENT)
