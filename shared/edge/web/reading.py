"""Reading of what a request carries: token, JSON body, query, and the connection it names."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin

import orjson
from pydantic import BaseModel
from starlette.requests import Request

from shared.domain.connect.integration_names import IntegrationNames
from shared.domain.ids import ConnectionId
from shared.domain.validation import validate
from shared.edge.web.routes import Route, Tenant
from shared.errors import (
    InvalidRequestError,
    Problem,
    TooLargeError,
    UnauthenticatedError,
    UnknownConnectionError,
)

BRACKETED = re.compile(r"([^\[\]]+)\[([^\[\]]*)\]")
CONNECTION_ID = re.compile(r"[A-Za-z0-9_.:@+-]{1,128}")
MOST_DIGITS = 18
CONNECTION_NAMES = ("connection_id", "connectionId")
INTEGRATION_NAMES = ("provider_config_key", "providerConfigKey")


def bearer(request: Request) -> str:
    """Return the token of the Authorization header. Raises UnauthenticatedError without one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise UnauthenticatedError(
            "Send the header Authorization: Bearer <key>.", code="missing_auth_header"
        )
    return token.strip()


def header(request: Request, name: str) -> str | None:
    """Return a header in UTF-8, as clients write it; in Latin-1 where it cannot be that.

    Raises InvalidRequestError where it comes twice and says two things.
    """
    given = set(request.headers.getlist(name))
    if len(given) > 1:
        raise InvalidRequestError(f"{name.title()} is given twice.", code="invalid_headers")
    said = next(iter(given), None)
    try:
        return said and said.encode("latin-1").decode()
    except UnicodeDecodeError:
        return said


async def read_json(request: Request, route: Route) -> BaseModel | None:
    """Return the body as the route's model. Raises InvalidRequestError, TooLargeError.

    A route without a body model takes no body, `{}` or `null`: clients send any of the three.
    """
    raw = await read_bytes(request, route.max_body)
    if route.body is None:
        if raw.strip() not in {b"", b"{}", b"null"}:
            raise InvalidRequestError("This request takes no body.")
        return None
    if raw.strip():
        _check_content_type(request)
    return validate(route.body, _parse(raw), code="invalid_body")


async def read_bytes(request: Request, limit: int) -> bytes:
    """Return the body, refusing early what is over `limit` bytes with TooLargeError."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and (len(announced) > MOST_DIGITS or int(announced) > limit):
        raise _too_large(limit)
    chunks = bytearray()
    async for chunk in request.stream():
        chunks += chunk
        if len(chunks) > limit:
            raise _too_large(limit)
    return bytes(chunks)


def read_query(request: Request, route: Route) -> BaseModel | None:
    """Return the query as the route's model; tenant parameters are taken out first.

    Raises InvalidRequestError. A route without a query model takes no parameters of its own.
    """
    if route.raw_query:
        return None
    pairs = request.query_params.multi_items()
    if route.tenant is not Tenant.NONE:
        own = route.query.model_fields if route.query else {}
        pairs = [(k, v) for k, v in pairs if k in own or k not in TENANT_PARAMETERS]
    if route.query is None:
        validate(_NoQuery, dict(pairs), code="invalid_query_params")
        return None
    return validate(route.query, _fold(pairs, route.query), code="invalid_query_params")


class _NoQuery(BaseModel, extra="forbid"):
    """The query of a route that has none."""


TENANT_PARAMETERS = frozenset({*CONNECTION_NAMES, *INTEGRATION_NAMES})


def read_tenant(
    request: Request, route: Route, body: BaseModel | None, names: IntegrationNames
) -> ConnectionId | None:
    """Return the connection that headers, query or body name.

    Raises InvalidRequestError where the route requires one and none is named, or where two are: a
    guess would act on another's mailbox. Raises UnknownConnectionError where an integration is not
    ours or the id cannot exist.
    """
    if route.tenant is Tenant.NONE:
        return None
    integrations = _names_in(request, body, "provider-config-key", INTEGRATION_NAMES)
    if not all(one in names for one in integrations):
        raise UnknownConnectionError(names.unknown)
    wanted = _names_in(request, body, "connection-id", CONNECTION_NAMES)
    if len(wanted) > 1:
        raise InvalidRequestError("Two connections are named: name one.", code="invalid_headers")
    if not wanted and route.tenant is Tenant.REQUIRED:
        raise InvalidRequestError(
            "Name the connection in the header Connection-Id.", code="invalid_headers"
        )
    return connection_id(wanted.pop()) if wanted else None


def ours_among(given: Iterable[str], names: IntegrationNames, field: str) -> tuple[str, ...]:
    """Return those of `given`, from the body's `field`, that name the integration.

    Raises InvalidRequestError where none does: others may stand beside it, as another service's.
    """
    if not (ours := tuple(one for one in given if one in names)):
        problem = Problem("unknown_integration", names.unknown, (field,))
        raise InvalidRequestError(names.unknown, problems=[problem])
    return ours


def connection_id(text: str) -> ConnectionId:
    """Return the id if it could be one. Raises UnknownConnectionError."""
    if not CONNECTION_ID.fullmatch(text):
        raise UnknownConnectionError("No such connection. GET /connections lists yours.")
    return ConnectionId(text)


def _names_in(
    request: Request, body: BaseModel | None, in_header: str, names: tuple[str, ...]
) -> set[str]:
    query = request.query_params
    given = [header(request, in_header), *(one for name in names for one in query.getlist(name))]
    given.append(getattr(body, names[0], None))
    return {one for one in given if isinstance(one, str) and one}


def _check_content_type(request: Request) -> None:
    kind = request.headers.get("content-type", "application/json").partition(";")[0]
    kind = kind.strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        raise InvalidRequestError("Send JSON with the header Content-Type: application/json.")


def _parse(raw: bytes) -> object:
    try:
        return orjson.loads(raw) if raw.strip() else {}
    except orjson.JSONDecodeError as bad:
        raise InvalidRequestError(
            f"The body is not JSON: line {bad.lineno}, column {bad.colno}."
        ) from None


def _too_large(limit: int) -> TooLargeError:
    return TooLargeError(f"The body is larger than {limit} bytes, the most taken here.")


def _fold(pairs: list[tuple[str, str]], model: type[BaseModel]) -> Mapping[str, Any]:
    """Fold repeated parameters into lists and `name[key]` ones into objects."""
    lists, objects = _plural(model, list, tuple), _plural(model, Mapping)
    gathered: dict[str, Any] = {}
    for name, value in pairs:
        bracketed = BRACKETED.fullmatch(name)
        if bracketed and bracketed[1] in objects:
            gathered.setdefault(bracketed[1], {})[bracketed[2]] = value
        elif (bare := name.removesuffix("[]")) in lists:
            gathered.setdefault(bare, []).append(value)
        elif name in gathered:
            raise InvalidRequestError(f"{name} is given twice.", code="invalid_query_params")
        else:
            gathered[name] = value
    return gathered


@cache
def _plural(model: type[BaseModel], *kinds: type) -> frozenset[str]:
    """Return the names, aliases too, of the fields that hold many values, optional or not."""
    return frozenset(
        name
        for field_name, info in model.model_fields.items()
        if any(issubclass(kind, kinds) for kind in _kinds(info.annotation))
        for name in {field_name, info.alias or field_name}
    )


def _kinds(annotation: Any) -> Iterator[type]:
    origin = get_origin(annotation)
    if isinstance(origin, type) and origin is not UnionType:
        yield origin
    for inner in get_args(annotation) if origin in {Union, UnionType} else ():
        yield from _kinds(inner)
