"""How mailboxes are kept, and why a message is here or is not (API 5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pydantic import Field

from .transport import INTEGRATION, Request, ResponseModel, Transport, at, query_of

MODEL: Final = "EmailMessage"


class Counts(ResponseModel):
    """Records that one run changed."""

    added: int
    updated: int
    deleted: int


class Progress(ResponseModel):
    """How far the first reading of the mailbox is."""

    listed: int
    stored: int
    estimated_total: int | None
    eta_s: int | None
    finished_at: datetime | None


class Audit(ResponseModel):
    """What a comparison with the mailbox had to heal."""

    requested_at: datetime
    finished_at: datetime | None
    coverage: float | None
    listed: int
    missing: int
    gone: int
    relabelled: int


class Deferred(ResponseModel):
    """Nothing is read before `until`."""

    concern: str = Field(alias="class")
    until: datetime


class SetAside(ResponseModel):
    """Messages that could not be stored yet: how many, since when, and why how often."""

    count: int
    oldest: datetime | None
    reasons: Mapping[str, int]


class Failure(ResponseModel):
    """What is wrong: a code, what it means, since when; `docs` is the page below `/docs`."""

    type: str
    description: str
    since: datetime
    docs: str | None


class SyncStatus(ResponseModel):
    """One sync of one connection; results and counts are by model."""

    connection_id: str
    name: str
    type: str
    status: str
    """`RUNNING`, `PAUSED`, `STOPPED`, `SUCCESS` or `ERROR`."""
    finished_at: datetime | None = Field(None, alias="finishedAt")
    next_at: datetime | None = Field(alias="nextScheduledSyncAt")
    frequency: str
    latest_result: Mapping[str, Counts] = Field(alias="latestResult")
    record_counts: Mapping[str, int] = Field(alias="recordCount")
    progress: Progress | None
    audit: Audit | None
    error: Failure | None
    error_site: str | None = None
    """Of an own sync whose code raised: what, and in which line."""
    behind: int | None = None
    """Of a derived sync: messages it has still to work through."""
    held_deletions: int | None = None
    """What the last listing did not show, and is not believed to be gone before the next."""
    coverage: str
    """`whole`, or `partial` while something of the window is not read."""
    deferred: Deferred | None
    quarantined: SetAside

    @property
    def backfilling(self) -> bool:
        """Whether the mailbox is being read for the first time."""
        return self.type == "INITIAL"

    @property
    def messages(self) -> int:
        """How many messages there are."""
        return self.record_counts.get(MODEL, 0)


class Quarantined(ResponseModel):
    """A message that could not be stored yet."""

    message_id: str
    reason: str
    attempts: int
    retry_at: datetime
    first_failed_at: datetime


class Explanation(ResponseModel):
    """Why a message is here or not, and what to do; `record` and `sync` are what it rests on."""

    message_id: str
    verdict: str
    advice: str
    internal_date: datetime | None
    record: Mapping[str, Any] | None
    quarantine: Quarantined | None
    sync: Mapping[str, Any]
    found: Sequence[str] = ()
    """The ids of all that was meant, newest first; the first one is explained."""


class _Statuses(ResponseModel):
    syncs: Sequence[SyncStatus]


class _Frequency(ResponseModel):
    frequency: str


class _Quarantine(ResponseModel):
    quarantine: Sequence[Quarantined]


@dataclass(frozen=True, slots=True)
class Syncs:
    """`postroom.syncs`. No connection means every one; no names mean every sync."""

    transport: Transport

    async def trigger(
        self,
        connection_id: str | None = None,
        *names: str,
        reset: bool = False,
        empty: bool = False,
    ) -> None:
        """Look for changes now; `reset` reads the whole window again, `empty` deletes first."""
        opts = {"reset": reset, "emptyCache": empty}
        await self._do("/sync/trigger", connection_id, *names, opts=opts)

    async def pause(self, connection_id: str | None = None, *names: str) -> None:
        """Stop syncing until started."""
        await self._do("/sync/pause", connection_id, *names)

    async def start(self, connection_id: str | None = None, *names: str) -> None:
        """Sync again after a pause, from where it was."""
        await self._do("/sync/start", connection_id, *names)

    async def statuses(self, connection_id: str | None = None) -> Sequence[SyncStatus]:
        """Return how every sync is doing."""
        query = query_of(syncs="*", connection_id=connection_id, provider_config_key=INTEGRATION)
        return (
            await self.transport.read(Request("GET", "/sync/status", query=query), _Statuses)
        ).syncs

    async def status(self, connection_id: str) -> SyncStatus | None:
        """Return how the mailbox's sync is doing; None before it has begun."""
        return next(iter(await self.statuses(connection_id)), None)

    async def set_frequency(
        self, connection_id: str, frequency: str | None, name: str = "fetch-messages"
    ) -> str:
        """Say how often a sync, or a mailbox that is quiet, is run; None is the default."""
        body = {
            "provider_config_key": INTEGRATION,
            "connection_id": connection_id,
            "sync_name": name,
            "frequency": frequency,
        }
        path = "/sync/update-connection-frequency"
        return (await self.transport.read(Request("PUT", path, body=body), _Frequency)).frequency

    async def audit(self, connection_id: str) -> None:
        """Compare the whole window with the mailbox and heal what differs; see the status."""
        await self.transport.json(
            Request("POST", "/sync/audit", connection_id, body={}, repeatable=True)
        )

    async def quarantine(self, connection_id: str, *, limit: int = 100) -> Sequence[Quarantined]:
        """Return the messages that could not be stored yet, soonest retry first."""
        request = Request("GET", "/quarantine", connection_id, query=query_of(limit=limit))
        return (await self.transport.read(request, _Quarantine)).quarantine

    async def retry(self, connection_id: str, message_id: str) -> None:
        """Try one quarantined message again now."""
        path = at("quarantine", message_id, "retry")
        await self.transport.json(Request("POST", path, connection_id, repeatable=True))

    async def explain(self, connection_id: str, message: str) -> Explanation:
        """Return when a message was stored, or exactly why it is absent and what to do.

        `message` is a Gmail id, a Message-ID, or words as in Gmail's search box.
        """
        request = Request("GET", "/explain", connection_id, query=query_of(message=message))
        return await self.transport.read(request, Explanation)

    async def _do(self, path: str, connection_id: str | None, *names: str, **more: Any) -> None:
        named = {} if connection_id is None else {"connection_id": connection_id}
        body = {"provider_config_key": INTEGRATION, "syncs": [*names], **named, **more}
        await self.transport.json(Request("POST", path, body=body, repeatable=True))
