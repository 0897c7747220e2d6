"""What own syncs read Gmail with, paced beside the mailbox's own sync.

The bucket is the own syncs' alone, so that mail never waits for it: 60 % of the allowance, and 10 %
while the connection has bulk mail work.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from shared.domain.bounded import BoundedMap
from shared.domain.ids import ConnectionId
from shared.domain.sync.quota_units import UnitsPerMinute, units_of
from shared.ports.clock import Clock
from shared.ports.google.gmail import GmailMailboxes
from shared.ports.sync_store import SyncStates
from shared.usecases.sync.work.pace import MOST_PACES, TokenBucket, has_bulk_work

SHARE: Final = 0.6
SHARE_BESIDE_MAIL: Final = 0.1
UNKNOWN_UNITS: Final = 20
"""Of a Gmail method whose price is not known."""
Query = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True, slots=True)
class ReadsGmail:
    """GET below the mailbox: what has an effect is an action's work."""

    gmail: GmailMailboxes
    connection_id: ConnectionId
    bucket: TokenBucket

    async def get(self, path: str, query: Query | None = None) -> Any:
        """Return Gmail's JSON; `path` begins below `/gmail/v1/users/me`, as "/labels".

        Raises what any read of Gmail raises (`shared/ports/google/gmail.py`).
        """
        units = units_of("GET", path.partition("?")[0]) or UNKNOWN_UNITS
        call = self.gmail.of(self.connection_id).call("GET", path, query=query)
        return await self.bucket.run(units, call)

    async def pages(
        self, path: str, query: Query | None = None, *, of: str
    ) -> AsyncIterator[Sequence[Any]]:
        """Yield what each page of a listing has under the name `of`."""
        asked = dict(query or {})
        while True:
            answer = await self.get(path, asked)
            yield answer.get(of, ())
            if not (token := answer.get("nextPageToken")):
                return
            asked["pageToken"] = token


@dataclass(frozen=True, slots=True)
class OwnPaces:
    """The buckets of own syncs, by connection, in this process."""

    states: SyncStates
    clock: Clock
    units_per_minute: UnitsPerMinute
    paces: BoundedMap[ConnectionId, TokenBucket] = field(
        default_factory=lambda: BoundedMap(MOST_PACES)
    )

    async def of(self, connection_id: ConnectionId) -> TokenBucket:
        """Return the connection's bucket, narrow while mail has much to read: one read."""
        state = await self.states.get(connection_id)
        busy = state is not None and has_bulk_work(state.value)
        bucket = self.paces.get(connection_id) or TokenBucket(self.clock, self.units_per_minute)
        bucket.share = SHARE_BESIDE_MAIL if busy else SHARE
        self.paces[connection_id] = bucket
        return bucket
