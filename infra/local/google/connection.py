"""Losing a connection on purpose."""

from typing import Any, Final

import httpx
from starlette.types import Receive, Scope, Send

TRANSPORT: Final = "postroom.transport"


class ConnectionDroppedError(httpx.RemoteProtocolError):
    """The connection ends here, without a byte of an answer.

    It is an httpx error so that a client on `httpx.ASGITransport`, which hands exceptions of
    the application through, sees just what it would see on a socket.
    """

    def __init__(self) -> None:
        super().__init__("Server disconnected without sending a response.")


def remember_transport(scope: Scope, send: Send) -> None:
    """Keep the socket's transport in the scope before middleware wraps `send`.

    ASGI has no word for hanging up, and a server answers 500 for an application that raises.
    uvicorn's `send` is bound to the object that owns the transport, so it can be closed.
    """
    owner: Any = getattr(send, "__self__", None)
    scope[TRANSPORT] = getattr(owner, "transport", None)


async def hang_up(scope: Scope, receive: Receive) -> None:
    """Close the socket; where there is none raise ConnectionDroppedError to the client."""
    transport = scope.get(TRANSPORT)
    if transport is None:
        raise ConnectionDroppedError
    transport.close()
    # uvicorn logs an error for an application that returns silently before it noticed.
    while (await receive())["type"] != "http.disconnect":
        pass
