"""Who is calling: API keys, connect sessions, persons at the console, Google's services by OIDC."""

# ruff: noqa: PLC0415  a function that only Google calls loads no keys (FACTS 16.4)

from typing import assert_never

from starlette.requests import Request

from shared.edge.web.call import Caller
from shared.edge.web.deployment import ServiceIdentities, ServiceIdentity
from shared.edge.web.platform import note_call
from shared.edge.web.reading import bearer
from shared.edge.web.routes import Access, Permission, Route
from shared.errors import UnauthenticatedError
from shared.ports.container import Container
from shared.ports.google.oauth import CallerTokens

ANYONE = Caller("anyone")


async def authenticate(request: Request, route: Route, container: Container) -> Caller:
    """Return the caller, or raise UnauthenticatedError or ForbiddenError.

    Every kind of access is decided here: one that is not named below is closed.
    """
    access = route.access
    match access:
        case Access.PUBLIC:
            return ANYONE
        case Access.CONSOLE:
            return await _console_caller(request, route, container)
        case Access.CONNECT_SESSION:
            from shared.edge.web.callers.keys import session_caller

            return await session_caller(request, container)
        case Access.PUSH | Access.TASKS | Access.SCHEDULER:
            return await _service_caller(request, access, container)
        case Permission():
            from shared.edge.web.callers.keys import key_caller

            return await key_caller(request, access, container)
        case _:
            assert_never(access)


async def _console_caller(request: Request, route: Route, container: Container) -> Caller:
    """Return the person whom the route's own admission lets in; without one it is closed."""
    if route.admit is None:
        raise UnauthenticatedError("Nobody is let in here.")
    return await route.admit(request, route.max_body, container)


async def _service_caller(
    request: Request, access: Access | Permission, container: Container
) -> Caller:
    token = bearer(request)
    known = container.use(ServiceIdentities)
    services: dict[str, ServiceIdentity] = {
        Access.PUSH: known.push,
        Access.TASKS: known.tasks,
        Access.SCHEDULER: known.scheduler,
    }
    named = services[access]
    outcome = "refused"
    try:
        await container.use(CallerTokens).verify(
            token, audience=named.audience, service_account=named.service_account
        )
        outcome = "taken"
    finally:
        note_call(request, str(access.value), token, container, outcome)
    return Caller(access.value)
