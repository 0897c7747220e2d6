"""Tie delivery-status messages to the sends they are about (FACTS 1.11)."""

import logging
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from shared.domain.ids import ConnectionId, MessageId
from shared.domain.mail.reading.bounce import Bounce, read_bounce, unread_part
from shared.domain.send.entry import SendEntry
from shared.domain.send.event import bounce_event
from shared.errors import CorruptStateError, GmailNotFoundError
from shared.ports.clock import Clock
from shared.ports.documents import until_written
from shared.ports.google.gmail import GmailMailboxes, GmailObject
from shared.ports.sends import Sends
from shared.usecases.off_loop import off_loop
from shared.usecases.sync.work.reading import weight

log = logging.getLogger(__name__)
TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class RecordBounces:
    """Called with every newly stored report, before its record is committed.

    So a crash in between repeats it, and the ledger entry itself remembers which reports it has
    told of: each is told once.
    """

    sends: Sends
    gmail: GmailMailboxes
    clock: Clock

    async def __call__(self, connection_id: ConnectionId, reports: Iterable[GmailObject]) -> None:
        """Write each into its entry, with its event: 40 quota units a report.

        Raises StoreUnavailableError, ConflictError, and what reading Gmail raises in passing.
        """
        for report in reports:
            bounce = await self._read(connection_id, report)
            if bounce is None or not bounce.traces:
                continue
            with suppress(CorruptStateError):  # an unreadable entry holds up no sync
                await self._note(connection_id, bounce)

    async def _read(self, connection_id: ConnectionId, report: GmailObject) -> Bounce | None:
        part, fetched = unread_part(report), b""
        if part is not None:
            with suppress(GmailNotFoundError):
                gmail = self.gmail.of(connection_id)
                fetched = await gmail.attachment(MessageId(report["id"]), part)
        try:
            return await off_loop(weight(report) + len(fetched), read_bounce, report, fetched)
        except Exception as error:  # noqa: BLE001  a report that cannot be read is only a message
            log.warning("unreadable report", extra={"error_type": type(error).__name__})
            return None

    async def _note(self, connection_id: ConnectionId, bounce: Bounce) -> None:
        about = _best(await self.sends.list_traced(connection_id, bounce.traces), bounce.traces)
        if about is None:
            return
        await until_written(lambda: self._note_on(about.id, bounce))

    async def _note_on(self, id: str, bounce: Bounce) -> None:
        found = await self.sends.get(id)
        if found is None or bounce.message_id in found.value.bounces:
            return
        now = self.clock.now()
        noted = {**found.value.bounces, bounce.message_id: now.isoformat()}
        entry = replace(found.value, bounces=noted, updated_at=now)
        event = bounce_event(entry, bounce.message_id, bounce.recipients, now)
        await self.sends.conclude(found, entry, event)


def _best(entries: Iterable[SendEntry], traces: Sequence[str]) -> SendEntry | None:
    """Return the entry that the best of the traces belongs to."""
    ranked = sorted(entries, key=lambda entry: min(_rank(entry, traces)))
    return ranked[0] if ranked else None


def _rank(entry: SendEntry, traces: Sequence[str]) -> list[int]:
    return [traces.index(trace) for trace in entry.traces if trace in traces] or [len(traces)]
