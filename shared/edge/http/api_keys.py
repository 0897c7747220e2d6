"""/api-keys: create, list, rotate, revoke (API 9).

A key hands on only what it has itself: its permissions, its connections, its policy. It sees and
changes only keys that reach no further than that.
"""

from datetime import timedelta
from typing import Any

from shared.domain.api_key import ApiKey
from shared.domain.ids import ConnectionId
from shared.edge.http.api_key_models import (
    IssuedKeyView,
    KeysPage,
    KeyView,
    NewKeyBody,
    RotateBody,
    view_of,
)
from shared.edge.http.call import Call, Caller
from shared.edge.http.routes import Permission, Route
from shared.errors import ForbiddenError, InvalidRequestError, NotFoundError
from shared.usecases.api_keys import IssuedKey, known_key

MOST = 1_000
CREATED = 201


async def create_key(call: Call) -> Any:
    """Create a key and show it, this once.

    Give each service the permissions it needs and no more; `policy` binds what agents do with it.
    """
    request = call.body(NewKeyBody).request()
    if not _covers(call.caller, request.permissions, request.connections):
        raise ForbiddenError("A key may only hand on permissions and connections it has itself.")
    if call.caller.policy and dict(request.policy) != dict(call.caller.policy):
        raise ForbiddenError("A key under a policy may only create keys under the same policy.")
    if call.caller.actor.policy.daily_sends is not None:
        raise ForbiddenError("A key with a daily cap cannot create keys: each would have its own.")
    if request.expires_at is not None and request.expires_at <= call.wiring.clock.now():
        raise InvalidRequestError("expires_at has passed already.")
    return _shown(await call.wiring.create_api_key(request))


async def list_keys(call: Call) -> Any:
    """List the keys, newest first, without their secrets."""
    found = await call.wiring.api_keys.list(MOST)
    return {"api_keys": [view_of(key) for key in found if _sees(call.caller, key)]}


async def show_key(call: Call) -> Any:
    """Look at a key, without its secret."""
    return view_of(await _key(call))


async def rotate_key(call: Call) -> Any:
    """Give a key a new secret and show it, this once; the one before works on for a while."""
    key = await _key(call)
    overlap = timedelta(hours=call.body(RotateBody).overlap_hours)
    issued = await call.wiring.rotate_api_key(key.id, overlap)
    call.wiring.known_keys.forget(key.id)
    return _shown(issued)


async def revoke_key(call: Call) -> Any:
    """Make a key worthless. Other instances may go on taking it for up to 30 seconds."""
    key = await _key(call)
    revoked = await call.wiring.revoke_api_key(key.id)
    call.wiring.known_keys.forget(key.id)
    return view_of(revoked)


async def _key(call: Call) -> ApiKey:
    key = (await known_key(call.wiring.api_keys, call.path("id"))).value
    if not _sees(call.caller, key):
        raise NotFoundError("No such API key. GET /api-keys lists them.")
    return key


def _shown(issued: IssuedKey) -> dict[str, Any]:
    return {**view_of(issued.key), "key": issued.token}


def _sees(caller: Caller, key: ApiKey) -> bool:
    if caller.policy and dict(key.policy) != dict(caller.policy):
        return False
    return _covers(caller, key.permissions, key.connections)


def _covers(
    caller: Caller, permissions: frozenset[str], connections: frozenset[ConnectionId] | None
) -> bool:
    if not all(caller.may(permission) for permission in permissions):
        return False
    if caller.connections is None:
        return True
    return connections is not None and connections <= caller.connections


ROUTES = (
    Route(
        "POST",
        "/api-keys",
        Permission.KEYS,
        create_key,
        "Create an API key",
        body=NewKeyBody,
        output=IssuedKeyView,
        status=CREATED,
    ),
    Route(
        "GET",
        "/api-keys",
        Permission.KEYS,
        list_keys,
        "List API keys",
        output=KeysPage,
    ),
    Route(
        "GET",
        "/api-keys/{id}",
        Permission.KEYS,
        show_key,
        "Look at an API key",
        output=KeyView,
    ),
    Route(
        "POST",
        "/api-keys/{id}/rotate",
        Permission.KEYS,
        rotate_key,
        "Rotate an API key",
        body=RotateBody,
        output=IssuedKeyView,
    ),
    Route(
        "DELETE",
        "/api-keys/{id}",
        Permission.KEYS,
        revoke_key,
        "Revoke an API key",
        output=KeyView,
    ),
)
