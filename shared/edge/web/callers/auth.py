"""Who is calling: API keys, connect sessions, persons at the console, Google's services by OIDC."""

from typing import assert_never

from starlette.requests import Request

from shared.domain.connect.connect_session import token_hash
from shared.edge.web.call import Caller
from shared.edge.web.callers.api_key_cache import ApiKeyCache
from shared.edge.web.callers.rates import client_address
from shared.edge.web.deployment import Deployment, ServiceIdentities, ServiceIdentity
from shared.edge.web.platform import note_call
from shared.edge.web.routes import Access, Permission, Route
from shared.errors import UnauthenticatedError
from shared.ports.clock import Clock
from shared.ports.connections import ConnectSessions
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
            return await _session_caller(request, container)
        case Access.PUSH | Access.TASKS | Access.SCHEDULER:
            return await _service_caller(request, access, container)
        case Permission():
            return await _key_caller(request, access, container)
        case _:
            assert_never(access)


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise UnauthenticatedError(
            "Send the header Authorization: Bearer <key>.", code="missing_auth_header"
        )
    return token.strip()


async def _key_caller(request: Request, permission: Permission, container: Container) -> Caller:
    token = _bearer(request)
    key = await container.use(ApiKeyCache).find(token, _address(request, container))
    caller = Caller(f"key-{key.id}", key.permissions, key.connections, policy=key.policy, key=key)
    caller.require(permission.value)
    return caller


async def _session_caller(request: Request, container: Container) -> Caller:
    token = _bearer(request)
    session = await container.use(ConnectSessions).get(token_hash(token))
    if (
        session is None
        or session.value.deleted
        or session.value.expires_at <= container.use(Clock).now()
    ):
        container.use(ApiKeyCache).fail(_address(request, container))
        raise UnauthenticatedError(
            "This connect session is unknown or has expired: create a new one."
        )
    return Caller("connect-session", session=session)


async def _console_caller(request: Request, route: Route, container: Container) -> Caller:
    """Return the person whom the route's own admission lets in; without one it is closed."""
    if route.admit is None:
        raise UnauthenticatedError("Nobody is let in here.")
    return await route.admit(request, route.max_body, container)


async def _service_caller(
    request: Request, access: Access | Permission, container: Container
) -> Caller:
    token = _bearer(request)
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


def _address(request: Request, container: Container) -> str:
    return client_address(request, container.use(Deployment).proxy_hops)
