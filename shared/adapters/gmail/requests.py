"""One connection's requests to Gmail: token, turn, retries of reads, errors (FACTS 1.6-1.9)."""

import asyncio
from asyncio import to_thread
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from types import TracebackType
from typing import Any, Final, Protocol, TypeVar
from urllib.parse import urlencode

import httpx
import orjson

from shared.adapters.gmail.errors import (
    lacks_scope,
    network_error,
    refusal_error,
    scope_for,
)
from shared.adapters.gmail.noticing import note_refusal, shape_of, unknown_keys
from shared.adapters.gmail.spending import Begun, Spending
from shared.domain.google.observations import Sightings
from shared.domain.google.trouble import OTHER_CLIENT, DeploymentError
from shared.domain.ids import ConnectionId
from shared.domain.trouble_board import TroubleNotes
from shared.errors import (
    GmailUnavailableError,
    PostroomError,
    RateLimitedError,
    TooManyConcurrentError,
)
from shared.ports.clock import Clock, Retries

MOST_AT_ONCE: Final = 5
CALM_REQUESTS: Final = 40
"""Successes in a row, per turn, before one more request at once is tried again."""


class AdaptiveLimiter:
    """A semaphore that halves when Gmail complains and widens again by one, slowly."""

    def __init__(self, most: int = MOST_AT_ONCE) -> None:
        self._most = most
        self._turns = asyncio.Semaphore(most)
        self._owed = 0  # turns to swallow as they come back, after a narrowing
        self._calm = 0
        self.width = most
        self.inside = 0
        self.narrowings = 0
        """Noted before a request, so that one burst of complaints narrows once."""

    async def __aenter__(self) -> None:
        await self._turns.acquire()
        self.inside += 1

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.inside -= 1
        self._return_turn()

    def note_refusal(self, narrowings: int) -> None:
        """Halve the width, unless that happened since `narrowings` was noted."""
        self._calm = 0
        if narrowings != self.narrowings or self.width == 1:
            return
        self.narrowings += 1
        self._owed += self.width - self.width // 2
        self.width //= 2

    def note_success(self) -> None:
        """Count towards the next widening."""
        self._calm += 1
        if self.width < self._most and self._calm >= CALM_REQUESTS * self.width:
            self._calm = 0
            self.width += 1
            self._return_turn()

    @asynccontextmanager
    async def widen(self, most: int) -> AsyncIterator[None]:
        """Let up to `most` in during the block, unless a narrowing has not worn off."""
        more = max(0, most - self._most) if self.width == self._most else 0
        self.width += more
        for _ in range(more):
            self._return_turn()
        try:
            yield
        finally:
            self._owed += max(0, self.width - self._most)
            self.width = min(self.width, self._most)
            while self._owed and not self._turns.locked():
                await self._turns.acquire()  # returns at once: a turn is free
                self._owed -= 1

    def _return_turn(self) -> None:
        if self._owed:
            self._owed -= 1
        else:
            self._turns.release()


T = TypeVar("T")
Query = Iterable[tuple[str, str]]

GMAIL_URL: Final = "https://gmail.googleapis.com"
HEADERS: Final = {"user-agent": "postroom", "accept-encoding": "identity"}
"""Unpacking gzip costs more CPU than reading the bytes (DECISIONS, "HTTP transport")."""
READ_TIMEOUT: Final = httpx.Timeout(30.0, connect=5.0)
SEND_TIMEOUT: Final = httpx.Timeout(60.0, connect=5.0)
"""Seconds without a byte after which a submission counts as unclear."""
READ_AT_ONCE: Final = 1024 * 1024
RETRY_PAUSE: Final = timedelta(milliseconds=200)
READ_RETRIES: Final = Retries(GmailUnavailableError, (RETRY_PAUSE, RETRY_PAUSE))


class AccessTokens(Protocol):
    """Where access tokens come from."""

    async def __call__(self, connection_id: ConnectionId, *, rejected: str | None = None) -> str:
        """Return a token; `rejected` is one that Gmail just refused, so another is needed."""
        ...


@dataclass(frozen=True, slots=True)
class Call:
    """One request; `path` begins below `/gmail/v1/users/me`."""

    method: str
    path: str
    query: Query = ()
    content: bytes | None = None
    content_type: str = "application/json"
    upload: bool = False
    timeout: httpx.Timeout = field(default_factory=lambda: READ_TIMEOUT)

    def url(self, base_url: str) -> str:
        """Return the address, with answers not indented: a third of the bytes."""
        prefix = "/upload" if self.upload else ""
        query = urlencode((*self.query, ("prettyPrint", "false")))
        return f"{base_url}{prefix}/gmail/v1/users/me{self.path}?{query}"


@dataclass(frozen=True, slots=True)
class GmailRequests:
    """Requests of one connection, a few at once."""

    http: httpx.AsyncClient
    connection_id: ConnectionId
    tokens: AccessTokens
    clock: Clock
    base_url: str = GMAIL_URL
    notes: TroubleNotes = field(default_factory=TroubleNotes)
    sightings: Sightings = field(default_factory=Sightings)
    gate: AdaptiveLimiter = field(default_factory=AdaptiveLimiter)
    spending: Spending = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "spending", Spending(self.clock, self.sightings))

    async def get(self, path: str, read: Callable[[Any], T], *query: tuple[str, str]) -> T:
        """GET, trying twice more after a failure that may pass; rate limits surface at once."""
        call = Call("GET", path, query)
        return await READ_RETRIES.run(lambda: self.request(call, read), self.clock)

    async def post(
        self, path: str, body: Mapping[str, Any], read: Callable[[Any], T], *query: tuple[str, str]
    ) -> T:
        """POST JSON, once."""
        return await self.request(Call("POST", path, query, content=orjson.dumps(body)), read)

    async def request(self, call: Call, read: Callable[[Any], T]) -> T:
        """Make the call once, with a new token where the first is refused: nothing happened yet."""
        async with self.gate:
            narrowings = self.gate.narrowings
            begun = self.spending.begin(call.method, call.path, self.gate.inside)
            try:
                answer = await _parsed_aside(await self._answer(call), self._reader(call, read))
            except (RateLimitedError, DeploymentError) as error:
                self.note(error, begun, narrowings)
                raise
            self.gate.note_success()
            self.spending.note_success(begun)
            self.notes.note_success("gmail_api_disabled", self.clock.now())
            if call.path == "/watch":
                self.notes.note_success("topic_forbidden", self.clock.now())
            return answer

    def _reader(self, call: Call, read: Callable[[Any], T]) -> Callable[[Any], T]:
        """Return a reader that notes what of an answer is not known, or cannot be read."""

        def reading(answer: Any) -> T:
            method, now = shape_of(call.method, call.path), self.clock.now()
            for key in unknown_keys(answer):
                self.sightings.surprise("key", method, key, now)
            try:
                return read(answer)
            except _OTHER_SHAPES as error:
                self.sightings.surprise("shape", method, type(error).__name__, now)
                raise

        return reading

    def note(self, error: PostroomError, begun: Begun, narrowings: int) -> None:
        """Note what a refusal means for the mailbox's other calls, or for every connection.

        A grant of another client's is its own trouble.
        """
        if isinstance(error, RateLimitedError):
            self.spending.note_refusal(error, begun, self.gate.inside)
        if isinstance(error, TooManyConcurrentError):
            self.gate.note_refusal(narrowings)
        if isinstance(error, DeploymentError) and error.told != OTHER_CLIENT:
            self.notes.note_trouble(error.code, self.clock.now(), self.connection_id, error.told)

    async def _answer(self, call: Call) -> httpx.Response:
        token = await self.tokens(self.connection_id)
        response = await self._exchange(call, token)
        if response.status_code == httpx.codes.UNAUTHORIZED and not lacks_scope(response):
            token = await self.tokens(self.connection_id, rejected=token)
            response = await self._exchange(call, token)
        if not response.is_success:
            raise self.refusal_of(call, response)
        return response

    def refusal_of(self, call: Call, response: httpx.Response) -> PostroomError:
        """Count a refusal, whose body is in memory, and return the error that it means."""
        now = self.clock.now()
        note_refusal(self.sightings, response, shape_of(call.method, call.path), now)
        return refusal_error(response, scope_for(call.method, call.path), now)

    async def _exchange(self, call: Call, token: str) -> httpx.Response:
        headers = {"authorization": f"Bearer {token}", **HEADERS}
        if call.content is not None:
            headers["content-type"] = call.content_type
        try:
            return await self.http.request(
                call.method,
                call.url(self.base_url),
                content=call.content,
                headers=headers,
                timeout=call.timeout,
            )
        except httpx.HTTPError as error:
            raise network_error(error) from error


_OTHER_SHAPES: Final = (
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    IndexError,
    OverflowError,
    OSError,
)
"""What reading raises of JSON that is cut short, deep, huge or of another shape."""


async def _parsed_aside(response: httpx.Response, read: Callable[[Any], T]) -> T:
    """Read an answer, a large one in a thread: nothing else here waits for it."""
    if len(response.content) > READ_AT_ONCE:
        return await to_thread(_parse, response, read)
    return _parse(response, read)


def _parse(response: httpx.Response, read: Callable[[Any], T]) -> T:
    """Read an answer that succeeded; one of an undocumented shape counts as none at all."""
    try:
        return read(orjson.loads(response.content) if response.content else None)
    except _OTHER_SHAPES as error:
        raise GmailUnavailableError(
            "Gmail's answer is not what it documents.", status=response.status_code
        ) from error
