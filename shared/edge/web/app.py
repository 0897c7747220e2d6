"""Builds the ASGI app of one function from its routes."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, WebSocketRoute
from starlette.routing import Route as Path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.actions.faults import known_faults
from shared.domain.connect.integration_names import IntegrationNames
from shared.domain.google.observations import Sightings
from shared.edge.web import health, logs, reading
from shared.edge.web.answers import json_response
from shared.edge.web.call import Call
from shared.edge.web.callers.auth import ANYONE, authenticate
from shared.edge.web.deployment import Deployment
from shared.edge.web.platform import Standstill, end_start
from shared.edge.web.routes import WITHOUT_BODY, Returned, Route
from shared.edge.web.status import answer_to
from shared.errors import InvalidRequestError, NotFoundError
from shared.ports.container import Container, RequestsInFlight
from shared.ports.telemetry import Served, Telemetry
from shared.usecases.observe import ReportObservations
from shared.usecases.troubles import ReportTroubles

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

METHOD_NOT_ALLOWED = 405
QUERY = "invalid_query_params"
BODYLESS = frozenset({"GET", "DELETE"})
INTERNAL = 500
HSTS = (b"strict-transport-security", b"max-age=31536000")
"""Sent with every answer of a deployment whose address is https."""


def build_app(
    function: str,
    routes: Sequence[Route],
    container: Container,
    sockets: Sequence[WebSocketRoute] = (),
) -> Starlette:
    """Return the app that serves `routes` and `GET /health` for the function named `function`."""
    logs.to_standard_output(container.use(Deployment).google_project)
    for fault in known_faults():
        named = {"error": fault.error, "frames": [str(fault)]}
        logs.log("own code is not served", level=logging.ERROR, **named)
    table = [*routes, *(one for one in health.ROUTES if one.name not in {r.name for r in routes})]
    app = Starlette(
        routes=[*map(_path, table), *sockets],
        exception_handlers={HTTPException: _http_exception},
    )
    app.state.container = container
    app.router.redirect_slashes = False
    app.add_middleware(_RequestMiddleware, function=function, container=container)
    return app


@cache
def _path(route: Route) -> Path:
    """Return Starlette's route, compiled once a process."""
    path = route.path.rstrip("/") or "/"
    return Path(path, _endpoint(route), methods=[route.method])


def _endpoint(route: Route) -> "Callable[[Request], Awaitable[Response]]":
    async def endpoint(request: Request) -> Response:
        request.scope["postroom.route"] = route.path
        container: Container = request.app.state.container
        try:
            return await _respond(request, route, container)
        except Exception as error:  # noqa: BLE001  whatever it is, the caller gets an answer of ours
            _blame_query(request, error)
            return await _error_page(request, route, container, error)

    return endpoint


def _blame_query(request: Request, error: Exception) -> None:
    """Say of a GET that its query is wrong: what refuses it may serve bodies too."""
    if request.method == "GET" and isinstance(error, InvalidRequestError):
        error.code = QUERY if error.code == InvalidRequestError.code else error.code


async def _error_page(
    request: Request, route: Route, container: Container, error: Exception
) -> Response:
    if route.refuse is None:
        return error_response(error)
    context = request.scope["postroom.context"]
    try:
        call = Call(container, request, ANYONE, context.trace_id, context.request_id)
        return await route.refuse(call, error)
    except Exception as worse:  # noqa: BLE001  the page of an error failed too
        return error_response(worse)


async def _respond(request: Request, route: Route, container: Container) -> Response:
    caller = await authenticate(request, route, container)
    context = request.scope["postroom.context"]
    query = reading.read_query(request, route)
    body = None if route.raw_body else await _body(request, route)
    call = Call(
        container=container,
        request=request,
        caller=caller,
        trace_id=context.trace_id,
        request_id=context.request_id,
        parsed_body=body,
        parsed_query=query,
        connection_id=reading.read_tenant(request, route, body, container.use(IntegrationNames)),
    )
    response = _response(await route.function(call), route)
    response.headers.update(call.response_headers)
    return response


async def _body(request: Request, route: Route) -> BaseModel | None:
    """GET and DELETE arrive with `Content-Type: application/json` and no body (API 1.4)."""
    if request.method in BODYLESS and route.body is None:
        return None
    return await reading.read_json(request, route)


def _response(answer: Returned, route: Route) -> Response:
    if isinstance(answer, Response):
        return answer
    if answer is None:
        return Response(status_code=204)
    return json_response(answer, route.status)


def error_response(error: BaseException) -> Response:
    """Return an error as the status table says; an unexpected one is logged."""
    answer = answer_to(error, logs.trace_id() or "")
    if answer.status >= INTERNAL:
        logs.log_failure("request failed", error, status=answer.status)
    else:
        logs.note(code=answer.body["error"]["code"])
    response = json_response(answer.body, answer.status)
    response.headers.update(answer.headers)
    return response


def _methods(request: Request) -> set[str]:
    """Return every method of the path; Starlette names those of its first route only."""
    routes = [one for one in request.app.routes if isinstance(one, Path)]
    there = [one for one in routes if one.matches(request.scope)[0] is not Match.NONE]
    return {method for one in there for method in one.methods or ()}


async def _http_exception(request: Request, error: Exception) -> Response:
    """Return Starlette's own refusals: an unknown path, a wrong method."""
    if isinstance(error, HTTPException) and error.status_code == METHOD_NOT_ALLOWED:
        wrong = InvalidRequestError(
            "This path does not take this method. See GET /openapi.json.", code="method_not_allowed"
        )
        response = json_response(answer_to(wrong, "").body, METHOD_NOT_ALLOWED)
        response.headers["Allow"] = ", ".join(sorted(_methods(request)))
        return response
    return error_response(NotFoundError("No such path. GET /openapi.json lists them all."))


class _RequestMiddleware:
    """Gives each request its ids, folds trailing slashes, and logs one line when it is done.

    Only the route's path is logged, never the address itself: addresses may carry tokens. Where
    the deployment has telemetry, the request is a span of its caller's trace. Where its address is
    https, browsers are told to ask for nothing else.
    """

    def __init__(self, app: ASGIApp, function: str, container: Container) -> None:
        self._app = app
        self._function = function
        self._telemetry = container.use(Telemetry)
        self._in_flight = container.use(RequestsInFlight)
        self._report_troubles = container.use(ReportTroubles)
        self._report_observations = container.use(ReportObservations)
        self._standstill = Standstill(container.use(Sightings))
        self._always = [HSTS] if container.use(Deployment).secure else []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): v.decode("latin-1") for name, v in scope["headers"]}
        span = self._telemetry.begin(self._function, logs.caller_of(headers))
        context = logs.request_context(headers, function=self._function, context=span.context)
        logs.use_context(context)
        inner = {**scope, "postroom.context": context, "path": scope["path"].rstrip("/") or "/"}
        started = time.perf_counter()

        async def conclude(status: int) -> None:
            route = inner.get("postroom.route", "unknown")
            took = time.perf_counter() - started
            named = logs.noted_text("connection")
            served = Served(self._function, scope["method"], route, status, took, named)
            span.end(served)
            _log_request(served)
            await self._hand_over()

        headed = [(b"x-request-id", context.request_id.encode()), *self._always]
        answer = _Answer(send, scope["method"], headed, conclude)
        self._in_flight.begin()
        try:
            await self._app(inner, receive, answer)
        finally:
            await answer.end()

    async def _hand_over(self) -> None:
        """Leave nothing behind that would need CPU; what fails here spoils no answer."""
        for step in (self._report_troubles, self._report_observations, self._in_flight.end):
            try:
                await step()
            except Exception as error:  # noqa: BLE001  see above
                logs.log_failure("handover failed", error)
        self._standstill.watch()
        end_start()


@dataclass(slots=True)
class _Answer:
    """Sends an answer with further headers; `conclude` runs once, before the last of it is out.

    Once all of it is sent there may be no CPU left (FACTS 8.1). An answer without a body ends with
    its headers, and one of a known length with its last byte, whatever messages may follow.
    """

    send: Send
    method: str
    headers: Sequence[tuple[bytes, bytes]]
    conclude: "Callable[[int], Awaitable[None]]"
    status: int = INTERNAL
    concluded: bool = False
    left: int | None = None
    """How many bytes of the body are still to come, None where that is not known."""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message = {**message, "headers": [*message.get("headers", ()), *self.headers]}
            self.left = self._length(message["headers"])
        elif message["type"] == "http.response.body":
            self.left = self._left_after(message)
        if self.left == 0:
            await self.end()
        await self.send(message)

    async def end(self) -> None:
        """Conclude, if that was not done."""
        if not self.concluded:
            self.concluded = True
            await self.conclude(self.status)

    def _left_after(self, message: Message) -> int | None:
        if not message.get("more_body"):
            return 0
        return None if self.left is None else max(0, self.left - len(message["body"]))

    def _length(self, headers: Sequence[tuple[bytes, bytes]]) -> int | None:
        if self.method == "HEAD" or self.status in WITHOUT_BODY:
            return 0
        stated = dict(headers).get(b"content-length", b"")
        return int(stated) if stated.isdigit() else None


def _log_request(served: Served) -> None:
    logs.log(
        "request",
        method=served.method,
        route=served.route,
        status=served.status,
        duration_ms=round(served.seconds * 1000, 1),
    )


def pass_sockets_on(request: Request, app: ASGIApp, path: str) -> None:
    """Let the framework's own application, which took `request`, pass sockets at `path` to `app`.

    It has none before its instance's first request.
    """
    routes = request.app.router.routes
    if not any(isinstance(one, WebSocketRoute) for one in routes):
        routes.append(WebSocketRoute(path, app))
