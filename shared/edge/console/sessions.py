"""Who is signed in to the console, and taking a session back."""

from typing import Final

from starlette.responses import Response

from shared.edge.console.access.session import drop_session
from shared.edge.console.layout.pages import ConsoleRequest, change, page
from shared.ports.access import ConsoleSessions

PATH: Final = "/console/sessions"
MOST: Final = 200


async def show_sessions(console: ConsoleRequest) -> Response:
    """Return the sessions that are not over, newest first."""
    found = await console.use(ConsoleSessions).list(MOST)
    return console.page(
        "sessions.html",
        title="Sessions",
        nav="sessions",
        sessions=[one for one in found if one.expires_at > console.now],
        most=MOST,
        notices={"revoked": "The session is over: its cookie opens nothing any more."},
    )


async def revoke(console: ConsoleRequest) -> Response:
    """Take a session back; of one's own it is a sign-out."""
    await drop_session(console.use(ConsoleSessions), console.path("id"))
    return console.go(PATH, done="revoked")


ROUTES = (
    page(PATH, show_sessions, "Sessions"),
    change(f"{PATH}/{{id}}/revoke", revoke, "revoke console session"),
)
