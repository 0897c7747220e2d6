"""What the tests of the Google adapters share: a clock that stands still and a mailbox."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from shared.adapters.gmail.client import HttpGmail, HttpGmailMailboxes
from shared.adapters.google.http_client import new_http_client
from shared.domain.ids import ConnectionId
from tests.infra.google.emulator import Google

ADA, BEN = "ada@demo.example", "ben@demo.example"
CONNECTION = ConnectionId("11111111-1111-4111-8111-111111111111")


@dataclass
class StillClock:
    """Time that moves only by waiting."""

    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    slept: list[timedelta] = field(default_factory=list)

    def now(self) -> datetime:
        return self.at

    async def sleep(self, duration: timedelta) -> None:
        self.slept.append(duration)
        self.at += duration


@dataclass
class HeldTokens:
    """Hands out the tokens it holds, the next one each time one is rejected."""

    held: list[str]
    rejected: list[str] = field(default_factory=list)

    async def __call__(self, connection_id: ConnectionId, *, rejected: str | None = None) -> str:
        if rejected is not None:
            self.rejected.append(rejected)
            if len(self.held) > 1:
                self.held.pop(0)
        return self.held[0]


@asynccontextmanager
async def opened(google: Google, tokens: HeldTokens, url: str = "") -> AsyncIterator[HttpGmail]:
    http = new_http_client()
    mailboxes = HttpGmailMailboxes(http, tokens, StillClock(), url or google.url)
    yield mailboxes.of(CONNECTION)
    await http.aclose()


def calls(google: Google, method: str) -> int:
    methods = google.control("GET", "/stats")["methods"]
    return int(methods.get(method, {}).get("calls", 0))
