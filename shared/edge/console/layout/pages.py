"""What every page of the console goes through once `authenticate` let it in; errors as pages."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from shared.domain.google.trouble import REMEDIES
from shared.domain.ids import ConnectionId
from shared.domain.operation import OperationType, new_operation
from shared.domain.trouble_board import TroubleBoard, TroubleNotes
from shared.domain.troubles import docs_of
from shared.edge.console.access.admission import Visitor, admit
from shared.edge.console.access.session import (
    Session,
    note_session,
    sealed_session,
    session_of,
    set_session,
)
from shared.edge.console.layout.answers import SIGN_IN, back_to, html_page, live_part, problem
from shared.edge.settings.deployment import Settings
from shared.edge.web.call import Call
from shared.edge.web.reading import CONNECTION_ID
from shared.edge.web.routes import MEBIBYTE, Access, Route
from shared.errors import PostroomError, TransientError
from shared.ports.access import ConsoleSessions
from shared.ports.clock import Clock
from shared.ports.events import Operations
from shared.ports.google.oauth import Sealer
from shared.usecases.troubles import ReportTroubles

T = TypeVar("T")
LIVE = "x-console-live"
"""The header with which a page's script asks for its live part alone."""


@dataclass(frozen=True, slots=True)
class ConsoleRequest:
    """One request of a person who is signed in."""

    call: Call
    session: Session
    form: Mapping[str, Sequence[str]]
    """The fields of a change; empty on a page."""

    def use(self, wanted: type[T]) -> T:
        """Return a use case, or what stands behind a port, by its type."""
        return self.call.use(wanted)

    @property
    def now(self) -> datetime:
        """The clock's time."""
        return self.call.use(Clock).now()

    def path(self, name: str) -> str:
        """Return a parameter of the path."""
        return self.call.path(name)

    def query(self, name: str, most: int = 200) -> str:
        """Return a query parameter, cut and without blanks around it; "" where there is none."""
        return self.call.request.query_params.get(name, "")[:most].strip()

    def field(self, name: str) -> str:
        """Return a field of the form; "" where there is none."""
        return next(iter(self.form.get(name, ())), "")

    def fields(self, name: str) -> Sequence[str]:
        """Return every value of a field that may come several times."""
        return self.form.get(name, ())

    def page(
        self,
        template: str,
        *,
        title: str,
        nav: str,
        status: int = 200,
        notices: Mapping[str, str] | None = None,
        **context: Any,
    ) -> Response:
        """Return a page, or its live part alone where the page's own script asks for that.

        `notices` says in words what a change before this page has done, by the code in `done`.
        """
        known = {
            "title": title,
            "current": nav,
            "session": self.session,
            "now": self.now,
            "troubles": open_troubles(self.call.use(TroubleNotes).board, self.now),
            "notice": (notices or {}).get(self.query("done")),
            **context,
        }
        if LIVE in self.call.request.headers:
            return live_part(self.call.request, template, known)
        return html_page(self.call.request, template, known, status)

    def go(self, path: str, *, done: str | None = None, **query: str) -> Response:
        """Return the way on after a change; `done` becomes a notice there."""
        asked = {**query, **({"done": done} if done else {})}
        return RedirectResponse(f"{path}?{urlencode(asked)}" if asked else path, 303)


def open_troubles(board: TroubleBoard, now: datetime) -> Sequence[Mapping[str, Any]]:
    """Return what the banner of every page says."""
    return [
        {"code": code, "since": one.since, "remedy": REMEDIES.get(code, ""), "docs": docs_of(code)}
        for code, one in sorted(board.lasting(now).items())
    ]


Shows = Callable[[ConsoleRequest], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Page:
    """A page that every person who is signed in may see."""

    function: Shows

    async def __call__(self, call: Call) -> Response:
        """Return the page; a person who looked at one stays signed in."""
        visitor, now = call.person(Visitor), call.use(Clock).now()
        await call.use(ReportTroubles).board()
        response = await self.function(ConsoleRequest(call, visitor.session, {}))
        if LIVE not in call.request.headers and visitor.session.renewable(now):
            sealer = call.use(Sealer)
            await set_session(response, visitor.session, call.use(Settings), sealer, now)
            await note_session(call.use(ConsoleSessions), visitor.session, now)
        return response

    async def refuse(self, call: Call, error: Exception) -> Response:
        """Return the way to the sign-in, or an error as a page."""
        session = await _session(call)
        if session is not None:
            return problem(call, session, error)
        live = LIVE in call.request.headers
        return Response("signed out", 401) if live else back_to(SIGN_IN, call.request)


@dataclass(frozen=True, slots=True)
class Change:
    """Something only an operator may do, from a page of ours and no other."""

    function: Shows
    name: str

    async def __call__(self, call: Call) -> Response:
        """Do it, note who did, and return the way on."""
        visitor, began = call.person(Visitor), call.use(Clock).now()
        response = await self.function(ConsoleRequest(call, visitor.session, visitor.form))
        await self._note(call, visitor.session, began, None)
        return response

    async def refuse(self, call: Call, error: Exception) -> Response:
        """Note who tried in vain; return the way to the sign-in, or an error as a page."""
        session = await _session(call)
        if session is None:
            return RedirectResponse(SIGN_IN, 303)
        await self._note(call, session, call.use(Clock).now(), error)
        return problem(call, session, error)

    async def _note(
        self, call: Call, session: Session, began: datetime, error: Exception | None
    ) -> None:
        """Write into the operations log who changed what; losing that changes nothing."""
        code = error.code if isinstance(error, PostroomError) else "internal"
        operation = new_operation(
            OperationType.CONSOLE,
            self.name,
            _connection_id(call),
            began,
            call.use(Clock).now(),
            error=code if error else None,
            trace_id=call.trace_id,
            detail={"by": session.name},
        )
        await call.use(Operations).append(operation)


async def _session(call: Call) -> Session | None:
    """Return who asks; while the store is away the cookie alone says it, to show the error to."""
    known = call.request, call.use(Settings), call.use(Sealer), call.use(Clock).now()
    try:
        return await session_of(*known, call.use(ConsoleSessions))
    except TransientError:
        return await sealed_session(*known)


def page(path: str, function: Shows, summary: str) -> Route:
    """Return the route of a page; it reads its own query."""
    shows = Page(function)
    return Route(
        "GET",
        path,
        Access.CONSOLE,
        shows,
        summary,
        refuse=shows.refuse,
        raw_query=True,
        produces="text/html",
        documented=False,
        admit=admit,
    )


def change(path: str, function: Shows, name: str, *, max_form: int = MEBIBYTE) -> Route:
    """Return the route of a change; `name` stands in the operations log, as in `pause sync`."""
    changes = Change(function, name)
    return Route(
        "POST",
        path,
        Access.CONSOLE,
        changes,
        name,
        refuse=changes.refuse,
        raw_body=True,
        raw_query=True,
        produces="text/html",
        max_body=max_form,
        documented=False,
        admit=admit,
    )


def _connection_id(call: Call) -> ConnectionId | None:
    named = str(call.request.path_params.get("connection_id", ""))
    return ConnectionId(named) if CONNECTION_ID.fullmatch(named) else None
