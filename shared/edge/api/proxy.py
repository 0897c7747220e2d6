"""/proxy/*: any call to Gmail with the connection's own token (API 6.6).

Only the connection's mailbox, `me`; the caller's headers only as `Nango-Proxy-<name>`; Gmail's
answer streamed back as it is, save for headers that are between it and us. Gmail's own addresses
are understood wherever Nango's clients take one: as the endpoint and as `Base-Url-Override`.
"""

import re
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Literal, get_args
from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from shared.domain.connect.connection import Connection
from shared.domain.connect.scopes import MAIL
from shared.domain.ids import MessageId, told_sub
from shared.edge.api.mail.attachments import PART_ID
from shared.edge.web.call import Call
from shared.edge.web.reading import TENANT_PARAMETERS, read_bytes
from shared.edge.web.routes import MEBIBYTE, Method, Permission, Route, Tenant
from shared.edge.web.streamed import Streamed
from shared.errors import (
    ForbiddenError,
    GmailNotFoundError,
    InvalidRequestError,
    MissingScopeError,
    NotFoundError,
)
from shared.ports.google.gmail import Gmail, GmailMailboxes
from shared.usecases.sync.watch.stop import LiveWatch

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
WATCH: Final = frozenset({"/watch", "/stop"})
"""What every connection on the mailbox shares, and Postroom keeps account of."""
FOR_GOOD: Final = re.compile(r"DELETE /(messages|threads)/[^/]+|POST /messages/batchDelete")
"""What Gmail does with its widest scope only: it deletes past the trash."""
USERINFO: Final = re.compile(r"oauth2/v([123])/userinfo")
"""Whose account it is, on the host that Gmail's other address has too."""
ATTACHMENT: Final = re.compile(r"/messages/([^/]+)/attachments/([^/]+)")
FORBIDDEN_IN_PATH: Final = re.compile(r"[\x00-\x20\x7f?#\\]")
HEADERS: Final = {
    "Base-Url-Override": "One of Gmail's own addresses; any other is refused.",
}
UPLOAD_HEADERS: Final = {
    **HEADERS,
    "Nango-Proxy-Content-Type": "What the body is to Gmail: `message/rfc822`.",
}
ORIGIN: Final = re.compile(r"https?:/{1,2}([^/]*)/*", re.IGNORECASE)
GMAIL_HOSTS: Final = frozenset({"gmail.googleapis.com", "www.googleapis.com"})


async def proxy(call: Call) -> Response:
    """Pass the call to Gmail and its answer back, whatever it is.

    A GET is tried again where Gmail's `reason` says that it may work; nothing else is. Headers
    named `Nango-Proxy-X` are sent to Gmail as `X`; credentials never are. `watch` and `stop` are
    answered here: the watch is one for all connections on the mailbox.
    """
    connection = (await call.connection()).value
    request = call.request
    given, base = _addresses(request)
    if request.method == "GET" and (asked := USERINFO.fullmatch(f"{base}/{given}".lstrip("/"))):
        return JSONResponse(_person(connection, asked[1]), headers=SAFE)
    upload, path = _target(given, base)
    below = _path(path, connection)
    if request.method == "POST" and below.lower() in WATCH:
        is_watch = below.lower() == "/watch"
        return await _watch(call, connection) if is_watch else Response(status_code=204)
    method = "GET" if request.method == "HEAD" else request.method
    _require_widest(f"{method} {below}", connection)
    content = None if method == "GET" else await read_bytes(request, LARGEST_BODY)
    query, headers = _query(call), _headers(request.headers, with_content=bool(content))
    gmail = call.use(GmailMailboxes).of(connection.id)
    if method == "GET" and (named := ATTACHMENT.fullmatch(below)) and PART_ID.fullmatch(named[2]):
        below, held = await _attachment(gmail, below, MessageId(unquote(named[1])), named[2])
        if held is not None:
            return held
    response = await gmail.pass_on(
        method, below, query=query, headers=headers, content=content or None, upload=upload
    )
    headers = {name: value for name, value in response.headers.items() if name in PASSED_BACK}
    return Streamed(response.body, response.status, {**headers, **SAFE})


def _require_widest(asked: str, connection: Connection) -> None:
    """Raise MissingScopeError where Gmail would refuse without a word of what helps."""
    if FOR_GOOD.fullmatch(asked) and MAIL not in connection.scopes:
        raise MissingScopeError(
            f"Deleting for good needs the scope {MAIL}: ask for it in the connect session "
            "(oauth_scopes_override), or move to the trash with POST .../trash.",
            scope=MAIL,
        )


async def _attachment(
    gmail: Gmail, path: str, message_id: MessageId, part_id: str
) -> tuple[str, Response | None]:
    """Return the path with Gmail's id of now in it, or the answer where the bytes came inline.

    Records name a file by its part id, which stays (FACTS 4.5); Gmail takes only its own id. Of
    a part that is not there the path stays as it is, and Gmail refuses it.
    """
    try:
        part = await gmail.part(message_id, part_id)
    except GmailNotFoundError:
        return path, None
    if part.attachment_id is not None:
        return f"{path.rpartition('/')[0]}/{quote(part.attachment_id, safe='')}", None
    data = urlsafe_b64encode(part.inline).decode()
    return path, JSONResponse({"size": part.size, "data": data}, headers=SAFE)


async def _watch(call: Call, connection: Connection) -> Response:
    """Return what users.watch does, of the one watch."""
    expires_at = await call.use(LiveWatch)(connection)
    profile = await call.use(GmailMailboxes).of(connection.id).profile()
    expiration = str(round(expires_at.timestamp() * 1000))
    return JSONResponse({"historyId": str(profile.history_id), "expiration": expiration})


def _person(connection: Connection, version: str) -> dict[str, Any]:
    """Return what Google tells of a person by the scopes `openid email`, which are always asked."""
    names = ("sub", "email_verified") if version == "3" else ("id", "verified_email")
    sub = told_sub(connection.sub)
    return {**({names[0]: sub} if sub else {}), "email": connection.email, names[1]: True}


def _addresses(request: Request) -> tuple[str, str]:
    """Return the paths of the endpoint and of `Base-Url-Override`, each below Google's host.

    Raises InvalidRequestError for another host's address.
    """
    given = _below_host(request.scope["path"].removeprefix("/proxy/"), "invalid_path")
    base = _below_host(request.headers.get("base-url-override", "").strip(), "invalid_headers")
    return given, base.rstrip("/")


def _target(given: str, base: str) -> tuple[bool, str]:
    """Return whether it is an upload, and the path from `users` on.

    Raises NotFoundError for another API's path.
    """
    path = given if given.startswith(("gmail/", "upload/")) else f"{base}/{given}"
    upload, path = path.startswith("upload/"), path.removeprefix("upload/")
    if not path.startswith("gmail/v1/"):
        raise NotFoundError("Only paths below /gmail/v1/users/me are passed on.")
    return upload, path.removeprefix("gmail/v1/")


def _below_host(address: str, code: str) -> str:
    """Return the path of an address of Gmail's, or what names no host as it is."""
    origin = ORIGIN.match(address)
    if origin is not None and origin[1].lower() not in GMAIL_HOSTS:
        raise InvalidRequestError("Calls go to Gmail only: name no other host.", code=code)
    return address[origin.end() :] if origin is not None else address.lstrip("/")


def _path(path: str, connection: Connection) -> str:
    """Return the path below the mailbox. Raises ForbiddenError for another mailbox's."""
    users, _, rest = path.partition("/")
    user, _, below = rest.partition("/")
    if users != "users" or not below:
        raise NotFoundError("Only paths below /gmail/v1/users/me are passed on.")
    if user.lower() not in {"me", connection.email.lower()}:
        raise ForbiddenError("This connection's mailbox is `me`; no other can be reached.")
    segments = below.split("/")
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


def _function(method: Method, name: str) -> Callable[[Call], Awaitable[Response]]:
    async def pass_on(call: Call) -> Response:
        return await proxy(call)

    pass_on.__name__ = f"proxy_{name}{method.lower()}"
    pass_on.__doc__ = proxy.__doc__
    return pass_on


def _route(method: Method, prefix: str) -> Route:
    uploads = prefix.startswith("upload")
    return Route(
        method,
        f"/proxy/{prefix}{{path:path}}",
        Permission.PROXY,
        _function(method, NAMES[prefix]),
        "Call Gmail itself" + (", with an upload" if uploads else ""),
        tenant=Tenant.REQUIRED,
        raw_body=True,
        raw_query=True,
        takes=() if method in BODYLESS else TAKES[prefix],
        rendered=Any,
        request_headers=UPLOAD_HEADERS if uploads else HEADERS,
        documented=bool(prefix) and not (uploads and method not in UPLOADING),
        also={**EMPTY, **OTHER} if method in ANSWERED_EMPTY and not uploads else OTHER,
    )


UPLOADING: Final = frozenset({"POST", "PUT"})
"""The methods with which anything of Gmail's is uploaded."""
BODYLESS: Final = frozenset({"GET", "DELETE"})
ANSWERED_EMPTY: Final = frozenset({"DELETE", "POST"})
"""The methods of Gmail's deletions and batches, of which many succeed without a body."""
EMPTY: Final[Mapping[int | Literal["default"], str]] = {204: "Done; Gmail says no more."}
OTHER: Final[Mapping[int | Literal["default"], str]] = {
    "default": "Whatever else Gmail answered, as it is."
}
TAKES: Final[Mapping[str, tuple[str, ...]]] = {
    "gmail/v1/": ("application/json",),
    "upload/gmail/v1/": ("application/octet-stream",),
    "": (),
}
NAMES: Final = {"gmail/v1/": "", "upload/gmail/v1/": "upload_", "": "address_"}
"""The documented paths, and whatever else a client makes of Gmail's addresses."""
ROUTES = tuple(_route(method, prefix) for prefix in NAMES for method in get_args(Method))
