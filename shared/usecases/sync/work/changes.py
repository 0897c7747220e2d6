"""What one commit changes, gathered while it is worked out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from shared.domain.ids import HistoryId, LabelId, MessageId, SequenceNumber, ThreadId
from shared.domain.mail.reading.bounce import is_report
from shared.domain.mail.reading.email_message import EmailMessage, read_message, received_at
from shared.domain.mail.reading.email_parts import as_object, header_of
from shared.domain.mail.reading.mail_headers import MARKER_HEADER
from shared.domain.sync.records.payload import Payload, make_payload
from shared.domain.sync.records.record import (
    CHAT,
    EndReason,
    Origin,
    QuarantineEntry,
    Record,
    RecordHead,
)
from shared.domain.sync.records.search import terms_of
from shared.domain.sync.selection import Selection
from shared.domain.sync.state import SyncState, Tally
from shared.ports.google.gmail import GmailObject
from shared.ports.sync_store import Batch
from shared.usecases.off_loop import off_loop
from shared.usecases.sync.work.reading import weight

RETRIES = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=5),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(days=1),
)
COSTLY_RETRIES = (timedelta(hours=1), timedelta(days=1), timedelta(days=30))
"""Each may cost a worker its life."""
PATIENT_RETRIES = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
)
"""It may have been Gmail's own trouble after all, which then is over for all at once."""
NOT_FOUND = "not_found"
UNAVAILABLE = "unavailable"
"""Gmail answers other requests, and this one not."""
UNREADABLE = "unreadable"
"""Reading it failed, or Gmail's answer is none that can be read."""
TOO_COSTLY = "too_costly"
"""Two workers died with it in hand."""
LADDERS = {TOO_COSTLY: COSTLY_RETRIES, UNAVAILABLE: PATIENT_RETRIES}


@dataclass(slots=True)
class Changes:
    """Records, tombstones and quarantine of one commit; sequence numbers come at `batch`."""

    now: datetime
    origin: Origin
    selection: Selection = field(default_factory=Selection)
    put: list[Record] = field(default_factory=list)
    size: int = 0
    """Payload bytes so far: asked for at each message, so not added up anew."""
    heads: list[RecordHead] = field(default_factory=list)
    quarantine: list[QuarantineEntry] = field(default_factory=list)
    released: list[MessageId] = field(default_factory=list)
    added: int = 0
    updated: int = 0
    deleted: int = 0
    silent: int = 0
    """Drafts of our own sends: stored, but no news."""
    skipped: int = 0
    reports: list[GmailObject] = field(default_factory=list)
    """Delivery-status messages among the new ones."""

    @property
    def empty(self) -> bool:
        """Whether a commit would write nothing but the state."""
        return not (self.put or self.heads or self.quarantine or self.released)

    @property
    def tally(self) -> Tally:
        """What happened to records."""
        return Tally(self.added, self.updated, self.deleted)

    @property
    def news(self) -> Tally:
        """What is worth telling the product."""
        return Tally(self.added - self.silent, self.updated, self.deleted)

    async def store(
        self,
        message: GmailObject,
        known: RecordHead | None = None,
        bodies: Mapping[str, bytes] | None = None,
        origin: Origin | None = None,
    ) -> bool:
        """Add a fetched message as a record; False for what is not kept: a chat is no mail.

        `origin` is what first met the message, where that was not this commit's work. Raises
        whatever its content makes a parser raise: then nothing was added.
        """
        labels = frozenset(LabelId(label) for label in message.get("labelIds", ()))
        if CHAT in labels or not self.selection.fits_labels(labels):
            return False
        size = weight(message) + sum(map(len, (bodies or {}).values()))
        read, payload = await off_loop(size, _pack, message, bodies, self.selection.headers)
        if not self.selection.fits_sender(read["from"]["email"]):
            return False
        head = self._head(message, labels, known, origin or self.origin)
        silent, report = _is_own_draft(message), known is None and is_report(message)
        record = Record(head, payload.data, payload.body_truncated, terms_of(read))
        self.put.append(record)
        self.size += len(record.payload)
        self.added += known is None or not known.live
        self.silent += silent
        if report:
            self.reports.append(message)
        return True

    def _head(
        self,
        message: GmailObject,
        labels: frozenset[LabelId],
        known: RecordHead | None,
        origin: Origin,
    ) -> RecordHead:
        history_id = HistoryId(int(message["historyId"]))
        emptied = known is not None and known.reason is EndReason.EMPTIED
        return RecordHead(
            message_id=MessageId(message["id"]),
            thread_id=ThreadId(message["threadId"]),
            label_ids=labels,
            history_id=history_id,
            fetched_at_history=history_id,
            internal_date=received_at(message),
            sequence=SequenceNumber(0),
            origin=known.origin if known and not emptied else origin,
            first_seen_at=known.first_seen_at if known else self.now,
            last_modified_at=self.now,
            earlier=known.past() if known else (),
        )

    def relabel(self, head: RecordHead, labels: frozenset[LabelId], history_id: HistoryId) -> None:
        """Change a record's labels; an unchanged record keeps its sequence number."""
        if not self.selection.fits_labels(labels):
            self.tombstone(head, EndReason.LEFT_SELECTION, labels)
            return
        if labels == head.label_ids:
            return
        self.heads.append(head.with_labels(labels, history_id, SequenceNumber(0), self.now))
        self.updated += 1

    def tombstone(
        self,
        head: RecordHead,
        reason: EndReason = EndReason.DELETED,
        labels: frozenset[LabelId] | None = None,
    ) -> None:
        """Mark a record as ended: readers by cursor have to be told, whatever ended it."""
        self.heads.append(head.tombstone(SequenceNumber(0), self.now, reason, labels))
        self.deleted += 1

    def set_aside(
        self, message_id: MessageId, reason: str, entry: QuarantineEntry | None = None
    ) -> None:
        """Quarantine a message: named, retried, never dropped."""
        attempts = entry.attempts + 1 if entry else 1
        ladder = LADDERS.get(reason, RETRIES)
        wait = ladder[min(attempts, len(ladder)) - 1]
        self.quarantine.append(
            QuarantineEntry(
                message_id=message_id,
                reason=reason,
                attempts=attempts,
                retry_at=self.now + wait,
                first_failed_at=entry.first_failed_at if entry else self.now,
                origin=entry.origin if entry else self.origin,
            )
        )

    def applied_to(self, state: SyncState) -> SyncState:
        """Return the state's counters after this commit."""
        due = [entry.retry_at for entry in self.quarantine]
        if state.quarantine_due_at is not None:
            due.append(state.quarantine_due_at)
        return replace(
            state.without_error(),
            sequence=SequenceNumber(state.sequence + len(self.put) + len(self.heads)),
            live_records=state.live_records + self.added - self.deleted,
            skipped_unknown=state.skipped_unknown + self.skipped,
            quarantine_due_at=min(due, default=None),
            last_finished_at=self.now,
        )

    def batch(self, first: SequenceNumber) -> Batch:
        """Return the writes, numbered from the one after `first`."""
        numbers = iter(range(first + 1, first + 1 + len(self.put) + len(self.heads)))
        put = [
            replace(record, head=replace(record.head, sequence=SequenceNumber(next(numbers))))
            for record in self.put
        ]
        heads = [replace(head, sequence=SequenceNumber(next(numbers))) for head in self.heads]
        return Batch(put, heads, tuple(self.quarantine), tuple(self.released))


def _pack(
    message: GmailObject, bodies: Mapping[str, bytes] | None, headers: Sequence[str]
) -> tuple[EmailMessage, Payload]:
    read = read_message(message, bodies, headers)
    return read, make_payload(read)


def _is_own_draft(message: GmailObject) -> bool:
    if "DRAFT" not in message.get("labelIds", ()):
        return False
    return bool(header_of(as_object(message.get("payload")), MARKER_HEADER.lower()))
