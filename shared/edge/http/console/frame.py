"""What every page of the console goes through: session, role, CSRF, and errors as pages."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode
from uuid import uuid4

from starlette.responses import RedirectResponse, Response

from shared.domain.ids import ConnectionId, OperationId
from shared.domain.operation import LIFETIME, Operation, OperationState, OperationType
from shared.edge.http.call import Call
from shared.edge.http.console.answers import SIGN_IN, back_to, live_part, problem, shown
from shared.edge.http.console.session import Session, session_of, set_session
from shared.edge.http.reading import CONNECTION_ID, read_bytes
from shared.edge.http.routes import MEBIBYTE, Access, Route
from shared.errors import ForbiddenError, PostroomError

if TYPE_CHECKING:
    from shared.edge.wiring import Wiring

LIVE = "x-console-live"
"""The header with which a page's script asks for its live part alone."""
NO_TOKEN = (
    "This form is from another session: load the page again, look at what it says, and repeat."
)
STRANGE_ORIGIN = "This request did not come from a page of the console."
READ_ONLY = "You may look at everything here and change nothing: ask an operator."


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of a person who is signed in."""

    call: Call
    session: Session
    form: Mapping[str, Sequence[str]]
    """The fields of a change; empty on a page."""

    @property
    def wiring(self) -> "Wiring":
        """Ports and use cases."""
        return self.call.wiring

    @property
    def now(self) -> datetime:
        """The clock's time."""
        return self.call.wiring.clock.now()

    def path(self, name: str) -> str:
        """Answer a parameter of the path."""
        return self.call.path(name)

    def asked(self, name: str, most: int = 200) -> str:
        """Answer a query parameter, cut and without blanks around it; "" where there is none."""
        return self.call.request.query_params.get(name, "")[:most].strip()

    def field(self, name: str) -> str:
        """Answer a field of the form; "" where there is none."""
        return next(iter(self.form.get(name, ())), "")

    def fields(self, name: str) -> Sequence[str]:
        """Answer every value of a field that may come several times."""
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
        """Answer a page, or its live part alone where the page's own script asks for that.

        `notices` says in words what a change before this page has done, by the code in `done`.
        """
        known = {
            "title": title,
            "current": nav,
            "session": self.session,
            "now": self.now,
            "notice": (notices or {}).get(self.asked("done")),
            **context,
        }
        if LIVE in self.call.request.headers:
            return live_part(self.call.request, template, known)
        return shown(self.call.request, template, known, status)

    def go(self, path: str, *, done: str | None = None, **query: str) -> Response:
        """Answer the way on after a change; `done` becomes a notice there."""
        asked = {**query, **({"done": done} if done else {})}
        return RedirectResponse(f"{path}?{urlencode(asked)}" if asked else path, 303)


Shows = Callable[[Visit], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Page:
    """A page that anybody who is signed in may see."""

    function: Shows

    async def __call__(self, call: Call) -> Response:
        """Answer the page, the way to the sign-in, or an error as a page."""
        settings, now = call.wiring.settings, call.wiring.clock.now()
        session = await session_of(call.request, settings, call.wiring.sealer, now)
        live = LIVE in call.request.headers
        if session is None:
            return Response("signed out", 401) if live else back_to(SIGN_IN, call.request)
        try:
            response = await self.function(Visit(call, session, {}))
        except Exception as error:  # noqa: BLE001  whatever it is, a person gets a page
            return problem(call, session, error)
        if not live and session.renewable(now):
            await set_session(response, session, settings, call.wiring.sealer, now)
        return response


@dataclass(frozen=True, slots=True)
class Change:
    """Something only an operator may do, from a page of ours and no other."""

    function: Shows
    name: str
    max_form: int

    async def __call__(self, call: Call) -> Response:
        """Do it and note who did; answer the way on, or an error as a page."""
        settings, now = call.wiring.settings, call.wiring.clock.now()
        session = await session_of(call.request, settings, call.wiring.sealer, now)
        if session is None:
            return RedirectResponse(SIGN_IN, 303)
        try:
            check_origin(call)
            raw = await read_bytes(call.request, self.max_form)
            form = parse_qs(raw.decode("utf-8", "replace"), keep_blank_values=True)
            check_token(session, form)
            check_operator(session)
            response = await self.function(Visit(call, session, form))
        except Exception as error:  # noqa: BLE001  whatever it is, a person gets a page
            await self._note(call, session, now, error)
            return problem(call, session, error)
        await self._note(call, session, now, None)
        return response

    async def _note(
        self, call: Call, session: Session, began: datetime, error: Exception | None
    ) -> None:
        """Write into the operations log who changed what; losing that changes nothing."""
        code = error.code if isinstance(error, PostroomError) else "internal"
        operation = Operation(
            id=OperationId(str(uuid4())),
            connection_id=_connection_id(call),
            type=OperationType.CONSOLE,
            name=self.name,
            state=OperationState.FAILED if error else OperationState.OK,
            started_at=began,
            finished_at=call.wiring.clock.now(),
            expires_at=began + LIFETIME,
            error=code if error else None,
            trace_id=call.trace_id,
            detail={"by": session.name},
        )
        await call.wiring.operations.append(operation)


def page(path: str, function: Shows, summary: str) -> Route:
    """Answer the route of a page; it reads its own query."""
    return Route(
        "GET",
        path,
        Access.CONSOLE,
        Page(function),
        summary,
        raw_query=True,
        produces="text/html",
        documented=False,
    )


def change(path: str, function: Shows, name: str, *, max_form: int = MEBIBYTE) -> Route:
    """Answer the route of a change; `name` stands in the operations log, as in `pause sync`."""
    return Route(
        "POST",
        path,
        Access.CONSOLE,
        Change(function, name, max_form),
        name,
        raw_body=True,
        raw_query=True,
        produces="text/html",
        max_body=max_form,
        documented=False,
    )


def check_origin(call: Call) -> None:
    """Raise ForbiddenError unless the browser says that a page of ours sent this.

    Every browser names the origin of a form that is posted; what names none is no browser's form.
    """
    if call.request.headers.get("origin", "") != call.wiring.settings.console_url:
        raise ForbiddenError(STRANGE_ORIGIN)


def check_token(session: Session, form: Mapping[str, Sequence[str]]) -> None:
    """Raise ForbiddenError unless the form carries the session's own token."""
    given = next(iter(form.get("csrf", ())), "")
    if not compare_digest(given.encode(), session.csrf.encode()):
        raise ForbiddenError(NO_TOKEN)


def check_operator(session: Session) -> None:
    """Raise ForbiddenError where the person may only look."""
    if not session.operator:
        raise ForbiddenError(READ_ONLY)


def _connection_id(call: Call) -> ConnectionId | None:
    named = str(call.request.path_params.get("connection_id", ""))
    return ConnectionId(named) if CONNECTION_ID.fullmatch(named) else None
