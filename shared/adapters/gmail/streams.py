"""Large answers of Gmail, passed on as they arrive: GmailStreams over HTTP."""

import re
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote

import httpx

from shared.adapters.gmail.answers import an_object
from shared.adapters.gmail.errors import lacks_scope, network_error
from shared.adapters.gmail.requests import (
    HEADERS,
    READ_RETRIES,
    RETRY_PAUSE,
    SEND_TIMEOUT,
    Call,
    GmailRequests,
)
from shared.adapters.gmail.send import no_such_part
from shared.domain.base64url import decode_base64url
from shared.domain.ids import MessageId
from shared.domain.mail.reading.base64_stream import Base64Field
from shared.domain.mail.reading.email_parts import (
    as_count,
    as_object,
    as_text,
    find_part,
    header_of,
    part_filename,
)
from shared.errors import (
    GmailUnavailableError,
    MissingScopeError,
    PostroomError,
    RateLimitedError,
    ReauthRequiredError,
    TransientError,
)
from shared.ports.google.gmail import ByteStream, MessagePart, ProxyResponse

PIECE: Final = 64 * 1024
_PAYLOAD: Final = ("fields", "payload")
_DATA: Final = ("fields", "data")
_RAW: Final = (("format", "raw"), ("fields", "raw"))
_HEAD_END: Final = re.compile(rb"\r?\n\r?\n")
_CHARSET: Final = re.compile(r"""charset\s*+=\s*+"?([^"\s;]++)""", re.IGNORECASE)
_LONGEST_HEAD: Final = 1024 * 1024
"""Bytes: twice what Gmail takes as headers (FACTS 18.12)."""
FIRST_PAUSE: Final = timedelta(seconds=1)
"""The least wait after a rate limit (FACTS 1.9)."""
LONGEST_PAUSE: Final = timedelta(seconds=10)
"""A caller waits no longer than this inside one request."""


@dataclass(frozen=True)
class HttpGmailStreams:
    """GmailStreams over HTTP."""

    requests: GmailRequests

    async def part(self, message_id: MessageId, part_id: str) -> MessagePart:
        """messages.get, format=full; the part by its stable id (FACTS 4.5)."""
        path = f"/messages/{quote(message_id, safe='')}"
        return await self.requests.get(
            path,
            lambda answer: _part(an_object(answer["payload"]), message_id, part_id),
            ("format", "full"),
            _PAYLOAD,
        )

    async def head(self, message_id: MessageId) -> bytes:
        """messages.get, format=raw, read as far as its header lines go."""
        call = Call("GET", f"/messages/{quote(message_id, safe='')}", _RAW)
        body = await _Decoded(await self._read(call)).begin(1)
        head = b""
        try:
            async for piece in body:
                head += piece
                if (end := _HEAD_END.search(head)) or len(head) > _LONGEST_HEAD:
                    return head[: end.end() if end else head.rindex(b"\n")]
        finally:
            await body.aclose()
        return head

    async def content(self, part: MessagePart) -> ByteStream:
        """attachments.get, decoded while it arrives; what came inline costs no request."""
        if part.attachment_id is None:
            return _Held(part.inline)
        path = (
            f"/messages/{quote(part.message_id, safe='')}"
            f"/attachments/{quote(part.attachment_id, safe='')}"
        )
        response = await self._read(Call("GET", path, (_DATA,)))
        return await _Decoded(response).begin(part.size)

    async def pass_on(
        self,
        method: str,
        path: str,
        *,
        query: Sequence[tuple[str, str]],
        headers: Mapping[str, str],
        content: bytes | None,
        upload: bool,
    ) -> ProxyResponse:
        """Any call, its answer whatever it is."""
        call = Call(method, path, query, content, upload=upload, timeout=SEND_TIMEOUT)
        left = len(READ_RETRIES.pauses) if method == "GET" else 0
        while True:
            try:
                response, error = await self._open(call, headers)
            except GmailUnavailableError:
                if not left:
                    raise
                await self.requests.clock.sleep(RETRY_PAUSE)
            else:
                if isinstance(error, MissingScopeError | ReauthRequiredError):
                    raise error
                pause = _pause(error)
                if not left or pause is None:
                    body = _Pieces(response)
                    return ProxyResponse(response.status_code, dict(response.headers), body)
                await self.requests.clock.sleep(pause)
            left -= 1

    async def _read(self, call: Call) -> httpx.Response:
        """Open a GET that must succeed, trying again what may pass; no byte was given out yet."""

        async def attempt() -> httpx.Response:
            response, error = await self._open(call, {})
            if error is not None:
                raise error
            return response

        return await READ_RETRIES.run(attempt, self.requests.clock)

    async def _open(
        self, call: Call, headers: Mapping[str, str]
    ) -> tuple[httpx.Response, PostroomError | None]:
        """Send and read the answer's head; a refusal's body too, with the error that it means.

        The turn is given back then: a slow reader must not keep the mailbox's others waiting.
        """
        requests = self.requests
        async with requests.gate:
            narrowings = requests.gate.narrowings
            begun = requests.spending.begin(call.method, call.path, requests.gate.inside)
            response = await self._with_token(call, headers)
            if response.is_success:
                requests.spending.note_success(begun)
                return response, None
            await _whole(response)
            error = requests.refusal_of(call, response)
            requests.note(error, begun, narrowings)
            return response, error

    async def _with_token(self, call: Call, headers: Mapping[str, str]) -> httpx.Response:
        """Send, with a new token where the first is refused."""
        requests = self.requests
        token = await requests.tokens(requests.connection_id)
        response = await self._send(call, headers, token)
        if response.status_code == httpx.codes.UNAUTHORIZED:
            await _whole(response)
            if not lacks_scope(response):
                token = await requests.tokens(requests.connection_id, rejected=token)
                response = await self._send(call, headers, token)
        return response

    async def _send(self, call: Call, headers: Mapping[str, str], token: str) -> httpx.Response:
        http = self.requests.http
        try:
            request = http.build_request(
                call.method,
                call.url(self.requests.base_url),
                content=call.content,
                headers={**headers, **HEADERS, "authorization": f"Bearer {token}"},
                timeout=call.timeout,
            )
            return await http.send(request, stream=True)
        except httpx.HTTPError as error:
            raise network_error(error) from error


def _part(payload: Mapping[str, Any], message_id: MessageId, part_id: str) -> MessagePart:
    part = find_part(payload, part_id)
    if part is None:
        raise no_such_part(payload)
    body = as_object(part.get("body"))
    behind = as_text(body.get("attachmentId")) or None
    inline = b"" if behind else decode_base64url(as_text(body.get("data")))
    return MessagePart(
        message_id=message_id,
        part_id=part_id,
        filename=part_filename(part),
        mime_type=as_text(part.get("mimeType")).lower() or "application/octet-stream",
        size=as_count(body.get("size")) if behind else len(inline),
        attachment_id=behind,
        inline=inline,
        charset=_charset(header_of(part, "content-type")),
    )


def _charset(content_type: str) -> str:
    found = _CHARSET.search(content_type)
    return found[1] if found else ""


class _Held:
    """Bytes that are here already."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._content:
            yield self._content

    async def aclose(self) -> None:
        """There is nothing to give back."""


class _Pieces:
    """An answer's body as it arrives."""

    def __init__(self, response: httpx.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for piece in self._response.aiter_bytes(PIECE):
                yield piece
        except httpx.HTTPError as error:
            raise network_error(error) from error

    async def aclose(self) -> None:
        """Give the connection back; what has not arrived yet never will."""
        await self._response.aclose()


class _Decoded(_Pieces):
    """The attachment inside an answer of attachments.get."""

    async def begin(self, size: int) -> "_Decoded":
        """Read up to the first bytes, so that an answer without any is known before the head."""
        self._rest = self._decode()
        try:
            self._first = await anext(self._rest, b"")
        except BaseException:
            await self.aclose()
            raise
        if size and not self._first:
            await self.aclose()
            raise GmailUnavailableError("Gmail's answer is not what it documents.")
        return self

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._first:
            yield self._first
        async for piece in self._rest:
            yield piece

    async def _decode(self) -> AsyncGenerator[bytes, None]:
        field = Base64Field()
        try:
            async for piece in super().__aiter__():
                if decoded := field.feed(piece):
                    yield decoded
            field.finish()
        except ValueError as error:
            raise GmailUnavailableError("Gmail's answer is not what it documents.") from error


async def _whole(response: httpx.Response) -> None:
    """Read a refusal's body."""
    try:
        await response.aread()
    except httpx.HTTPError as error:
        raise network_error(error) from error


def _pause(error: Exception | None) -> timedelta | None:
    """Return how long to wait before a read is tried again; None where it should not be."""
    match error:
        case RateLimitedError(scope="daily"):
            return None
        case RateLimitedError(retry_after=wait):
            pause = max(wait or FIRST_PAUSE, FIRST_PAUSE)
            return pause if pause <= LONGEST_PAUSE else None
        case TransientError():
            return RETRY_PAUSE
    return None
