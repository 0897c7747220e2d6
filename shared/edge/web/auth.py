"""Who is calling: API keys, connect sessions, persons at the console, Google's services by OIDC."""

from typing import TYPE_CHECKING, assert_never

from starlette.requests import Request

from shared.domain.connect.connect_session import token_hash
from shared.edge.web.call import Caller
from shared.edge.web.rates import source_of
from shared.edge.web.routes import Access, Permission, Route
from shared.errors import UnauthenticatedError

if TYPE_CHECKING:
    from shared.edge.composition.container import Wiring

ANYONE = Caller("anyone")


async def authenticate(request: Request, route: Route, wiring: "Wiring") -> Caller:
    """Return the caller, or raise UnauthenticatedError or ForbiddenError.

    Every kind of access is decided here: one that is not named below is closed.
    """
    access = route.access
    match access:
        case Access.PUBLIC:
            return ANYONE
        case Access.CONSOLE:
            return await _visiting(request, route, wiring)
        case Access.CONNECT_SESSION:
            return await _session_caller(request, wiring)
        case Access.PUSH | Access.TASKS | Access.SCHEDULER:
            return await _service_caller(_bearer(request), access, wiring)
        case Permission():
            return await _key_caller(request, access, wiring)
        case _:
            assert_never(access)


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise UnauthenticatedError(
            "Send the header Authorization: Bearer <key>.", code="missing_auth_header"
        )
    return token.strip()


async def _key_caller(request: Request, permission: Permission, wiring: "Wiring") -> Caller:
    token = _bearer(request)
    key = await wiring.api_key_cache.find(token, source_of(request, wiring.settings.proxy_hops))
    caller = Caller(f"key-{key.id}", key.permissions, key.connections, policy=key.policy, key=key)
    caller.require(permission.value)
    return caller


async def _visiting(request: Request, route: Route, wiring: "Wiring") -> Caller:
    from shared.edge.console.admission import admit  # noqa: PLC0415  one function serves it

    return await admit(request, route.max_body, wiring)


async def _session_caller(request: Request, wiring: "Wiring") -> Caller:
    token = _bearer(request)
    session = await wiring.connect_sessions.get(token_hash(token))
    if session is None or session.value.deleted or session.value.expires_at <= wiring.clock.now():
        wiring.api_key_cache.fail(source_of(request, wiring.settings.proxy_hops))
        raise UnauthenticatedError(
            "This connect session is unknown or has expired: create a new one."
        )
    return Caller("connect-session", session=session)


async def _service_caller(token: str, access: Access | Permission, wiring: "Wiring") -> Caller:
    settings = wiring.settings
    accounts: dict[str, tuple[str, str]] = {
        Access.PUSH: (settings.push_audience, settings.push_service_account),
        Access.TASKS: (settings.tasks_audience, settings.tasks_service_account),
        Access.SCHEDULER: (settings.tasks_audience, settings.scheduler_service_account),
    }
    audience, account = accounts[access]
    await wiring.caller_tokens.verify(token, audience=audience, service_account=account)
    return Caller(access.value)
