"""Who may do what at the console: session, origin, form token and role, decided at each request.

Every route of a page or a change names `admit`, and one that named none would be closed; so a
route needs no code of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hmac import compare_digest
from typing import Final
from urllib.parse import parse_qs

from starlette.requests import Request

from shared.edge.console.access.session import Session, session_of
from shared.edge.settings.deployment import Settings
from shared.edge.web.call import Caller
from shared.edge.web.reading import read_bytes
from shared.errors import ForbiddenError, UnauthenticatedError
from shared.ports.access import ConsoleSessions
from shared.ports.clock import Clock
from shared.ports.container import Container
from shared.ports.google.oauth import Sealer

Form = Mapping[str, Sequence[str]]
LOOKING: Final = frozenset({"GET", "HEAD"})
"""Methods that change nothing; any other is a change."""
SIGNED_OUT: Final = "Sign in to the console."
NO_TOKEN: Final = (
    "This form is from another session: load the page again, look at what it says, and repeat."
)
STRANGE_ORIGIN: Final = "This request did not come from a page of the console."
READ_ONLY: Final = "You may look at everything here and change nothing: ask an operator."


@dataclass(frozen=True, slots=True)
class Visitor:
    """A person who is signed in, and the form that came; empty where the person only looks."""

    session: Session
    form: Form


async def admit(request: Request, max_form: int, container: Container) -> Caller:
    """Return the person as a caller; a change takes an operator and a form of ours.

    Raises UnauthenticatedError, ForbiddenError, TooLargeError.
    """
    settings = container.use(Settings)
    now = container.use(Clock).now()
    sealer, sessions = container.use(Sealer), container.use(ConsoleSessions)
    session = await session_of(request, settings, sealer, now, sessions)
    if session is None:
        raise UnauthenticatedError(SIGNED_OUT, code="signed_out")
    form: Form = {}
    if request.method not in LOOKING:
        check_origin(request, settings)
        form = await read_form(request, max_form)
        check_token(session, form)
        check_operator(session)
    return Caller("console", person=Visitor(session, form))


async def read_form(request: Request, most: int) -> Form:
    """Return the fields of a form. Raises TooLargeError beyond `most` bytes."""
    raw = await read_bytes(request, most)
    return parse_qs(raw.decode("utf-8", "replace"), keep_blank_values=True)


def check_origin(request: Request, settings: Settings) -> None:
    """Raise ForbiddenError unless the browser says that a page of ours sent this.

    Every browser names the origin of a form that is posted; what names none is no browser's form.
    """
    if request.headers.get("origin", "") != settings.console_url:
        raise ForbiddenError(STRANGE_ORIGIN)


def check_token(session: Session, form: Form) -> None:
    """Raise ForbiddenError unless the form carries the session's own token."""
    given = next(iter(form.get("csrf", ())), "")
    if not compare_digest(given.encode(), session.csrf.encode()):
        raise ForbiddenError(NO_TOKEN)


def check_operator(session: Session) -> None:
    """Raise ForbiddenError where the person may only look."""
    if not session.operator:
        raise ForbiddenError(READ_ONLY)
