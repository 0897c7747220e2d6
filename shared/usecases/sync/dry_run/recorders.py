"""The requests of a dry run, each told by its path and price, never by its query."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from shared.domain.ids import ConnectionId
from shared.domain.sync.quota_units import units_of
from shared.ports.google.apis import GoogleApis
from shared.ports.google.gmail import GmailCalls, GmailMailboxes
from shared.ports.outside import OutsideAnswer, OutsideHttp, OutsideRequest


@dataclass(frozen=True, slots=True)
class SeenRequest:
    """One request; only Gmail's have a price, and of a host beside Google only the name is told."""

    method: str
    path: str
    units: int | None


@dataclass(frozen=True, slots=True)
class RecordedGmail:
    """Gmail, as own syncs read it."""

    inner: GmailMailboxes
    tell: Callable[[SeenRequest], None]

    def of(self, connection_id: ConnectionId) -> "RecordedMailbox":
        """Return the mailbox; no request is made."""
        return RecordedMailbox(self.inner.of(connection_id), self.tell)


@dataclass(frozen=True, slots=True)
class RecordedMailbox:
    """One mailbox; each call is told before it is made."""

    inner: GmailCalls
    tell: Callable[[SeenRequest], None]

    async def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | Sequence[str]] | None = None,
        body: Any = None,
    ) -> Any:
        """Pass on."""
        plain = path.partition("?")[0]
        self.tell(SeenRequest(method, plain, units_of(method, plain)))
        return await self.inner.call(method, path, query=query, body=body)


@dataclass(frozen=True, slots=True)
class RecordedApis:
    """Google's other APIs; of own syncs all their requests are reads."""

    inner: GoogleApis
    tell: Callable[[SeenRequest], None]

    async def request(
        self,
        connection_id: ConnectionId,
        method: str,
        url: str,
        *,
        query: Mapping[str, str],
        body: Any = None,
    ) -> Any:
        """Pass on."""
        parts = urlsplit(url)
        self.tell(SeenRequest(method, f"{parts.hostname}{parts.path}", None))
        return await self.inner.request(connection_id, method, url, query=query, body=body)


@dataclass(frozen=True, slots=True)
class RecordedOutside:
    """Hosts beside Google."""

    inner: OutsideHttp
    tell: Callable[[SeenRequest], None]

    async def __call__(self, request: OutsideRequest) -> OutsideAnswer:
        """Pass on."""
        self.tell(SeenRequest(request.method, request.host, None))
        return await self.inner(request)
