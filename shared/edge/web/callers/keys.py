"""Callers by a secret of ours: an API key, the token of a connect session."""

from starlette.requests import Request

from shared.domain.connect.connect_session import token_hash
from shared.edge.web.call import Caller
from shared.edge.web.callers.api_key_cache import ApiKeyCache
from shared.edge.web.callers.rates import client_address
from shared.edge.web.deployment import Deployment
from shared.edge.web.reading import bearer
from shared.edge.web.routes import Permission
from shared.errors import UnauthenticatedError
from shared.ports.clock import Clock
from shared.ports.connections import ConnectSessions
from shared.ports.container import Container


async def key_caller(request: Request, permission: Permission, container: Container) -> Caller:
    """Return the key's caller. Raises UnauthenticatedError, ForbiddenError, RateLimitedError."""
    token = bearer(request)
    key = await container.use(ApiKeyCache).find(token, _address(request, container))
    caller = Caller(f"key-{key.id}", key.permissions, key.connections, policy=key.policy, key=key)
    caller.require(permission.value)
    return caller


async def session_caller(request: Request, container: Container) -> Caller:
    """Return the holder of a connect session. Raises UnauthenticatedError."""
    token = bearer(request)
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


def _address(request: Request, container: Container) -> str:
    return client_address(request, container.use(Deployment).proxy_hops)
