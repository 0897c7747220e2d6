"""Look-ups of the names of receivers, apart from every other look-up of the process.

The system's resolver blocks a thread until it gives up, which may take half a minute, and cannot be
interrupted. The event loop has few such threads, and all its connections need them. So each name
here gets a daemon thread of its own, at most one at a time; after `LIMIT_S` it counts as failed,
whatever its thread still waits for; and names that have not resolved before leave a part of the
threads to those that have.
"""

import asyncio
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Thread
from typing import Final

LIMIT_S: Final = 5.0
MOST: Final = 256
"""Threads that may wait at once."""
MOST_NEW: Final = 192
"""Of them for names that have not resolved yet."""
MOST_KNOWN: Final = 10_000
"""Names that are remembered to have resolved."""

Resolve = Callable[[str], Sequence[str]]
"""Returns the addresses of a name, of every family; blocks; raises OSError, UnicodeError."""
Found = Sequence[str] | OSError


class UnresolvedError(OSError):
    """The name has no address, or its name servers did not answer in time."""


class BusyError(OSError):
    """Too many names are being looked up: it says nothing about this one."""


@dataclass(frozen=True, slots=True)
class _LookUp:
    answer: "asyncio.Future[Found]"
    ends_at: float


class NameLookups:
    """Looks names up. Make it inside the event loop's process, after any fork."""

    def __init__(self, ask: Resolve | None = None, *, limit_s: float = LIMIT_S) -> None:
        self._ask = ask or system_addresses
        self._limit_s = limit_s
        self._pending: dict[str, _LookUp] = {}
        self._known: dict[str, None] = {}

    async def __call__(self, host: str, _port: int) -> Sequence[str]:
        """Return the addresses of a name. Raises UnresolvedError, BusyError."""
        pending = self._pending.get(host) or self._begin(host)
        try:
            async with asyncio.timeout_at(pending.ends_at):
                found = await asyncio.shield(pending.answer)
        except TimeoutError:
            raise UnresolvedError("no answer in time") from None
        if isinstance(found, OSError):
            raise found
        return found

    def _begin(self, host: str) -> _LookUp:
        new = host not in self._known
        if len(self._pending) >= (MOST_NEW if new else MOST):
            raise BusyError("too many look-ups")
        loop = asyncio.get_running_loop()
        begun = _LookUp(loop.create_future(), loop.time() + self._limit_s)
        try:
            Thread(target=self._look_up, args=(host, loop), daemon=True).start()
        except RuntimeError as error:
            raise BusyError("no thread could be started") from error
        self._pending[host] = begun
        return begun

    def _look_up(self, host: str, loop: asyncio.AbstractEventLoop) -> None:
        """Ask, in a thread; an event loop that is closed by then wants no answer."""
        try:
            found: Found = self._ask(host)
        except Exception as error:  # noqa: BLE001  the name stays pending where nothing is told
            found = UnresolvedError(type(error).__name__)
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(self._end, host, found)

    def _end(self, host: str, found: Found) -> None:
        self._pending.pop(host).answer.set_result(found)
        self._known.pop(host, None)
        if not isinstance(found, OSError):
            self._known[host] = None
            if len(self._known) > MOST_KNOWN:
                del self._known[next(iter(self._known))]


def system_addresses(host: str) -> Sequence[str]:
    """Return what the system's resolver says, in every family. Raises OSError, UnicodeError."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))
