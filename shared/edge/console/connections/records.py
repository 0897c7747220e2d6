"""The records of a connection, as the product reads them."""

from typing import Any

import orjson
from starlette.responses import Response

from shared.domain.cursor import page_token_of, place_of
from shared.domain.ids import ConnectionId, LabelId, MessageId
from shared.domain.sync.records.record import Record
from shared.domain.sync.records.rows import render
from shared.edge.console.connections.one import path_connection
from shared.edge.console.layout.pages import ConsoleRequest, page
from shared.errors import UnknownRecordError
from shared.ports.sync_store import NewestQuery, Records
from shared.usecases.off_loop import off_loop, stored_weight

A_PAGE = 25
BODIES = frozenset({"text", "replyText", "html"})


async def show_records(console: ConsoleRequest) -> Response:
    """Return a screen of records, newest first."""
    connection = await path_connection(console)
    label, before = console.query("label"), console.query("before")
    query = NewestQuery(
        limit=A_PAGE + 1,
        label_id=LabelId(label) if label else None,
        before=place_of(connection.id, before) if before else None,
    )
    found = await console.use(Records).newest(connection.id, query)
    shown = found[:A_PAGE]
    last = shown[-1].head if len(found) > A_PAGE else None
    return console.page(
        "records.html",
        title=f"Records of {connection.email}",
        nav="connections",
        connection=connection,
        rows=[
            (one.head, await off_loop(stored_weight(one), line, one, connection.id))
            for one in shown
        ],
        label=label,
        following=last and page_token_of(connection.id, last.internal_date, last.message_id),
        first=not before,
    )


async def show_record(console: ConsoleRequest) -> Response:
    """Return one record: its text, and the whole as JSON. Its HTML is never shown as such."""
    connection = await path_connection(console)
    found = await console.use(Records).get(connection.id, MessageId(console.path("message_id")))
    if found is None:
        raise UnknownRecordError("There is no record of this message.")
    message = await off_loop(stored_weight(found), record_json, found, connection.id)
    return console.page(
        "record.html",
        title=message.get("subject") or "(no subject)",
        nav="connections",
        connection=connection,
        head=found.head,
        message=message,
        json=orjson.dumps(message, option=orjson.OPT_INDENT_2).decode(),
    )


def record_json(record: Record, connection_id: ConnectionId) -> dict[str, Any]:
    """Return a record as the API does."""
    return render(record, connection_id)


def line(record: Record, connection_id: ConnectionId) -> dict[str, Any]:
    """Return a record without its bodies, which a list of them need not hold."""
    found = record_json(record, connection_id)
    return {name: value for name, value in found.items() if name not in BODIES}


ROUTES = (
    page("/console/connections/{connection_id}/records", show_records, "Records"),
    page("/console/connections/{connection_id}/records/{message_id}", show_record, "A record"),
)
