"""What a route is. The whole HTTP surface is made of tuples of these (DESIGN 2.3).

Dispatch, authentication, body parsing, OpenAPI and the attack tests all read the same rows. To
add one, append a Route to the ROUTES of a module of its resource; `table.py` collects them.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import reduce
from inspect import isfunction
from operator import or_
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_type_hints

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from shared.domain.validation import MAX_TEXT
from shared.edge.web.call import Call, Caller
from shared.ports.container import Container

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
MEBIBYTE = 1 << 20
WITHOUT_BODY = frozenset({204, 304})
"""The statuses whose answers are their head alone (RFC 9110, 15.3.5 and 15.4.5)."""


class Access(StrEnum):
    """Who may call a route that no API key opens: `authenticate` alone decides it."""

    PUBLIC = "public"
    """Anyone: the route checks what it must by itself."""
    CONNECT_SESSION = "connect-session"
    """The holder of a connect-session token; `Call.session` is that session."""
    CONSOLE = "console"
    """A person signed in to the console; a change takes an operator, our origin and its token."""
    PUSH = "push"
    """Pub/Sub, by OIDC token."""
    TASKS = "tasks"
    """Cloud Tasks, by OIDC token."""
    SCHEDULER = "scheduler"
    """Cloud Scheduler, by OIDC token."""


class Permission(StrEnum):
    """What an API key may do; `*` is all of it."""

    CONNECT = "connect"
    CONNECTIONS_READ = "connections:read"
    CONNECTIONS_WRITE = "connections:write"
    CONNECTIONS_CREDENTIALS = "connections:credentials"
    RECORDS_READ = "records:read"
    RECORDS_WRITE = "records:write"
    SYNCS_READ = "syncs:read"
    SYNCS_WRITE = "syncs:write"
    ACTIONS = "actions"
    SEND = "send"
    OPERATIONS_READ = "operations:read"
    EVENTS_READ = "events:read"
    EVENTS_WRITE = "events:write"
    PROXY = "proxy"
    MCP = "mcp"
    KEYS = "keys"
    APPROVALS = "approvals"
    """To see what agents ask for, and to decide: never a key that is under a policy itself."""


class Tenant(StrEnum):
    """Whether a route works on the connection that headers, query or body name."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


class RequestModel(BaseModel):
    """A body or query of ours: unknown fields and long text are refused, values are immutable."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        populate_by_name=True,
        str_max_length=MAX_TEXT,
        defer_build=True,
    )


class ResponseModel(BaseModel):
    """A JSON answer of ours."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, defer_build=True)


LEFT_OUT: Any = Field(None, exclude_if=lambda value: value is None)
"""The default of a field that an answer has only where there is something to say."""


class Success(ResponseModel):
    """Done, or accepted."""

    success: Literal[True] = True


Returned = BaseModel | Mapping[str, Any] | Sequence[BaseModel] | Response | None
Function = Callable[[Call], Awaitable[Returned]]
"""Returns a model or models, an object of plain JSON, None (204), or a Response as it is."""
Admit = Callable[[Request, int, Container], Awaitable[Caller]]
"""Lets a person in, or raises; the number is how many bytes a form may have."""
Refuse = Callable[[Call, Exception], Awaitable[Response]]
"""Shows an error in another way than as our JSON; the call's caller is not known there."""


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """One method on one path. Its docstring in OpenAPI is the function's own.

    `body` and `query` are pydantic models; a route without `body` takes an empty body or `{}`.
    `raw_body` leaves the body unread, for forms and envelopes that are not our JSON.
    """

    method: Method
    path: str
    """Starlette form, parameters in braces; a trailing slash makes no difference."""
    access: Access | Permission
    function: Function
    summary: str
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    rendered: Any = None
    """The JSON in a Response that `function` renders by itself: what pydantic can describe."""
    status: int = 200
    tenant: Tenant = Tenant.NONE
    raw_body: bool = False
    raw_query: bool = False
    """Whether the parameters are another API's, passed on unread."""
    takes: tuple[str, ...] = ()
    """Media types of a body that stays unread here, for the documentation."""
    produces: str = "application/json"
    max_body: int = MEBIBYTE
    """Bytes; a larger body is refused with 413."""
    documented: bool = True
    """Whether OpenAPI shows it; private entries are not for users."""
    request_headers: Mapping[str, str] = field(default_factory=dict)
    """Headers besides the tenant's, for the documentation: name -> what it does."""
    admit: Admit | None = None
    """Who decides about a person on a route of Access.CONSOLE."""
    refuse: Refuse | None = None
    """How errors are shown, authentication's too; None is our JSON."""
    also: Mapping[int | Literal["default"], str] = field(default_factory=dict)
    """Further statuses it answers with, for the documentation: status -> when."""

    @property
    def returns(self) -> tuple[Any, ...]:
        """The types that `function` declares to return."""
        called = self.function if isfunction(self.function) else type(self.function).__call__
        returned = get_type_hints(called)["return"]
        return get_args(returned) if isinstance(returned, UnionType) else (returned,)

    @property
    def output(self) -> Any:
        """The JSON of success, which is what `function` says it returns; None is 204 or no JSON.

        A row cannot say otherwise than its function, and mypy holds the function to its word.
        """
        if self.rendered is not None:
            return self.rendered
        described = [kind for kind in self.returns if not _is_response(kind)]
        return reduce(or_, described) if described else None

    @property
    def documented_path(self) -> str:
        """The path as OpenAPI writes it."""
        return self.path.replace(":path}", "}")

    @property
    def name(self) -> str:
        """The operation's name: method and path, unique in the table."""
        return f"{self.method} {self.path}"


def _is_response(kind: Any) -> bool:
    return kind is NoneType or (isinstance(kind, type) and issubclass(kind, Response))
