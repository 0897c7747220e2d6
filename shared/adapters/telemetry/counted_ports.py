"""Ports whose every use is counted: what the counters say cannot be forgotten by a use case."""

from collections.abc import Awaitable, Callable
from typing import TypeVar, cast

from shared.domain.events.event import Event
from shared.domain.send.entry import SendEntry
from shared.errors import PostroomError
from shared.ports.documents import Versioned
from shared.ports.google.oauth import GoogleOAuth, Tokens
from shared.ports.sends import Sends
from shared.ports.telemetry import Telemetry

T = TypeVar("T")
OK = "ok"


def counted_sends(sends: Sends, telemetry: Telemetry) -> Sends:
    """Return the ledger that counts each entry coming into a state."""
    return cast("Sends", _CountedSends(sends, telemetry))


def counted_oauth(oauth: GoogleOAuth, telemetry: Telemetry) -> GoogleOAuth:
    """Return the OAuth client that counts each refresh by how it ended."""
    return cast("GoogleOAuth", _CountedOAuth(oauth, telemetry))


class _Fronted:
    """A port, with some of its methods in front of it."""

    def __init__(self, port: object, telemetry: Telemetry) -> None:
        self._port = port
        self._telemetry = telemetry

    def __getattr__(self, name: str) -> object:
        return getattr(self._port, name)


class _CountedSends(_Fronted):
    _port: Sends

    async def create(self, value: SendEntry) -> Versioned[SendEntry]:
        made = await self._port.create(value)
        self._telemetry.count_send(value.state)
        return made

    async def swap(self, was: Versioned[SendEntry], now: SendEntry) -> Versioned[SendEntry]:
        return await self._move(was, now, self._port.swap(was, now))

    async def conclude(
        self, was: Versioned[SendEntry], now: SendEntry, event: Event
    ) -> Versioned[SendEntry]:
        return await self._move(was, now, self._port.conclude(was, now, event))

    async def _move(self, was: Versioned[SendEntry], now: SendEntry, write: Awaitable[T]) -> T:
        written = await write
        if now.state is not was.value.state:
            self._telemetry.count_send(now.state)
        return written


class _CountedOAuth(_Fronted):
    _port: GoogleOAuth

    async def refresh(self, refresh_token: str) -> Tokens:
        outcome: Callable[[str], None] = self._telemetry.count_refresh
        try:
            tokens = await self._port.refresh(refresh_token)
        except PostroomError as error:
            outcome(error.code)
            raise
        outcome(OK)
        return tokens
