"""Who is calling: API keys, connect-session tokens, and Google's services by OIDC."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from hmac import compare_digest
from typing import TYPE_CHECKING

from starlette.requests import Request

from shared.domain.connect import token_hash
from shared.domain.ids import ConnectionId
from shared.edge.http.call import ANYTHING, Caller
from shared.edge.http.routes import Access, Permission
from shared.errors import ForbiddenError, UnauthenticatedError

if TYPE_CHECKING:
    from shared.edge.wiring import Wiring

ANYONE = Caller("anyone")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A stored key: only its SHA-256 is known. `connections` None means every connection."""

    name: str
    sha256_hex: str
    permissions: frozenset[str]
    connections: frozenset[ConnectionId] | None = None
    expires_at: datetime | None = None


def root_keys(hashes: frozenset[str]) -> tuple[ApiKey, ...]:
    """Answer the deployment's root keys."""
    return tuple(ApiKey(f"root-{one[:8]}", one, frozenset({ANYTHING})) for one in sorted(hashes))


def key_of(token: str, keys: Sequence[ApiKey], now: datetime) -> ApiKey:
    """Find the key; every comparison is made and takes the same time, whatever matches.

    Raises UnauthenticatedError where none matches or the one that does has expired.
    """
    digest = sha256(token.encode()).hexdigest()
    found = [key for key in keys if compare_digest(key.sha256_hex, digest)]
    if not found or (found[0].expires_at is not None and found[0].expires_at <= now):
        raise UnauthenticatedError("This API key is unknown, revoked or expired.")
    return found[0]


async def authenticate(request: Request, access: Access | Permission, wiring: "Wiring") -> Caller:
    """Answer the caller, or raise UnauthenticatedError or ForbiddenError."""
    match access:
        case Access.PUBLIC:
            return ANYONE
        case Access.CONNECT_SESSION:
            return await _session_caller(_bearer(request), wiring)
        case Access.PUSH | Access.TASKS | Access.SCHEDULER:
            return await _service_caller(_bearer(request), access, wiring)
        case Permission():
            return _key_caller(_bearer(request), access, wiring)


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise UnauthenticatedError(
            "Send the header Authorization: Bearer <key>.", code="missing_auth_header"
        )
    return token.strip()


def _key_caller(token: str, permission: Permission, wiring: "Wiring") -> Caller:
    key = key_of(token, wiring.api_keys, wiring.clock.now())
    caller = Caller(key.name, key.permissions, key.connections)
    if not caller.may(permission):
        raise ForbiddenError(f"This API key lacks the permission {permission.value!r}.")
    return caller


async def _session_caller(token: str, wiring: "Wiring") -> Caller:
    session = await wiring.connect_sessions.get(token_hash(token))
    if session is None or session.value.deleted or session.value.expires_at <= wiring.clock.now():
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
