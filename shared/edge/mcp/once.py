"""One HTTP exchange through the official SDK, which knows both eras of the protocol (FACTS 11)."""

import logging
from typing import Any

from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.responses import Response
from starlette.types import Message

from shared.edge.web.call import Call
from shared.edge.web.reading import read_bytes

for _name in ("mcp.server", "mcp.shared"):
    logging.getLogger(_name).setLevel(logging.CRITICAL + 1)  # their lines quote requests


async def answer_once(call: Call, server: "Server[Any]", most: int) -> Response:
    """Return what a server that lives no longer says to the request, of `most` bytes.

    Raises TooLargeError.
    """
    body = await read_bytes(call.request, most)
    manager = StreamableHTTPSessionManager(
        app=server,
        json_response=True,
        stateless=True,
        max_request_body_size=most,
    )
    answer = _Answer()
    async with manager.run():
        given = _Given(body, call)
        await manager.handle_request(call.request.scope, given.receive, answer.send)
    return answer.response()


class _Given:
    """The request's body, read already, and then whatever the connection says."""

    def __init__(self, body: bytes, call: Call) -> None:
        self._body: bytes | None = body
        self._request = call.request

    async def receive(self) -> Message:
        body, self._body = self._body, None
        if body is None:
            return await self._request.receive()
        return {"type": "http.request", "body": body, "more_body": False}


class _Answer:
    """What the SDK would send, gathered."""

    def __init__(self) -> None:
        self._start: Message = {"status": 500, "headers": []}
        self._body = bytearray()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
        else:
            self._body += message.get("body", b"")

    def response(self) -> Response:
        made = Response(bytes(self._body), self._start["status"])
        kept = [one for one in self._start["headers"] if one[0].lower() != b"content-length"]
        made.raw_headers += kept
        return made
