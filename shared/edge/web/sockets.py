"""WebSockets of a function: the framework hands on requests alone (FACTS 16.1)."""

from starlette.requests import Request
from starlette.routing import WebSocketRoute
from starlette.types import ASGIApp


def pass_sockets_on(request: Request, app: ASGIApp, path: str) -> None:
    """Let the framework's own application, which took `request`, pass sockets at `path` to `app`.

    It has none before its instance's first request.
    """
    routes = request.app.router.routes
    if not any(isinstance(one, WebSocketRoute) for one in routes):
        routes.append(WebSocketRoute(path, app))
