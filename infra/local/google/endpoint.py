"""The Gmail API's endpoint: ASGI in, gzip and dropped connections out."""

import gzip
from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send

from infra.local.google.batch import answer_batch
from infra.local.google.connection import ConnectionDroppedError, hang_up
from infra.local.google.dispatch import Answer, Asked, Dispatcher
from infra.local.google.gmail.errors import GmailError
from infra.local.google.parts import Google

JSON = "application/json; charset=UTF-8"
WORTH_COMPRESSING_BYTES = 512


class GmailEndpoint:
    """An ASGI application for /gmail/, /upload/gmail/ and /batch."""

    def __init__(self, google: Google) -> None:
        self._dispatcher = Dispatcher(google)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request."""
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        asked = Asked(
            scope["method"],
            scope["path"],
            scope["query_string"].decode("latin-1"),
            headers,
            _reader(Request(scope, receive)),
        )
        try:
            answer = await self._answer(asked)
        except ConnectionDroppedError:
            await hang_up(scope, receive)
        except ClientDisconnect:
            return
        else:
            await _respond(answer, headers, send)

    async def _answer(self, asked: Asked) -> Answer:
        if asked.path in {"/batch", "/batch/gmail/v1"}:
            return await answer_batch(self._dispatcher, asked)
        return await self._dispatcher.answer(asked)


def _reader(request: Request) -> Callable[[int], Awaitable[bytes]]:
    async def read(limit: int) -> bytes:
        pieces, size = [], 0
        async for piece in request.stream():
            size += len(piece)
            if size > limit:
                message = f"Request payload size exceeds the limit: {limit} bytes."
                raise GmailError(413, "uploadTooLarge", message)
            pieces.append(piece)
        return b"".join(pieces)

    return read


async def _respond(answer: Answer, asked: Mapping[str, str], send: Send) -> None:
    content = answer.content
    headers = {"Vary": "Origin, X-Origin, Referer", **answer.headers}
    if content:
        headers.setdefault("Content-Type", JSON)
    if len(content) >= WORTH_COMPRESSING_BYTES and _wants_gzip(asked):
        content = gzip.compress(content, 1)
        headers["Content-Encoding"] = "gzip"
    if answer.status != 204:  # noqa: PLR2004
        headers["Content-Length"] = str(len(content))
    encoded = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": encoded})
    await send({"type": "http.response.body", "body": content})


def _wants_gzip(headers: Mapping[str, str]) -> bool:
    """Whether the client asked for gzip both ways Google wants it asked (FACTS 4.7)."""
    agent, accepted = headers.get("user-agent", ""), headers.get("accept-encoding", "")
    return "gzip" in agent.lower() and "gzip" in accepted.lower()
