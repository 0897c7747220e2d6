"""`syncs.py` without asyncio, made by `python -m infra.blocking_client`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..syncs import Explanation, Quarantined, SyncStatus, _Frequency, _Quarantine, _Statuses
from ..transport import INTEGRATION, Request, at, query_of
from .transport import Transport


@dataclass(frozen=True, slots=True)
class Syncs:
    """`postroom.syncs`. No connection means every one; no names mean every sync."""

    transport: Transport

    def trigger(
        self,
        connection_id: str | None = None,
        *names: str,
        reset: bool = False,
        empty: bool = False,
    ) -> None:
        """Look for changes now; `reset` reads the whole window again, `empty` deletes first."""
        opts = {"reset": reset, "emptyCache": empty}
        self._do("/sync/trigger", connection_id, *names, opts=opts)

    def pause(self, connection_id: str | None = None, *names: str) -> None:
        """Stop syncing until started."""
        self._do("/sync/pause", connection_id, *names)

    def start(self, connection_id: str | None = None, *names: str) -> None:
        """Sync again after a pause, from where it was."""
        self._do("/sync/start", connection_id, *names)

    def statuses(self, connection_id: str | None = None) -> Sequence[SyncStatus]:
        """Return how every sync is doing."""
        query = query_of(syncs="*", connection_id=connection_id, provider_config_key=INTEGRATION)
        return (self.transport.read(Request("GET", "/sync/status", query=query), _Statuses)).syncs

    def status(self, connection_id: str) -> SyncStatus | None:
        """Return how the mailbox's sync is doing; None before it has begun."""
        return next(iter(self.statuses(connection_id)), None)

    def set_frequency(
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
        return (self.transport.read(Request("PUT", path, body=body), _Frequency)).frequency

    def audit(self, connection_id: str) -> None:
        """Compare the whole window with the mailbox and heal what differs; see the status."""
        self.transport.json(Request("POST", "/sync/audit", connection_id, body={}, repeatable=True))

    def quarantine(self, connection_id: str, *, limit: int = 100) -> Sequence[Quarantined]:
        """Return the messages that could not be stored yet, soonest retry first."""
        request = Request("GET", "/quarantine", connection_id, query=query_of(limit=limit))
        return (self.transport.read(request, _Quarantine)).quarantine

    def retry(self, connection_id: str, message_id: str) -> None:
        """Try one quarantined message again now."""
        path = at("quarantine", message_id, "retry")
        self.transport.json(Request("POST", path, connection_id, repeatable=True))

    def explain(self, connection_id: str, message: str) -> Explanation:
        """Return when a message was stored, or exactly why it is absent and what to do.

        `message` is a Gmail id, a Message-ID, or words as in Gmail's search box.
        """
        request = Request("GET", "/explain", connection_id, query=query_of(message=message))
        return self.transport.read(request, Explanation)

    def _do(self, path: str, connection_id: str | None, *names: str, **more: Any) -> None:
        named = {} if connection_id is None else {"connection_id": connection_id}
        body = {"provider_config_key": INTEGRATION, "syncs": [*names], **named, **more}
        self.transport.json(Request("POST", path, body=body, repeatable=True))
