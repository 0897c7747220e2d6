"""/proxy/*: any call to Gmail with the connection's own token (API 6.6).

Only the connection's mailbox, `me`; the caller's headers only as `Nango-Proxy-<name>`; Gmail's
answer streamed back as it is, save for headers that are between it and us.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, get_args
from urllib.parse import quote

from starlette.responses import Response

from shared.domain.connect.connection import Connection
from shared.edge.web.call import Call
from shared.edge.web.reading import TENANT_PARAMETERS, read_bytes
from shared.edge.web.routes import MEBIBYTE, Method, Permission, Route, Tenant
from shared.edge.web.streamed import Streamed
from shared.errors import ForbiddenError, InvalidRequestError, NotFoundError
from shared.ports.google.gmail import GmailMailboxes

LARGEST_BODY: Final = 36 * MEBIBYTE
PREFIX: Final = "nango-proxy-"
BETWEEN_US: Final = frozenset(
    {
        *("authorization", "proxy-authorization", "cookie", "host", "content-length", "connection"),
        *("keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "expect", "forwarded"),
        *("accept-encoding", "user-agent", "x-goog-api-key", "x-http-method-override"),
        *("x-http-method", "x-method-override", "x-goog-user-project", "content-type"),
    }
)
"""Headers that never travel: they would carry credentials, or change what the call is."""
CREDENTIALS: Final = frozenset({"access_token", "oauth_token", "key", "callback"})
"""Query parameters that would authenticate another caller, or turn JSON into script."""
PASSED_BACK: Final = frozenset(
    {"content-type", "content-language", "etag", "retry-after", "date", "vary", "last-modified"}
)
SAFE: Final = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
WATCH: Final = frozenset({"watch", "stop"})
"""What every connection on the mailbox shares, and Postroom keeps account of."""
FORBIDDEN_IN_PATH: Final = re.compile(r"[\x00-\x20\x7f?#\\]")
HEADERS: Final = {
    "Base-Url-Override": "Refused: calls go to Gmail only.",
}


async def proxy(call: Call) -> Response:
    """Pass the call to Gmail and its answer back, whatever it is.

    A GET is tried again where Gmail's `reason` says that it may work; nothing else is. Headers
    named `Nango-Proxy-X` are sent to Gmail as `X`; credentials never are.
    """
    connection = (await call.connection()).value
    request = call.request
    if request.headers.get("base-url-override", "").strip():
        raise InvalidRequestError(
            "Base-Url-Override is not supported: calls go to Gmail only.", code="invalid_headers"
        )
    method = "GET" if request.method == "HEAD" else request.method
    content = None if method == "GET" else await read_bytes(request, LARGEST_BODY)
    response = (
        await call.use(GmailMailboxes)
        .of(connection.id)
        .pass_on(
            method,
            _path(call.path("path"), connection),
            query=_query(call),
            headers=_headers(request.headers, with_content=bool(content)),
            content=content or None,
            upload=request.url.path.startswith("/proxy/upload/"),
        )
    )
    headers = {name: value for name, value in response.headers.items() if name in PASSED_BACK}
    return Streamed(response.body, response.status, {**headers, **SAFE})


def _path(path: str, connection: Connection) -> str:
    """Return the path below the mailbox. Raises ForbiddenError for another mailbox's."""
    users, _, rest = path.partition("/")
    user, _, below = rest.partition("/")
    if users != "users" or not below:
        raise NotFoundError("Only paths below /gmail/v1/users/me are passed on.")
    if user.lower() not in {"me", connection.email.lower()}:
        raise ForbiddenError("This connection's mailbox is `me`; no other can be reached.")
    segments = below.split("/")
    if segments[0].lower() in WATCH:
        raise ForbiddenError(
            "The watch is Postroom's: the actions watch-mailbox and stop-watch arm and stop it."
        )
    if any(one in {"", ".", ".."} or FORBIDDEN_IN_PATH.search(one) for one in segments):
        raise InvalidRequestError("The path is not one of Gmail's.", code="invalid_path")
    return "".join(f"/{quote(one, safe='@')}" for one in segments)


def _query(call: Call) -> tuple[tuple[str, str], ...]:
    pairs = call.request.query_params.multi_items()
    kept = [(name, value) for name, value in pairs if name not in TENANT_PARAMETERS]
    for name, value in kept:
        if name.lower() in CREDENTIALS or (name, value) == ("uploadType", "resumable"):
            raise InvalidRequestError(
                f"{name} cannot be passed on here.", code="invalid_query_params"
            )
    return tuple((name, value) for name, value in kept if name != "prettyPrint")


def _headers(given: Mapping[str, str], *, with_content: bool) -> dict[str, str]:
    headers = {
        name.removeprefix(PREFIX): value
        for name, value in given.items()
        if name.startswith(PREFIX) and name.removeprefix(PREFIX) not in BETWEEN_US
    }
    if "base-url-override" in headers:
        raise InvalidRequestError(
            "Base-Url-Override is not supported: calls go to Gmail only.", code="invalid_headers"
        )
    if with_content:
        own = given.get("content-type", "application/json")
        headers["content-type"] = given.get(f"{PREFIX}content-type", own)
    return headers


def _function(method: Method, upload: str) -> Callable[[Call], Awaitable[Response]]:
    async def passed(call: Call) -> Response:
        return await proxy(call)

    passed.__name__ = f"proxy_{upload}{method.lower()}"
    passed.__doc__ = proxy.__doc__
    return passed


def _route(method: Method, upload: str) -> Route:
    return Route(
        method,
        f"/proxy/{upload}gmail/v1/{{path:path}}",
        Permission.PROXY,
        _function(method, upload.replace("/", "_")),
        "Call Gmail itself" + (", with an upload" if upload else ""),
        tenant=Tenant.REQUIRED,
        raw_body=True,
        raw_query=True,
        produces="*/*",
        request_headers=HEADERS,
        also={"default": "Whatever else Gmail answered, as it is."},
    )


ROUTES = tuple(_route(method, upload) for upload in ("", "upload/") for method in get_args(Method))
