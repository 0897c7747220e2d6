"""/sync/audit, /quarantine and /explain: is every message here, and if not, why (API 5.3)."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import Field

from shared.domain.connect.connection import Connection
from shared.domain.connect.scopes import reads
from shared.domain.ids import MessageId
from shared.domain.sync.records.record import QuarantineEntry, RecordHead
from shared.domain.sync.state import SyncState
from shared.edge.web.call import Call
from shared.edge.web.routes import Permission, RequestModel, ResponseModel, Route, Success, Tenant
from shared.errors import InvalidRequestError, NotFoundError
from shared.ports.sync_store import Quarantine
from shared.usecases.sync.control import ControlSync
from shared.usecases.sync.explain import LONGEST, Explain, MessagesMeant, Verdict, is_message_id
from shared.usecases.sync.quarantine import RetryQuarantined

MESSAGE_ID = r"^[0-9A-Za-z]{1,64}$"


class AuditBody(RequestModel):
    """Which connection; the tenant headers name it as well."""

    provider_config_key: str | None = None
    connection_id: str | None = None


class QuarantineQuery(RequestModel):
    """How many entries, soonest retry first."""

    limit: int = Field(100, ge=1, le=1_000)


class QuarantineView(ResponseModel):
    """A message that could not be stored yet."""

    message_id: str
    reason: str = Field(description="not_found, unavailable, or Gmail's own reason.")
    attempts: int
    retry_at: datetime
    first_failed_at: datetime
    origin: str


class QuarantineAnswer(ResponseModel):
    """What is waiting to be fetched again."""

    quarantine: list[QuarantineView]


class ExplainQuery(RequestModel):
    """Which message: its id, or as a person says it."""

    message_id: str | None = Field(None, pattern=MESSAGE_ID)
    message: str | None = Field(
        None,
        min_length=1,
        max_length=LONGEST,
        description="A Gmail id, a Message-ID, or words as in Gmail's search box: the newest that "
        "is found is explained. Words need the permission records:read.",
    )


class SeenRecord(ResponseModel):
    """When and how the message became a record."""

    origin: str
    first_seen_at: datetime
    last_modified_at: datetime
    last_action: str
    deleted_at: datetime | None
    history_id: str
    sequence: int


class SyncFacts(ResponseModel):
    """What of the sync's state the verdict rests on."""

    status: str
    window_start: datetime | None
    checkpoint: str | None
    backfilling: bool
    last_delta_at: datetime | None
    next_due_at: datetime | None
    deferred_until: datetime | None
    last_error: str | None


class ExplainAnswer(ResponseModel):
    """Why a message is here or not; times are null where they do not apply."""

    message_id: str
    verdict: Verdict
    advice: str
    internal_date: datetime | None
    record: SeenRecord | None
    quarantine: QuarantineView | None
    sync: SyncFacts
    found: list[str]
    """The ids of all that `message` means, newest first, at most ten."""


async def audit(call: Call) -> Success:
    """Compare the whole window with the records and heal what differs; see GET /sync/status."""
    await call.use(ControlSync).audit((await call.reading_connection()).id)
    return Success()


async def list_quarantine(call: Call) -> QuarantineAnswer:
    """Return the messages that could not be stored yet, soonest retry first."""
    id = (await call.reading_connection()).id
    limit = call.query(QuarantineQuery).limit
    entries = await call.use(Quarantine).list(id, limit)
    return QuarantineAnswer(quarantine=[_entry(entry) for entry in entries])


async def retry_quarantined(call: Call) -> Success:
    """Try one quarantined message again now."""
    id = (await call.reading_connection()).id
    await call.use(RetryQuarantined)(id, MessageId(call.path("message_id")))
    return Success()


async def explain(call: Call) -> ExplainAnswer:
    """Return when a message was stored, or exactly why it is absent and what to do."""
    connection = (await call.connection()).value
    meant = await _messages_meant(call, connection)
    message_id = meant[0]
    found = await call.use(Explain)(connection.id, message_id, granted=reads(connection.scopes))
    return ExplainAnswer(
        message_id=message_id,
        verdict=found.verdict,
        advice=found.advice,
        internal_date=found.internal_date,
        record=_record(found.head),
        quarantine=_entry(found.quarantine) if found.quarantine else None,
        sync=_sync(found.state),
        found=list(meant),
    )


async def _messages_meant(call: Call, connection: Connection) -> Sequence[MessageId]:
    """Return the messages that are asked about; Gmail is asked only where its mail may be read.

    Raises InvalidRequestError, ForbiddenError, NotFoundError, and what Gmail raises.
    """
    asked = call.query(ExplainQuery)
    if asked.message_id is not None:
        return [MessageId(asked.message_id)]
    if asked.message is None:
        raise InvalidRequestError(
            "Say which message: message, or message_id.", code="invalid_query_params"
        )
    words = asked.message.strip()
    if is_message_id(words) or not reads(connection.scopes):
        return [MessageId(words.lower())]
    call.caller.require(Permission.RECORDS_READ)
    meant = await call.use(MessagesMeant)(connection.id, words)
    if not meant:
        raise NotFoundError("Gmail finds no such message in this mailbox.")
    return meant


def _entry(entry: QuarantineEntry) -> QuarantineView:
    return QuarantineView(
        message_id=entry.message_id,
        reason=entry.reason,
        attempts=entry.attempts,
        retry_at=entry.retry_at,
        first_failed_at=entry.first_failed_at,
        origin=entry.origin.value,
    )


def _record(head: RecordHead | None) -> SeenRecord | None:
    if head is None:
        return None
    return SeenRecord(
        origin=head.origin.value,
        first_seen_at=head.first_seen_at,
        last_modified_at=head.last_modified_at,
        last_action=head.last_action.value,
        deleted_at=head.deleted_at,
        history_id=str(head.history_id),
        sequence=head.sequence,
    )


def _sync(state: SyncState) -> SyncFacts:
    return SyncFacts(
        status=state.status.value,
        window_start=state.window_start,
        checkpoint=None if state.checkpoint is None else str(state.checkpoint),
        backfilling=state.backfilling,
        last_delta_at=state.last_delta_at,
        next_due_at=state.next_due_at,
        deferred_until=state.deferred_until,
        last_error=state.last_error,
    )


ROUTES = (
    Route(
        "POST",
        "/sync/audit",
        Permission.SYNCS_WRITE,
        audit,
        "Audit a mailbox",
        body=AuditBody,
        tenant=Tenant.REQUIRED,
    ),
    Route(
        "GET",
        "/quarantine",
        Permission.SYNCS_READ,
        list_quarantine,
        "Messages that could not be stored yet",
        query=QuarantineQuery,
        tenant=Tenant.REQUIRED,
    ),
    Route(
        "POST",
        "/quarantine/{message_id}/retry",
        Permission.SYNCS_WRITE,
        retry_quarantined,
        "Try a quarantined message again",
        tenant=Tenant.REQUIRED,
    ),
    Route(
        "GET",
        "/explain",
        Permission.SYNCS_READ,
        explain,
        "Why a message is here, or is not",
        query=ExplainQuery,
        tenant=Tenant.REQUIRED,
    ),
)
