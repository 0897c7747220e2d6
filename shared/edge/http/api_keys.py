"""/api-keys: create, list, rotate, revoke (API 9).

A key hands on only what it has itself, in every field (`domain/child_key.py`). It sees and revokes
only keys that reach no further, and gives a new secret only to itself and to keys below it: what
its thief can get hold of ends when it is revoked.
"""

from datetime import timedelta
from typing import Any

from shared.domain.api_key import ApiKey
from shared.domain.child_key import reaches_no_further
from shared.edge.http.api_key_models import (
    IssuedKeyView,
    KeysPage,
    KeyView,
    NewKeyBody,
    RotateBody,
    view_of,
)
from shared.edge.http.call import Call
from shared.edge.http.routes import Permission, Route
from shared.errors import ForbiddenError, InvalidRequestError, NotFoundError
from shared.usecases.api_keys import IssuedKey, known_key, line_of, stored_in

MOST = 1_000
CREATED = 201


async def create_key(call: Call) -> Any:
    """Create a key and show it, this once.

    Give each service the permissions it needs and no more; `policy` binds what agents do with it.
    The key is a child of the one that asks: never more than it in expiry, rate, permissions,
    connections or policy. What is left out is the parent's; what is more is refused. It ends with
    its parent, and calls count against the parent's own rate too. Keys made by a root key, in the
    console or by a command have no parent.
    """
    request = call.body(NewKeyBody).request()
    if request.expires_at is not None and request.expires_at <= call.wiring.clock.now():
        raise InvalidRequestError("expires_at has passed already.")
    return _shown(await call.wiring.create_api_key(request, call.key))


async def list_keys(call: Call) -> Any:
    """List the keys, newest first, without their secrets."""
    found = await call.wiring.api_keys.list(MOST)
    return {"api_keys": [view_of(key) for key in found if reaches_no_further(key, call.key)]}


async def show_key(call: Call) -> Any:
    """Look at a key, without its secret."""
    return view_of(await _key(call))


async def rotate_key(call: Call) -> Any:
    """Give a key a new secret and show it, this once; the one before works on for a while.

    Only for the calling key itself, keys below it, and by a root key for every one.
    """
    key = await _key(call)
    line = await line_of(key, stored_in(call.wiring.api_keys)) or ()
    if not call.key.is_root and call.key.id not in {one.id for one in line}:
        raise ForbiddenError("A key gives a new secret to itself and to keys it made, no others.")
    overlap = timedelta(hours=call.body(RotateBody).overlap_hours)
    issued = await call.wiring.rotate_api_key(key.id, overlap)
    call.wiring.known_keys.forget(key.id)
    return _shown(issued)


async def revoke_key(call: Call) -> Any:
    """Make a key and all it made worthless; other instances may take them for 30 seconds more."""
    key = await _key(call)
    revoked = await call.wiring.revoke_api_key(key.id)
    call.wiring.known_keys.forget(key.id)
    return view_of(revoked)


async def _key(call: Call) -> ApiKey:
    key = (await known_key(call.wiring.api_keys, call.path("id"))).value
    if not reaches_no_further(key, call.key):
        raise NotFoundError("No such API key. GET /api-keys lists them.")
    return key


def _shown(issued: IssuedKey) -> dict[str, Any]:
    return {**view_of(issued.key), "key": issued.token}


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
