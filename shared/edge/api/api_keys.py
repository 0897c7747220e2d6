"""/api-keys: create, list, rotate, revoke (API 9).

A key hands on only what it has itself, in every field (`domain/keys/child_key.py`). It sees and
revokes only keys that reach no further and are not above it, and gives a new secret only to itself
and to keys below it: what its thief can get hold of ends when it is revoked.
"""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from shared.actions.tool_choice import checked_choice
from shared.domain.ids import ConnectionId
from shared.domain.keys.api_key import ALL_PERMISSIONS, ApiKey
from shared.domain.keys.child_key import reaches_no_further
from shared.domain.keys.policy import UNRESTRICTED, Policy
from shared.domain.validation import Instant
from shared.edge.web.call import Call
from shared.edge.web.callers.api_key_cache import ApiKeyCache
from shared.edge.web.reading import CONNECTION_ID
from shared.edge.web.routes import Permission, RequestModel, ResponseModel, Route
from shared.errors import ForbiddenError, InvalidRequestError, NotFoundError
from shared.ports.access import ApiKeys
from shared.ports.clock import Clock
from shared.usecases.keys.api_keys import (
    CreateApiKey,
    IssuedKey,
    KeyRequest,
    RevokeApiKey,
    RotateApiKey,
    known_key,
    line_of,
    stored_in,
)

MOST_CONNECTIONS = 1_000

Granted = Permission | Literal["*"]
ToolChoice = Annotated[str, Field(max_length=2_000), AfterValidator(checked_choice)]
Named = Annotated[str, Field(pattern=f"^{CONNECTION_ID.pattern}$")]


class NewKeyBody(RequestModel):
    """POST /api-keys. What is left out is the calling key's own; `null` means no limit."""

    name: str = Field(min_length=1, max_length=100)
    permissions: list[Granted] = Field(min_length=1, max_length=50)
    connections: list[Named] | None = Field(None, min_length=1, max_length=MOST_CONNECTIONS)
    expires_at: Instant | None = None
    policy: Policy = Field(default=UNRESTRICTED, description="What agents with the key may do.")
    requests_per_minute: int | None = Field(None, ge=1, le=1_000_000)
    tools: ToolChoice = Field("", description="Which tools agents with the key are listed.")

    def request(self) -> KeyRequest:
        """Return what the use case takes."""
        chosen = self.connections
        return KeyRequest(
            name=self.name,
            permissions=frozenset(map(str, self.permissions)),
            connections=None if chosen is None else frozenset(map(ConnectionId, chosen)),
            expires_at=self.expires_at,
            policy=self.policy.model_dump(mode="json", exclude_unset=True),
            requests_per_minute=self.requests_per_minute,
            tools=self.tools,
            given=frozenset(self.model_fields_set),
        )

    @model_validator(mode="after")
    def _everything_alone(self) -> Self:
        if ALL_PERMISSIONS in self.permissions and len(self.permissions) > 1:
            raise ValueError("* stands alone: it is every permission")
        return self


class RotateBody(RequestModel):
    """How long the secret before works on; 0 ends it at once."""

    overlap_hours: int = Field(24, ge=0, le=720)


class KeyView(ResponseModel):
    """A key, without its secret. `connections` null means every one."""

    id: str
    name: str
    permissions: list[str]
    connections: list[str] | None
    policy: dict[str, Any]
    requests_per_minute: int | None
    tools: str = Field(description="As `?tools=` of POST /mcp; empty: the default set.")
    created_at: datetime
    expires_at: datetime | None
    rotated_at: datetime | None
    last_used_at: datetime | None
    previous_until: datetime | None
    revoked_at: datetime | None
    parent: str | None = Field(description="The key that made it: revoked or over, so is this one.")


class IssuedKeyView(KeyView):
    """`key` is the whole key in clear: it is shown this once."""

    key: str


class KeysPage(ResponseModel):
    """Keys, newest first; the root keys of the deployment's settings are not among them."""

    api_keys: list[KeyView]


def _fields(key: ApiKey) -> dict[str, Any]:
    """Return what may be seen of a key."""
    return {
        "id": key.id,
        "name": key.name,
        "permissions": sorted(key.permissions),
        "connections": None if key.connections is None else sorted(key.connections),
        "policy": dict(key.policy),
        "requests_per_minute": key.requests_per_minute,
        "tools": key.tools,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "rotated_at": key.rotated_at,
        "last_used_at": key.last_used_at,
        "previous_until": key.previous_until,
        "revoked_at": key.revoked_at,
        "parent": key.parent,
    }


MOST = 1_000
CREATED = 201


async def create_key(call: Call) -> IssuedKeyView:
    """Create a key and show it, this once.

    Give each service the permissions it needs and no more; `policy` binds what agents do with it.
    The key is a child of the one that asks: never more than it in expiry, rate, permissions,
    connections or policy. What is left out is the parent's; what is more is refused. It ends with
    its parent, and calls count against the parent's own rate too. Keys made by a root key, in the
    console or by a command have no parent.
    """
    request = call.body(NewKeyBody).request()
    if request.expires_at is not None and request.expires_at <= call.use(Clock).now():
        raise InvalidRequestError("expires_at has passed already.")
    return _issued_view(await call.use(CreateApiKey)(request, call.key))


async def list_keys(call: Call) -> KeysPage:
    """List the keys, newest first, without their secrets."""
    found = await call.use(ApiKeys).list(MOST)
    visible = [key for key in found if reaches_no_further(key, call.key)]
    return KeysPage(api_keys=[_view(key) for key in visible])


async def show_key(call: Call) -> KeyView:
    """Look at a key, without its secret."""
    return _view(await _key(call))


async def rotate_key(call: Call) -> IssuedKeyView:
    """Give a key a new secret and show it, this once; the one before works on for a while.

    Only for the calling key itself, keys below it, and by a root key for every one.
    """
    key = await _key(call)
    line = await line_of(key, stored_in(call.use(ApiKeys))) or ()
    if not call.key.is_root and call.key.id not in {one.id for one in line}:
        raise ForbiddenError("A key gives a new secret to itself and to keys it made, no others.")
    overlap = timedelta(hours=call.body(RotateBody).overlap_hours)
    issued = await call.use(RotateApiKey)(key.id, overlap)
    call.use(ApiKeyCache).forget(key.id)
    return _issued_view(issued)


async def revoke_key(call: Call) -> KeyView:
    """Make a key and all it made worthless; other instances may take them for 30 seconds more.

    A key may revoke itself, what it made and others that reach no further, never a key it came of.
    """
    key = await _key(call)
    if key.id in {one.id for one in await _above(call)}:
        raise ForbiddenError("A key does not revoke the key that made it, nor one above that.")
    revoked = await call.use(RevokeApiKey)(key.id)
    call.use(ApiKeyCache).forget(key.id)
    return _view(revoked)


async def _above(call: Call) -> tuple[ApiKey, ...]:
    """Return the keys that the calling one came of, nearest first."""
    return (await line_of(call.key, stored_in(call.use(ApiKeys))) or ())[1:]


async def _key(call: Call) -> ApiKey:
    key = (await known_key(call.use(ApiKeys), call.path("id"))).value
    if not reaches_no_further(key, call.key):
        raise NotFoundError("No such API key. GET /api-keys lists them.")
    return key


def _view(key: ApiKey) -> KeyView:
    return KeyView(**_fields(key))


def _issued_view(issued: IssuedKey) -> IssuedKeyView:
    return IssuedKeyView(**_fields(issued.key), key=issued.token)


ROUTES = (
    Route(
        "POST",
        "/api-keys",
        Permission.KEYS,
        create_key,
        "Create an API key",
        body=NewKeyBody,
        status=CREATED,
    ),
    Route(
        "GET",
        "/api-keys",
        Permission.KEYS,
        list_keys,
        "List API keys",
    ),
    Route(
        "GET",
        "/api-keys/{id}",
        Permission.KEYS,
        show_key,
        "Look at an API key",
    ),
    Route(
        "POST",
        "/api-keys/{id}/rotate",
        Permission.KEYS,
        rotate_key,
        "Rotate an API key",
        body=RotateBody,
    ),
    Route(
        "DELETE",
        "/api-keys/{id}",
        Permission.KEYS,
        revoke_key,
        "Revoke an API key",
    ),
)
