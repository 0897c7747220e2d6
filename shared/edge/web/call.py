"""One authenticated request, as a resource sees it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel
from starlette.requests import Request

from shared.domain.connect.connect_session import ConnectSession
from shared.domain.connect.connection import Connection, ConnectionStatus
from shared.domain.connect.scopes import reads
from shared.domain.ids import ConnectionId
from shared.domain.keys.api_key import ALL_PERMISSIONS, ApiKey
from shared.domain.keys.rule import Rule
from shared.edge.web import logs
from shared.errors import (
    ForbiddenError,
    InvalidRequestError,
    NotGrantedError,
    PolicyRefusedError,
    UnknownConnectionError,
)
from shared.ports.connections import Connections
from shared.ports.container import Container
from shared.ports.documents import Versioned

if TYPE_CHECKING:
    from shared.domain.keys.policy import Actor

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")
LEFT_UNDER_POLICY = frozenset(
    {
        *("connections:read", "records:read", "syncs:read", "operations:read", "events:read"),
        *("actions", "send", "mcp", "keys"),
    }
)
"""What a restricting policy leaves of a key's permissions, `*` included.

Reading; what goes through `GuardedActions`, which keeps the policy; and keys of the same policy.
All else could get round it: the proxy and credentials above all.
"""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is calling: an API key, a connect session, a person at the console, a service of ours.

    `connections` None means every connection of the deployment.
    """

    name: str
    permissions: frozenset[str] = frozenset()
    connections: frozenset[ConnectionId] | None = None
    session: Versioned[ConnectSession] | None = None
    person: object | None = None
    """Whom `Route.admit` let in; `Call.person` reads it."""
    policy: Mapping[str, Any] = field(default_factory=dict)
    """What the key's agents are held to (API 8.3)."""
    key: ApiKey | None = None

    @property
    def actor(self) -> "Actor":
        """The key as actions know it. Raises PolicyRefusedError where its policy is unreadable."""
        # Only keys are held to one, and its rules read addresses.
        from shared.domain.keys.policy import Actor, policy_of  # noqa: PLC0415

        return Actor(self.name, policy_of(self.policy))

    def may(self, permission: str) -> bool:
        """Whether the caller holds `permission`, and its policy leaves it."""
        if self.policy and self.actor.policy.restricting and permission not in LEFT_UNDER_POLICY:
            return False
        return ALL_PERMISSIONS in self.permissions or permission in self.permissions

    def require(self, permission: str) -> None:
        """Raise ForbiddenError unless the caller holds `permission`; PolicyRefusedError."""
        if self.may(permission):
            return
        if ALL_PERMISSIONS in self.permissions or permission in self.permissions:
            raise PolicyRefusedError(
                f"This API key is held to a policy, which {permission!r} could get round.",
                rule=Rule.ROUTE,
            )
        raise ForbiddenError(f"This API key lacks the permission {permission!r}.")

    def sees(self, connection_id: ConnectionId) -> bool:
        """Whether the connection is the caller's to use."""
        return self.connections is None or connection_id in self.connections


@dataclass(frozen=True, slots=True)
class Call:
    """A request after authentication and parsing; what a resource's function is given.

    `parsed_body` and `parsed_query` were validated against the route's models. `connection_id` is
    what the tenant headers, the query or the body name; `connection()` loads it.
    """

    container: Container
    request: Request
    caller: Caller
    trace_id: str
    request_id: str
    parsed_body: BaseModel | None = None
    parsed_query: BaseModel | None = None
    connection_id: ConnectionId | None = None
    response_headers: dict[str, str] = field(default_factory=dict)
    """Headers the answer shall carry besides its own."""

    def body(self, model: type[M]) -> M:
        """Return the parsed body, as the model the route declares."""
        assert isinstance(self.parsed_body, model)  # noqa: S101  the table and the function agree
        return self.parsed_body

    def query(self, model: type[M]) -> M:
        """Return the parsed query, as the model the route declares."""
        assert isinstance(self.parsed_query, model)  # noqa: S101  the table and the function agree
        return self.parsed_query

    def path(self, name: str) -> str:
        """Return a path parameter."""
        return str(self.request.path_params[name])

    @property
    def session(self) -> Versioned[ConnectSession]:
        """The connect session whose token came; only on routes of Access.CONNECT_SESSION."""
        assert self.caller.session is not None  # noqa: S101  authentication saw to it
        return self.caller.session

    @property
    def key(self) -> ApiKey:
        """The API key that came; only on routes that a permission opens."""
        assert self.caller.key is not None  # noqa: S101  authentication saw to it
        return self.caller.key

    def person(self, model: type[T]) -> T:
        """Return the person who is signed in, as the route's own admission made it."""
        assert isinstance(self.caller.person, model)  # noqa: S101  authentication saw to it
        return self.caller.person

    def use(self, wanted: type[T]) -> T:
        """Return a use case, or what stands behind a port, by its type."""
        return self.container.use(wanted)

    def require(self, permission: str) -> None:
        """Raise ForbiddenError unless the caller holds `permission` as well."""
        self.caller.require(permission)

    async def connection(self, id: ConnectionId | None = None) -> Versioned[Connection]:
        """Load the connection the request works on.

        Raises InvalidRequestError where the request names none, UnknownConnectionError where it
        does not exist, is being disconnected, or is not the caller's.
        """
        found = await self.any_connection(id)
        if found.value.status is ConnectionStatus.DISCONNECTING:
            raise _unknown_connection()
        return found

    async def reading_connection(self) -> Connection:
        """Load it where its mail is wanted. Raises NotGrantedError where it only sends."""
        connection = (await self.connection()).value
        if not reads(connection.scopes):
            raise NotGrantedError
        return connection

    async def any_connection(self, id: ConnectionId | None = None) -> Versioned[Connection]:
        """Do as `connection` does, but also answer one that is being disconnected."""
        wanted = id or self.connection_id
        if wanted is None:
            raise InvalidRequestError(
                "Name the connection in the header Connection-Id.", code="invalid_headers"
            )
        logs.note(connection=wanted)
        found = await self.use(Connections).get(wanted) if self.caller.sees(wanted) else None
        if found is None:
            raise _unknown_connection()
        return found


def _unknown_connection() -> UnknownConnectionError:
    return UnknownConnectionError("No such connection. GET /connections lists yours.")
