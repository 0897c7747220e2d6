"""GET /records and PATCH /records/prune: the live copy of a mailbox (API 4)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Literal

from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field
from starlette.responses import Response

from shared.actions.projections import projections
from shared.domain.cursor import cursor_of, page_token_of, place_of, sequence_of
from shared.domain.ids import ConnectionId, LabelId, MessageId, SequenceNumber, ThreadId
from shared.domain.models.sync import Derived, OwnSync, OwnSyncs, models_of
from shared.domain.packed import ObjectList
from shared.domain.sync.alias import SyncAliases
from shared.domain.sync.event import MODEL, MODEL_NAMES
from shared.domain.sync.records.record import LastAction, Record
from shared.domain.sync.records.rows import record_row
from shared.domain.validation import Moment
from shared.edge.api.mail.projected_records import ProjectedRecords
from shared.edge.api.mail.record_models import EmailMessage, OwnRecord
from shared.edge.api.mail.rows import begin_rows, end_rows
from shared.edge.web.call import Call
from shared.edge.web.routes import Permission, RequestModel, ResponseModel, Route, Tenant
from shared.errors import InvalidRequestError
from shared.ports.clock import Clock
from shared.ports.model_store import ModelQuery, ModelRecords
from shared.ports.sync_store import NewestQuery, Place, RecordQuery, Records, SearchQuery
from shared.usecases.sync.own_records import OwnRecords

IDS = 100
LABELS = 10
PAGE = 10_000


def _model(name: str) -> str:
    return MODEL if name in MODEL_NAMES else name


def _require_model(call: Call, name: str) -> None:
    """Raise InvalidRequestError for a model that nothing here has."""
    own = [model for sync in call.use(OwnSyncs).rows for model in models_of(sync)]
    made = projections(call.use(SyncAliases))
    if name not in {MODEL, *made, *own}:
        known = ", ".join((*MODEL_NAMES, *made, *own))
        text = f"model: the models here are {known}"
        raise InvalidRequestError(text, code="invalid_query_params")


def _variant(name: str) -> str:
    if name != "base":
        raise ValueError("the only variant here is base")
    return name


def _actions(joined: object) -> object:
    """Read `added,Updated` as a set; any case, comma-joined; empty is no filter."""
    if not isinstance(joined, str):
        return joined
    return {name.strip().upper() for name in joined.split(",") if name.strip()} or None


Model = Annotated[str, Field(max_length=64), AfterValidator(_model)]
Variant = Annotated[str, AfterValidator(_variant)]
Actions = Annotated[frozenset[LastAction] | None, BeforeValidator(_actions)]


class RecordsQuery(RequestModel):
    """A page in commit order, or (with `order`) a screen, newest first."""

    model: Model = MODEL
    variant: Variant = "base"
    cursor: str | None = Field(None, max_length=200)
    limit: int = Field(100, ge=1, le=PAGE)
    filter: Actions = None
    modified_after: Moment = Field(None, validation_alias=AliasChoices("modified_after", "delta"))
    ids: list[Annotated[str, Field(max_length=512)]] | None = Field(None, max_length=IDS)
    order: Literal["date_desc"] | None = None
    label: list[Annotated[str, Field(max_length=200)]] = Field(
        default_factory=list,
        max_length=LABELS,
        description="Labels that a message has, all of them.",
    )
    thread_id: str | None = Field(None, max_length=64)
    before: str | None = Field(None, max_length=200)

    @property
    def screen(self) -> bool:
        """Whether a screen is asked for, not the stream of changes."""
        return bool(self.order or self.labels or self.thread_id or self.before)

    @property
    def labels(self) -> frozenset[LabelId]:
        """The labels that were named; what is empty names none."""
        return frozenset(map(LabelId, filter(None, self.label)))


class RecordsPage(ResponseModel):
    """`next_cursor` null: nothing more now; keep the last record's own cursor.

    `next_before` is a screen's page token.
    """

    records: list[EmailMessage | OwnRecord]
    next_cursor: str | None
    next_before: str | None = None


class PruneBody(RequestModel):
    """Empty the payloads up to a cursor."""

    model: Model = MODEL
    variant: Variant = "base"
    until_cursor: str = Field(max_length=200)
    limit: int = Field(1000, ge=1, le=PAGE)


class Pruned(ResponseModel):
    """How many payloads were emptied, and whether more remain."""

    count: int
    has_more: bool


ANSWER_BYTES = 16 << 20
"""JSON after which a page ends early: an answer may have 32 MB (FACTS 8.1)."""
STEP = 100
"""Records read from the store at once."""
SCREEN = 200
"""Most records on a screen."""


async def list_records(call: Call) -> Response:
    """Return records after `cursor`, each once, at its latest.

    A page may be shorter than `limit` and still have a `next_cursor`; follow it until it is null.
    With `order=date_desc` the same records come newest first, for screens. A model of the
    deployment's own (`GET /scripts/config` lists them) is projected from the messages.
    """
    asked = call.query(RecordsQuery)
    row = call.use(OwnSyncs).of_model(asked.model)
    connection_id = await _connection_with(call, row)
    rows = begin_rows(call.request.headers.get("accept-encoding", ""))
    if row is not None:
        return await _own_page(OwnRecords(call.use(ModelRecords), connection_id), asked, rows)
    _require_model(call, asked.model)
    projection = projections(call.use(SyncAliases)).get(asked.model)
    if projection is not None:
        return await _projected_page(
            ProjectedRecords(call.use(Records), connection_id, projection), asked, rows
        )
    if asked.screen:
        return await _screen(call.use(Records), connection_id, asked, rows)
    return await _changes(call.use(Records), connection_id, asked, rows)


async def prune_records(call: Call) -> Pruned:
    """Empty the payloads of the records up to a cursor; the records themselves stay."""
    body = call.body(PruneBody)
    row = call.use(OwnSyncs).of_model(body.model)
    connection_id = await _connection_with(call, row)
    now = call.use(Clock).now()
    if row is not None:
        until = sequence_of(connection_id, body.until_cursor, body.model)
        own = call.use(ModelRecords)
        count, more = await own.prune(connection_id, body.model, until, body.limit, now)
        return Pruned(count=count, has_more=more)
    _require_model(call, body.model)
    if body.model != MODEL:
        raise InvalidRequestError(
            f"model: {body.model} is projected from {MODEL}: it has nothing to empty",
            code="invalid_body",
        )
    until = sequence_of(connection_id, body.until_cursor)
    count, more = await call.use(Records).prune(connection_id, until, body.limit, now)
    return Pruned(count=count, has_more=more)


async def _connection_with(call: Call, row: OwnSync | None) -> ConnectionId:
    """Return whose records are wanted. Raises NotGrantedError for mail that is not read.

    What an own sync polls may need no mail.
    """
    if row is None or isinstance(row, Derived):
        return (await call.reading_connection()).id
    return (await call.connection()).value.id


async def _changes(
    records: Records, connection_id: ConnectionId, asked: RecordsQuery, rows: ObjectList
) -> Response:
    last = await _read_rows(records, connection_id, _query(connection_id, asked), rows)
    return end_rows(rows, next_cursor=None if last is None else cursor_of(connection_id, last))


async def _own_page(records: OwnRecords, asked: RecordsQuery, rows: ObjectList) -> Response:
    if asked.screen:
        raise InvalidRequestError(
            f"A screen shows messages: {asked.model} is read in the order of its changes.",
            code="invalid_query_params",
        )
    id, after = records.connection_id, SequenceNumber(0)
    if asked.cursor:
        after = sequence_of(id, asked.cursor, asked.model)
    query = ModelQuery(
        asked.model, after, asked.limit, asked.filter, asked.modified_after, asked.ids
    )
    last = await records.changes(query, rows)
    return end_rows(rows, next_cursor=None if last is None else records.cursor(last, asked.model))


async def _projected_page(
    records: ProjectedRecords, asked: RecordsQuery, rows: ObjectList
) -> Response:
    if asked.screen:
        query = _screen_query(records.connection_id, asked)
        found, below = await records.newest(query, asked.labels)
        rows.add(found)
        return end_rows(rows, next_cursor=None, next_before=below)
    found, last = await records.changes(_query(records.connection_id, asked))
    rows.add(found)
    model = records.projection.name
    following = None if last is None else cursor_of(records.connection_id, last, model)
    return end_rows(rows, next_cursor=following)


async def _read_rows(
    records: Records, connection_id: ConnectionId, query: RecordQuery, rows: ObjectList
) -> SequenceNumber | None:
    """Read up to `query.limit` records in steps, stopping early where the answer grows large."""
    after, last = query.after, None
    while rows.count < query.limit:
        wanted = min(STEP, query.limit - rows.count)
        page = await records.rows(connection_id, replace(query, after=after, limit=wanted))
        for row in page.rows:
            row.write(rows.next(), connection_id)
            if rows.text.size >= ANSWER_BYTES:
                return row.sequence
        last = page.last
        if last is None:
            break
        after = last
    return last


def _query(connection_id: ConnectionId, asked: RecordsQuery) -> RecordQuery:
    # A projection's cursors once were the messages': those that readers hold still count.
    models = () if asked.model == MODEL else (asked.model, "")
    after = SequenceNumber(0)
    if asked.cursor:
        after = sequence_of(connection_id, asked.cursor, *models)
    return RecordQuery(
        after=after,
        limit=asked.limit,
        actions=asked.filter,
        modified_after=asked.modified_after,
        ids=None if asked.ids is None else [MessageId(id) for id in asked.ids],
    )


def _screen_query(connection_id: ConnectionId, asked: RecordsQuery) -> NewestQuery:
    if asked.cursor or asked.filter or asked.modified_after or asked.ids:
        raise InvalidRequestError(
            "order, label, thread_id and before make a screen: they go with neither cursor, "
            "filter, modified_after nor ids.",
            code="invalid_query_params",
        )
    return NewestQuery(
        limit=min(asked.limit, SCREEN),
        label_id=max(asked.labels, default=None),
        thread_id=ThreadId(asked.thread_id) if asked.thread_id else None,
        before=place_of(connection_id, asked.before) if asked.before else None,
    )


async def _screen(
    records: Records, connection_id: ConnectionId, asked: RecordsQuery, rows: ObjectList
) -> Response:
    found, place = await _newest(records, connection_id, asked)
    for record in found:
        record_row(record).write(rows.next(), connection_id)
        if rows.text.size >= ANSWER_BYTES:
            place = record.head.internal_date, record.head.message_id
            break
    below = None if place is None else page_token_of(connection_id, *place)
    return end_rows(rows, next_cursor=None, next_before=below)


async def _newest(
    records: Records, connection_id: ConnectionId, asked: RecordsQuery
) -> tuple[Sequence[Record], Place | None]:
    """Return a screen's records and the place below it; None at the end.

    One index serves one label: several are looked for among the heads, as a search does.
    """
    query = _screen_query(connection_id, asked)
    if len(asked.labels) > 1:
        several = SearchQuery(
            limit=query.limit,
            label_ids=asked.labels,
            thread_id=query.thread_id,
            before=query.before,
        )
        page = await records.search(connection_id, several)
        return page.records, page.before
    found = await records.newest(connection_id, query)
    if len(found) < query.limit:
        return found, None
    return found, (found[-1].head.internal_date, found[-1].head.message_id)


ROUTES = (
    Route(
        "GET",
        "/records",
        Permission.RECORDS_READ,
        list_records,
        "Read records: changes since a cursor, or a screen",
        query=RecordsQuery,
        rendered=RecordsPage,  # its rows are stored as JSON: a model would parse every payload
        tenant=Tenant.REQUIRED,
    ),
    Route(
        "PATCH",
        "/records/prune",
        Permission.RECORDS_WRITE,
        prune_records,
        "Empty the payloads of records already read",
        body=PruneBody,
        tenant=Tenant.REQUIRED,
    ),
)
