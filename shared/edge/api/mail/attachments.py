"""/attachments/*: the bytes of an attachment, by message id and part id (API 4.4).

Gmail's attachment ids change at every fetch (FACTS 4.5); a part id stays. The part of a message
that is one single file has no number in Gmail: it is called `root` here.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final, Literal
from urllib.parse import quote

from pydantic import Field
from starlette.responses import Response

from shared.domain.connect.connection import Connection
from shared.domain.connect.scopes import READONLY, reads
from shared.domain.ids import ConnectionId, MessageId
from shared.domain.mail.reading.email_parts import ROOT
from shared.edge.web.answers import json_response
from shared.edge.web.call import Call
from shared.edge.web.deployment import Deployment
from shared.edge.web.routes import Access, Permission, RequestModel, ResponseModel, Route, Tenant
from shared.edge.web.status import answer_to
from shared.edge.web.streamed import Span, Streamed, UnsatisfiableError, read_range
from shared.errors import (
    GmailNotFoundError,
    InvalidRequestError,
    MissingScopeError,
    NotFoundError,
)
from shared.ports.clock import Clock
from shared.ports.google.gmail import GmailMailboxes, MessagePart
from shared.usecases.sync.attachment_links import LONGEST, AttachmentLink, AttachmentLinks

MESSAGE_ID: Final = re.compile(r"[0-9A-Za-z]{1,64}")
PART_ID: Final = re.compile(rf"[0-9]+(\.[0-9]+){{0,31}}|{ROOT}")
MIME_TYPE: Final = re.compile(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+")
UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f/\\\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, path separators, and what turns the direction of text around."""
LONGEST_NAME: Final = 150
SAFE: Final = {
    "Accept-Ranges": "bytes",
    "Cache-Control": "private, no-cache",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""A mail's file is a stranger's: no browser may guess its type or run it as ours."""
RANGE_HEADERS: Final = {
    "Range": "One range of bytes; the answer is then 206.",
    "If-None-Match": "The ETag you have; 304 where it still holds.",
}


RANGES: Final[Mapping[int | Literal["default"], str]] = {
    206: "The range that was asked for.",
    304: "Unchanged: the ETag given still holds.",
    416: "The range begins beyond the end; Content-Range says where that is.",
}


class LinkBody(RequestModel):
    """How long the link works."""

    expires_in_s: int = Field(round(LONGEST.total_seconds()), ge=1, le=LONGEST.total_seconds())


class Link(ResponseModel):
    """A link that needs no API key."""

    url: str
    expires_at: datetime


async def attachment(call: Call) -> Response:
    """Stream the bytes with their type and name; they never change, so the ETag always holds.

    40 quota units, 20 where Gmail sends them along with the message.
    """
    connection = (await call.connection()).value
    return await _answer(call, connection, *_address(call))


async def attachment_link(call: Call) -> Link:
    """Return an address that opens this attachment without an API key, for at most 15 minutes."""
    connection = (await call.connection()).value
    message_id, part_id = _address(call)
    _require_reading(connection)
    lifetime = timedelta(seconds=call.body(LinkBody).expires_in_s)
    expires_at = call.use(Clock).now() + lifetime
    link = AttachmentLink(connection.id, message_id, part_id, expires_at)
    token = await call.use(AttachmentLinks).make(link)
    url = f"{call.use(Deployment).public_url}/signed/attachments/{token}"
    return Link(url=url, expires_at=expires_at)


async def signed_attachment(call: Call) -> Response:
    """Stream the attachment that the link is for."""
    link = await call.use(AttachmentLinks).read(call.path("token"))
    connection = (await call.connection(link.connection_id)).value
    return await _answer(call, connection, link.message_id, link.part_id)


def _address(call: Call) -> tuple[MessageId, str]:
    message_id, part_id = call.path("message_id"), call.path("part_id")
    if not (MESSAGE_ID.fullmatch(message_id) and PART_ID.fullmatch(part_id)):
        raise NotFoundError("An attachment is named by a message's id and the partId of a part.")
    return MessageId(message_id), part_id


def _require_reading(connection: Connection) -> None:
    if not reads(connection.scopes):
        raise MissingScopeError(
            "Attachments need the right to read, which the end user did not grant.", scope=READONLY
        )


async def _answer(
    call: Call, connection: Connection, message_id: MessageId, part_id: str
) -> Response:
    _require_reading(connection)
    etag = _etag(connection.id, message_id, part_id)
    if _holds(call.request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers={**SAFE, "ETag": etag})
    gmail = call.use(GmailMailboxes).of(connection.id)
    with _not_found():
        part = await gmail.part(message_id, part_id)
    headers = {**SAFE, "ETag": etag, **_part_headers(part)}
    try:
        span = _span(call, etag, part.size)
    except UnsatisfiableError:
        return _beyond(part.size)
    status, size = (206, span.size) if span else (200, part.size)
    headers["Content-Length"] = str(size)
    if span:
        headers["Content-Range"] = f"bytes {span.first}-{span.last}/{part.size}"
    if call.request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    with _not_found():
        return Streamed(await gmail.content(part), status, headers, span)


@contextmanager
def _not_found() -> Iterator[None]:
    """Raise NotFoundError where Gmail has no such message or part."""
    try:
        yield
    except GmailNotFoundError:
        raise NotFoundError("Gmail has no such message, or the message has no such part.") from None


def _etag(connection_id: ConnectionId, message_id: MessageId, part_id: str) -> str:
    """Return the strong validator: a message's parts never change under its id."""
    name = f"{connection_id}/{message_id}/{part_id}"
    return f'"{sha256(name.encode()).hexdigest()[:32]}"'


def _holds(header: str | None, etag: str) -> bool:
    given = {one.strip().removeprefix("W/") for one in (header or "").split(",")}
    return bool({etag, "*"} & given)


def _span(call: Call, etag: str, size: int) -> Span | None:
    """Read Range, unless If-Range names something else. Raises UnsatisfiableError."""
    condition = call.request.headers.get("if-range")
    if condition is not None and condition.strip() != etag:
        return None
    return read_range(call.request.headers.get("range"), size)


def _beyond(size: int) -> Response:
    refusal = InvalidRequestError(
        f"The attachment has {size} bytes: ask for a range within.", code="range_not_satisfiable"
    )
    response = json_response(answer_to(refusal, "").body, 416)
    response.headers["Content-Range"] = f"bytes */{size}"
    return response


def _part_headers(part: MessagePart) -> dict[str, str]:
    known = MIME_TYPE.fullmatch(part.mime_type)
    return {
        "Content-Type": part.mime_type if known else "application/octet-stream",
        "Content-Disposition": disposition(part.filename),
    }


def disposition(filename: str) -> str:
    """Return a Content-Disposition that only ever saves, under a name that is only a name."""
    name = UNSAFE.sub("_", filename).strip(" .")[:LONGEST_NAME] or "attachment"
    plain = "".join(one if one.isascii() and one not in '"%;' else "_" for one in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


ROUTES = (
    Route(
        "GET",
        "/signed/attachments/{token}",
        Access.PUBLIC,
        signed_attachment,
        "Download an attachment by a signed link",
        produces="application/octet-stream",
        request_headers=RANGE_HEADERS,
        also=RANGES,
    ),
    Route(
        "GET",
        "/attachments/{message_id}/{part_id}",
        Permission.RECORDS_READ,
        attachment,
        "Download an attachment",
        tenant=Tenant.REQUIRED,
        produces="application/octet-stream",
        request_headers=RANGE_HEADERS,
        also=RANGES,
    ),
    Route(
        "POST",
        "/attachments/{message_id}/{part_id}/link",
        Permission.RECORDS_READ,
        attachment_link,
        "Make a link to an attachment",
        body=LinkBody,
        tenant=Tenant.REQUIRED,
    ),
)
