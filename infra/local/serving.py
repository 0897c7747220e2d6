"""A uvicorn server inside a running event loop, started and stopped without waiting."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import uvicorn
from starlette.types import ASGIApp

from infra.local.environment import HOST

KEEP_ALIVE_S = 120
"""Longer than a busy machine lets a client pause: it would find its connection cut."""


def listener(port: int = 0) -> socket.socket:
    """Bind a loopback port; 0 takes any free one. Raises OSError where it is busy.

    The protocol is named because asyncio turns Nagle's algorithm off only where it is: with it on,
    an answer of two writes waits 40 ms for the client's delayed acknowledgement.
    """
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((HOST, port))
    except OSError:
        bound.close()
        raise
    return bound


def address_of(bound: socket.socket) -> str:
    """Return the http address of a bound socket."""
    return f"http://{HOST}:{bound.getsockname()[1]}"


class LoopServer(uvicorn.Server):
    """Serves `app` on a socket in the caller's own loop; leaves the process's signals alone."""

    def __init__(self, app: ASGIApp, bound: socket.socket) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                date_header=False,
                timeout_keep_alive=KEEP_ALIVE_S,
            )
        )
        self._bound = bound
        self.address = address_of(bound)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield

    async def open(self) -> None:
        """Run the application's start-up and listen."""
        self.config.load()
        self.lifespan = self.config.lifespan_class(self.config)
        await self.startup(sockets=[self._bound])

    async def close(self) -> None:
        """Let requests under way finish, then run the application's shutdown."""
        self._stop_listening()
        if self.server_state.tasks:
            await asyncio.wait(set(self.server_state.tasks), timeout=5)
        self._cut_connections()
        await self.lifespan.shutdown()

    async def abort(self) -> None:
        """Cut every connection and drop every request, as a crash does; no shutdown is run."""
        self._stop_listening()
        self._cut_connections()
        tasks = list(self.server_state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _stop_listening(self) -> None:
        for server in self.servers:
            server.close()
        self._bound.close()

    def _cut_connections(self) -> None:
        for connection in list(self.server_state.connections):
            transport = getattr(connection, "transport", None)
            with suppress(RuntimeError):  # uvloop: already closed
                if transport is not None:
                    transport.abort()
